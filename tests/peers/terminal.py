"""A gateway on a terminal of its own, and a person at it who types what a test wants."""

import os
import pty
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from tests.support.gateway import Gateway

TYPE_AGAIN: Final = 0.3
"""Seconds after which the person types once more: what is typed before the question stands is thrown away."""

# The terminal becomes the gateway's controlling one, and nothing else of it changes.
_ON_TERMINAL: Final = """
import os, sys
os.setsid()
os.close(os.open(sys.argv[1], os.O_RDWR))
os.execv(sys.argv[2], sys.argv[2:])
"""


class TerminalGateway(Gateway):
    """Like `Gateway`, with `--ask terminal`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, ask="terminal", **options)
        self._person, self._terminal = pty.openpty()
        self._command = [sys.executable, "-c", _ON_TERMINAL, os.ttyname(self._terminal), *self._command]
        self._shown: list[str] = []
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    @property
    def shown(self) -> str:
        """All that the terminal has shown so far."""
        return "".join(self._shown)

    @contextmanager
    def person(self, word: str) -> Iterator[None]:
        """While this lasts a person answers each question with this word."""
        done = threading.Event()
        typist = threading.Thread(target=self._type, args=(word, len(self._shown), done), daemon=True)
        typist.start()
        try:
            yield
        finally:
            done.set()
            typist.join()

    def close(self) -> None:
        super().close()
        os.close(self._terminal)
        self._watcher.join(5)
        os.close(self._person)

    def _watch(self) -> None:
        try:
            while data := os.read(self._person, 4096):
                self._shown.append(data.decode("utf-8", "replace"))
        except OSError:  # nobody has the terminal open any more
            return

    def _type(self, word: str, since: int, done: threading.Event) -> None:
        while not done.wait(0.01):
            if "allow or deny: " in "".join(self._shown[since:]):
                os.write(self._person, word.encode() + b"\n")
                done.wait(TYPE_AGAIN)
