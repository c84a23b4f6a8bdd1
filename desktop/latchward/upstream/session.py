"""What is said to one run of a server: which era it speaks, its tools, calls and their progress.

Everything that goes out under an id goes out under an id of ours, counted
from 1 in each run; a client's ids and progress tokens never reach a server.
What a server sends is matched to those, or dropped.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any, Final

from latchward.model.allow import Allow
from latchward.model.call import ToolCall
from latchward.model.era import Era
from latchward.model.errors import NotSent, OutcomeUnknown, UpstreamError
from latchward.model.outcome import Outcome
from latchward.model.ports import Progress
from latchward.model.tool import ToolDefinition
from latchward.protocol import answer, envelope, legacy, modern, strict
from latchward.protocol.versions import METHOD_NOT_FOUND

from . import talk
from .talk import ANSWER_LIMIT, LIST_LIMIT

PROBE_WAIT: Final = 5.0
"""Seconds that a server has to answer `server/discover` before `initialize` is tried beside it."""
LISTEN_AGAIN: Final = 2.0
"""Seconds until we ask again to be told of changes, where the server ended that."""
MAX_NOISE: Final = 100
"""Unreadable lines that a server may print (banners, warnings) in one run."""


class Session:
    """One conversation. `write` sends one line; `receive` is called with each line that comes."""

    def __init__(self, write: Callable[[bytes], None], on_tools_changed: Callable[[], None]) -> None:
        self._write = write
        self._on_tools_changed = on_tools_changed
        self._last_id = 0
        self._pending: dict[int, asyncio.Future[answer.Incoming]] = {}
        self._progress: dict[int, Progress] = {}
        self._noise = 0
        self._has_tools = True
        self.era = Era.LEGACY
        self.opened = False

    async def open(self, *, probe: bool) -> None:
        """Find the era and greet; `opened` is True then. Raises `UpstreamError` where it speaks neither."""
        waiting = set()
        if probe:
            discover = self._ask("server/discover", {"_meta": modern.our_meta()})
            await asyncio.wait({discover}, timeout=PROBE_WAIT)
            if discover.done() and self._is_modern(discover.result()):
                return
            if not discover.done():
                waiting.add(discover)
        greeting = self._ask("initialize", legacy.initialize_params())
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
        if greeting.tells_changes:
            self._listen()
        return True

    def _listen(self) -> None:
        """Ask to be told of changes; the answer comes when the server ends that, and then we ask again."""
        self._ask("subscriptions/listen", talk.LISTEN_PARAMS).add_done_callback(self._listened)

    def _listened(self, asked: asyncio.Future[answer.Incoming]) -> None:
        if asked.cancelled() or asked.exception() is not None or asked.result().result is None:
            return
        self._on_tools_changed()  # nobody would have told us in between
        asyncio.get_running_loop().call_later(LISTEN_AGAIN, self._listen)

    def _greeted(self, said: answer.Incoming) -> None:
        self._take_greeting(talk.greeted(said))
        self._write(envelope.notification("notifications/initialized"))

    def _take_greeting(self, greeting: talk.Greeting) -> None:
        self.era = greeting.era
        self.opened = True
        self._has_tools = greeting.has_tools

    async def list_tools(self) -> dict[str, ToolDefinition]:
        """All pages of the server's tools. Raises `UpstreamError`."""
        return await talk.all_tools(self._page, self.era) if self._has_tools else {}

    async def _page(self, params: dict[str, Any]) -> answer.Incoming:
        asked = self._ask("tools/list", params)
        try:
            async with asyncio.timeout(LIST_LIMIT):
                return await asked
        except TimeoutError:
            raise UpstreamError(
                f"the server did not list its tools within {LIST_LIMIT:.0f} seconds"
            ) from None

    async def call(self, allow: Allow, call: ToolCall, progress: Progress | None) -> Outcome:
        """Send the call once, under its proof, and wait. Cancelling the task cancels it at the server."""
        number = self._next_id()
        line = talk.call_message(number, call, self.era, progress=progress is not None)
        if progress is not None:
            self._progress[number] = progress
        answered = self._expect(number)
        try:
            allow.spend(call.digest)
            self._write(line)
            async with asyncio.timeout(ANSWER_LIMIT):
                return talk.outcome(await answered, self.era)
        except TimeoutError:
            self._cancel(number, "no answer in time")
            raise OutcomeUnknown(f"the server did not answer within {ANSWER_LIMIT:.0f} seconds") from None
        except asyncio.CancelledError:
            self._cancel(number, "the client cancelled the call")
            raise
        finally:
            self._pending.pop(number, None)
            self._progress.pop(number, None)

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
        elif said.id is not None:
            self._refuse(said.id, said.method)
        elif said.method == "notifications/progress":
            self._pass_progress(said.params)
        elif said.method == "notifications/tools/list_changed":
            self._on_tools_changed()

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

    def _unreadable(self, line: bytes, error: UpstreamError) -> None:
        """Fail the requests that a broken answer belongs to, where their ids can be made out at all."""
        for number in _ids_in(line):
            _fail(self._pending.pop(number, None), str(error))
        self._noise += 1
        if self._noise > MAX_NOISE:
            raise UpstreamError(
                f"the server printed more than {MAX_NOISE} lines on its standard output that are no messages;"
                " it must log to standard error"
            )

    def _refuse(self, number: int | str, method: str) -> None:
        """Answer a request of the server: we are there, and carry nothing of it to the client."""
        with contextlib.suppress(NotSent):
            if method == "ping":
                self._write(envelope.result(number, b"{}"))
            else:
                self._write(envelope.error(number, METHOD_NOT_FOUND, "method not found"))

    def _pass_progress(self, params: dict[str, Any]) -> None:
        token = params.get("progressToken")
        progress = self._progress.get(token) if isinstance(token, int) else None
        if progress is not None:
            progress(talk.progress_params(params))

    def _ask(self, method: str, params: dict[str, Any]) -> asyncio.Future[answer.Incoming]:
        number = self._next_id()
        future = self._expect(number)
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        try:
            self._write(strict.serialise(message))
        except NotSent as error:
            future.set_exception(error)
            future.exception()
        return future

    def _expect(self, number: int) -> asyncio.Future[answer.Incoming]:
        future: asyncio.Future[answer.Incoming] = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        return future

    def _cancel(self, number: int, reason: str) -> None:
        with contextlib.suppress(NotSent):  # it is gone, and the call with it
            self._write(
                envelope.notification("notifications/cancelled", {"requestId": number, "reason": reason})
            )

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id


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
