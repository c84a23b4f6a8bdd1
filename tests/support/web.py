"""A scripted MCP server over HTTP for tests: records every request, misbehaves on demand.

    with WebServer("legacy") as server:
        server.on["tools/call"] = lambda exchange: exchange.reply(302, {"Location": "https://elsewhere.test/"})
        ...
        server.sent("tools/call")

`on` maps a JSON-RPC method, or GET and DELETE, to what is done instead of the
good behaviour. Standard library alone; runs on threads of the test's process.
"""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Literal, Self

from .recorder import LEGACY, META, METHOD_NOT_FOUND, MODERN, text

Message = dict[str, Any]
Era = Literal["legacy", "modern", "dual"]
HOLD_SECONDS: Final = 30.0

ECHO: Final[Message] = {
    "name": "echo",
    "description": "Returns the text.",
    "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in lower case, `message` is {} where the body is none."""

    verb: str
    path: str
    headers: dict[str, str]
    message: Message
    body: bytes

    @property
    def method(self) -> str:
        """The JSON-RPC method; for what has none, the HTTP one."""
        return str(self.message.get("method", self.verb))


class Exchange:
    """One request and the means to answer it."""

    def __init__(self, server: "WebServer", handler: BaseHTTPRequestHandler, request: Request) -> None:
        self.server = server
        self.request = request
        self._handler = handler
        self.id = request.message.get("id")
        self.peer_port: int = handler.client_address[1]

    def reply(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        """A whole answer."""
        self.head(status, {"Content-Length": str(len(body)), **(headers or {})})
        self.raw(body)

    def json(self, message: Message, status: int = 200, headers: dict[str, str] | None = None) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.reply(status, {"Content-Type": "application/json", **(headers or {})}, body)

    def result(self, result: Message, headers: dict[str, str] | None = None) -> None:
        self.json(self.answer(result), headers=headers)

    def answer(self, result: Message) -> Message:
        """The JSON-RPC answer, shaped for the era that the request is of."""
        modern = self.request.headers.get("mcp-protocol-version") == MODERN
        shape: Message = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"} if modern else {}
        return {"jsonrpc": "2.0", "id": self.id, "result": {**shape, **result}}

    def error(self, code: int, message: str, status: int = 200) -> None:
        self.json({"id": self.id, "error": {"code": code, "message": message}}, status)

    def head(self, status: int, headers: dict[str, str]) -> None:
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def stream(self) -> None:
        """Begin an event stream that ends with the connection."""
        self.head(200, {"Content-Type": "text/event-stream", "Connection": "close"})
        self._handler.close_connection = True

    def event(self, message: Message, **fields: str) -> None:
        extra = "".join(f"{key}: {value}\n" for key, value in fields.items())
        self.raw(f"{extra}data: {json.dumps({'jsonrpc': '2.0', **message})}\n\n".encode())

    def raw(self, data: bytes) -> None:
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def cut(self) -> None:
        """End the connection in the middle of whatever was going on."""
        with suppress(OSError):
            self._handler.connection.shutdown(socket.SHUT_RDWR)
        self._handler.close_connection = True

    def closed_by_peer(self, seconds: float = 10.0) -> bool:
        """Whether the other side closes its connection within that time."""
        self._handler.connection.settimeout(seconds)
        try:
            return not self._handler.connection.recv(1)
        except ConnectionError:
            return True
        except TimeoutError:
            return False


Behaviour = Callable[[Exchange], None]


class WebServer:
    """The server; `sessions` holds the legacy ones it knows."""

    def __init__(self, era: Era = "dual", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.era = era
        self.on: dict[str, Behaviour] = {}
        self.tools: list[Message] = [ECHO]
        self.requests: list[Request] = []
        self.sessions: set[str] = set()
        self.streams: list[Exchange] = []
        self.ended = threading.Event()
        self._news = threading.Condition()
        self._tls = tls
        self._http = _Http(("127.0.0.1", port), _handler(self))
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/mcp"

    # what tests ask

    def sent(self, method: str) -> list[Request]:
        """The requests of this method so far."""
        return [request for request in list(self.requests) if request.method == method]

    def wait_for(self, method: str, count: int = 1, seconds: float = 10.0) -> list[Request]:
        """The requests of this method, once there are so many. `TimeoutError` where there are not in time."""
        self._wait(lambda: len(self.sent(method)) >= count, f"{count} requests of {method}", seconds)
        return self.sent(method)

    def wait_for_streams(self, count: int = 1, seconds: float = 10.0) -> None:
        """Wait until so many streams of notices are open."""
        self._wait(lambda: len(self.streams) >= count, f"{count} streams", seconds)

    def tell_changed(self) -> None:
        """`tools/list_changed` on every open stream of notices."""
        for stream in list(self.streams):
            params = {"_meta": {META + "subscriptionId": stream.id}} if stream.id else {}
            with suppress(OSError):
                stream.event({"method": "notifications/tools/list_changed", "params": params})

    def hold(self) -> None:
        """Keep an exchange open until the server ends, `HOLD_SECONDS` at most."""
        self.ended.wait(HOLD_SECONDS)

    # the good behaviour

    def handle(self, exchange: Exchange) -> None:
        request = exchange.request
        with self._news:
            self.requests.append(request)
            self._news.notify_all()
        behaviour = self.on.get(request.method)
        if behaviour is not None:
            behaviour(exchange)
            return
        session = request.headers.get("mcp-session-id")
        if session is not None and session not in self.sessions:
            exchange.error(-32600, "Session not found", 404)
            return
        handlers: dict[str, Behaviour] = {
            "server/discover": self._discover,
            "initialize": self._initialize,
            "tools/list": lambda it: it.result({"tools": self.tools}),
            "tools/call": self._call,
            "subscriptions/listen": self.listen,
            "GET": self.listen,
            "DELETE": self._delete,
        }
        if exchange.id is None and request.verb == "POST":
            exchange.reply(202)
        elif request.method in handlers:
            handlers[request.method](exchange)
        else:
            exchange.error(METHOD_NOT_FOUND, "Method not found", 404)

    def _discover(self, exchange: Exchange) -> None:
        if self.era == "legacy":
            exchange.json({"id": None, "error": {"code": -32600, "message": "Unsupported version"}}, 400)
            return
        exchange.result({"supportedVersions": [MODERN], "capabilities": {"tools": {"listChanged": True}}})

    def _initialize(self, exchange: Exchange) -> None:
        if self.era == "modern":
            exchange.error(METHOD_NOT_FOUND, "Method not found", 404)
            return
        session = f"session-{len(self.sent('initialize'))}"
        self.sessions.add(session)
        result = {
            "protocolVersion": LEGACY,
            "capabilities": {"tools": {"listChanged": True}},
            "serverInfo": {"name": "web", "version": "1"},
        }
        exchange.result(result, {"Mcp-Session-Id": session})

    def _call(self, exchange: Exchange) -> None:
        arguments = exchange.request.message["params"]["arguments"]
        exchange.result(text(str(arguments.get("text", ""))))

    def _delete(self, exchange: Exchange) -> None:
        self.sessions.discard(exchange.request.headers.get("mcp-session-id", ""))
        exchange.reply(200)

    def listen(self, exchange: Exchange) -> None:
        if exchange.request.verb == "GET" and self.era == "modern":
            exchange.reply(405)
            return
        exchange.stream()
        if exchange.id is not None:
            honoured = {
                "notifications": {"toolsListChanged": True},
                "_meta": {META + "subscriptionId": exchange.id},
            }
            exchange.event({"method": "notifications/subscriptions/acknowledged", "params": honoured})
        with self._news:
            self.streams.append(exchange)
            self._news.notify_all()
        exchange.closed_by_peer(HOLD_SECONDS)
        self.streams.remove(exchange)

    def _wait(self, true: Callable[[], bool], what: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with self._news:
            while not true():
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"there were not {what} in {seconds} s")
                self._news.wait(min(left, 0.05))

    def close(self) -> None:
        self.ended.set()
        for stream in list(self.streams):
            stream.cut()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what many tests are about."""


def _handler(server: WebServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                message = json.loads(body) if body else {}
            except ValueError:
                message = {}
            request = Request(self.command, self.path, headers, message, body)
            with suppress(OSError):
                server.handle(Exchange(server, self, request))

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def refused_port() -> Iterator[int]:
    """A local port on which nobody listens while this is open."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])
