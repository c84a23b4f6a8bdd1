"""What each method does, whichever way it came in.

A method that is not in the table of its era does not exist here: nothing is
passed on for being unknown.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from latchward.gateway.changes import Changes
from latchward.gateway.enforce import Enforcer, Wanted
from latchward.gateway.listing import Found, Listing
from latchward.gateway.sessions import Sessions
from latchward.model.call import ToolCall
from latchward.model.era import Era
from latchward.model.errors import ClientError, UpstreamError
from latchward.model.grant import Grant
from latchward.model.ids import ToolId
from latchward.model.outcome import Answered, Fault, ToolResult, Unknown
from latchward.model.peer import ProcessChain
from latchward.model.ports import Progress
from latchward.model.verdict import Refusal, Verdict
from latchward.protocol import bridge, envelope, legacy, modern, strict, wording
from latchward.protocol.envelope import Notification, Request, RequestId
from latchward.protocol.versions import INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND

MAX_TOOL_NAME: Final = 256
"""Characters of a tool's name in a call."""


class Channel(Protocol):
    """The way back to one request's sender, while it is being worked on."""

    def notify(self, message: bytes) -> None:
        """Send a message on the way to the answer."""
        ...

    def end(self) -> None:
        """Give the request up."""
        ...

    async def closed(self) -> None:
        """Wait until the gateway ends a request that has no end of its own."""
        ...


@dataclass(frozen=True, slots=True)
class Peer:
    """Who sent a message: grant, endpoint, era, and the requests under way in this conversation.

    `chain` is which programs stand behind it, where the way in can tell.
    """

    grant: Grant
    endpoint: str | None
    era: Era
    under_way: dict[RequestId, Channel] = field(default_factory=dict)
    chain: ProcessChain | None = None


