"""A program on a terminal of its own, and the person in front of it.

terminal = Terminal([sys.executable, "-m", "latchward", "review"], environment())
terminal.until("accept or leave: ")
terminal.type("accept")
assert terminal.end() == 0
"""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from .waiting import WAIT

_BECOME: Final = Path(__file__).with_name("on_terminal.py")


class Terminal:
    """Starts the program. `screen` is our end of its terminal; every wait is bounded."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], folder: Path | None = None) -> None:
        self.screen, inside = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, str(_BECOME), *command],
            env=env,
            cwd=folder,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        self.shown = ""
        """All that the program has shown so far, and the echo of what was typed."""
        self._seen = 0
        self._bytes = b""

    def until(self, piece: str, seconds: float = WAIT) -> str:
        """What is shown up to `piece`, from where the last wait ended."""
        deadline = time.monotonic() + seconds
        while (found := self.shown.find(piece, self._seen)) < 0:
            if not self._read(deadline):
                raise TimeoutError(f"no {piece!r}, but {self.shown!r}")
        text, self._seen = self.shown[self._seen : found], found + len(piece)
        return text

    def type(self, line: str) -> None:
        """Type a line."""
        self.press(f"{line}\n")

    def press(self, keys: str) -> None:
        """Type just these signs."""
        os.write(self.screen, keys.encode())

    def end(self, seconds: float = WAIT) -> int:
        """Its exit status, once it has ended by itself."""
        deadline = time.monotonic() + seconds
        while self._read(deadline):
            pass
        status = self.process.wait(max(deadline - time.monotonic(), 1.0))
        os.close(self.screen)
        return status

    def _read(self, deadline: float) -> bool:
        """Whether the program showed more in time."""
        if not select.select([self.screen], [], [], max(deadline - time.monotonic(), 0))[0]:
            return False
        try:
            self._bytes += os.read(self.screen, 65_536)
        except OSError:  # nobody has the terminal open any more
            return False
        self.shown = self._bytes.decode("utf-8", "replace").replace("\r\n", "\n")
        return True
