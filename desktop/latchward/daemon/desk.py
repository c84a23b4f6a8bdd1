"""The gateway's end of the private link, where a person sits or does not.

A question waits here until the person answers, it closes, or the tray is gone;
gone means no. Everything else that the tray asks for is handed to `clerk`. What
the tray should know is sent when it changes.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Final

from latchward.control import messages as say
from latchward.control.wire import LinkBroken, Reader, from_tray, line
from latchward.model.approval import Answer, ApprovalRequest, Scope
from latchward.model.errors import LatchwardError

MAX_UNREAD: Final = 256 * 1024 * 1024
"""Bytes that may wait for a tray that does not read; then it is given up."""
GREETING_WAIT: Final = 20.0
"""Seconds from its start in which a tray must greet back."""

log = logging.getLogger(__name__)

Clerk = Callable[[say.FromTray], Awaitable[say.FromGateway | None]]
"""Carries out a request of the tray; its result is sent back. `LatchwardError` becomes `Failed`."""


class Desk:
    """Implements `model.ports.Approver` by asking on the tray."""

    def __init__(
        self,
        hello: Callable[[], say.Hello],
        question: Callable[[ApprovalRequest], say.Question],
        clerk: Clerk,
        everything: Callable[[], list[say.FromGateway]],
        quit_all: Callable[[], None],
    ) -> None:
        self._hello = hello
        self._question = question
        self._clerk = clerk
        self._everything = everything
        self._quit_all = quit_all
        self._sender: asyncio.Transport | None = None
        self._open: dict[str, tuple[ApprovalRequest, asyncio.Future[Answer | None]]] = {}
        self._working: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Whether a tray is there that has greeted."""
        return self._sender is not None

    @property
    def waiting(self) -> int:
        """Questions that wait."""
        return len(self._open)

    async def ask(self, request: ApprovalRequest) -> Answer | None:
        """The person's answer; None where no tray is there, or it goes."""
        if self._sender is None:
            return None
        future: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._open[request.nonce] = (request, future)
        answer: Answer | None = None
        try:
            self.send(say.Asked(self._question(request)))
            answer = await future
            return answer
        finally:
            del self._open[request.nonce]
            why = (
                ""
                if answer is not None
                else "the question is over: the call was withdrawn or its time was up"
            )
            self.send(say.Closed(request.nonce, why))

    def send(self, message: say.FromGateway) -> None:
        """Say something to the tray; nothing where none is there."""
        if self._sender is None:
            return
        self._sender.write(line(message))
        if self._sender.get_write_buffer_size() > MAX_UNREAD:
            log.error("the tray does not read what it is sent; it is given up")
            self._sender.abort()

    async def serve(self, end: socket.socket) -> None:
        """Speak with the tray on the other end until the link is over; whatever waits then is refused."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        end.setblocking(False)
        transport, protocol = await loop.create_connection(lambda: _Link(self._heard, ended), sock=end)
        transport.write(line(self._hello()))
        try:
            async with asyncio.timeout(GREETING_WAIT):
                await asyncio.wait({protocol.greeted, ended}, return_when=asyncio.FIRST_COMPLETED)
            if protocol.greeted.done():
                self._sender = transport
                for message in self._everything():
                    self.send(message)
                await ended
        except TimeoutError:
            log.error("the tray did not greet within %.0f seconds", GREETING_WAIT)
        finally:
            self._sender = None
            transport.abort()
            for _, future in self._open.values():
                if not future.done():
                    future.set_result(None)

    def _heard(self, message: say.FromTray) -> None:
        match message:
            case say.Answered():
                self._answered(message)
            case say.Quit():
                self._quit_all()
            case _:
                task = asyncio.ensure_future(self._carry_out(message))
                self._working.add(task)
                task.add_done_callback(self._working.discard)

    def _answered(self, message: say.Answered) -> None:
        request, future = self._open.get(message.nonce, (None, None))
        if request is None or future is None or future.done():
            self.send(say.Closed(message.nonce, "this question was over before the answer came"))
            return
        future.set_result(
            Answer(
                nonce=message.nonce,
                binding=message.binding,
                allowed=message.allowed,
                by="dialog",
                scope=Scope(message.scope),
                reason=message.reason,
            )
        )

    async def _carry_out(self, message: say.FromTray) -> None:
        serial: int = getattr(message, "serial", 0)
        try:
            reply = await self._clerk(message)
        except LatchwardError as error:
            reply = say.Failed(serial, str(error))
        except Exception:
            log.exception("a request of the tray failed")
            reply = say.Failed(
                serial, "an internal error, which the gateway's log holds; nothing was changed"
            )
        if reply is not None:
            self.send(reply)


class _Link(asyncio.Protocol):
    """Bytes to messages. The first must be `Ready`, in our version."""

    def __init__(self, heard: Callable[[say.FromTray], None], ended: asyncio.Future[None]) -> None:
        self._heard = heard
        self._ended = ended
        self._reader: Reader[say.FromTray] = from_tray()
        self._transport: asyncio.BaseTransport | None = None
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._reader.feed(data):
                self._take(message)
        except LinkBroken as error:
            log.error("%s", error)
            if self._transport is not None:
                self._transport.close()

    def _take(self, message: say.FromTray) -> None:
        if self.greeted.done():
            self._heard(message)
        elif isinstance(message, say.Ready) and message.version == say.VERSION:
            self.greeted.set_result(None)
        else:
            raise LinkBroken("the tray speaks another version; start Latchward anew")

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_result(None)


def pair() -> tuple[socket.socket, socket.socket]:
    """The two ends of a new private link: ours and the tray's."""
    return socket.socketpair()
