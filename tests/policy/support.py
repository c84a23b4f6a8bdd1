"""Values for the tests of the policy: documents, calls, and a usage that is a plain table."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from latchward.model.call import ToolCall
from latchward.model.decision import Decision, LimitKey
from latchward.model.errors import PolicyError
from latchward.model.ids import ToolId
from latchward.policy.decide import decide
from latchward.policy.document import Policy, load
from latchward.policy.limits import window_end

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
"""A Monday."""


class Used:
    """A `Usage` with fixed counts, by `"<scope> <entry> <counter> <window>"`."""

    def __init__(self, counts: Mapping[str, str] | None = None) -> None:
        self._counts = dict(counts or {})

    def used(self, key: LimitKey, now: datetime) -> Decimal:
        return Decimal(self._counts.get(f"{key.scope} {key.entry} {key.counter} {key.window}", "0"))

    def free_at(self, key: LimitKey, now: datetime) -> datetime:
        return window_end(key.window, now)


def call(
    tool: str, arguments: Mapping[str, Any] | None = None, *, grant: str = "g", session: str = "s"
) -> ToolCall:
    return ToolCall(grant, session, ToolId("server", tool), arguments or {}, b"", "")


def policy(**document: Any) -> Policy:
    return load(json.dumps({"version": "1", **document}), source="test.json")


def decided(
    document: Policy, tool: str, arguments: Mapping[str, Any] | None = None, **counts: str
) -> Decision:
    return decide(document, call(tool, arguments), Used(counts), NOON)


def refusal(text: bytes | str, *, yaml: bool = False) -> PolicyError:
    """The error with which a document is refused."""
    with pytest.raises(PolicyError) as caught:
        load(text, source="p.json", yaml=yaml)
    return caught.value
