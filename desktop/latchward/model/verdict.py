"""The gateway's last word on a call."""

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """Why a call did not go: stable codes that agents and scripts may rely on."""

    RULE = "denied-by-rule"
    LIMIT = "limit-reached"
    PERSON = "denied-by-person"
    EXPIRED = "approval-expired"
    NOBODY = "nobody-to-ask"
    CHANGED = "changed-while-waiting"
    BUSY = "too-many-questions"
    ABANDONED = "abandoned"
    UPSTREAM = "server-unavailable"
    BLOCKED = "blocked-by-person"
    HELD = "definition-held"
    STRANGER = "program-not-known"
    FAULT = "gateway-fault"
    UNKNOWN = "outcome-unknown"
    """Not a refusal of ours: the call left, and nobody can say whether it was done."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the call goes. `refusal` is None exactly when it does.

    `by` says who had the last word: `policy`, the channel of a person's
    answer, or `gateway`. `message` is one sentence for the agent.
    """

    refusal: Refusal | None
    rule: str
    message: str
    by: str = "policy"

    @property
    def allowed(self) -> bool:
        return self.refusal is None
