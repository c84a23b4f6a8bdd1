"""The scripted server that has everything, over HTTP; runs on threads of the test's process.

with EverythingWeb("name", "dual", folder / "name.record", orders) as server:
    entry = {"url": server.url}

It records the body of each POST as one line, like its sibling over stdio.
"""

import json
import select
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .scripted import MODERN, Everything, Message, Session, events_of


class Events:
    """Implements `Way`: an event stream, begun with its first message."""

    def __init__(self, handler: BaseHTTPRequestHandler, head: Callable[[str], None]) -> None:
        self._handler = handler
        self._head = head
        self._lock = threading.Lock()
        self.begun = False

    def begin(self) -> None:
        if not self.begun:
            self.begun = True
            self._head("text/event-stream")

    def send(self, message: Message) -> None:
        with self._lock, suppress(OSError):
            self.begin()
            self._handler.wfile.write(b"data: " + json.dumps(message).encode() + b"\n\n")
            self._handler.wfile.flush()

    def gone(self) -> bool:
        connection = self._handler.connection
        try:
            ready, _, _ = select.select([connection], [], [], 0)
            return bool(ready) and not connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True


class EverythingWeb:
    """The server; `server` is what it does, `headers` are those of each POST."""

    def __init__(
        self, name: str, era: str, record: Path, orders: Path, make: type[Everything] = Everything
    ) -> None:
        self.server = make(name, era, events_of(record), orders)
        self.headers: list[dict[str, str]] = []
        self.sessions: dict[str, Session] = {}
        self._record = record
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), _handler(self))
        self._threads = [
            threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True),
            threading.Thread(target=self.server.follow_orders, daemon=True),
        ]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/mcp"

    def took(self, body: bytes, headers: dict[str, str]) -> None:
        with self._lock:
            self.headers.append(headers)
            with self._record.open("ab") as file:
                file.write(body + b"\n")

    def session(self, identity: str) -> Session | None:
        return self.sessions.get(identity)

    def opened(self) -> str:
        with self._lock:
            identity = f"session-{len(self.sessions)}"
            session = self.sessions[identity] = Session("legacy")
            self.server.sessions.append(session)
            return identity

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.ended.set()
        self._http.shutdown()
        self._http.server_close()
        for thread in self._threads:
            thread.join(5)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what many tests are about; anything else is an accident of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _handler(web: EverythingWeb) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            web.took(body, {name.lower(): value for name, value in self.headers.items()})
            message = json.loads(body)
            modern = self.headers.get("MCP-Protocol-Version") == MODERN
            if web.server.era == ("legacy" if modern else "modern"):
                self.whole(400, {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "era"}})
                return
            identity = self.headers.get("Mcp-Session-Id") or ""
            if not modern and message.get("method") == "initialize":
                identity = web.opened()
            session = Session("modern") if modern else web.session(identity)
            if session is None:
                self.whole(
                    404, {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "session"}}
                )
            elif "id" in message and "method" in message:
                self.work(session, message, modern, identity)
            else:
                web.server.other(session, message)
                self.whole(202, None)

        def work(self, session: Session, message: Message, modern: bool, identity: str) -> None:
            more = {"Mcp-Session-Id": identity} if message["method"] == "initialize" else {}
            way = Events(self, lambda kind: self.head(200, kind, more))
            answer = web.server.request(session, way, message, modern)
            if way.begun:
                if answer is not None:
                    way.send(answer)
                self.close_connection = True
            elif answer is not None:
                self.whole(200, answer, more)
            else:
                way.begin()
                self.close_connection = True

        def do_GET(self) -> None:
            session = web.session(self.headers.get("Mcp-Session-Id") or "")
            if session is None:
                self.whole(405, None)
                return
            way = Events(self, lambda kind: self.head(200, kind, {}))
            way.begin()
            session.standing = way
            while not way.gone() and not web.server.ended.wait(0.02):
                pass
            session.standing = None
            self.close_connection = True

        def do_DELETE(self) -> None:
            self.whole(200, None)

        def whole(self, status: int, message: Message | None, more: dict[str, str] | None = None) -> None:
            body = json.dumps(message).encode() if message is not None else b""
            self.head(
                status, "application/json" if body else "", {**(more or {}), "Content-Length": str(len(body))}
            )
            self.wfile.write(body)

        def head(self, status: int, kind: str, more: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**({"Content-Type": kind} if kind else {}), **more}.items():
                self.send_header(name, value)
            if kind == "text/event-stream":
                self.send_header("Connection", "close")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
