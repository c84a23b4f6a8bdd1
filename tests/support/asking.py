"""A gateway that asks on a terminal, and the person at it.

with AskingGateway(servers, policies, grants) as gateway:
    ...                                   # a call that needs a person, on another thread
    gateway.question()                    # the text of the question, once it stands there whole
    gateway.answer("allow")
"""

import os
import pty
import select
import sys
import time
from pathlib import Path
from typing import Any, Self

from .gateway import Gateway, Grants, Policies, Servers

PROMPT = b"allow or deny: "
CLOSED = b"The question is closed"


class AskingGateway(Gateway):
    """A gateway with a controlling terminal of its own, whose other end is here."""

    def __init__(self, servers: Servers, policies: Policies, grants: Grants, **options: Any) -> None:
        super().__init__(servers, policies, grants, ask="terminal", **options)
        self._command = [sys.executable, str(Path(__file__).with_name("on_terminal.py")), *self._command]
        self._screen = -1
        self.shown = b""

    def start(self) -> Self:
        self._screen, self._stdin = pty.openpty()
        try:
            return super().start()
        finally:
            os.close(self._stdin)

    def question(self, seconds: float = 5.0) -> str:
        """What the terminal shows since the last look, up to the prompt. Raises `TimeoutError`."""
        return self.until(PROMPT, seconds)

    def until(self, piece: bytes, seconds: float = 5.0) -> str:
        """Read on until `piece` stands there; the text up to it."""
        deadline = time.monotonic() + seconds
        while piece not in self.shown:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._screen], [], [], left)[0]:
                raise TimeoutError(f"the terminal shows no {piece!r}, but {self.shown!r}")
            self.shown += os.read(self._screen, 65_536)
        text, _, self.shown = self.shown.partition(piece)
        return text.decode()

    def silent(self, seconds: float = 0.3) -> bool:
        """Whether no prompt comes for so long."""
        try:
            self.question(seconds)
        except TimeoutError:
            return True
        return False

    def answer(self, word: str) -> None:
        """Type a line, a moment after the question: what was typed before it stood there is thrown away."""
        time.sleep(0.05)
        os.write(self._screen, word.encode() + b"\n")

    def close(self) -> None:
        super().close()
        if self._screen >= 0:
            os.close(self._screen)
            self._screen = -1
