"""Exact bytes to a port, one whole HTTP response back.

For requests that no well-behaved client can make: duplicate headers, broken
framing, half a body.
"""

import socket
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

NO_BODY = (204, 304)


@dataclass(frozen=True, slots=True)
class Response:
    """One response; header names are in lower case, repeated ones stand repeatedly."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        return next((value for key, value in self.headers if key == name.lower()), None)


class Connection:
    """A connection that sends what it is told and reads whole responses."""

    def __init__(self, host: str, port: int, timeout: float = 10.0) -> None:
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self._file: BinaryIO = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        """Send these bytes as they are."""
        self.socket.sendall(data)

    def read(self, *, head: bool = False) -> Response:
        """Read one response.

        Raises `ConnectionError` where the peer closes before it is whole, `TimeoutError` where it stalls.
        """
        version, status, reason = self._status_line()
        if not version.startswith("HTTP/1."):
            raise ConnectionError(f"not an HTTP/1 response: {version!r}")
        headers = self._headers()
        body = b"" if head or status in NO_BODY or status < 200 else self._body(dict(headers))
        return Response(status, reason, tuple(headers), body)

    def read_head(self) -> Response:
        """Read status and headers alone, for a stream that does not end; `line` reads on."""
        return self.read(head=True)

    def line(self) -> bytes:
        """The next line as it stands; b"" at the end."""
        return self._file.readline()

    def closed_by_peer(self) -> bool:
        """Whether the peer has closed and nothing is left to be read (waits up to the timeout)."""
        try:
            return self._file.read(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _line(self) -> str:
        line = self._file.readline(65_537)
        if not line.endswith(b"\n"):
            raise ConnectionError(f"the connection ended inside a line: {line!r}")
        return line.decode("latin-1").rstrip("\r\n")

    def _status_line(self) -> tuple[str, int, str]:
        version, status, reason = (*self._line().split(" ", 2), "", "")[:3]
        return version, int(status or 0), reason

    def _headers(self) -> list[tuple[str, str]]:
        headers = []
        while line := self._line():
            name, _, value = line.partition(":")
            headers.append((name.lower(), value.strip()))
        return headers

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(self._chunks())
        if "content-length" in headers:
            return self._exactly(int(headers["content-length"]))
        return self._file.read()

    def _chunks(self) -> list[bytes]:
        chunks = []
        while size := int(self._line().partition(";")[0], 16):
            chunks.append(self._exactly(size))
            self._line()
        self._headers()
        return chunks

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise ConnectionError(f"the connection ended after {len(data)} of {size} bytes")
        return data


def exchange(host: str, port: int, data: bytes, timeout: float = 10.0) -> Response:
    """Send `data` on a new connection and read one response."""
    with Connection(host, port, timeout) as connection:
        connection.send(data)
        return connection.read()


def post(port: int, path: str, body: bytes, *headers: str) -> bytes:
    """The bytes of a plain POST to a local port, with these header lines after Host and Content-Length."""
    host = f"Host: 127.0.0.1:{port}"
    lines = [f"POST {path} HTTP/1.1", host, f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
