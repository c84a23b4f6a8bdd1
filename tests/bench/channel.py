"""How the load client speaks: one keep-alive HTTP connection, or the pipes of a process.

Bytes that are ready go out, and the body of the answer comes back whole; nothing is parsed but what
frames it. So a way's cost is the way's, and the client's own is small and the same on every way.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol, cast

HEAD_BYTES: Final = 64 * 1024
SAID_BYTES: Final = 8 * 1024
SHOWN: Final = 120

Done = Callable[[bytes], None]
Failed = Callable[[BaseException], None]


class BenchFailed(RuntimeError):
    """A way did not do what the fixture server does by itself."""


def last_words(said: bytes) -> str:
    """The last line of words in what a program wrote on stderr, cut."""
    lines = [line.strip(" |+-") for line in said.decode(errors="replace").splitlines()]
    return next((line[:SHOWN] for line in reversed(lines) if line), "it said nothing")


class Channel(Protocol):
    """Takes a request's bytes and gives the answer's body."""

    def send(self, request: bytes, done: Done, failed: Failed) -> None: ...

    def close(self) -> None: ...


async def exchange(channel: Channel, request: bytes) -> bytes:
    """Send one request and wait for its answer. Raises `BenchFailed`."""
    answer = asyncio.get_running_loop().create_future()

    def done(body: bytes) -> None:
        if not answer.done():
            answer.set_result(body)

    def failed(error: BaseException) -> None:
        if not answer.done():
            answer.set_exception(error)

    channel.send(request, done, failed)
    return await answer  # type: ignore[no-any-return]


class Waiting:
    """Who waits for an answer, the longest first; all are told when there will be none."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Done, Failed]] = deque()
        self._ended: BenchFailed | None = None

    def add(self, done: Done, failed: Failed) -> bool:
        """Whether there can be an answer; where not, `failed` has been told."""
        if self._ended:
            failed(self._ended)
            return False
        self._waiting.append((done, failed))
        return True

    def answer(self, body: bytes) -> None:
        if self._waiting:
            self._waiting.popleft()[0](body)

    @property
    def ended(self) -> bool:
        """Whether there will be no more answers."""
        return self._ended is not None

    def end(self, reason: str) -> None:
        self._ended = self._ended or BenchFailed(reason)
        while self._waiting:
            self._waiting.popleft()[1](self._ended)


class Http(asyncio.Protocol):
    """One HTTP/1.1 connection. `head` is that of the last answer."""

    def __init__(self) -> None:
        self.head = b""
        self._waiting = Waiting()
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._left: int | None = None
        self._chunked = False

    @classmethod
    async def open(cls, host: str, port: int) -> "Http":
        """Connect. Raises `OSError`."""
        _, channel = await asyncio.get_running_loop().create_connection(cls, host, port)
        return channel

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._waiting.end("the connection was closed")

    @property
    def closed(self) -> bool:
        """Whether the other end has closed it, as servers do with what was idle for seconds."""
        return self._waiting.ended

    def send(self, request: bytes, done: Done, failed: Failed) -> None:
        if self._waiting.add(done, failed):
            self._transport.write(request)

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            while self._advance():
                pass
        except ValueError as error:
            self._waiting.end(f"an answer that is no HTTP: {error}")
            self._transport.abort()

    def _advance(self) -> bool:
        """Take the next piece out of the buffer: a head, a body, a chunk. False where it is not all there."""
        if self._chunked:
            return self._chunk()
        if self._left is None:
            return self._start()
        if len(self._buffer) < self._left:
            return False
        body = self._take(self._left)
        self._left = None
        self._waiting.answer(body)
        return bool(self._buffer)

    def _start(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > HEAD_BYTES:
                raise ValueError("a head without an end")
            return False
        self.head = self._take(end + 4)
        head = self.head.lower()
        _, found, rest = head.partition(b"\r\ncontent-length:")
        if found:
            self._left = int(rest.split(b"\r\n", 1)[0])
        elif b"\r\ntransfer-encoding: chunked" in head:
            self._chunked = True
        else:
            raise ValueError("an answer without a length")
        return True

    def _chunk(self) -> bool:
        end = self._buffer.find(b"\r\n", 0, 32)
        if end < 0:
            return False
        size = int(self._buffer[:end], 16)
        if len(self._buffer) < end + 2 + size + 2:
            return False
        chunk = self._take(end + 2 + size + 2)[end + 2 : -2]
        if size:
            self._parts.append(chunk)
            return True
        body, self._parts, self._chunked = b"".join(self._parts), [], False
        self._waiting.answer(body)
        return bool(self._buffer)

    def _take(self, count: int) -> bytes:
        with memoryview(self._buffer) as whole, whole[:count] as part:
            taken = bytes(part)
        del self._buffer[:count]
        return taken


class Pipe(asyncio.SubprocessProtocol):
    """The stdin and stdout of a process, a line each way; `Pipe.start` starts it.

    Many requests may be under way. Answers are given to whoever waits longest: a rate only counts
    them, and where one call is timed no other is under way.
    """

    def __init__(self) -> None:
        self.pid = 0
        self.ended = asyncio.Event()
        self._waiting = Waiting()
        self._pieces: list[bytes] = []
        self._said = b""

    @classmethod
    async def start(cls, command: Sequence[str], env: dict[str, str] | None = None) -> "Pipe":
        """Start a process. Raises `OSError`."""
        transport, pipe = await asyncio.get_running_loop().subprocess_exec(cls, *command, env=env)
        pipe.pid = transport.get_pid()
        return pipe

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._stdin = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))

    def process_exited(self) -> None:
        self.ended.set()

    def connection_lost(self, error: Exception | None) -> None:
        status = self._transport.get_returncode()
        self._waiting.end(f"ended with status {status}: {last_words(self._said)}")

    def send(self, request: bytes, done: Done, failed: Failed) -> None:
        if self._waiting.add(done, failed):
            self._stdin.write(request)

    def tell(self, notification: bytes) -> None:
        """Send what has no answer."""
        self._stdin.write(notification)

    def close(self) -> None:
        """End the process at once."""
        if self._transport.get_returncode() is None:
            self._transport.kill()
        self._transport.close()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd != 1:
            self._said = (self._said + data)[-SAID_BYTES:]
            return
        while (end := data.find(b"\n")) >= 0:
            line = b"".join([*self._pieces, data[:end]])
            self._pieces, data = [], data[end + 1 :]
            if b'"method":"notifications/' not in line[:200]:
                self._waiting.answer(line)
        if data:
            self._pieces.append(data)
