"""The bare relay: HTTP in, lines of a child's stdio out, nothing parsed but Content-Length.

    python -m tests.bench.relay COMMAND...

It knows nothing of JSON: the child answers in order, so the first answer
belongs to the first request. What this costs is what any hop must cost.
"""

import asyncio
import sys
from collections import deque

from .load import runner


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
                self.waiting.append(writer)
                self.to_child.write(body + b"\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(self) -> None:
        """Pass each line of the child to the one who waits longest."""
        while line := await self.from_child.readline():
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
                line
            )
            self.waiting.popleft().write(head + line)


def content_length(head: bytes) -> int:
    """The length that these headers announce."""
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0])


async def main(command: list[str]) -> None:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=2**26)
    relay = Relay(child)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await relay.answer()


if __name__ == "__main__":
    runner()[1](main(sys.argv[1:]))
