"""What a client wants to hear of: changed lists, changed resources, a server's log.

The handshake era asks once (`resources/subscribe`, `logging/setLevel`) and hears on its standing stream; the
envelope era opens a stream for it (`subscriptions/listen`), which says first what it will tell.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from latchward.gateway.changes import KINDS, Changes
from latchward.gateway.entries import Entries
from latchward.model.era import Era
from latchward.model.errors import ClientError
from latchward.model.outcome import ToolResult
from latchward.model.ports import Upstream
from latchward.model.tasks import TOLD
from latchward.protocol import envelope, modern
from latchward.protocol.envelope import Request
from latchward.protocol.versions import INVALID_PARAMS, INVALID_REQUEST

from .answers import answer
from .hearing import LEVELS, MAX_LISTENED, Hearing, Standing
from .judged import Judged
from .peer import Channel, Peer
from .targets import MAX_ADDRESS, Target

_FILTERS: Final = {f"{kind}ListChanged": kind for kind in KINDS}
"""What a `subscriptions/listen` may ask for, and the list that it means."""
_LOG: Final = "log"
_UPDATED: Final = "notifications/resources/updated"


@dataclass(frozen=True, slots=True)
class _Level:
    """How much of the log of these servers a conversation wants to hear: a place among `LEVELS`."""

    client: str
    servers: Mapping[str, Upstream]
    level: int


class Listening:
    """Those methods."""

    def __init__(self, entries: Entries, judged: Judged, changes: Changes, hearing: Hearing) -> None:
        self._entries = entries
        self._judged = judged
        self._changes = changes
        self._hearing = hearing
        self._levels: dict[object, _Level] = {}

    # the handshake era

    async def set_level(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        """`logging/setLevel`. Raises `ClientError`."""
        level = request.params.get("level")
        if level not in LEVELS:
            raise ClientError(INVALID_PARAMS, f"`level` must be one of {', '.join(LEVELS)}")
        grant, key = self._judged.now(peer), object()
        servers = dict(self._entries.servers(grant, peer.endpoint)) if grant is not None else {}
        wanted = self._levels[key] = _Level(peer.grant.client, servers, LEVELS.index(level))

        def stop() -> None:
            del self._levels[key]
            self._want_log(wanted)

        self._want_log(wanted)
        peer.conversation.wish(_LOG, stop)
        peer.conversation.log_level = level
        return envelope.result(request.id, b"{}")

    def _want_log(self, changed: "_Level") -> None:
        """Have each of these servers tell as much as the most curious conversation of the client wants."""
        for server, upstream in changed.servers.items():
            levels = [
                one.level
                for one in self._levels.values()
                if one.client == changed.client and one.servers.get(server) is upstream
            ]
            upstream.want_log(changed.client, LEVELS[min(levels)] if levels else "")

    async def subscribe(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        """`resources/subscribe`. Raises `ClientError`."""
        conversation, uri = peer.conversation, request.params.get("uri")
        if isinstance(uri, str) and _wish(uri) in conversation.wishes:
            return envelope.result(request.id, b"{}")
        self._check_room(peer, 1)
        target, answered = await self._judged.outcome(peer, request, channel)
        if target is not None and isinstance(answered, ToolResult) and isinstance(uri, str):

            def updated() -> None:
                if conversation.standing is not None:
                    conversation.standing.notify(envelope.notification(_UPDATED, {"uri": uri}))

            conversation.wish(_wish(uri), self._heard_of(peer, target, updated))
        return answer(peer.era, request, answered)

    async def unsubscribe(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        """`resources/unsubscribe`; of what was not subscribed to, too. Raises `ClientError`."""
        uri = request.params.get("uri")
        if not isinstance(uri, str):
            raise ClientError(INVALID_PARAMS, "`uri` must be a text")
        peer.conversation.unwish(_wish(uri))
        return envelope.result(request.id, b"{}")

    async def stand(self, peer: Peer, channel: Channel) -> None:
        """The standing stream of a client, until it goes."""
        conversation = peer.conversation

        def changed(kind: str) -> None:
            channel.notify(envelope.notification(f"notifications/{kind}/list_changed"))

        with ExitStack() as stops:
            stops.callback(self._told_of(peer, KINDS, changed))
            standing = Standing(
                peer.grant.client, lambda: self._judged.now(peer), peer.endpoint, conversation, channel
            )
            stops.callback(self._hearing.stand(standing))
            conversation.standing = channel
            try:
                await channel.closed()
            finally:
                if conversation.standing is channel:
                    conversation.standing = None

    # the envelope era

    async def listen(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        """`subscriptions/listen`, until the client or the gateway goes. Raises `ClientError`."""
        asked = request.params.get("notifications")
        if not isinstance(asked, dict):
            raise ClientError(INVALID_PARAMS, "`notifications` must be an object")
        addresses, tasks = _texts(asked, "resourceSubscriptions"), _texts(asked, "taskIds")
        self._check_room(peer, len(addresses) + len(tasks))
        if tasks:
            self._judged.check_tasks(peer, request)
        kinds = [kind for name, kind in _FILTERS.items() if asked.get(name) is True]
        honoured: dict[str, Any] = {name: True for name in _FILTERS if asked.get(name) is True}

        def tell(method: str, **params: Any) -> None:
            own = {**params, **modern.subscribed(request.id)}
            channel.notify(envelope.notification(method, own))

        with ExitStack() as stops:
            told: list[str] = []
            for uri in addresses:
                target = await self._subscribed(peer, uri, channel)
                if target is not None:
                    told.append(uri)
                    stops.callback(self._heard_of(peer, target, partial(tell, _UPDATED, uri=uri)))
            if "resourceSubscriptions" in asked:
                honoured["resourceSubscriptions"] = told
            for task in tasks:
                stop = await self._judged.hear_task(peer, request, channel, task, partial(_tell_task, tell))
                if stop is not None:
                    stops.callback(stop)
                    honoured.setdefault("taskIds", []).append(task)
            acknowledged = modern.acknowledged(request.id, honoured)
            channel.notify(envelope.notification("notifications/subscriptions/acknowledged", acknowledged))
            if kinds:

                def changed(kind: str) -> None:
                    tell(f"notifications/{kind}/list_changed")

                stops.callback(self._told_of(peer, kinds, changed))
            await channel.closed()
        return envelope.result(request.id, modern.listen_result(request.id))

    async def _subscribed(self, peer: Peer, uri: str, channel: Channel) -> Target | None:
        """What the address means, where the subscription was allowed and the server began it."""
        params = {"uri": uri, "_meta": modern.our_meta()}
        subscription = Request("", "resources/subscribe", params)
        target, answered = await self._judged.outcome(peer, subscription, channel)
        return target if isinstance(answered, ToolResult) else None

    # both

    def _check_room(self, peer: Peer, more: int) -> None:
        if self._hearing.count(peer.grant.client) + more > MAX_LISTENED:
            raise ClientError(INVALID_REQUEST, f"more than {MAX_LISTENED} subscriptions; end some first")

    def _told_of(
        self, peer: Peer, kinds: Collection[str], changed: Callable[[str], None]
    ) -> Callable[[], None]:
        """Tell of each change of these lists; the result ends it."""
        client, endpoint = peer.grant.client, peer.endpoint
        return self._changes.listen(client, endpoint, kinds, changed, lambda: self._judged.is_let_in(peer))

    def _heard_of(self, peer: Peer, target: Target, tell: Callable[[], None]) -> Callable[[], None]:
        """Tell of each change of this resource; the result ends it, here and at the server."""
        client, upstream, tool = peer.grant.client, target.upstream, target.tool

        def changed() -> None:
            if self._judged.may_hear(peer, tool):
                tell()

        stop = self._hearing.listen(client, tool.upstream, tool.name, changed)

        def end() -> None:
            stop()
            if upstream is not None:
                upstream.unsubscribe(client, tool.name)

        return end


def _wish(uri: str) -> str:
    return f"resource {uri}"


def _tell_task(tell: Callable[..., None], params: Mapping[str, Any]) -> None:
    tell(TOLD[Era.MODERN], **{key: value for key, value in params.items() if key != "_meta"})


def _texts(asked: dict[str, Any], member: str) -> list[str]:
    """Addresses, or ids of tasks."""
    texts = asked.get(member, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ClientError(INVALID_PARAMS, f"`{member}` must be a list of texts")
    if any(not 0 < len(text) <= MAX_ADDRESS for text in texts):
        raise ClientError(INVALID_PARAMS, f"each of `{member}` must have 1 to {MAX_ADDRESS} characters")
    return list(dict.fromkeys(texts))
