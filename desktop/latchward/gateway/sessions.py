"""Sessions: all traffic of one grant until it was idle for half an hour.

Not the `Mcp-Session-Id` of the older protocol: a client can open as many of
those as it likes, and a limit per session must not refill by that.
"""

import secrets
import time
from collections.abc import Callable
from typing import Final

IDLE: Final = 30 * 60.0
"""Seconds without a call that end a session."""


class Sessions:
    """Which session a grant's call belongs to."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, tuple[str, float]] = {}

    def of(self, client: str) -> str:
        """The id of the client's session, a new one after `IDLE`."""
        now = self._clock()
        session, last = self._open.get(client, ("", now))
        if not session or now - last > IDLE:
            session = secrets.token_hex(6)
        self._open[client] = (session, now)
        return session
