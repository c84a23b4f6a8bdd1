"""What clients use without us, looked at again whenever one of their files changed."""

import asyncio
import time
from collections.abc import Callable

from latchward.clients.discovery import Findings, look
from latchward.clients.home import Home


class ClientWatch:
    """The last findings; `changed` is called when there are others. Looking is done in a thread."""

    def __init__(self, home: Home, changed: Callable[[], None]) -> None:
        self._home = home
        self._changed = changed
        self._looking = asyncio.Lock()
        self.findings: Findings | None = None
        """What the last look found; None before the first."""

    async def look(self, *, anew: bool = False) -> float:
        """Look where something changed. The seconds that it took."""
        async with self._looking:
            started = time.monotonic()
            before = self.findings
            if anew or before is None or await asyncio.to_thread(before.is_stale):
                self.findings = await asyncio.to_thread(look, self._home, (), before)
                self._changed()
            return time.monotonic() - started
