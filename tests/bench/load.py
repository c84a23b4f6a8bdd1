"""The load client: the same request again and again, one after another or many at once.

A request is made once and only its id changes; an answer is read whole and searched for one piece:
enough to notice a refusal, and the same small cost on every way.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..support import jr
from .channel import BenchFailed, Channel, exchange

EXPECTED: Final = b"0123456789"
ARGUMENTS: Final = {"text": "0123456789" * 10}
FIRST_ID: Final = 7_000_000
"""Ids have seven digits, so that a request's length never changes."""
SHOWN: Final = 200


class Calls:
    """One request as bytes, each time with a new id.

    `expected` stands in every right answer, which is `least` bytes long or more.
    """

    def __init__(self, message: jr.Message, head: bytes | None, expected: bytes, least: int = 0) -> None:
        """`head` is that of HTTP, without Content-Length; a line has none."""
        body = jr.dump({**message, "id": FIRST_ID})
        before, after = body.split(b"%d" % FIRST_ID)
        if head is None:
            after += b"\n"
        else:
            before = head + b"Content-Length: %d\r\n\r\n" % len(body) + before
        self._before, self._after, self._last = before, after, FIRST_ID
        self._expected, self._least = expected, least

    def next(self) -> bytes:
        self._last += 1
        return self._before + b"%d" % self._last + self._after

    def check(self, answer: bytes) -> None:
        """Raises `BenchFailed` at another answer than the fixture's: a refusal is quick and looks good."""
        right = self._expected in answer and len(answer) >= self._least
        if not right or b'"isError":true' in answer[:SHOWN]:
            raise BenchFailed(f"answered {answer[:SHOWN].decode(errors='replace')!r}")


@dataclass(frozen=True, slots=True)
class Spoken:
    """How one client, its handshake done, speaks on a way: over HTTP where `http`, else in lines."""

    client: jr.Client
    prefix: str = ""
    """What stands before a tool's name."""
    http: bool = True

    def request(
        self,
        method: str,
        params: jr.Message | None = None,
        *,
        expected: bytes = b'"result"',
        least: int = 0,
        headers: jr.Headers | None = None,
    ) -> Calls:
        """Any request; `headers` as in `jr.Client`."""
        message = self.client.message(method, params)
        return Calls(message, self._head(message, headers) if self.http else None, expected, least)

    def call(self, tool: str, arguments: jr.Message = ARGUMENTS, least: int = 0) -> Calls:
        """A call of a tool that answers with digits."""
        params = {"name": self.prefix + tool, "arguments": arguments}
        return self.request("tools/call", params, expected=EXPECTED, least=least)

    def notification(self, method: str) -> bytes:
        """What has no id and no answer but, over HTTP, an empty one."""
        message = {"jsonrpc": "2.0", "method": method}
        body = jr.dump(message)
        if not self.http:
            return body + b"\n"
        return self._head(message) + b"Content-Length: %d\r\n\r\n" % len(body) + body

    def _head(self, message: jr.Message, replaced: jr.Headers | None = None) -> bytes:
        host = {"Host": f"{self.client.host}:{self.client.port}"}
        headers = {**host, **self.client.request_headers(message, replaced)}
        lines = [
            f"POST {self.client.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, ""]).encode()


async def timed(channel: Channel, calls: Calls, count: int, seconds: float) -> list[float]:
    """Make so many calls one after another, at least one and no longer than that; the seconds each took."""
    clock = time.perf_counter
    spent: list[float] = []
    until = clock() + seconds
    while len(spent) < count and (not spent or clock() < until):
        request = calls.next()
        started = clock()
        answer = await exchange(channel, request)
        spent.append(clock() - started)
        calls.check(answer)
    return spent


async def rate(channels: Sequence[Channel], calls: Calls, seconds: float) -> float:
    """Keep one call under way on each channel for so long; calls a second."""
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    made, under_way = 0, len(channels)
    started = time.perf_counter()
    until = started + seconds

    def fail(error: BaseException) -> None:
        if not ended.done():
            ended.set_exception(error)

    def again(channel: Channel) -> Callable[[bytes], None]:
        def done(answer: bytes) -> None:
            nonlocal made, under_way
            try:
                calls.check(answer)
            except BenchFailed as error:
                fail(error)
                return
            made += 1
            if time.perf_counter() < until:
                channel.send(calls.next(), done, fail)
                return
            under_way -= 1
            if not under_way and not ended.done():
                ended.set_result(None)

        return done

    for channel in channels:
        channel.send(calls.next(), again(channel), fail)
    await ended
    return made / (time.perf_counter() - started)


def runner() -> tuple[str, Callable[[Coroutine[Any, Any, Any]], Any]]:
    """The name of the event loop, and how to run on it: uvloop where it is installed, as the gateway does."""
    try:
        import uvloop
    except ImportError:
        return "asyncio", asyncio.run
    return "uvloop", uvloop.run
