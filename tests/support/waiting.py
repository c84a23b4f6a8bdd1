"""Bounded waits."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

WAIT: Final = 10.0
TICK: Final = 0.01

Found = TypeVar("Found")


class NotInTime(AssertionError):
    """What was waited for did not come."""


def wait_for(look: Callable[[], Found | None], what: str, seconds: float = WAIT) -> Found:
    """The first true value that `look` gives. Raises `NotInTime`."""
    until = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > until:
            raise NotInTime(f"no {what} within {seconds:g} seconds")
        time.sleep(TICK)
