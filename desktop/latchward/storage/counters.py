"""The limits' state, in memory.

An aligned window (`minute` to `month`) keeps one sum for the window it is in.
A sliding one (seconds) keeps each charge with its time; a charge at t counts
in [t, t+n). Sums are exact.

Time never runs backwards in here. When the clock is set back, the latest time
seen goes on from where it was, at the pace of the monotonic clock: nothing
is refilled, and a clock that was years ahead for a moment locks nobody out.
Only a charge moves that time; a question does not, so that asking about
another day changes nothing.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from latchward.model.decision import LimitKey, Reservation
from latchward.policy.limits import is_sliding, total, window_end, window_start

MAX_CHARGES: Final = 100_000
"""Charges that one sliding counter keeps apart; beyond it the oldest leave together, later than due."""
MAX_COUNTERS: Final = 10_000
"""Counters kept before those that hold nothing any more are dropped."""

_ZERO: Final = Decimal(0)


class MemoryCounters:
    """Implements `ports.Counters`, for one thread: a decision and its charge are one step of one loop."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._counters: dict[LimitKey, _Aligned | _Sliding] = {}
        self._clock = _Clock(monotonic)

    def used(self, key: LimitKey, now: datetime) -> Decimal:
        """What the counter holds in the window that contains `now` (aware)."""
        counter = self._counters.get(key)
        return counter.used(self._clock.read(now)) if counter else _ZERO

    def free_at(self, key: LimitKey, now: datetime) -> datetime:
        """When the counter next gets room, by the caller's clock; `now` where a sliding one holds nothing."""
        counter = self._counters.get(key) or _new(key)
        held = self._clock.read(now)
        return now + (counter.free_at(held) - held)

    def reserve(self, reservations: Iterable[Reservation], now: datetime) -> None:
        """Charge all amounts, or none and raise `ValueError` where one is no finite number >= 0."""
        charges = tuple(reservations)
        for charge in charges:
            if not charge.amount.is_finite() or charge.amount < 0:
                raise ValueError(f"`{charge.amount}` cannot be charged to a limit")
        if len(self._counters) > MAX_COUNTERS:
            self._drop_empty(self._clock.read(now))
        held = self._clock.advance(now)
        for charge in charges:
            if charge.amount:
                counter = self._counters.setdefault(charge.key, _new(charge.key))
                counter.charge(charge.amount, held, now)

    def release(self, reservations: Iterable[Reservation], reserved_at: datetime) -> None:
        """Give back what was charged at `reserved_at`, as far as its window still runs."""
        for charge in reservations:
            if counter := self._counters.get(charge.key):
                counter.release(charge.amount, reserved_at)

    def _drop_empty(self, held: datetime) -> None:
        self._counters = {key: counter for key, counter in self._counters.items() if counter.used(held)}


class _Clock:
    """A wall clock that never runs backwards."""

    __slots__ = ("_latest", "_monotonic", "_tick")

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._latest: datetime | None = None
        self._tick = 0.0

    def read(self, now: datetime) -> datetime:
        if self._latest is None or now >= self._latest:
            return now
        return max(now, self._latest + timedelta(seconds=max(0.0, self._monotonic() - self._tick)))

    def advance(self, now: datetime) -> datetime:
        self._latest, self._tick = self.read(now), self._monotonic()
        return self._latest


class _Aligned:
    """One sum for the window that the last charge fell into."""

    __slots__ = ("_start", "_sum", "_window")

    def __init__(self, window: str) -> None:
        self._window = window
        self._start: datetime | None = None
        self._sum = _ZERO

    def used(self, held: datetime) -> Decimal:
        return self._sum if self._start == window_start(self._window, held) else _ZERO

    def free_at(self, held: datetime) -> datetime:
        return window_end(self._window, held)

    def charge(self, amount: Decimal, held: datetime, asked: datetime) -> None:
        start = window_start(self._window, held)
        if start != self._start:
            self._start, self._sum = start, _ZERO
        self._sum = total(self._sum, amount)

    def release(self, amount: Decimal, asked: datetime) -> None:
        # A charge made while the clock was set back may be older than it looks: then it stays charged.
        if self._start is not None and asked >= self._start:
            self._sum = max(_ZERO, _less(self._sum, amount))


class _Sliding:
    """Charges in order: the time each counts from, its amount, and the time that the caller gave."""

    __slots__ = ("_charges", "_span", "_sum")

    def __init__(self, seconds: int) -> None:
        self._span = timedelta(seconds=seconds)
        self._charges: deque[tuple[datetime, Decimal, datetime]] = deque()
        self._sum = _ZERO

    def used(self, held: datetime) -> Decimal:
        left = self._sum
        for since, amount, _ in self._charges:
            if since + self._span > held:
                return left
            left = _less(left, amount)
        return _ZERO

    def free_at(self, held: datetime) -> datetime:
        return next((since + self._span for since, _, _ in self._charges if since + self._span > held), held)

    def charge(self, amount: Decimal, held: datetime, asked: datetime) -> None:
        charges = self._charges
        while charges and charges[0][0] + self._span <= held:
            self._sum = _less(self._sum, charges.popleft()[1])
        if not charges:
            self._sum = _ZERO
        charges.append((held, amount, asked))
        self._sum = total(self._sum, amount)
        if len(charges) > MAX_CHARGES:
            _, oldest, _ = charges.popleft()
            since, second, reserved = charges[0]
            charges[0] = (since, total(oldest, second), reserved)

    def release(self, amount: Decimal, asked: datetime) -> None:
        for index in range(len(self._charges) - 1, -1, -1):
            _, charged, reserved = self._charges[index]
            if reserved == asked and charged == amount:
                del self._charges[index]
                self._sum = _less(self._sum, amount)
                return


def _new(key: LimitKey) -> _Aligned | _Sliding:
    return _Sliding(int(key.window)) if is_sliding(key.window) else _Aligned(key.window)


def _less(amount: Decimal, less: Decimal) -> Decimal:
    return total(amount, less.copy_negate())
