"""The two threads of a bridge.

The main one reads the agent's lines: it sends each at once, or lets it wait where there is no link. The
other keeps the link: it opens the socket, opens the agent's conversation anew where there was one, sends what
waited, and passes on what comes until the link breaks.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import threading
import time
from collections import deque

from latchward import endpoint

from .book import Book, Message
from .service import ask_for_service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Final, NoReturn

FIRST_PAUSE: Final = 0.05
"""Seconds between the first two attempts to open a link; each pause doubles the one before."""
LONGEST_PAUSE: Final = 1.0
"""Seconds between two attempts at most."""
WELCOME_WAIT: Final = 5.0
"""Seconds that the gateway has to answer a greeting."""
LAST_ANSWERS: Final = 5.0
"""Seconds that the answers still due may take once the agent has closed our stdin."""
ANSWER_BYTES: Final = 72 * 1024 * 1024
"""One line of the gateway: a server's largest answer, and its envelope."""
CHUNK: Final = 16 * 1024
"""Bytes that are read at once."""

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
NOT_RUNNING: Final = -31001
UNKNOWN_OUTCOME: Final = -31002
"""JSON-RPC codes; our own lie outside the range that JSON-RPC and MCP keep."""

_IS_DOWN: Final = (
    "Latchward is not running: start it (`latchward gateway`, or from the menu), then try again. "
    "Nothing was sent."
)
_LOST: Final = (
    "The link to Latchward broke while this request was under way. It may have been done: look before "
    "repeating it, and tell the user."
)
_FULL: Final = "Too many requests wait for Latchward, which is not running: start it, then try again."


