"""The person's word at the terminal: only whole words count, and only at the terminal itself."""

import os
import sys
from collections.abc import Iterable

from latchward.model.errors import LatchwardError
from latchward.model.plain import visible

from .terminal import forget_typed


def accepted(question: str, lines: Iterable[str], verb: str) -> bool:
    """Show the lines, ask, and wait for `accept` or `leave`. Raises `LatchwardError` without a terminal."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        raise LatchwardError(f"there is no terminal to ask on; run `latchward {verb}` at one") from None
    sys.stdout.flush()  # what is asked about may have gone there
    with open(terminal, "r+b", buffering=0) as tty:
        forget_typed(terminal)
        shown = "".join(f"    {visible(line)}\n" for line in lines)
        tty.write(f"\n{visible(question)}\n{shown}accept or leave: ".encode())
        while True:
            word = tty.readline().decode("utf-8", "replace")
            if word.strip().lower() in ("accept", "leave") or not word:
                return word.strip().lower() == "accept"
            tty.write(b"Type the whole word: accept or leave: ")
