"""What each method does, whichever way it came in.

A method that is not in the table of its era is one that only a policy can know: it goes to the one server of
its endpoint where that names it, and does not exist otherwise.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from latchward.gateway.changes import Changes
from latchward.gateway.entries import Entries
from latchward.gateway.listing import Listing
from latchward.model import tasks
from latchward.model.era import Era
from latchward.model.errors import ClientError
from latchward.model.listed import Listed
from latchward.model.peer import ProcessChain
from latchward.protocol import envelope, legacy, modern, strict
from latchward.protocol.envelope import Notification, Reply, Request
from latchward.protocol.versions import INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND

from . import asking
from .judged import Judged
from .listening import Listening
from .peer import Channel, Peer

Method = Callable[[Peer, Request, Channel], Awaitable[bytes]]


class Dispatcher:
    """The methods. `stranger` gives why a peer may not call yet, or ""."""

    def __init__(
        self,
        listing: Listing,
        entries: Entries,
        judged: Judged,
        listening: Listening,
        changes: Changes,
        stranger: Callable[[str, ProcessChain | None], str],
    ) -> None:
        self._listing = listing
        self._entries = entries
        self._judged = judged
        self._changes = changes
        self._stranger = stranger
        self.stream = listening.stand
        both: dict[str, Method] = {
            "tools/list": self._tools_list,
            "prompts/list": self._entries_list(Listed.PROMPTS),
            "resources/list": self._entries_list(Listed.RESOURCES),
            "resources/templates/list": self._entries_list(Listed.TEMPLATES),
            "tools/call": judged.answer,
            "prompts/get": judged.answer,
            "resources/read": judged.answer,
            "completion/complete": judged.answer,
        }
        self._methods: Mapping[Era, Mapping[str, Method]] = {
            Era.LEGACY: {
                **both,
                "initialize": self._initialize,
                "ping": self._ping,
                "logging/setLevel": listening.set_level,
                "resources/subscribe": listening.subscribe,
                "resources/unsubscribe": listening.unsubscribe,
                **dict.fromkeys((tasks.GET, tasks.RESULT, tasks.CANCEL), judged.answer),
                tasks.LIST: judged.list_tasks,
            },
            Era.MODERN: {
                **both,
                "server/discover": self._discover,
                "subscriptions/listen": listening.listen,
                **dict.fromkeys((tasks.GET, tasks.UPDATE, tasks.CANCEL), judged.answer),
            },
        }
        self._of_an_era = frozenset(name for methods in self._methods.values() for name in methods)

    async def request(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        """The one answer to `request`, as a message. Raises `ClientError` for a request that is wrong."""
        method = self._methods[peer.era].get(request.method)
        if method is None:
            if request.method in self._of_an_era:
                raise ClientError(METHOD_NOT_FOUND, "Method not found")
            method = self._judged.answer
        under_way = peer.conversation.under_way
        if request.id in under_way:
            raise ClientError(INVALID_REQUEST, "a request with this id is still under way")
        under_way[request.id] = channel
        try:
            return await method(peer, request, channel)
        finally:
            del under_way[request.id]

    def notification(self, peer: Peer, note: Notification) -> None:
        """Take note of a cancellation; everything else a client announces changes nothing here."""
        if note.method == "notifications/cancelled":
            wanted = note.params.get("requestId")
            if isinstance(wanted, bool) or not isinstance(wanted, int | str):
                return
            channel = peer.conversation.under_way.get(wanted)
            if channel is not None:
                channel.end()

    def reply(self, peer: Peer, reply: Reply) -> None:
        """Take the client's answer to a question of a server."""
        asking.answered(peer.conversation, reply)

    def end_revoked(self) -> None:
        """Nothing goes on that waits for a client whose grant is gone."""
        self._judged.end_revoked()

    async def close(self) -> None:
        """The gateway stops."""
        await self._judged.close()

    async def _initialize(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        declared = request.params.get("capabilities")
        peer.conversation.capabilities = declared if isinstance(declared, dict) else {}
        capabilities = self._entries.capabilities(peer.grant, peer.endpoint, peer.era)
        version = request.params.get("protocolVersion")
        return envelope.result(request.id, legacy.initialize_result(version, capabilities))

    async def _ping(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        return envelope.result(request.id, b"{}")

    async def _discover(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        capabilities = self._entries.capabilities(peer.grant, peer.endpoint, peer.era)
        return envelope.result(request.id, modern.discover_result(capabilities))

    async def _tools_list(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        _check_cursor(request)
        if not self._is_let_in(peer):
            return _listed(peer, request, "tools", [])
        tools = await self._listing.tools(peer.grant, peer.endpoint)
        self._changes.given(peer.grant, peer.endpoint, "tools", tools)
        return _listed(peer, request, "tools", tools)

    def _entries_list(self, kind: Listed) -> Method:
        async def listed(peer: Peer, request: Request, channel: Channel) -> bytes:
            _check_cursor(request)
            if not self._is_let_in(peer):
                return _listed(peer, request, kind.value, [])
            entries = await self._entries.entries(peer.grant, peer.endpoint, kind)
            told = "prompts" if kind is Listed.PROMPTS else "resources"
            self._changes.given(peer.grant, peer.endpoint, told)
            return _listed(peer, request, kind.value, entries)

        return listed

    def _is_let_in(self, peer: Peer) -> bool:
        return not self._stranger(peer.grant.client, peer.chain)


def _check_cursor(request: Request) -> None:
    if request.params.get("cursor") is not None:
        raise ClientError(INVALID_PARAMS, "the list has one page: leave `cursor` away")


def _listed(peer: Peer, request: Request, member: str, entries: list[Any]) -> bytes:
    result = modern.list_result(member, entries) if peer.era is Era.MODERN else {member: entries}
    return envelope.result(request.id, strict.serialise(result))