class Link:
    """A socket on which the gateway was greeted. Raises what `endpoint.dial` raises."""

    def __init__(self, path: str, client: str) -> None:
        self._socket = endpoint.dial(path, client)
        self._cutter = endpoint.Cutter(ANSWER_BYTES)
        self._lines: deque[bytes | endpoint.TooLong] = deque()

    def send(self, *lines: bytes) -> bool:
        """Write lines. False where the link is broken: then the last one did not leave, lacking its end."""
        try:
            self._socket.sendall(b"".join(line + b"\n" for line in lines))
        except OSError:
            self.close()
            return False
        return True

    def wait(self, seconds: float | None) -> None:
        """How long `read` waits for more; None: as long as it takes."""
        self._socket.settimeout(seconds)

    def read(self) -> bytes | None:
        """The next line; None where the link is broken. Raises `TimeoutError`."""
        while not self._lines:
            try:
                data = self._socket.recv(CHUNK)
            except TimeoutError:
                raise
            except OSError:
                data = b""
            if not data:
                return None
            self._lines.extend(self._cutter.feed(data))
        line = self._lines.popleft()
        return line if isinstance(line, bytes) else None

    def close(self) -> None:
        """End it: whoever reads from it is woken."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


class Bridge:
    """One agent's bridge."""

    def __init__(self, client: str, path: str, out: int) -> None:
        self._client = client
        self._path = path
        self._out = out
        self._book = Book()
        self._link: Link | None = None
        self._book.begin(time.monotonic())
        self._telling = False  # taken out of the book, not written yet
        self._ending = False
        self._kicked = False
        self._state = threading.Condition()
        self._saying = threading.Lock()

    def run(self, source: int) -> None:
        """Relay until the agent closes `source`, and the last answers are there."""
        threading.Thread(target=self._guarded, daemon=True).start()
        cutter = endpoint.Cutter()
        while data := os.read(source, CHUNK):
            for line in cutter.feed(data):
                self._take(line)
        for line in cutter.end():
            self._take(line)
        self._finish()

    # the agent's lines: the main thread

    def _take(self, line: bytes | endpoint.TooLong) -> None:
        if not isinstance(line, bytes):
            self._say(_error(line.id, INVALID_REQUEST, f"a message has more than {endpoint.MAX_LINE} bytes"))
            return
        message = Message(line)
        fits = True
        with self._state:
            link = self._link
            if link is None:
                fits = self._book.wait(message, time.monotonic())
                self._kicked = True
                self._state.notify()
            else:
                self._book.sent(message)
        if link is not None:
            self._send(link, message)
        elif not fits:
            self._turn_away([message], NOT_RUNNING, _FULL)

    def _send(self, link: Link, message: Message) -> bool:
        if link.send(message.line):
            return True
        with self._state:
            self._book.unsent(message, time.monotonic())
        return False

    def _finish(self) -> None:
        """The agent says no more: wait, within a limit, for the answers that it still reads."""
        until = time.monotonic() + LAST_ANSWERS
        with self._state:
            self._ending = True
            while (self._book.owes() or self._telling) and time.monotonic() < until and not _deaf(self._out):
                self._state.wait(0.1)

    # the link: the other thread

    def _guarded(self) -> None:
        """A fault of ours ends the bridge: a client sees that, and would wait for ever otherwise."""
        try:
            self._keep_link()
        except BaseException:
            sys.excepthook(*sys.exc_info())
        os._exit(1)

    def _keep_link(self) -> None:
        pause = FIRST_PAUSE
        asked = False
        while True:
            since = time.monotonic()
            link, problem = self._open()
            if link is not None:
                self._serve(link)
                self._lose(link)
            elif not asked and not problem:
                ask_for_service(self._path)
            asked = True  # once, at our own start: what the person has ended stays so
            self._give_up(problem)
            pause = FIRST_PAUSE if time.monotonic() - since > LONGEST_PAUSE else min(2 * pause, LONGEST_PAUSE)
            self._rest(pause)

    def _open(self) -> tuple[Link | None, str]:
        """A link that was welcomed; else why not, with "" where no gateway runs."""
        try:
            link = Link(self._path, self._client)
        except endpoint.NotOurs as error:
            return None, str(error)
        except (OSError, ValueError):
            return None, ""
        until = time.monotonic() + WELCOME_WAIT
        link.wait(FIRST_PAUSE)
        line: bytes | None = None
        while time.monotonic() < until:
            try:
                line = link.read()
                break
            except TimeoutError:
                self._give_up("")
        if line is not None and line + b"\n" == endpoint.WELCOME:
            link.wait(None)
            return link, ""
        link.close()
        return None, endpoint.refusal(line) if line is not None else ""

    def _serve(self, link: Link) -> None:
        """Open the conversation anew, send what waited, and pass on what comes until the link breaks."""
        with self._state:
            there, here = self._book.reopening()
        if there:
            link.send(*there)
        for line in here:
            self._say(line)
        while True:
            with self._state:
                message = self._book.next()
                if message is None:
                    self._link = link
                    break
            if not self._send(link, message):
                break
        while self._pass_on(link.read()):
            pass  # nothing here holds the last line, which may be large, until the next one comes

    def _pass_on(self, line: bytes | None) -> bool:
        """Tell the agent what it has not had yet; False at the link's end."""
        if line is None:
            return False
        with self._state:
            passes = self._book.passes(line)
            self._telling = True
        if passes:
            self._say(line)
        self._told()
        return True

    def _told(self) -> None:
        self._telling = False
        if self._ending:
            with self._state:
                self._state.notify()

    def _lose(self, link: Link) -> None:
        link.close()
        now = time.monotonic()
        with self._state:
            self._link = None
            lost = self._book.broke(now)
            self._telling = True
        self._turn_away(lost, UNKNOWN_OUTCOME, _LOST)
        self._told()

    def _give_up(self, problem: str) -> None:
        """Answer what has waited long enough; all of it where waiting does not help."""
        with self._state:
            self._kicked = False
            late = self._book.overdue(float("inf") if problem else time.monotonic())
            self._telling = True
        self._turn_away(late, NOT_RUNNING, problem or _IS_DOWN)
        self._told()

    def _rest(self, pause: float) -> None:
        """Wait for the next attempt: less where a request comes, or has waited long enough."""
        with self._state:
            due = self._book.due(time.monotonic())
            self._state.wait_for(lambda: self._kicked, max(0.0, min(pause, due)))

    # stdout

    def _turn_away(self, messages: list[Message], code: int, why: str) -> None:
        for message in messages:
            if message.key:
                self._say(_error(message.key.encode(), code, why))
            elif message.broken:
                self._say(_error(b"null", PARSE_ERROR, "this line is not a JSON-RPC message"))

    def _say(self, line: bytes) -> None:
        pieces = (line + b"\n",) if len(line) < CHUNK else (line, b"\n")
        with self._saying:
            try:
                for piece in pieces:
                    view = memoryview(piece)
                    while view:
                        view = view[os.write(self._out, view) :]
            except OSError:
                os._exit(0)  # nobody reads us any more

    def stop(self, number: int, frame: FrameType | None) -> NoReturn:
        """End on a signal, between two lines if that can be."""
        self._saying.acquire(timeout=0.5)
        os._exit(0)


def _error(key: bytes, code: int, message: str) -> bytes:
    said = json.dumps({"code": code, "message": message})
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (key, said.encode())


def _deaf(out: int) -> bool:
    """Whether nobody reads what we write."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(out, 0)
    return bool(poll.poll(0))
