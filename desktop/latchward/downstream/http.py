"""Streamable HTTP on loopback: the ASGI application.

Each request passes the doors by its head alone, then its body is read within
limits, parsed once, and handed to `dispatch`.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from latchward.model.era import Era
from latchward.model.errors import ClientError, ParseError
from latchward.model.grant import Grant
from latchward.protocol import envelope, headers, modern, strict
from latchward.protocol.envelope import Message, Notification, Request, RequestId
from latchward.protocol.versions import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    META_VERSION,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
)

from . import limits
from .conversations import Conversations
from .dispatch import Dispatcher
from .doors import Admitted, Head, Refused, admit, still_admitted
from .peer import Peer
from .reply import Receive, Reply, Send

log = logging.getLogger(__name__)

_Fields = list[tuple[bytes, bytes]]
"""Headers of an answer."""

_TOO_LARGE: Final = Refused(413, f"the body is larger than {limits.BODY_BYTES} bytes")
_ALWAYS_400: Final = (PARSE_ERROR, INVALID_REQUEST)


class Front:
    """The ASGI application. `grants` gives those in force; `on_leak` hears of a token that stood in a URL."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        grants: Callable[[], Mapping[str, Grant]],
        port: int,
        on_leak: Callable[[str], None],
    ) -> None:
        self._dispatcher = dispatcher
        self._grants = grants
        self._port = port
        self._on_leak = on_leak
        self._replies: dict[str, dict[Reply, Admitted]] = {}
        self._conversations = Conversations()
        self._stopping = False

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        state = scope["state"]
        if "refused" in state:
            await _refuse(send, Refused(state["refused"], "the head of the request is too large"))
            return
        head = Head(scope["method"], state["target"].decode("latin-1"), headers.by_name(scope["headers"]))
        admitted = admit(head, self._grants(), self._port)
        if isinstance(admitted, Refused):
            if admitted.leaked:
                self._on_leak(admitted.leaked)
            await _refuse(send, admitted)
            return
        way = _Way(admitted, head.headers, receive, send, state["hang_up"], state["is_whole"])
        if self._stopping:
            await _refuse(send, Refused(503, "the gateway is stopping"))
        elif len(self._replies.get(admitted.grant.client, ())) >= limits.IN_FLIGHT:
            await _refuse(send, Refused(429, "too many requests are under way"))
        elif head.method == "POST":
            await self._post(way)
        else:
            await self._legacy_only(head.method, way)

    def end_revoked(self) -> None:
        """End every stream and every request that would not be let in now."""
        grants = self._grants()
        for client in self._conversations.clients() - grants.keys():
            self._conversations.forget(client)
        for client, replies in list(self._replies.items()):
            for reply, admitted in list(replies.items()):
                if not still_admitted(admitted, grants):
                    self._conversations.forget(client)
                    reply.end()

    def end_all(self) -> None:
        """End whatever is under way, and let nothing new begin: the gateway stops."""
        self._stopping = True
        for replies in list(self._replies.values()):
            for reply in list(replies):
                reply.close()

    async def _post(self, way: "_Way") -> None:
        body = await _body(way)
        if isinstance(body, Refused):
            await _refuse(way.send, body)
            return
        value: Any = None
        is_modern = False
        try:
            is_modern = headers.is_modern(headers.single(way.sent, headers.VERSION))
            value = strict.parse(body)
            message = envelope.read(value)
            era = _era(way.sent, message, is_modern)
        except ClientError as error:
            status, answer = _error(error, envelope.id_of(value), is_modern)
            await _plain(way.send, status, answer)
            return
        if isinstance(message, Request):
            await self._request(way, era, message)
            return
        if era is Era.LEGACY:
            peer = self._peer(way, era)
            if isinstance(message, Notification):
                self._dispatcher.notification(peer, message)
            else:
                self._dispatcher.reply(peer, message)
        await _plain(way.send, 202, b"")

    async def _request(self, way: "_Way", era: Era, request: Request) -> None:
        head: _Fields = []
        if era is Era.LEGACY and request.method == "initialize":
            session = self._conversations.open(way.client)
            head.append((b"mcp-session-id", session.encode()))
            peer = self._peer(way, era, session)
        else:
            peer = self._peer(way, era)
        reply = way.reply(ends_with_client=era is Era.MODERN, head=head)

        async def work() -> tuple[int, bytes]:
            try:
                return 200, await self._dispatcher.request(peer, request, reply)
            except ClientError as error:
                return _error(error, request.id, era is Era.MODERN)
            except Exception:
                log.exception("a request could not be answered")
                return 500, envelope.error(request.id, INTERNAL_ERROR, "internal error")

        with self._counted(way.admitted, reply):
            await reply.run(work())

    async def _legacy_only(self, method: str, way: "_Way") -> None:
        """GET opens the standing stream, DELETE ends a session; the modern era has neither."""
        versions = way.sent.get(headers.VERSION)
        if versions is not None and headers.is_modern(versions[0].decode("latin-1")):
            await _refuse(way.send, Refused(405, "use POST"))
            return
        if method == "DELETE":
            self._conversations.end(way.client, way.session)
            await _plain(way.send, 200, b"")
            return
        if not way.streams:
            await _refuse(way.send, Refused(406, "a GET here opens a text/event-stream"))
            return
        peer = self._peer(way, Era.LEGACY)
        reply = way.reply(ends_with_client=True, head=[])

        async def work() -> tuple[int, bytes]:
            reply.open()
            await self._dispatcher.stream(peer, reply)
            return 200, b""

        with self._counted(way.admitted, reply):
            await reply.run(work())

    @contextmanager
    def _counted(self, admitted: Admitted, reply: Reply) -> Iterator[None]:
        client = admitted.grant.client
        replies = self._replies.setdefault(client, {})
        replies[reply] = admitted
        try:
            yield
        finally:
            del replies[reply]
            if not replies and self._replies.get(client) is replies:
                del self._replies[client]

    def _peer(self, way: "_Way", era: Era, session: str = "") -> Peer:
        admitted = way.admitted
        if era is Era.MODERN:
            return Peer(admitted.grant, admitted.endpoint, era, sent=way.sent)
        conversation = self._conversations.of(way.client, session or way.session)
        return Peer(admitted.grant, admitted.endpoint, era, conversation)


