"""The calls that `latchward try` makes, and what must become of each.

The policy under which all this holds is the resource `policies/trial.json`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

POLICY: Final = "policies/trial.json"
"""The policy document, below `resources/`."""

SERVER: Final = "notes"
"""The name of the sample server in the trial's settings."""

TOKEN_VARIABLE: Final = "LATCHWARD_TRIAL_TOKEN"  # noqa: S105 - the name of the variable
"""Holds the agent's token: an argument would be there for every program to read."""

LISTED: Final = ("delete_note", "list_notes", "read_note", "write_note")
"""The tools that the agent must be shown, sorted: all of the server's but the hidden one."""

AgentSaw = Literal["result", "error-result", "protocol-error"]


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the agent. No two steps are equal, so that each can be found again in the logs."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """What must become of a step.

    `effect`, `rule` and `verdict` are those of the audit row. `outcome` is
    what the agent must see, with `says` somewhere in its text. `reaches` says
    whether the call must be in the server's own log.
    """

    step: Step
    effect: str
    rule: str
    verdict: str
    outcome: AgentSaw
    reaches: bool
    says: str = ""


_READ: Final = Step("read_note", {"name": "welcome"})
_WRITE: Final = Step("write_note", {"name": "shopping", "text": "bread, milk, tea"})
_DELETE: Final = Step("delete_note", {"name": "welcome"})
_WIPE: Final = Step("wipe_notes", {})
_LISTS: Final = tuple(Step("list_notes", {"limit": number}) for number in range(1, 12))

PLAN: Final = (_READ, _WRITE, _DELETE, _WIPE, *_LISTS)
"""The steps, in order. The agent has listed the tools before the first one."""


def expected(answer: bool) -> tuple[Expected, ...]:
    """What must become of `PLAN` where the person answers the one question with `answer`."""
    return (
        Expected(_READ, "allow", "/tools/read_note", "allow", "result", True, "through Latchward"),
        _approved() if answer else _refused(),
        Expected(
            _DELETE,
            "deny",
            "/tools/delete_note/action",
            "denied-by-rule",
            "error-result",
            False,
            "notes are kept for good here",
        ),
        Expected(_WIPE, "hide", "(hidden)", "denied-by-rule", "protocol-error", False, "Unknown tool"),
        *(Expected(step, "allow", "/tools/list_notes", "allow", "result", True) for step in _LISTS[:-1]),
        Expected(_LISTS[-1], "deny", "/tools/list_notes/rate_limit", "limit-reached", "error-result", False),
    )


def _approved() -> Expected:
    return Expected(_WRITE, "approve", "/tools/write_note/action", "allow", "result", True, "was written")


def _refused() -> Expected:
    return Expected(_WRITE, "approve", "/tools/write_note/action", "denied-by-person", "error-result", False)
