"""What a server lists besides its tools: fetched when it is first needed, and kept while it is fresh."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from latchward.model.errors import UpstreamError
from latchward.model.listed import Listed

STALE: Final = 60.0
"""Seconds after which a list is old whose server neither tells of changes nor says how long it holds."""
REFRESH_AFTER: Final = 0.05
"""Seconds from a notice of a change to the look, so that several notices make one."""
REFRESH_EVERY: Final = 2.0
"""Seconds between two looks because of notices."""

Entries = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A list as it came. `ttl` is for how many seconds the server says that it holds, None where it does not.

    `is_told` is whether the server promised to tell when it is another.
    """

    entries: Entries
    ttl: float | None
    is_told: bool


class Lists:
    """The lists of one server. `fetch` gets one, `on_change` is called when one is another than before.

    `fetch` raises `UpstreamError`.
    """

    def __init__(self, fetch: Callable[[Listed], Awaitable[Fetched]], on_change: Callable[[], None]) -> None:
        self._fetch = fetch
        self._on_change = on_change
        self._kept: dict[Listed, Entries] = {}
        self._fresh_until: dict[Listed, float] = {}
        self._fetched_at: dict[Listed, float] = {}
        self._noticed: set[Listed] = set()
        self._fetching: dict[Listed, asyncio.Task[Entries]] = {}
        self._looking: dict[Listed, asyncio.Task[None]] = {}

    def now(self, kind: Listed) -> Entries | None:
        """The list as it came last, however old; None where it never did."""
        return self._kept.get(kind)

    def is_fresh(self, kind: Listed) -> bool:
        return time.monotonic() < self._fresh_until.get(kind, -math.inf)

    async def get(self, kind: Listed) -> Entries:
        """A list that is fresh; everyone who waits shares one fetch. Raises `UpstreamError`."""
        if self.is_fresh(kind):
            return self._kept[kind]
        task = self._fetching.get(kind)
        if task is None:
            task = self._fetching[kind] = asyncio.ensure_future(self._get(kind))
            task.add_done_callback(lambda task: self._got(kind, task))
        await asyncio.wait({task})  # whoever waits here and is cancelled does not cancel it for the others
        if task.cancelled():
            raise UpstreamError("the server was removed, or the gateway is stopping")
        return task.result()

    def _got(self, kind: Listed, task: asyncio.Task[Entries]) -> None:
        del self._fetching[kind]
        if not task.cancelled():
            task.exception()  # told to those who wait; there may be none

    async def _get(self, kind: Listed) -> Entries:
        self._noticed.discard(kind)
        fetched = await self._fetch(kind)
        holds = fetched.ttl if fetched.ttl is not None else math.inf if fetched.is_told else STALE
        self._fetched_at[kind] = now = time.monotonic()
        if kind not in self._noticed:  # otherwise it may be another already
            self._fresh_until[kind] = now + holds
        before, self._kept[kind] = self._kept.get(kind), fetched.entries
        if before != fetched.entries:
            self._on_change()
        return fetched.entries

    def changed(self, capability: str) -> None:
        """The server says that the lists of this capability are others, or may be."""
        for kind in Listed:
            if kind.capability == capability:
                self._noticed.add(kind)
                self._fresh_until.pop(kind, None)
                if kind in self._kept and kind not in self._looking:
                    self._looking[kind] = asyncio.ensure_future(self._look(kind))

    async def _look(self, kind: Listed) -> None:
        try:
            while not self.is_fresh(kind):
                fetched_at = self._fetched_at.get(kind, -math.inf)
                await asyncio.sleep(max(REFRESH_AFTER, fetched_at + REFRESH_EVERY - time.monotonic()))
                await self.get(kind)
        except UpstreamError:
            pass  # the next who wants it tries again
        finally:
            self._looking.pop(kind, None)

    def forget(self) -> None:
        """The server began anew: every list may be another. They stay as they were until they are fetched."""
        for kind in Listed:
            self.changed(kind.capability)

    async def stop(self) -> None:
        """End all fetching; returns when it has ended."""
        ending: list[asyncio.Task[Any]] = [*self._fetching.values(), *self._looking.values()]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