@dataclass(frozen=True, slots=True)
class _Way:
    """One request that was let in, and the way back."""

    admitted: Admitted
    sent: headers.Headers
    receive: Receive
    send: Send
    hang_up: Callable[[], None]
    is_whole: Callable[[], bool]

    @property
    def client(self) -> str:
        return self.admitted.grant.client

    @property
    def session(self) -> str:
        sessions = self.sent.get(headers.SESSION)
        return sessions[0].decode("latin-1") if sessions else ""

    @property
    def streams(self) -> bool:
        """Whether the client can read an event stream."""
        accepted = b",".join(self.sent.get(b"accept", ())).lower()
        return b"text/event-stream" in accepted or b"*/*" in accepted

    def reply(self, *, ends_with_client: bool, head: _Fields) -> Reply:
        return Reply(
            self.send,
            self.receive,
            self.hang_up,
            streams=self.streams,
            ends_with_client=ends_with_client,
            head=head,
        )


def _era(sent: headers.Headers, message: Message, is_modern: bool) -> Era:
    """The era of a message; refuses one whose headers and body disagree."""
    if not isinstance(message, Request):
        return Era.MODERN if is_modern else Era.LEGACY
    if not is_modern:
        headers.check_legacy(message)
        return Era.LEGACY
    meta = message.params.get("_meta")
    if not isinstance(meta, dict) or META_VERSION not in meta:
        modern.check_envelope(message)
    headers.check_modern(sent, message)
    modern.check_envelope(message)
    return Era.MODERN


async def _body(way: _Way) -> bytes | Refused:
    """The whole body, or why not: it is too large, too slow, or its sender went."""
    declared = way.sent.get(b"content-length", (b"0",))[0]
    if not declared.isdigit() or int(declared) > limits.BODY_BYTES:
        return _TOO_LARGE
    if way.is_whole():  # nothing is waited for, so no clock is needed
        return await _read(way.receive)
    try:
        async with asyncio.timeout(limits.BODY_SECONDS):
            return await _read(way.receive)
    except TimeoutError:
        return Refused(408, f"the body took longer than {limits.BODY_SECONDS:.0f} seconds")


async def _read(receive: Receive) -> bytes | Refused:
    body = b""
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return Refused(400, "the body ended early")
        body += event["body"]
        more = event["more_body"]
        if len(body) > limits.BODY_BYTES:
            return _TOO_LARGE
    return body


def _error(error: ClientError, request_id: RequestId | None, is_modern: bool) -> tuple[int, bytes]:
    """HTTP status and message for a request that has no result."""
    status = 200
    if error.code in _ALWAYS_400 or isinstance(error, ParseError):
        status = 400
    elif is_modern:
        status = 404 if error.code == METHOD_NOT_FOUND else 400
    elif error.code not in (METHOD_NOT_FOUND, INVALID_PARAMS):
        status = 400
    return status, envelope.error(request_id, error.code, error.message, error.data)


async def _refuse(send: Send, refused: Refused) -> None:
    """Close the door. The reason is plain and says nothing of who we are."""
    head = [(b"connection", b"close")]
    if refused.status == 405:
        head.append((b"allow", b"POST, GET, DELETE"))
    if refused.status == 429:
        head.append((b"retry-after", b"1"))
    await _plain(send, refused.status, json.dumps({"error": refused.reason}).encode(), head)


async def _plain(send: Send, status: int, body: bytes, more: _Fields | None = None) -> None:
    head = [(b"content-length", str(len(body)).encode()), *(more or [])]
    if body:
        head.append((b"content-type", b"application/json"))
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