class Dispatcher:
    """The methods. `grants` gives those in force at any moment, `stranger` why a peer may not call yet."""

    def __init__(
        self,
        listing: Listing,
        enforcer: Enforcer,
        sessions: Sessions,
        changes: Changes,
        grants: Callable[[], Mapping[str, Grant]],
        stranger: Callable[[str, ProcessChain | None], str],
    ) -> None:
        self._listing = listing
        self._enforcer = enforcer
        self._sessions = sessions
        self._changes = changes
        self._grants = grants
        self._stranger = stranger
        self._methods: dict[tuple[Era, str], Callable[[Peer, Request, Channel], Awaitable[bytes]]] = {
            (Era.LEGACY, "initialize"): self._initialize,
            (Era.LEGACY, "ping"): self._ping,
            (Era.LEGACY, "tools/list"): self._tools_list,
            (Era.LEGACY, "tools/call"): self._tools_call,
            (Era.MODERN, "server/discover"): self._discover,
            (Era.MODERN, "tools/list"): self._tools_list,
            (Era.MODERN, "tools/call"): self._tools_call,
            (Era.MODERN, "subscriptions/listen"): self._listen,
        }

    async def request(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        """The one answer to `request`, as a message. Raises `ClientError` for a request that is wrong."""
        method = self._methods.get((peer.era, request.method))
        if method is None:
            raise ClientError(METHOD_NOT_FOUND, "Method not found")
        if request.id in peer.under_way:
            raise ClientError(INVALID_REQUEST, "a request with this id is still under way")
        peer.under_way[request.id] = channel
        try:
            return await method(peer, request, channel)
        finally:
            del peer.under_way[request.id]

    def notification(self, peer: Peer, note: Notification) -> None:
        """Take note of a cancellation; everything else a client announces changes nothing here."""
        if note.method == "notifications/cancelled":
            wanted = note.params.get("requestId")
            if isinstance(wanted, bool) or not isinstance(wanted, int | str):
                return
            channel = peer.under_way.get(wanted)
            if channel is not None:
                channel.end()

    async def _initialize(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        return envelope.result(request.id, legacy.initialize_result(request.params.get("protocolVersion")))

    async def _ping(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        return envelope.result(request.id, b"{}")

    async def _discover(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        return envelope.result(request.id, modern.discover_result())

    async def _tools_list(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        if request.params.get("cursor") is not None:
            raise ClientError(INVALID_PARAMS, "the list has one page: leave `cursor` away")
        known = not self._stranger(peer.grant.client, peer.chain)
        tools = await self._listing.tools(peer.grant, peer.endpoint) if known else []
        self._changes.given(peer.grant.client, peer.endpoint, tools)
        result = modern.tools_result(tools) if peer.era is Era.MODERN else {"tools": tools}
        return envelope.result(request.id, strict.serialise(result))

    async def _tools_call(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        name, arguments = _call_params(request.params)
        if stranger := self._stranger(peer.grant.client, peer.chain):
            unknown = Verdict(Refusal.STRANGER, "", stranger, "gateway")
            return envelope.result(request.id, wording.refused(unknown, peer.era))
        try:
            found = await self._listing.find(peer.grant, peer.endpoint, name)
        except UpstreamError as error:
            down = Verdict(Refusal.UPSTREAM, "", str(error), "gateway")
            return envelope.result(request.id, wording.refused(down, peer.era))
        wanted = self._wanted(peer, request, name, arguments, found, channel)
        answered = await self._enforcer.call(wanted)
        if self._revoked(peer.grant):
            raise ClientError(INVALID_REQUEST, "the grant was revoked while the call was under way")
        return _answer(request.id, name, answered, peer.era)

    def _wanted(
        self,
        peer: Peer,
        request: Request,
        name: str,
        arguments: dict[str, Any],
        found: Found | None,
        channel: Channel,
    ) -> Wanted:
        grant = peer.grant
        tool = found.tool if found else ToolId(peer.endpoint or "", name)
        call = ToolCall(
            grant=grant.client,
            session=self._sessions.of(grant.client),
            tool=tool,
            arguments=arguments,
            payload=strict.serialise(arguments),
            digest=hashlib.sha256(strict.canonical({"arguments": arguments, "name": tool.name})).hexdigest(),
        )
        return Wanted(
            call=call,
            policy=grant.servers.get(tool.upstream, ""),
            upstream=found.upstream if found else None,
            definition=found.definition if found else None,
            held=found.held if found else "",
            process=peer.chain.behind if peer.chain is not None else (),
            progress=_progress(request.params, channel),
            still_granted=lambda: (
                self._grants().get(grant.client) == grant
                and (found is None or self._listing.is_current(found))
            ),
        )

    def _revoked(self, grant: Grant) -> bool:
        now = self._grants().get(grant.client)
        return now is None or now.token_hash != grant.token_hash

    async def _listen(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        """A stream of what the client asked to hear, until it or the gateway goes; acknowledged first."""
        wanted = request.params.get("notifications")
        if not isinstance(wanted, dict):
            raise ClientError(INVALID_PARAMS, "`notifications` must be an object")
        honoured = {"toolsListChanged": True} if wanted.get("toolsListChanged") is True else {}
        acknowledged = modern.acknowledged(request.id, honoured)
        channel.notify(envelope.notification("notifications/subscriptions/acknowledged", acknowledged))

        def changed() -> None:
            params = modern.subscribed(request.id)
            channel.notify(envelope.notification("notifications/tools/list_changed", params))

        stop = self._changes.listen(peer.grant.client, peer.endpoint, changed) if honoured else lambda: None
        try:
            await channel.closed()
        finally:
            stop()
        return envelope.result(request.id, modern.listen_result(request.id))

    async def stream(self, peer: Peer, channel: Channel) -> None:
        """The standing stream of a legacy client: changes of its list, until it goes."""

        def changed() -> None:
            channel.notify(envelope.notification("notifications/tools/list_changed"))

        stop = self._changes.listen(peer.grant.client, peer.endpoint, changed)
        try:
            await channel.closed()
        finally:
            stop()


def _call_params(params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name = params.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_TOOL_NAME:
        raise ClientError(INVALID_PARAMS, f"`name` must be a text of 1 to {MAX_TOOL_NAME} characters")
    arguments = params.get("arguments", {})
    if not isinstance(arguments, dict):
        raise ClientError(INVALID_PARAMS, "`arguments` must be an object")
    return name, arguments


def _progress(params: dict[str, Any], channel: Channel) -> Progress | None:
    """Where the client asked for progress: a function that passes on what rises, under the client's token."""
    meta = params.get("_meta")
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    if isinstance(token, bool) or not isinstance(token, int | str):
        return None
    last = float("-inf")

    def progress(said: dict[str, Any]) -> None:
        nonlocal last
        value = said.get("progress")
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > last:
            return
        last = value
        channel.notify(envelope.notification("notifications/progress", {"progressToken": token, **said}))

    return progress


def _answer(request_id: RequestId, name: str, answered: Answered, era: Era) -> bytes:
    match answered:
        case ToolResult():
            try:
                return envelope.result(request_id, bridge.result(answered.result, answered.era, era))
            except UpstreamError as error:
                lost = Verdict(Refusal.UNKNOWN, "", str(error), "gateway")
                return envelope.result(request_id, wording.refused(lost, era))
        case Fault():
            return envelope.error(request_id, answered.code, answered.message, answered.data)
        case Unknown():
            return envelope.error(request_id, INVALID_PARAMS, f"Unknown tool: {name}")
        case Verdict():
            return envelope.result(request_id, wording.refused(answered, era))
