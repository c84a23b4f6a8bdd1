"""The record as it is written: without secrets, and with the last calls remembered for the tray."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from latchward.control import messages as say
from latchward.gateway.enforce import ALLOWED
from latchward.model.audit import Decided, Finished
from latchward.model.mask import Mask
from latchward.model.ports import AuditLog

KEPT: Final = 20
"""Calls that are kept."""


class Recent:
    """Implements `model.ports.AuditLog` by another one. `changed` is called when a call was decided.

    `masked` takes secrets out: an agent may have read one anywhere, and the record would keep it. The
    digest of the row stays that of the call as it was sent.
    """

    def __init__(self, audit: AuditLog, masked: Mask, changed: Callable[[], None]) -> None:
        self._audit = audit
        self._masked = masked
        self._changed = changed
        self._calls: deque[say.Call] = deque(maxlen=KEPT)

    async def decided(self, record: Decided) -> int:
        record = self._without_secrets(record)
        row = await self._audit.decided(record)
        self._note(row, record)
        return row

    def decided_now(self, record: Decided) -> int | None:
        record = self._without_secrets(record)
        row = self._audit.decided_now(record)
        if row is not None:
            self._note(row, record)
        return row

    def _without_secrets(self, record: Decided) -> Decided:
        if not self._masked.knows_any:
            return record
        arguments = self._masked(record.arguments.decode()).encode()
        return replace(record, arguments=arguments, message=self._masked(record.message))

    def _note(self, row: int, record: Decided) -> None:
        self._calls.appendleft(
            say.Call(
                number=row,
                client=record.client,
                server=record.upstream,
                tool=record.tool,
                verdict="allowed" if record.verdict == ALLOWED else "refused",
                why=record.message,
                at=time.time(),
                method=record.method,
            )
        )
        self._changed()

    def finished(self, record: Finished) -> None:
        if self._masked.knows_any:
            record = replace(record, detail=self._masked(record.detail))
        self._audit.finished(record)

    def calls(self) -> say.Calls:
        """The last calls, the newest first."""
        return say.Calls(tuple(self._calls))
