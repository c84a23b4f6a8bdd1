"""What is said to one run of a server over its pipes: era, notices of changes, calls.

What a server sends is matched to what was asked of it, or dropped. All calls
share one pipe, so what belongs to none of them by a token is brought to the
one that is under way, where there is just one.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from latchward.model.call import ToolCall
from latchward.model.errors import NotSent, OutcomeUnknown, UpstreamError
from latchward.protocol import answer, envelope, legacy, modern

from . import talk
from .conversation import Behind, Conversation
from .subscriptions import TOLD, Listen

PROBE_WAIT: Final = 5.0
"""Seconds that a server has to answer `server/discover` before `initialize` is tried beside it."""
LISTEN_AGAIN: Final = 2.0
"""Seconds until we ask again to be told of changes, where the server ended that."""
MAX_NOISE: Final = 100
"""Unreadable lines that a server may print (banners, warnings) in one run."""


class Session(Conversation):
    """One conversation. `write` sends one line; `receive` is called with each line that comes."""

    def __init__(self, write: Callable[[bytes], None], behind: Behind) -> None:
        super().__init__(behind)
        self._write = write
        self._pending: dict[int, asyncio.Future[answer.Incoming]] = {}
        self._noise = 0
        self.opened = False

    async def open(self, *, probe: bool) -> None:
        """Find the era and greet; `opened` is True then. Raises `UpstreamError` where it speaks neither."""
        waiting = set()
        if probe:
            discover = self._asking("server/discover", {"_meta": modern.our_meta()})
            await asyncio.wait({discover}, timeout=PROBE_WAIT)
            if discover.done() and self._is_modern(discover.result()):
                return
            if not discover.done():
                waiting.add(discover)
        greeting = self._asking("initialize", legacy.initialize_params(self._behind.declared))
        while True:
            done, _ = await asyncio.wait({greeting, *waiting}, return_when=asyncio.FIRST_COMPLETED)
            if any(self._is_modern(late.result()) for late in done & waiting):
                return
            waiting -= done
            if greeting in done:
                self._greeted(greeting.result())
                return

    def _is_modern(self, said: answer.Incoming) -> bool:
        """Whether this is the answer of a modern server to `server/discover`; then the era is settled."""
        greeting = talk.discovered(said)
        if greeting is None:
            return False
        self._take_greeting(greeting)
        self._listen_again()
        return True

    def _listen_again(self) -> None:
        if not self._listens and self._wants_listen():
            self._listen()

    def _listen(self) -> None:
        listen, params = self._begin_listen()
        asked = self._asking("subscriptions/listen", params, listen.number)
        asked.add_done_callback(lambda asked: self._listened(listen, asked))

    def _listened(self, listen: Listen, asked: asyncio.Future[answer.Incoming]) -> None:
        """The server ended a listening, or refused it. Where it ended the last one, we ask again."""
        if listen.number not in self._listens or not self._listen_over(listen):
            return
        self._gap = True
        if not asked.cancelled() and asked.exception() is None and asked.result().result is not None:
            asyncio.get_running_loop().call_later(LISTEN_AGAIN, self._listen_again)

    def _unlisten(self, listen: Listen) -> None:
        self._pending.pop(listen.number, None)
        self._cancel(listen.number, "another one has taken its place")

    def _withdrawn(self, number: object) -> None:
        super()._withdrawn(number)
        if isinstance(number, int) and number in self._listens and number in self._pending:
            self._answered(answer.Incoming(number, None, {}, b"{}", None))

    def _greeted(self, said: answer.Incoming) -> None:
        self._take_greeting(talk.greeted(said))
        self.watched = frozenset(name for name in TOLD if self.greeting.tells(name))
        self._write(envelope.notification("notifications/initialized"))

    def _take_greeting(self, greeting: talk.Greeting) -> None:
        self.greeting = greeting
        self.era = greeting.era
        self.opened = True

    async def _ask(self, method: str, params: dict[str, Any]) -> answer.Incoming:
        return await self._asking(method, params)

    async def _exchange(
        self, number: int, line: bytes, call: ToolCall, parameters: Mapping[str, str]
    ) -> answer.Incoming:
        answered = self._expect(number)
        try:
            self._write(line)
            return await answered
        finally:
            self._pending.pop(number, None)

    def receive(self, line: bytes) -> None:
        """Take one line of the server.

        Raises `UpstreamError` past `MAX_NOISE` lines that are no message, and
        for an answer to nothing that was asked.
        """
        try:
            said = answer.read(line)
        except UpstreamError as error:
            self._unreadable(line, error)
            return
        if said.method is None:
            self._answered(said)
        else:
            self._beside(said, None)

    def _answered(self, said: answer.Incoming) -> None:
        """Hand an answer to who waits for it; one that nobody waits for any more is dropped."""
        if not isinstance(said.id, int) or not 0 < said.id <= self._last_id:
            # Someone waits for this answer, and nobody can say who.
            raise UpstreamError("the server answered under an id that it was not given")
        future = self._pending.pop(said.id, None)
        if future is not None and not future.done():
            future.set_result(said)

    def close(self, reason: str) -> None:
        """End the conversation: whoever waits for an answer is told that none will come."""
        pending, self._pending = self._pending, {}
        for future in pending.values():
            _fail(future, reason)
        self._questions.close()

    def _unreadable(self, line: bytes, error: UpstreamError) -> None:
        """Fail the requests that a broken answer belongs to, where their ids can be made out at all."""
        if len(line) > answer.MAX_BESIDE:  # to look for them would hold up everyone else
            raise error
        for number in _ids_in(line):
            _fail(self._pending.pop(number, None), str(error))
        self._noise += 1
        if self._noise > MAX_NOISE:
            raise UpstreamError(
                f"the server printed more than {MAX_NOISE} lines on its standard output that are no messages;"
                " it must log to standard error"
            )

    def _say(self, line: bytes) -> None:
        with contextlib.suppress(NotSent):  # it is gone, or does not read
            self._write(line)

    def _asking(
        self, method: str, params: dict[str, Any], number: int = 0
    ) -> asyncio.Future[answer.Incoming]:
        number = number or self._next_id()
        future = self._expect(number)
        try:
            self._write(envelope.request(number, method, params))
        except NotSent as error:
            future.set_exception(error)
            future.exception()
        return future

    def _expect(self, number: int) -> asyncio.Future[answer.Incoming]:
        future: asyncio.Future[answer.Incoming] = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        return future

    def _cancel(self, number: int, reason: str) -> None:
        params = {"requestId": number, "reason": reason}
        self._say(envelope.notification("notifications/cancelled", params))


def _fail(future: asyncio.Future[answer.Incoming] | None, reason: str) -> None:
    """No answer will come, or none that can be read: whoever waits is told."""
    if future is not None and not future.done():
        future.set_exception(OutcomeUnknown(reason))
        future.exception()  # nobody may be waiting any more; that is no fault


def _ids_in(line: bytes) -> list[int]:
    """The numbers under which a line that is no message may be an answer, or several in an array."""
    if line[:1] not in (b"{", b"["):
        return []
    try:
        value = json.loads(line.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return []
    members = value if isinstance(value, list) else [value]
    ids = [member.get("id") for member in members if isinstance(member, dict)]
    return [number for number in ids if isinstance(number, int)]
