"""The older transport over HTTP (2024-11-05): a stream of events brings everything, POSTs carry what we say.

GET opens the stream; its first event names the address for the POSTs, which
must be on the same origin. So what is said is what is said over a pipe, by one
`Session`; the stream's end is the end of the conversation.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final

import yarl

from latchward.model.call import ToolCall
from latchward.model.errors import NotSent, OutcomeUnknown, UpstreamError
from latchward.protocol import answer, envelope

from .conversation import Behind
from .session import Session
from .watching import SessionGone, rejected
from .wire import Rejected, Reply, Wire

ENDPOINT_LIMIT: Final = 10.0
"""Seconds from the opening of the stream to the address for what we say."""
POST_LIMIT: Final = 30.0
"""Seconds that a server has to take a message that wants no answer."""
MAX_POSTS: Final = 256
"""Messages that may be on their way at one time; the next one is refused."""

_ENDPOINT: Final = b"endpoint"


class OldRemote(Session):
    """One conversation, as long as its stream is open."""

    def __init__(self, wire: Wire, behind: Behind) -> None:
        super().__init__(self._post_soon, behind)
        self._wire = wire
        self._endpoint: yarl.URL | None = None
        self._reply: Reply | None = None
        self._reading: asyncio.Task[str] | None = None
        self._named = asyncio.Event()
        self._posts: set[asyncio.Task[None]] = set()

    async def open(self, *, probe: bool = False) -> None:
        """Open the stream and greet. Raises `UpstreamError`; `drop` it then."""
        self._reply = await self._wire.request("GET", None, {"Accept": "text/event-stream"})
        if self._reply.status >= 300:
            raise rejected(self._reply.status, has_session=False)
        if not self._reply.is_stream:
            raise Rejected("the server opens no stream of events", self._reply.status)
        self._reading = asyncio.ensure_future(self._read(self._reply))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._named.wait(), ENDPOINT_LIMIT)
        if self._endpoint is None:
            why = self._reading.result() if self._reading.done() else ""
            raise UpstreamError(why or "the server does not say where it takes messages; see its `url`")
        await super().open(probe=False)
        if self._posts:  # a request must not overtake that we are ready
            await asyncio.wait(self._posts)

    async def watch(self) -> None:
        """Returns never; raises `OutcomeUnknown` when the stream has ended."""
        if self._reading is not None:
            raise OutcomeUnknown(await asyncio.shield(self._reading))

    def drop(self) -> None:
        """The conversation is over: nothing of it is held open."""
        if self._reading is not None:
            self._reading.cancel()
        if self._reply is not None:
            self._reply.close()
        for task in self._posts:
            task.cancel()
        self.close("the connection to the server was closed")

    async def farewell(self) -> None:
        """There is nothing to be said at the end: the stream is closed."""

    async def _read(self, reply: Reply) -> str:
        """Take what comes until the stream ends; why it ended."""
        reply.events.also = frozenset({_ENDPOINT})
        why = "the server ended its stream of events"
        try:
            async for data in reply.messages():
                if reply.events.kind != _ENDPOINT:
                    self.receive(data)
                elif self._endpoint is None:
                    self._endpoint = self._wire.beside(data.decode("utf-8", "replace"))
                    self._named.set()
        except UpstreamError as error:
            why = str(error)
        finally:
            reply.close()
            self._endpoint = None
            self._named.set()
            self.close(why)
        return why

    # what goes out

    async def _exchange(
        self, number: int, line: bytes, call: ToolCall, parameters: Mapping[str, str]
    ) -> answer.Incoming:
        if self._endpoint is None:
            raise self._ended()
        answered = self._expect(number)
        posting = asyncio.ensure_future(self._post(line))
        try:
            # A server may answer on the stream before it has taken the message in.
            either: list[asyncio.Future[Any]] = [answered, posting]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not answered.done():
                posting.result()
            return await answered
        finally:
            self._pending.pop(number, None)
            _end(posting)

    def _asking(
        self, method: str, params: dict[str, Any], number: int = 0
    ) -> asyncio.Future[answer.Incoming]:
        number = number or self._next_id()
        future = self._expect(number)
        self._soon(envelope.request(number, method, params), future)
        return future

    def _post_soon(self, line: bytes) -> None:
        if len(self._posts) >= MAX_POSTS:
            raise NotSent("the server does not take what it is sent; nothing was sent")
        self._soon(line, None)

    def _soon(self, line: bytes, future: asyncio.Future[answer.Incoming] | None) -> None:
        """Send a message beside everything else; where that fails, so does who waits for its answer."""
        task = asyncio.ensure_future(self._post_in_time(line, future))
        self._posts.add(task)
        task.add_done_callback(self._posts.discard)

    async def _post_in_time(self, line: bytes, future: asyncio.Future[answer.Incoming] | None) -> None:
        try:
            async with asyncio.timeout(POST_LIMIT):
                await self._post(line)
        except (UpstreamError, TimeoutError) as error:
            if future is not None and not future.done():
                future.set_exception(
                    error if isinstance(error, UpstreamError) else OutcomeUnknown("the server took too long")
                )
                future.exception()

    def _ended(self) -> SessionGone:
        return SessionGone("the server ended its stream of events; nothing was sent", 404)

    async def _post(self, line: bytes) -> None:
        """Send one message. Raises `NotSent` or `OutcomeUnknown`."""
        if self._endpoint is None:
            raise self._ended()
        reply = await self._wire.request("POST", line, {}, self._endpoint)
        reply.finish()
        if reply.status >= 300:
            raise rejected(reply.status, has_session=True)


def _end(task: "asyncio.Task[None]") -> None:
    if not task.done():
        task.cancel()
    elif not task.cancelled():
        task.exception()  # the answer came, or whoever waits is told
