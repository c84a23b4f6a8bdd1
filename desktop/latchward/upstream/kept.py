"""What every server that is kept in use has in common, however it is reached.

Started when it is first needed, one start for all who wait, and again, with
growing pauses, when it was lost. Its list is looked at again when it says that it changed,
one look at a time. While it is away its tools stay listed as they were.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Generic, TypeVar

from latchward.model.errors import NotSent, SecretError
from latchward.model.mask import Mask
from latchward.model.ports import Secrets
from latchward.model.secret import fill, has_placeholder, names_in
from latchward.model.tool import ToolDefinition
from latchward.model.upstream import UpstreamSpec

HANDSHAKE_LIMIT: Final = 60.0
"""Seconds from the start of a server to its list of tools; `npx` may have to fetch it first."""
FIRST_WAIT: Final = 10.0
"""Seconds from the start of a server that its tools are waited for."""
LATER_WAIT: Final = 1.0
"""Seconds that they are waited for at least, and at most where the last start failed."""
BACKOFF: Final = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
"""Seconds to the next start after so many failures in a row."""
STEADY: Final = 60.0
"""Seconds of running after which earlier failures are forgotten."""
REFRESH_EVERY: Final = 2.0
"""Seconds between two looks at a list that the server says has changed."""
REFRESH_BURST: Final = 4
"""Looks that may come one right after the other; then the pause holds on average."""
REFRESH_AFTER: Final = 0.05
"""Seconds to the first of these looks, so that several notices make one."""


Open = TypeVar("Open")
"""What a start gives: one run of a process, one conversation at a URL."""


class Kept(ABC, Generic[Open]):
    """The part of `model.ports.Upstream` that does not depend on the way to the server.

    `on_change` is called when the tools are others than before. `secrets` gives the values for which
    placeholders stand in the entry. `_open` is what the last start gave, None while the server is away.
    """

    _again: ClassVar[str]
    """What may be done again when the pause is over: `started`, `tried`."""

    def __init__(
        self,
        spec: UpstreamSpec,
        on_change: Callable[[], None],
        secrets: Secrets | None = None,
    ) -> None:
        self.spec = spec
        self.last_error = ""
        self._on_change = on_change
        self._secrets = secrets
        # What the server may repeat in its errors, and must stand in no message and no log.
        self._mask = Mask(value for value in spec.headers.values() if not has_placeholder(value))
        self._open: Open | None = None
        self._tools: dict[str, ToolDefinition] | None = None
        self._starting: asyncio.Task[Open] | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._stale = False
        self._stopped = False
        self._failures = 0
        self._started_at = 0.0
        self._retry_at = 0.0
        self._ready_since = 0.0
        self._refreshed_at = 0.0
        self._looks: deque[float] = deque(maxlen=REFRESH_BURST)

    @abstractmethod
    async def _start(self) -> Open:
        """Begin anew and list the tools. Raises `NotSent`, by way of `_paused`."""

    @abstractmethod
    async def _look(self, open_: Open) -> None:
        """List the tools again, and `_take` them where this is still the open one."""

    @property
    def name(self) -> str:
        return self.spec.name

    def listed(self) -> Mapping[str, ToolDefinition] | None:
        return self._tools

    def current(self, tool: str) -> ToolDefinition | None:
        return None if self._tools is None else self._tools.get(tool)

    async def tools(self) -> tuple[ToolDefinition, ...]:
        if self._open is None:
            starting = self._start_soon()
            if self._tools is None:
                if starting is None:
                    raise self._away()
                await self._started(starting, self._patience())
        return tuple((self._tools or {}).values())

    async def _ready(self) -> Open:
        """What is open, begun if need be; everyone who waits shares one start. Raises `NotSent`."""
        if self._open is not None:
            return self._open
        starting = self._start_soon()
        if starting is None:
            raise self._away()
        return await self._started(starting, None)

    def _start_soon(self) -> "asyncio.Task[Open] | None":
        """The start that is under way, begun now if need be; None while none may be tried."""
        if self._starting is None and not self._stopped and time.monotonic() >= self._retry_at:
            self._started_at = time.monotonic()
            self._starting = asyncio.create_task(self._start_and_note())
            self._starting.add_done_callback(self._start_done)
        return self._starting

    async def _start_and_note(self) -> Open:
        self._stale = False
        opened = await self._start()
        if self._stale:  # a notice came while it was being listed
            self._tools_changed()
        return opened

    def _start_done(self, task: "asyncio.Task[Open]") -> None:
        self._starting = None
        if not task.cancelled():
            task.exception()  # told to those who wait; there may be none

    async def _started(self, starting: "asyncio.Task[Open]", seconds: float | None) -> Open:
        """The outcome of a start; whoever waits here and is cancelled does not cancel it for the others."""
        await asyncio.wait({starting}, timeout=seconds)
        if not starting.done():
            raise NotSent(f"the server `{self.name}` is still starting; try again in a moment")
        if starting.cancelled():
            raise self._away()
        return starting.result()

    def _patience(self) -> float:
        """Seconds to wait for the tools of a server that never told them: a list of others must not hang."""
        if self._failures:
            return LATER_WAIT
        return max(LATER_WAIT, self._started_at + FIRST_WAIT - time.monotonic())

    def retry(self) -> None:
        """The person wants it now: the pause after a failure is over, and a start is begun."""
        self._retry_at = 0.0
        if self._open is None:
            self._start_soon()

    async def _filled(self, values: Mapping[str, str]) -> dict[str, str]:
        """The server's own values with the secrets in them, read anew for this start. Raises `NotSent`."""
        names = [name for value in values.values() for name in names_in(value)]
        if not names:
            return dict(values)
        if self._secrets is None:
            raise NotSent(f"it needs the secret `{names[0]}`, and no keyring is used here; write its value")
        try:
            found = await self._secrets.get(names)
        except SecretError as error:
            raise NotSent(str(error)) from None
        self._mask.learn(secret.reveal() for secret in found.values())
        return {key: fill(value, found) for key, value in values.items()}

    def _away(self) -> NotSent:
        wait = self._retry_at - time.monotonic()
        more = f"; it may be {self._again} again in {wait:.0f} s" if wait > 0.5 and not self._stopped else ""
        return NotSent(f"{self.last_error}{more}")

    def _opened_now(self, opened: Open, tools: dict[str, ToolDefinition] | None) -> None:
        """A start came to its end. `tools` is None where they were not asked for."""
        self._open = opened
        self._ready_since = self._refreshed_at = time.monotonic()
        self.last_error = ""
        if tools is not None:
            self._take(tools)

    def _closed_now(self) -> None:
        """What was open is lost; long enough a run makes up for earlier failures."""
        self._open = None
        if time.monotonic() - self._ready_since > STEADY:
            self._failures = 0
        self._gone()

    @abstractmethod
    def _gone(self) -> None:
        """What was open is no longer; a failure may be noted after this."""

    def _paused(self, error: str) -> bool:
        """Note a failure and set the pause before the next start. Whether it is another than the last one."""
        self._retry_at = time.monotonic() + BACKOFF[min(self._failures, len(BACKOFF) - 1)]
        self._failures += 1
        if self._stopped or error == self.last_error:
            return False
        self.last_error = error
        return True

    def _take(self, tools: dict[str, ToolDefinition]) -> None:
        if tools != self._tools:
            self._tools = tools
            self._on_change()

    def _tools_changed(self) -> None:
        """The list of tools is another, or may be: look at it soon."""
        self._stale = True
        if self._open is not None and (self._refreshing is None or self._refreshing.done()):
            self._refreshing = asyncio.create_task(self._refresh())

    def _next_look(self) -> float:
        """When the list may be looked at again."""
        return self._looks[0] + REFRESH_BURST * REFRESH_EVERY if len(self._looks) == REFRESH_BURST else 0.0

    async def _refresh(self) -> None:
        """Look at the list again, one look at a time, as long as there was a notice since the last began."""
        while self._stale:
            await asyncio.sleep(max(REFRESH_AFTER, self._next_look() - time.monotonic()))
            if self._open is None:
                return  # the next start lists anew
            self._stale = False
            self._refreshed_at = time.monotonic()
            self._looks.append(self._refreshed_at)
            await self._look(self._open)

    async def _stop_waiting(self, *tasks: "asyncio.Task[None] | None") -> None:
        """End the start, the looking and other tasks; returns when they have ended."""
        self._stopped = True
        self.last_error = f"the server `{self.name}` was removed, or the gateway is stopping"
        ending = [task for task in (self._starting, self._refreshing, *tasks) if task is not None]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
