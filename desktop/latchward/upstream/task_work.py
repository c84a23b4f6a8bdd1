"""Tasks that a server does on one connection: whether any may go on, and who wants to hear of which."""

import asyncio
import time
from typing import Final

from latchward.model.allow import Allow
from latchward.model.call import ToolCall
from latchward.model.caller import Caller
from latchward.model.outcome import Fault, Outcome, ToolResult
from latchward.model.tasks import ID
from latchward.protocol import strict
from latchward.protocol.versions import INVALID_PARAMS

from .conversation import Conversation
from .subscriptions import Subscriptions

WATCH_LIMIT: Final = 30.0
"""Seconds that a modern server has to say whether it tells of a task; other clients' wait for it."""
STAYS: Final = 3600.0
"""Seconds for which a client's own connection stays after it was last used for a task."""


class TaskWork:
    """Those of one connection."""

    def __init__(self) -> None:
        self._watched = Subscriptions()
        self._watching = asyncio.Lock()
        self._until = 0.0

    def used(self) -> None:
        """A task was begun here, or asked about."""
        self._until = time.monotonic() + STAYS

    @property
    def goes_on(self) -> bool:
        """Whether one may be under way."""
        return time.monotonic() < self._until

    def watched(self) -> frozenset[str]:
        """The tasks that anyone wants to hear of."""
        return self._watched.uris()

    async def watch(self, talk: Conversation, allow: Allow, call: ToolCall, caller: Caller) -> Outcome:
        """Have a modern server tell of the task that `call` is about. Raises `NotSent`."""
        task, honoured = str(strict.parse(call.params).get(ID)), False
        try:
            async with asyncio.timeout(WATCH_LIMIT), self._watching:
                first = self._watched.add(caller.grant, task)
                try:
                    allow.spend(call.digest)
                    honoured = await talk.honour_task(task) if first else True
                finally:
                    if not honoured:
                        self.unwatch(talk, caller.grant, task)
        except TimeoutError:
            honoured = False
        if honoured:
            return ToolResult(b'{"resultType":"complete"}', talk.era)
        return Fault(INVALID_PARAMS, "the server does not tell when this task changes")

    def unwatch(self, talk: Conversation | None, grant: str, task: str) -> None:
        """This client does not want to hear of the task any more."""
        if self._watched.drop(grant, task) and talk is not None:
            talk.wanted_changed()
