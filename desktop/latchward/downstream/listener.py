"""The server under the HTTP application: uvicorn, with the bounds that it does not have.

Bytes that are no HTTP/1.1 are answered here, with as few words as the doors use.
"""

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from . import limits

_CONTINUE: Final = b"HTTP/1.1 100 "
_SMALL: Final = 64 * 1024
"""Bytes that are cheaper copied than written apart."""
_BROKEN: Final = (b"400 Bad Request", b'{"error": "this is not HTTP/1.1"}')
_TOO_LARGE: Final = (
    b"431 Request Header Fields Too Large",
    b'{"error": "the head of the request is too large"}',
)


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with bounds on a head's size, on a message's size, on silence and on not reading.

    It hands the application what ASGI leaves out, in `scope["state"]`:
    `target`, the request's target as it was sent; `hang_up`, which closes the
    connection at once; `is_whole`, whether all of the request is here; and
    `refused`, where the head is too large.
    """

    _silent: ClassVar["OrderedDict[GuardedProtocol, None]"] = OrderedDict()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head = self._message = 0
        self._trailers = False
        self._unread = 0
        self._stalled: asyncio.TimerHandle | None = None
        self._wait_for_head()
        if len(self._silent) > limits.SILENT:
            oldest = next(iter(self._silent))
            oldest._heard()
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._heard()
        self._being_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._message += len(data)
        if self in self._silent:
            self._head += len(data)
        super().data_received(data)
        if self._message > limits.MESSAGE_BYTES:
            self.transport.abort()
        elif self in self._silent and self._head > limits.HEAD_BYTES:
            self._shut(*_TOO_LARGE)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait_for_reader()

    def resume_writing(self) -> None:
        self._being_read()
        super().resume_writing()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._message = 0
        self._trailers = False
        if self not in self._silent:
            self._head = 0
            self._wait_for_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._trailers:  # a field after the body is no part of the head that the doors judge
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._heard()
        self._trailers = True
        state = self.scope["state"]
        state["target"] = self.url
        state["hang_up"] = self.transport.abort
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > limits.HEAD_BYTES or len(self.headers) > limits.HEADERS:
            state["refused"] = 431
        before = self.cycle
        super().on_headers_complete()
        cycle = self.cycle
        if cycle is not before:
            cycle.transport = cast("asyncio.Transport", _Joined(cycle.transport, self.loop))
        state["is_whole"] = lambda: not cycle.more_body

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that cannot be read; a whole request that came before them gets its own answer."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            cycle.keep_alive = False
        else:
            self._shut(*_BROKEN)

    def _shut(self, status: bytes, body: bytes) -> None:
        """Refuse and close; in the middle of an answer, only close."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or not cycle.response_started or cycle.response_complete:
            head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close"
            self.transport.write(head % (status, len(body)) + b"\r\n\r\n" + body)
        self.transport.close()

    def _wait_for_reader(self) -> None:
        self._unread = self.transport.get_write_buffer_size()
        self._stalled = self.loop.call_later(limits.UNREAD_SECONDS, self._look_if_read)

    def _look_if_read(self) -> None:
        if self.transport.get_write_buffer_size() < self._unread:
            self._wait_for_reader()
        else:
            self.transport.abort()

    def _being_read(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _wait_for_head(self) -> None:
        self._hurry = self.loop.call_later(limits.HEAD_SECONDS, self.transport.abort)
        self._silent[self] = None

    def _heard(self) -> None:
        self._hurry.cancel()
        self._silent.pop(self, None)


class _Joined:
    """A transport under one answer: the head waits for what follows it, so that both leave in one write.

    Two writes would wake the client twice. It waits no longer than to the next turn of the loop.
    """

    __slots__ = ("_begun", "_head", "_loop", "_transport", "is_closing")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._begun = False
        self._head = b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        if not self._begun and not data.startswith(_CONTINUE):
            self._begun = True
            self._head = data
            self._loop.call_soon(self._flush)
        elif self._head and len(data) < _SMALL:
            data, self._head = self._head + data, b""
            self._transport.write(data)
        else:
            self._flush()
            self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: the daemon decides when to stop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(application: object) -> Server:
    """A server for an ASGI application; run it with `await it.serve(sockets=[…])`."""
    config = uvicorn.Config(
        cast("Any", application),
        http=GuardedProtocol,
        ws="none",
        lifespan="off",
        loop="none",
        log_config=None,
        log_level="error",  # what a stranger sends is not worth a line: it could fill the log
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=limits.CONNECTIONS,
        timeout_keep_alive=limits.KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=3,
    )
    return Server(config)


def listen(port: int) -> socket.socket:
    """A socket on loopback; `port` 0 takes a free one. Raises `OSError`."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
        sock.listen(1024)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock
