"""The load client: raw HTTP/1.1 keep-alive, or the lines of a pipe, over asyncio streams.

A request is made once and only its id changes; an answer is read whole and
searched for one piece: enough to notice a refusal, and the same small cost on
every way.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

from ..support import jr

EXPECTED: Final = b"0123456789"
ARGUMENTS: Final = {"text": "0123456789" * 10}
LIMIT: Final = 2**26


class BenchFailed(RuntimeError):
    """An answer was not the one that the fixture gives."""


class Channel(Protocol):
    """Something that takes one request and gives its answer."""

    async def exchange(self, body: bytes) -> bytes: ...


class Pipe:
    """The fixture's own stdin and stdout."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._writer, self._reader = process.stdin, process.stdout

    async def exchange(self, body: bytes) -> bytes:
        self._writer.write(body + b"\n")
        return await self._reader.readline()


class Http:
    """One keep-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        self._reader, self._writer, self._head = reader, writer, head

    async def exchange(self, body: bytes) -> bytes:
        self._writer.write(self._head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        _, found, rest = head.partition(b"content-length:")
        if found:
            return await self._reader.readexactly(int(rest.partition(b"\r\n")[0]))
        if b"chunked" in head:
            return await self._chunks()
        raise BenchFailed(f"an answer without a length: {head!r}")

    async def _chunks(self) -> bytes:
        parts = []
        while size := int(await self._reader.readline(), 16):
            parts.append(await self._reader.readexactly(size))
            await self._reader.readline()
        await self._reader.readline()
        return b"".join(parts)

    def close(self) -> None:
        self._writer.close()


async def open_http(client: jr.Client, tool: str) -> Http:
    """A connection that sends what `client` would send with a call of `tool`."""
    reader, writer = await asyncio.open_connection(client.host, client.port, limit=LIMIT)
    headers = client.request_headers(client.message("tools/call", {"name": tool}))
    lines = [f"POST {client.path} HTTP/1.1", f"Host: {client.host}:{client.port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return Http(reader, writer, ("\r\n".join(lines) + "\r\n").encode())


class Requests:
    """The bodies of one tool's calls, each with a new id."""

    def __init__(self, client: jr.Client, tool: str) -> None:
        message = client.message("tools/call", {"name": tool, "arguments": ARGUMENTS}, "#")
        self._before, self._after = jr.dump(message).split(b'"#"')
        self._last = 0

    def next(self) -> bytes:
        self._last += 1
        return self._before + b"%d" % self._last + self._after


async def timed(channel: Channel, requests: Requests, count: int) -> list[float]:
    """Make so many calls one after another; the seconds that each took."""
    clock = time.perf_counter
    spent = []
    for _ in range(count):
        body = requests.next()
        started = clock()
        answer = await channel.exchange(body)
        spent.append(clock() - started)
        check(answer)
    return spent


async def rate(channels: Sequence[Channel], requests: Requests, count: int) -> float:
    """Make so many calls over all channels at once; calls a second."""
    left = iter(range(count))

    async def work(channel: Channel) -> None:
        for _ in left:
            check(await channel.exchange(requests.next()))

    started = time.perf_counter()
    await asyncio.gather(*(work(channel) for channel in channels))
    return count / (time.perf_counter() - started)


def check(answer: bytes) -> None:
    """Stop the bench at an answer that is not the fixture's: a refusal is quick, and would look good."""
    if EXPECTED not in answer or b'"isError":true' in answer:
        raise BenchFailed(f"not the fixture's answer: {answer[:300]!r}")


def runner() -> tuple[str, Callable[[Coroutine[Any, Any, Any]], Any]]:
    """The name of the event loop, and how to run on it: uvloop where it is installed, as the gateway does."""
    try:
        import uvloop
    except ImportError:
        return "asyncio", asyncio.run
    return "uvloop", uvloop.run
