"""A server over stdio, kept running.

Started when it is first needed and again, with growing pauses, when it ended.
A call that was under way when the process ended is never sent again: nobody can
know whether it was done. While it is away its tools stay listed as they were.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from latchward.model.allow import Allow
from latchward.model.call import TOOLS_CALL, ToolCall
from latchward.model.caller import Caller
from latchward.model.era import Era
from latchward.model.errors import NotSent, OutcomeUnknown, UpstreamError
from latchward.model.mask import Mask
from latchward.model.outcome import Outcome
from latchward.model.ports import Secrets
from latchward.model.secret import has_placeholder
from latchward.model.tool import ToolDefinition
from latchward.model.upstream import UpstreamSpec

from .carrying import ALONE, Carrying, Ties
from .conversation import Conversation
from .environment import PLAIN, Birth
from .kept import HANDSHAKE_LIMIT
from .run import Run

_ADVICE: Final = "; see in a terminal what its command waits for"

log = logging.getLogger(__name__)


class StdioUpstream(Carrying[Run]):
    """Implements `model.ports.Upstream`. `birth` is what its process gets besides."""

    _again = "started"

    def __init__(
        self,
        spec: UpstreamSpec,
        on_change: Callable[[], None],
        birth: Birth = PLAIN,
        secrets: Secrets | None = None,
        ties: Ties = ALONE,
    ) -> None:
        super().__init__(spec, on_change, secrets, ties)
        self._birth = birth
        # In our own sentences these stay: they may be part of a path or the name of a program.
        self._plain = Mask(value for value in spec.env.values() if not has_placeholder(value))
        self._ending: set[asyncio.Task[None]] = set()
        self._probe = not self._is_legacy
        self._guessed = self._is_legacy and self._is_shared

    def _talk(self, open_: Run) -> Conversation:
        return open_.session

    def _place(self, talk: Conversation) -> object:
        return talk  # what a process knows ends with it

    def holds(self, place: object) -> bool:
        return self._open is not None and self._open.session is place

    def _own_connection(self, ties: Ties) -> "StdioUpstream":
        return StdioUpstream(self.spec, lambda: None, self._birth, self._secrets, ties)

    async def _carry(self, open_: Run, allow: Allow, call: ToolCall, caller: Caller) -> Outcome:
        if call.method == TOOLS_CALL and self._tools is not None and call.tool.name not in self._tools:
            raise NotSent("the server no longer has this tool; nothing was sent")
        try:
            return await open_.session.call(allow, call, caller)
        except OutcomeUnknown as error:
            raise OutcomeUnknown(self._mask(str(error))) from None

    async def stop(self) -> None:
        """End the process and all waiting; returns when nothing of it is left. Not used again after."""
        run, self._open = self._open, None
        if run is not None:
            self._end(run)
        await self._stop_waiting()
        while self._ending:
            await asyncio.wait(self._ending)

    async def _start(self) -> Run:
        while self._ending:  # two processes of one server would be in each other's way
            await asyncio.wait(self._ending)
        try:
            async with asyncio.timeout(HANDSHAKE_LIMIT):
                run, tools = await self._opened(probe=self._probe)
        except TimeoutError:
            self._probe = True
            reason = f"it was not ready within {HANDSHAKE_LIMIT:.0f} seconds{_ADVICE}"
            raise self._failed("did not start", reason) from None
        except UpstreamError as error:
            raise self._failed("did not start", str(error)) from None
        self._probe = run.session.era is Era.MODERN
        self._guessed = False
        self._opened_now(run, tools)
        return run

    async def _opened(self, *, probe: bool) -> tuple[Run, dict[str, ToolDefinition] | None]:
        """A run that is ready.

        One that ends at the first question of the newer era is begun anew without it, and one that refuses
        the older era, which it had the last time, anew with it.
        """
        env = await self._filled(self.spec.env)
        run = Run(self.spec, self._words, self, self._ended, self._birth)
        try:
            return run, await run.open(env, probe=probe, lists=self._is_shared)
        except UpstreamError as error:
            self._end(run)
            guessed, self._guessed = self._guessed, False
            self._probe = True  # what was known of it may no longer be so
            ends_at_probe = probe and isinstance(error, OutcomeUnknown)
            if run.session.opened or isinstance(error, NotSent) or not (guessed or ends_at_probe):
                raise UpstreamError(run.explain(str(error))) from None
        except BaseException:
            self._end(run)
            raise
        while self._ending:
            await asyncio.wait(self._ending)
        return await self._opened(probe=guessed)

    def _words(self, said: str) -> str:
        """What the server said, without any of its own values."""
        return self._plain(self._mask(said))

    def _ended(self, run: Run, reason: str) -> None:
        if self._open is not run:
            return  # it was still opening, and its opener is told; or it was stopped
        self._closed_now()
        self._failed("ended", run.explain(reason))
        self._end(run)

    def _failed(self, what: str, reason: str) -> NotSent:
        """Note a failure; the sentence for who waits. One that is like the last one is logged once."""
        if self._paused(f"the server `{self.name}` {what}: {self._mask(reason)}"):
            log.warning("%s", self.last_error)
        return NotSent(self.last_error)

    def _end(self, run: Run) -> None:
        """See that nothing of a run is left. `stop`, and the next start, wait for it."""
        task = asyncio.create_task(run.stop())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _look(self, open_: Run) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_LIMIT):
                tools = await open_.session.list_tools()
        except (UpstreamError, TimeoutError) as error:
            if open_ is self._open:
                why = self._mask(str(error)) or f"no answer within {HANDSHAKE_LIMIT:.0f} seconds"
                log.warning("the new tools of the server `%s` are not offered: %s", self.name, why)
            return
        if open_ is self._open:
            self._take(tools)
