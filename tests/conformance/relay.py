"""A relay that adds a client's token to every request, for the suite has no way to send one.

Each connection carries one request: its head is read, the token added, and from there bytes are passed on as
they come, both ways, until either side ends. A Host or Origin that names the relay is made to name the
gateway; another one, with which the suite knocks as an attacker would, stays as it is.
"""

import re
import select
import socket
import threading
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Final, Self

CHUNK: Final = 65_536
IDLE_SECONDS: Final = 30.0


class TokenRelay:
    """Listens on a local port before the gateway's; `seen` holds what passed, an exchange each."""

    def __init__(self, port: int, path: str, token: str) -> None:
        self.seen: list[tuple[bytearray, bytearray]] = []
        self._to, self._token = port, token
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}{path}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def _handler(self) -> type[BaseRequestHandler]:
        relay = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    relay._pass_on(self.request)

        return Handler

    def _pass_on(self, client: socket.socket) -> None:
        data = bytearray()
        while b"\r\n\r\n" not in data:
            some = client.recv(CHUNK)
            if not some:
                return
            data += some
        head, _, rest = bytes(data).partition(b"\r\n\r\n")
        sent, got = bytearray(self._with_token(head) + rest), bytearray()
        self.seen.append((sent, got))
        with socket.create_connection(("127.0.0.1", self._to)) as gateway:
            gateway.sendall(sent)
            while True:
                ready, _, _ = select.select([client, gateway], [], [], IDLE_SECONDS)
                if not ready:
                    return
                if client in ready:
                    some = client.recv(CHUNK)
                    if not some:
                        return
                    sent += some
                    gateway.sendall(some)
                if gateway in ready:
                    some = gateway.recv(CHUNK)
                    if not some:
                        return
                    got += some
                    client.sendall(some)

    def _with_token(self, head: bytes) -> bytes:
        own = re.compile(rb"(?i)^((?:host|origin):.*:)%d$" % self.port)
        request, *lines = head.split(b"\r\n")
        kept = [
            own.sub(rb"\g<1>%d" % self._to, line)
            for line in lines
            if not line.lower().startswith((b"connection:", b"authorization:"))
        ]
        added = [b"Authorization: Bearer " + self._token.encode(), b"Connection: close"]
        return b"\r\n".join([request, *kept, *added, b"", b""])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64
