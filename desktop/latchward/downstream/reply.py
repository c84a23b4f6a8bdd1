"""One answer to one request: plain JSON where it is quick, an event stream where it is not.

The work runs in the request's own task, so that a quick call costs no other.
After `STREAM_AFTER`, or with the first event, two more tasks take over the
connection: one writes events and signs of life, one notices when the client
is gone.

An answer is begun once and ends in one of two ways: with the message, or cut,
without any message, so that nobody can take what was written for an answer.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from latchward.protocol import sse

from .limits import CUT_SECONDS, KEEP_ALIVE_EVERY, STREAM_AFTER, STREAM_BACKLOG, STREAM_BYTES

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

_STREAM_HEAD = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache, no-transform")]


class Reply:
    """Where the work of one request puts its events. `streams` is whether the client can read a stream.

    `ends_with_client` is whether the work ends when the client goes (it does
    in the modern era; a legacy client may come back). `hang_up` closes the
    connection under a client that does not read.
    """

    def __init__(
        self,
        send: Send,
        receive: Receive,
        hang_up: Callable[[], None],
        *,
        streams: bool,
        ends_with_client: bool,
        head: list[tuple[bytes, bytes]],
    ) -> None:
        self._send = send
        self._receive = receive
        self._hang_up = hang_up
        self._streams = streams
        self._ends_with_client = ends_with_client
        self._head = head
        self._events: deque[bytes] = deque()
        self._waiting = 0
        self._woken = asyncio.Event()
        self._work: asyncio.Task[Any] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._standing: asyncio.Future[None] | None = None
        self._begun = self._complete = False
        self._done = False
        self._ended = False

    @property
    def streams(self) -> bool:
        """Whether the client reads a stream."""
        return self._streams

    def notify(self, message: bytes) -> None:
        """Put one message on the stream; dropped where the client reads none. Opens the stream."""
        if not self._streams or self._ended or self._done:
            return
        if len(self._events) >= STREAM_BACKLOG or self._waiting > STREAM_BYTES:
            self.end()
            return
        self._events.append(message)
        self._waiting += len(message)
        self._woken.set()
        self.open()

    def open(self) -> None:
        """Become an event stream now. Does nothing where it is one, or the client reads none."""
        if self._watching is None and not self._ended and not self._done:
            self._watching = asyncio.create_task(self._watch())
            if self._streams:
                self._writing = asyncio.create_task(self._write())

    async def closed(self) -> None:
        """Wait until the gateway closes this on purpose; for a stream that has no end of its own."""
        self._standing = asyncio.get_running_loop().create_future()
        await self._standing

    def close(self) -> None:
        """End well what waits in `closed`; give up anything else."""
        if self._standing is None:
            self.end()
        elif not self._standing.done():
            self._standing.set_result(None)

    def end(self) -> None:
        """Give the answer up: the work is cancelled and nothing more is written."""
        if not self._ended:
            self._ended = True
            if self._work is not None:
                self._work.cancel()

    async def run(self, work: Awaitable[tuple[int, bytes]]) -> None:
        """Await `work`, an HTTP status and a message, and answer with it."""
        self._work = asyncio.current_task()
        timer = asyncio.get_running_loop().call_later(STREAM_AFTER, self.open)
        try:
            status, message = await work
            if self._ended:  # in the work's last step: what it came to is withheld all the same
                await asyncio.sleep(0)  # the cancellation strikes here, where it has not yet
                await self._cut()
            else:
                await self._finish(status, message)
        except asyncio.CancelledError:
            if not self._ended:
                raise
            if self._work is not None:
                self._work.uncancel()
            await self._cut()
        finally:
            timer.cancel()
            for task in (self._watching, self._writing):
                if task is not None:
                    task.cancel()

    async def _finish(self, status: int, message: bytes) -> None:
        self._done = True
        if self._writing is None:
            await self._plain(status, message)
            return
        if message:
            self._events.append(message)
            self._waiting += len(message)
        self._woken.set()
        await self._writing

    async def _plain(self, status: int, message: bytes) -> None:
        head = [(b"content-length", str(len(message)).encode()), *self._head]
        if message:
            head.append((b"content-type", b"application/json"))
        await self._begin(status, head)
        await self._last(message)

    async def _write(self) -> None:
        """Write what comes, and something every few seconds, until the work is done."""
        await self._begin(200, _STREAM_HEAD + self._head)
        await self._chunk(sse.KEEP_ALIVE)
        while True:
            self._woken.clear()
            while self._events:
                message = self._events.popleft()
                self._waiting -= len(message)
                await self._chunk(sse.event(message))
            if self._done:
                break
            try:
                async with asyncio.timeout(KEEP_ALIVE_EVERY):
                    await self._woken.wait()
            except TimeoutError:
                await self._chunk(sse.KEEP_ALIVE)
        await self._last(b"")

    async def _begin(self, status: int, head: list[tuple[bytes, bytes]]) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": head})
        self._begun = True

    async def _chunk(self, body: bytes) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def _last(self, body: bytes) -> None:
        if not self._complete:
            await self._send({"type": "http.response.body", "body": body})
            self._complete = True

    async def _watch(self) -> None:
        """Wait until the client is gone; then the work ends with it, where it does."""
        await self._gone()
        if self._ends_with_client and not self._done:
            self.end()

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _cut(self) -> None:
        """Close without a message. A client that does not even read that loses the connection."""
        if self._writing is not None:
            self._writing.cancel()
        try:
            async with asyncio.timeout(CUT_SECONDS):
                if not self._begun:
                    await self._nothing()
                elif self._writing is not None:
                    await self._last(b"")
        except TimeoutError:
            pass
        if not self._complete:
            self._hang_up()
            await self._gone()

    async def _nothing(self) -> None:
        """A whole answer that says nothing: a stream that ends, where the client reads one."""
        if self._streams:
            await self._begin(200, _STREAM_HEAD + self._head)
            await self._last(b"")
        else:
            await self._plain(500, b"")
