"""What a policy says of a call."""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum


class Effect(IntEnum):
    """What happens to a call. The greater one wins: the order of rules never matters."""

    ALLOW = 0
    APPROVE = 1
    DENY = 2
    HIDE = 3

    @property
    def word(self) -> str:
        """The word of documents and logs: `allow`, `approve`, `deny`, `hide`."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that spoke: its effect, its JSON Pointer (RFC 6901) and a sentence for people."""

    effect: Effect
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class LimitKey:
    """What one counter counts for.

    `scope` is `grant:<id>`, `session:<id>` or `server`. `entry` is the JSON
    Pointer of the entry that holds the limit (`/tools/push_files`,
    `/all_tools`). `window` is `minute`, `hour`, `day`, `week`, `month`
    (aligned to UTC) or a number of seconds as text (`60`: sliding).
    """

    upstream: str
    scope: str
    entry: str
    counter: str
    window: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """An amount to charge to a counter in the same step as the decision."""

    key: LimitKey
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of the policy.

    `rule` names the rule that decided (a JSON Pointer into the document, or
    one of `(no policy)`, `(hidden)`, `(default deny)`, `(default approve)`,
    `(default allow)`, `(unknown tool)`); `message` says it in a sentence.
    `reasons` holds every rule that spoke, the deciding one first.
    `reservations` is empty where the effect is DENY or HIDE.
    """

    effect: Effect
    rule: str
    message: str
    reasons: tuple[Reason, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    retry_after: int | None = None
    """Seconds until the limit that refused has room again, where a limit refused."""
