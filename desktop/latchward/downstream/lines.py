"""The local socket: agents that come through `latchward connect`, one JSON-RPC message a line.

A connection begins with a greeting (`endpoint`) that names the client; whoever connects is the person's own
process by the kernel's word, and which programs stand behind it is noted. Then it is one conversation, in the
era of its first request, as MCP has it for stdio. When it ends, everything under way in it ends with it:
nobody is left to read an answer, or to want one.
"""

import asyncio
import hmac
import logging
import os
import socket
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from latchward import endpoint
from latchward.model.era import Era
from latchward.model.errors import ClientError
from latchward.model.grant import Grant
from latchward.model.peer import ProcessChain
from latchward.protocol import envelope, modern, strict
from latchward.protocol.envelope import Notification, Request
from latchward.protocol.versions import INTERNAL_ERROR, INVALID_REQUEST, META_VERSION

from . import limits, processes
from .dispatch import Dispatcher
from .local import LocalSocket
from .peer import Conversation, Peer

log = logging.getLogger(__name__)

_TRY_AGAIN: Final = 0.1  # seconds, after the system could not accept a connection


class Lines:
    """The way in for agents over stdio. `grants` gives those in force at any moment."""

    def __init__(self, dispatcher: Dispatcher, grants: Callable[[], Mapping[str, Grant]]) -> None:
        self.dispatcher = dispatcher
        self.grants = grants
        self.under_way: Counter[str] = Counter()
        """Requests of each client."""
        self.token = ""
        self._open: set[Connection] = set()
        self._stopping = False

    async def serve(self, local: LocalSocket) -> None:
        """Accept connections until cancelled."""
        self.token = local.token
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _ = await loop.sock_accept(local.sock)
            except OSError as error:
                log.error("a local connection could not be accepted: %s", error)
                await asyncio.sleep(_TRY_AGAIN)
                continue
            await self._admit(loop, sock)

    def forget(self, conversation: "Connection") -> None:
        """A conversation is over."""
        self._open.discard(conversation)

    def end_revoked(self) -> None:
        """End every conversation whose client's grant is gone, or has another token than it began under."""
        grants = self.grants()
        for conversation in list(self._open):
            grant = grants.get(conversation.client)
            known = grant is not None and grant.token_hash == conversation.token_hash
            if conversation.client and not known:
                conversation.end()

    def end_all(self) -> None:
        """End every conversation, and let no other begin: the gateway stops."""
        self._stopping = True
        for conversation in list(self._open):
            conversation.end()

    async def _admit(self, loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
        chain = _peer(sock) if not self.token else ProcessChain(-1)
        if chain is None or self._stopping or len(self._open) >= limits.CONVERSATIONS:
            sock.close()
            return
        conversation = Connection(self, chain)
        self._open.add(conversation)
        try:
            await loop.connect_accepted_socket(lambda: conversation, sock)
        except OSError:
            self._open.discard(conversation)
            sock.close()


class Connection(asyncio.Protocol):
    """One connection, from its greeting on."""

    def __init__(self, lines: Lines, chain: ProcessChain) -> None:
        self.client = ""
        self.token_hash = ""
        self._lines = lines
        self._chain = chain
        self._cutter = endpoint.Cutter(limits.BODY_BYTES)
        self._transport: asyncio.Transport | None = None
        self._hurry: asyncio.TimerHandle | None = None
        self._era: Era | None = None
        self._conversation = Conversation()
        self._tasks: set[asyncio.Task[None]] = set()
        self._standing = False
        self._over = False

    # what asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        loop = asyncio.get_running_loop()
        self._hurry = loop.call_later(limits.GREETING_SECONDS, self.end)

    def data_received(self, data: bytes) -> None:
        for line in self._cutter.feed(data):
            if self._over:
                return
            if not isinstance(line, bytes):
                self._too_long(line)
            elif self.client:
                self._message(line)
            else:
                self._greet(line)

    def connection_lost(self, exc: Exception | None) -> None:
        self.end()
        self._lines.forget(self)

    # how it begins and ends

    def end(self) -> None:
        """Cancel what is under way and close, with no answer but those already on their way."""
        if self._over:
            return
        self._over = True
        self._conversation.close()
        for task in self._tasks:
            task.cancel()
        if self._hurry is not None:
            self._hurry.cancel()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
            asyncio.get_running_loop().call_later(limits.CUT_SECONDS, self._transport.abort)

    def _greet(self, line: bytes) -> None:
        try:
            client, token = endpoint.read_greeting(line)
        except ValueError as error:
            self._refuse(str(error))
            return
        if self._lines.token and not hmac.compare_digest(token.encode(), self._lines.token.encode()):
            self._refuse("this is not the token of this run: restart the client")
            return
        grant = self._lines.grants().get(client)
        if grant is None:
            self._refuse(_stranger(client))
            return
        if self._hurry is not None:
            self._hurry.cancel()
        self.client, self.token_hash = client, grant.token_hash
        log.info("`%s` came in over the local socket: %s", client, self._chain)
        self._write(endpoint.WELCOME)

    def _refuse(self, sentence: str) -> None:
        self.send(envelope.error(None, endpoint.NOT_ADMITTED, sentence))
        self.end()

    # what it says

    def _too_long(self, line: endpoint.TooLong) -> None:
        error = {"code": INVALID_REQUEST, "message": f"a message has more than {limits.BODY_BYTES} bytes"}
        self.send(b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (line.id, strict.serialise(error)))

    def _message(self, line: bytes) -> None:
        grant = self._lines.grants().get(self.client)
        if grant is None:
            self._refuse(_stranger(self.client))
            return
        value: Any = None
        try:
            value = strict.parse(line)
            message = envelope.read(value)
            if isinstance(message, Request):
                self._request(self._peer(grant, self._era_of(message)), message)
            elif isinstance(message, Notification):
                self._note(self._peer(grant, self._era or Era.LEGACY), message)
            elif self._era is Era.LEGACY:
                self._lines.dispatcher.reply(self._peer(grant, Era.LEGACY), message)
        except ClientError as error:
            self.send(envelope.error(envelope.id_of(value), error.code, error.message, error.data))

    def _peer(self, grant: Grant, era: Era) -> Peer:
        return Peer(grant, None, era, self._conversation, self._chain)

    def _era_of(self, request: Request) -> Era:
        """The era that the first request opened. Raises `ClientError` for a request of the other."""
        meta = request.params.get("_meta")
        enveloped = isinstance(meta, dict) and META_VERSION in meta
        opens = request.method == "initialize"
        if self._era is Era.MODERN:
            if opens:
                raise modern.unsupported(str(request.params.get("protocolVersion"))[:64])
            modern.check_envelope(request)
            return Era.MODERN
        if enveloped and not opens:
            if self._era is Era.LEGACY:
                raise ClientError(
                    INVALID_REQUEST, "this conversation was opened by a request with no envelope"
                )
            modern.check_envelope(request)
            self._era = Era.MODERN
            return Era.MODERN
        self._era = Era.LEGACY
        return Era.LEGACY

    def _request(self, peer: Peer, request: Request) -> None:
        if self._lines.under_way[self.client] >= limits.IN_FLIGHT:
            raise ClientError(INVALID_REQUEST, "too many requests are under way")
        self._lines.under_way[self.client] += 1
        channel = _LineChannel(self)
        task = self._start(channel, self._answer(peer, request, channel))
        task.add_done_callback(self._counted_down)

    def _counted_down(self, task: asyncio.Task[None]) -> None:
        self._lines.under_way[self.client] -= 1

    async def _answer(self, peer: Peer, request: Request, channel: "_LineChannel") -> None:
        try:
            answer = await self._lines.dispatcher.request(peer, request, channel)
        except ClientError as error:
            answer = envelope.error(request.id, error.code, error.message, error.data)
        except Exception:
            log.exception("a request could not be answered")
            answer = envelope.error(request.id, INTERNAL_ERROR, "internal error")
        channel.notify(answer)

    def _note(self, peer: Peer, note: Notification) -> None:
        if note.method == "notifications/initialized" and peer.era is Era.LEGACY and not self._standing:
            self._standing = True
            channel = _LineChannel(self)
            self._start(channel, self._lines.dispatcher.stream(peer, channel))
        # Later, so that a request that came in the same breath has begun and can be cancelled.
        asyncio.get_running_loop().call_soon(self._lines.dispatcher.notification, peer, note)

    def _start(self, channel: "_LineChannel", work: Any) -> "asyncio.Task[None]":
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        channel.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # what it is told

    def send(self, message: bytes) -> None:
        """Write one message as one line. A client that lets too much wait loses the connection.

        A server may have broken its result into lines: white space, for a string cannot hold an end of line.
        """
        if b"\n" in message or b"\r" in message:
            message = message.replace(b"\n", b" ").replace(b"\r", b" ")
        self._write(message + b"\n")

    def _write(self, data: bytes) -> None:
        transport = self._transport
        if self._over or transport is None:
            return
        if transport.get_write_buffer_size() > limits.LINE_BACKLOG:
            log.warning("`%s` does not read what it is told; its connection is closed", self.client)
            self.end()
            transport.abort()
            return
        transport.write(data)


class _LineChannel:
    """Implements `dispatch.Channel` for one request, or for what a legacy client hears unasked."""

    def __init__(self, conversation: Connection) -> None:
        self.task: asyncio.Task[None] | None = None
        self._conversation = conversation
        self._ended = False

    @property
    def streams(self) -> bool:
        return True

    def notify(self, message: bytes) -> None:
        if not self._ended:
            self._conversation.send(message)

    def end(self) -> None:
        self._ended = True
        if self.task is not None:
            self.task.cancel()

    async def closed(self) -> None:
        """For ever: what stands ends with the conversation. The bridge opens it anew at the next gateway."""
        await asyncio.get_running_loop().create_future()


def _stranger(client: str) -> str:
    return f"`{client}` may not come in yet: run `latchward grant new {client}`, then try again"


def _peer(sock: socket.socket) -> ProcessChain | None:
    """Who connected, where it is a process of ours; None where it is not, or the kernel does not say."""
    if sys.platform == "win32":
        return None
    try:
        uid, pid = endpoint.peer(sock)
    except OSError:
        return None
    if uid != os.geteuid():
        log.error("a process of uid %s came to the local socket and was turned away", uid)
        return None
    return processes.chain(uid, pid)
