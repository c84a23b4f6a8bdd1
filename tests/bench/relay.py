"""The bare relay: what any hop must cost. It parses nothing but what frames a message.

    python -m tests.bench.relay PORT stdio COMMAND...     HTTP in, lines of a child's stdio out
    python -m tests.bench.relay PORT http TO_PORT         HTTP in, HTTP out: bytes as they come

It knows nothing of JSON: a child answers in order, so the first answer belongs to the first request.
"""

import asyncio
import sys
from collections import deque
from typing import Final, cast

from .load import runner

LINE_BYTES: Final = 2**26


class Relay:
    """One child, and who waits for its next lines."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        self.to_child, self.from_child = child.stdin, child.stdout
        self.waiting: deque[asyncio.StreamWriter] = deque()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one client's requests on, one line each."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(content_length(head))
                if b'"id"' in body:
                    self.waiting.append(writer)
                else:
                    writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                self.to_child.write(body + b"\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(self) -> None:
        """Pass each line of the child to the one who waits longest."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        while line := await self.from_child.readline():
            self.waiting.popleft().write(head % len(line) + line)


class Half(asyncio.Protocol):
    """One side of a connection that is passed on; what comes before the other side is there is kept."""

    def __init__(self) -> None:
        self.other: asyncio.Transport | None = None
        self.early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.other:
            self.other.write(data)
        else:
            self.early.append(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self.other:
            self.other.close()


class Front(Half):
    """The client's side; it opens the server's."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._opening = asyncio.ensure_future(self._open())

    async def _open(self) -> None:
        back = Half()
        await asyncio.get_running_loop().create_connection(lambda: back, "127.0.0.1", self._port)
        self.other, back.other = back.transport, self.transport
        self.other.writelines(self.early)


def content_length(head: bytes) -> int:
    """The length that these headers announce."""
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0])


async def main(port: int, kind: str, arguments: list[str]) -> None:
    if kind == "http":
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Front(int(arguments[0])), "127.0.0.1", port)
        await server.serve_forever()
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe, limit=LINE_BYTES)
    relay = Relay(child)
    await asyncio.start_server(relay.serve, "127.0.0.1", port)
    await relay.answer()


if __name__ == "__main__":
    runner()[1](main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
