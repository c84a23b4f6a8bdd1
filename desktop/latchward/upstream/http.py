"""A server at a URL, kept reachable.

Greeted when it is first needed and again, with growing pauses, when it was
lost. A call that may have reached the server is never sent again, but for one
case: a server that says with HTTP 404 that it does not know our session did
nothing with the call, which goes once more under a new session if the tool is
still the one that was judged.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from latchward.model.allow import Allow
from latchward.model.call import TOOLS_CALL, ToolCall
from latchward.model.caller import Caller
from latchward.model.errors import NotSent, OutcomeUnknown, UpstreamError
from latchward.model.listed import Listed
from latchward.model.outcome import Fault, Outcome
from latchward.model.plain import one_line
from latchward.model.ports import Secrets
from latchward.model.tool import ToolDefinition
from latchward.model.upstream import UpstreamSpec
from latchward.protocol import parameters
from latchward.protocol.versions import HEADER_MISMATCH

from .carrying import ALONE, Carrying, Ties
from .conversation import Conversation
from .kept import HANDSHAKE_LIMIT
from .lists import Fetched
from .old_sse import OldRemote
from .remote import Remote
from .watching import SessionGone
from .wire import Rejected, Unreachable, Wire, is_ours

STALE: Final = 60.0
"""Seconds after which the list of a server that does not tell of changes is looked at again."""
MAX_PARAMETERS: Final = 16 * 1024
"""Bytes of all arguments of a call that its tool wants as headers; servers refuse more."""
STOP_LIMIT: Final = 3.0
"""Seconds for taking leave of a server."""
_CALL_ONLY: Final = (413, 415, 429)
"""HTTP statuses that say something of one request, and nothing of the server."""

_NO_INITIALIZE: Final = (400, 404, 405)
"""HTTP statuses by which a server of the older transport answers `initialize`."""

AnyRemote = Remote | OldRemote
Failed = TypeVar("Failed", bound=UpstreamError)

log = logging.getLogger(__name__)


class HttpUpstream(Carrying[AnyRemote]):
    """Implements `model.ports.Upstream`."""

    _again = "tried"

    def __init__(
        self,
        spec: UpstreamSpec,
        on_change: Callable[[], None],
        secrets: Secrets | None = None,
        ties: Ties = ALONE,
    ) -> None:
        super().__init__(spec, on_change, secrets, ties)
        self._wire = Wire(spec)
        self._watching: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._parameters: dict[str, Mapping[parameters.Path, str]] = {}
        for header in filter(is_ours, spec.headers):
            log.warning("the header `%s` of `%s` is the protocol's own and is left out", header, self.name)

    async def tools(self) -> tuple[ToolDefinition, ...]:
        remote = self._open
        if (
            remote is not None
            and "tools" not in remote.watched
            and time.monotonic() - self._refreshed_at > STALE
        ):
            self._tools_changed()
        return await super().tools()

    def _talk(self, open_: AnyRemote) -> Conversation:
        return open_

    def _place(self, talk: Conversation) -> object:
        return self  # a session may be another tomorrow; the server behind it is the same

    def holds(self, place: object) -> bool:
        return place is self

    def _own_connection(self, ties: Ties) -> "HttpUpstream":
        return HttpUpstream(self.spec, lambda: None, self._secrets, ties)

    async def _carry(self, open_: AnyRemote, allow: Allow, call: ToolCall, caller: Caller) -> Outcome:
        try:
            outcome = await open_.call(allow, call, caller, self._headers(call))
        except SessionGone:
            outcome = await self._send_again(open_, allow, call, caller)
        except (Unreachable, Rejected) as error:
            self._turned_away(open_, error)
            raise self._masked(error) from None
        except OutcomeUnknown as error:
            self._refreshed_at = 0.0  # whatever broke may have brought another server up
            raise self._masked(error) from None
        if isinstance(outcome, Fault) and outcome.code == HEADER_MISMATCH:
            self._tools_changed()  # the schema that names the headers is another now
        return outcome

    async def _send_again(self, gone: AnyRemote, allow: Allow, call: ToolCall, caller: Caller) -> Outcome:
        """Under a new session, once, what the server turned away under the old one."""
        self._forget(gone)
        remote = await self._ready()
        try:
            return await remote.call(allow, call, caller, self._headers(call), again=True)
        except (Unreachable, Rejected) as error:
            self._turned_away(remote, error)
            raise self._masked(error) from None
        except OutcomeUnknown as error:
            raise self._masked(error) from None

    def _turned_away(self, remote: AnyRemote, error: Unreachable | Rejected) -> None:
        if not isinstance(error, Rejected) or error.status not in _CALL_ONLY:
            self._lost(remote, str(error))

    async def stop(self) -> None:
        """End all waiting and the session at the server. The object is not used again."""
        watching = self._watching
        self._stopped = True
        if self._open is not None:
            self._forget(self._open)
        await self._stop_waiting(watching)
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=STOP_LIMIT)
        await self._wire.close()

    def _headers(self, call: ToolCall) -> dict[str, str]:
        """The headers that the tool's schema asks for. Raises `NotSent`."""
        if call.method != TOOLS_CALL:
            return {}
        made = parameters.headers(self._parameters.get(call.tool.name, {}), call.arguments)
        if sum(map(len, made.values())) > MAX_PARAMETERS:
            raise NotSent(
                f"the arguments that this tool wants as headers have more than {MAX_PARAMETERS} bytes;"
                " nothing was sent"
            )
        return made

    async def _start(self) -> AnyRemote:
        remote: AnyRemote = OldRemote(self._wire, self) if self.spec.sse else Remote(self._wire, self)
        try:
            async with asyncio.timeout(HANDSHAKE_LIMIT):
                self._wire.use(await self._filled(self.spec.headers))
                try:
                    await remote.open(probe=not self._is_legacy)
                except Rejected as error:
                    remote = await self._older(error)
                tools = await remote.list_tools() if self._is_shared else None
        except (UpstreamError, TimeoutError) as error:
            remote.drop()
            raise self._failed(str(error) or f"not ready within {HANDSHAKE_LIMIT:.0f} seconds") from None
        except BaseException:
            remote.drop()
            raise
        self._stays = isinstance(remote, OldRemote)
        self._is_legacy = not self._is_shared  # it is asked anew at each greeting
        self._mirrors = self._is_shared  # another session costs no process
        self._opened_now(remote, tools)
        self._watching = asyncio.create_task(self._watch(remote))
        return remote

    async def _older(self, error: Rejected) -> OldRemote:
        """The conversation with a server that speaks the older transport; `error` where it does not."""
        if self.spec.sse or error.status not in _NO_INITIALIZE:
            raise error
        old = OldRemote(self._wire, self)
        try:
            await old.open()
        except UpstreamError:
            old.drop()
            raise error from None
        except BaseException:
            old.drop()
            raise
        return old

    async def _watch(self, remote: AnyRemote) -> None:
        try:
            await remote.watch()
        except SessionGone:
            self._forget(remote)  # the next use begins anew
        except OutcomeUnknown as error:
            self._lost(remote, str(error))

    def _forget(self, remote: AnyRemote) -> None:
        """This conversation is over; the next use begins another."""
        if self._open is not remote:
            return
        self._open = None
        if self._watching is not None and self._watching is not asyncio.current_task():
            self._watching.cancel()
        remote.drop()
        if self._stopped:
            task = asyncio.create_task(remote.farewell())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
        else:
            self._gone()

    async def _list(self, open_: AnyRemote, kind: Listed) -> Fetched:
        try:
            return await super()._list(open_, kind)
        except SessionGone:
            self._forget(open_)
            return await super()._list(await self._ready(), kind)
        except (Unreachable, Rejected) as error:
            self._turned_away(open_, error)
            raise

    def _lost(self, remote: AnyRemote, reason: str) -> None:
        """The server cannot be used as it was: begin anew, after a pause where that happened before."""
        if self._open is not remote:
            return
        self._forget(remote)
        self._closed_now()
        self._failed(reason)

    def _failed(self, reason: str) -> NotSent:
        """Note a failure; the sentence for who waits."""
        if self._paused(f"the server `{self.name}` cannot be used: {self._shown(reason)}"):
            log.warning("%s", self.last_error)
        return NotSent(self.last_error)

    def _masked(self, error: Failed) -> Failed:
        """The same error, safe to show."""
        error.args = (self._shown(str(error)),)
        return error

    def _shown(self, reason: str) -> str:
        return one_line(self._mask(reason), 400)

    def _take(self, tools: dict[str, ToolDefinition]) -> None:
        offered: dict[str, ToolDefinition] = {}
        self._parameters = {}
        for name, tool in tools.items():
            try:
                self._parameters[name] = parameters.annotated(tool.definition.get("inputSchema"))
                offered[name] = tool
            except parameters.InvalidAnnotation as error:
                log.warning("the tool `%s` of `%s` is not offered: %s", one_line(name, 60), self.name, error)
        super()._take(offered)

    async def _look(self, open_: AnyRemote) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_LIMIT):
                tools = await open_.list_tools()
        except SessionGone:
            self._forget(open_)
        except (Unreachable, Rejected) as error:
            self._turned_away(open_, error)
        except (UpstreamError, TimeoutError) as error:
            why = self._shown(str(error)) or f"no answer within {HANDSHAKE_LIMIT:.0f} seconds"
            log.warning("the new tools of the server `%s` are not offered: %s", self.name, why)
        else:
            if open_ is self._open:
                self._take(tools)
