"""Limits: windows of time, what a call costs, and what one counter counts for.

`minute`, `hour`, `day`, `week` (from Monday) and `month` are aligned to UTC. A
number of seconds is a sliding window: a call at `t` counts in [t, t+n). Amounts are
`Decimal` and add up exactly. Nothing here keeps a count; who does uses these helpers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any, Final

from latchward.model.call import ToolCall
from latchward.model.decision import Effect, LimitKey

from .paths import Getter
from .values import as_number

ALIGNED: Final = ("minute", "hour", "day", "week", "month")
SCOPES: Final = ("grant", "session", "server")
MAX_SECONDS: Final = 366 * 24 * 3600
"""The longest sliding window."""

_DIGITS: Final = 30
# Amounts of up to 30 digits before the point and 30 behind it never need rounding here.
_EXACT: Final = Context(prec=400, traps=[Inexact, InvalidOperation])
_ONE: Final = Decimal(1)


def is_sliding(window: str) -> bool:
    """Whether the window is a number of seconds rather than a name."""
    return window not in ALIGNED


def window_start(window: str, now: datetime) -> datetime:
    """The moment (UTC) from which charges count at `now` (aware).

    For an aligned window a charge at that very moment counts; for a sliding one it
    is just free again.
    """
    now = now.astimezone(UTC)
    if is_sliding(window):
        return now - timedelta(seconds=int(window))
    if window == "minute":
        return now.replace(second=0, microsecond=0)
    if window == "hour":
        return now.replace(minute=0, second=0, microsecond=0)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if window == "week":
        return midnight - timedelta(days=midnight.weekday())
    return midnight.replace(day=1) if window == "month" else midnight


def window_end(window: str, now: datetime) -> datetime:
    """The moment (UTC) at which a charge made at `now` (aware) counts no more."""
    start = window_start(window, now)
    if is_sliding(window):
        return now.astimezone(UTC) + timedelta(seconds=int(window))
    if window == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return (
        start
        + {
            "minute": timedelta(minutes=1),
            "hour": timedelta(hours=1),
            "day": timedelta(days=1),
            "week": timedelta(weeks=1),
        }[window]
    )


def total(used: Decimal, amount: Decimal) -> Decimal:
    """The exact sum of two amounts, without the rounding of the default context."""
    return _EXACT.add(used, amount)


def amount_of(value: object) -> Decimal | None:
    """What is charged for a value: a finite number >= 0, or None where it is none.

    Numbers beyond 30 digits before the point, or behind it, cannot be charged.
    """
    number = as_number(value)
    if number is None or (type(number) is int and number.bit_length() > 100):
        return None
    amount = Decimal(number)
    if amount < 0 or amount.adjusted() >= _DIGITS:
        return None
    exponent = amount.as_tuple().exponent
    return amount if isinstance(exponent, int) and exponent >= -_DIGITS else None


def words(window: str) -> str:
    """The window in words, to follow a number: `an hour`, `in any 60 seconds`."""
    if is_sliding(window):
        return "in any second" if window == "1" else f"in any {window} seconds"
    return "an hour" if window == "hour" else f"a {window}"


@dataclass(frozen=True, slots=True)
class Limit:
    """One counter and how far it may go.

    `rule` is the pointer of the limit, `entry` of the entry that holds it.
    `amount_at` finds the amount in the arguments; where it is None `amount`
    is charged. `on_exceed` is APPROVE or DENY. `advice` ends the sentences.
    """

    rule: str
    entry: str
    counter: str
    window: str
    scope: str
    maximum: Decimal
    amount: Decimal
    amount_at: Getter | None
    amount_path: str
    on_exceed: Effect
    advice: str

    def charge(self, arguments: Mapping[str, Any]) -> Decimal | None:
        """What the call costs, or None where the amount is no finite number >= 0."""
        return self.amount if self.amount_at is None else amount_of(self.amount_at(arguments))

    def key(self, call: ToolCall) -> LimitKey:
        """What the counter counts for, for this caller."""
        scope = self.scope
        if scope == "grant":
            scope = f"grant:{call.grant}"
        elif scope == "session":
            scope = f"session:{call.session}"
        return LimitKey(call.tool.upstream, scope, self.entry, self.counter, self.window)

    def exceeded(self, used: Decimal, amount: Decimal) -> str:
        """The sentence for a call that is one too many."""
        cost = "" if amount == _ONE else f", and this call counts {amount:f}"
        bound = f"at most {self.maximum:f} {words(self.window)}"
        return f"{bound} may be used of `{self.counter}`, and {used:f} is used{cost}{self.advice}"

    def uncountable(self) -> str:
        """The sentence for a call whose amount is no amount."""
        return f"`{self.amount_path}` must be a number of 0 or more, so that it can be counted{self.advice}"
