"""The streams on which a server at a URL tells what belongs to no answer.

A legacy server has one, opened with GET. A modern one answers
`subscriptions/listen` with a stream; where it is to tell of something else, a
second one is opened, and the first is closed once that holds, so that nothing
is missed in between.
"""

import asyncio
import contextlib
import time
from abc import abstractmethod
from typing import Final

from latchward.model.era import Era
from latchward.model.errors import OutcomeUnknown, UpstreamError
from latchward.protocol import answer, envelope

from .conversation import Behind, Conversation
from .subscriptions import TOLD, Listen
from .wire import Rejected, Reply

REOPEN: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
"""Seconds before a stream of notices that ended is opened again, by how often it ended soon."""
STEADY: Final = 60.0
"""Seconds after which a stream that ends did not end soon."""


class SessionGone(Rejected):
    """The server does not know our session any more: it did nothing with what was sent under it."""


def rejected(status: int, *, has_session: bool) -> UpstreamError:
    """What a status that is no success means for what was sent."""
    if status == 404 and has_session:
        return SessionGone("the server ended our session (HTTP 404)", status)
    if status in (404, 405):
        return Rejected(f"the server speaks no MCP at its `url` (HTTP {status}); check it", status)
    if status == 429:
        return Rejected("the server asks us to slow down (HTTP 429); try again later", status)
    if 400 <= status < 500 and status not in (408, 499):
        return Rejected(f"the server turned the request away (HTTP {status})", status)
    return OutcomeUnknown(f"the server answered with HTTP {status}")


class Watching(Conversation):
    """A conversation that hears of changes as long as `watch` runs."""

    def __init__(self, behind: Behind) -> None:
        super().__init__(behind)
        self._gap = True
        self._was_open = False
        self._streams: dict[int, asyncio.Task[float | UpstreamError]] = {}
        self._begun = asyncio.Event()

    @abstractmethod
    async def _open_stream(self, body: bytes | None) -> Reply:
        """The reply to GET, or to this `subscriptions/listen`; `UpstreamError` where it is no stream."""

    async def watch(self) -> None:
        """Keep a stream open on which the server tells; returns where it offers none.

        A legacy server may tell without having said that it would. Raises `SessionGone`.
        """
        soon = 0
        try:
            while True:
                opened_at = time.monotonic()
                ended = await (self._get() if self.era is Era.LEGACY else self._all_listens())
                if isinstance(ended, SessionGone) and self._was_open:
                    raise ended
                if isinstance(ended, Rejected) and ended.status < 500 and ended.status != 429:
                    return  # a server without such a stream may say so with a 404, too
                retry = 0.0 if isinstance(ended, UpstreamError) else ended
                soon = 1 if time.monotonic() - opened_at > STEADY else soon + 1
                await asyncio.sleep(max(retry, REOPEN[min(soon, len(REOPEN)) - 1]))
        finally:
            for task in self._streams.values():
                task.cancel()

    async def _get(self) -> float | UpstreamError:
        """One stream of a legacy server, until it ends; the pause that it asks for before the next."""
        try:
            reply = await self._open_stream(None)
        except UpstreamError as error:
            return error
        self._was_open = True
        self.watched = frozenset(name for name in TOLD if self.greeting.tells(name))
        for capability in {"tools", *self.watched}:
            self._behind.list_changed(capability)  # what changed while it was not open
        try:
            return await self._hear(reply, 0)
        finally:
            self.watched = frozenset()

    async def _all_listens(self) -> float | UpstreamError:
        """Listen, until no stream is left."""
        while not self._streams:
            if self._wants_listen():
                self._listen()
            else:
                self._begun.clear()
                await self._begun.wait()
        last: float | UpstreamError = 0.0
        while self._streams:
            done, _ = await asyncio.wait(self._streams.values(), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                last = 0.0 if task.cancelled() else task.result()
        return last

    def _listen(self) -> None:
        listen, params = self._begin_listen()
        body = envelope.request(listen.number, "subscriptions/listen", params)
        task = asyncio.ensure_future(self._stream(listen, body))
        self._streams[listen.number] = task
        task.add_done_callback(lambda _: self._stream_over(listen))
        self._begun.set()

    async def _stream(self, listen: Listen, body: bytes) -> float | UpstreamError:
        try:
            reply = await self._open_stream(body)
        except UpstreamError as error:
            return error
        return await self._hear(reply, listen.number)

    def _stream_over(self, listen: Listen) -> None:
        self._streams.pop(listen.number, None)
        if listen.number in self._listens and self._listen_over(listen):
            self._gap = True

    def _unlisten(self, listen: Listen) -> None:
        task = self._streams.get(listen.number)
        if task is not None:
            task.cancel()

    async def _hear(self, reply: Reply, number: int) -> float | UpstreamError:
        """Take what comes until the stream ends."""
        try:
            async for data in reply.messages():
                with contextlib.suppress(UpstreamError):
                    said = answer.read(data)
                    if said.method is None:
                        break
                    self._beside(said, number)
        except UpstreamError as error:
            return error
        finally:
            reply.close()
        return reply.retry or 0.0
