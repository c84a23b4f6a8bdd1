"""Schedules: the days and hours in which an entry lets calls by.

Only the wall clock of the gateway's own zone counts; daylight saving is whatever
that clock shows. Hours that run over midnight belong to the day they began.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from latchward.model.decision import Reason

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FULL_DAY: Final = 24 * 60
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")


def minutes_of(clock: str) -> int | None:
    """Minutes since midnight for `HH:MM` from 00:00 to 24:00, or None where it is no such text."""
    found = _CLOCK.fullmatch(clock)
    if found is None:
        return None
    minutes = int(found[1]) * 60 + int(found[2])
    return minutes if minutes <= FULL_DAY else None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Open on `days` (0 is Monday) from minute `start` to before minute `end`; `closed` is said outside."""

    days: frozenset[int]
    start: int
    end: int
    closed: Reason

    def is_open(self, now: datetime) -> bool:
        """Whether calls go by at `now` (aware), on the clock of the zone in which this process runs."""
        local = now.astimezone()
        today, minute = local.weekday(), local.hour * 60 + local.minute
        if self.start < self.end:
            return today in self.days and self.start <= minute < self.end
        if today in self.days and minute >= self.start:
            return True
        return (today - 1) % 7 in self.days and minute < self.end
