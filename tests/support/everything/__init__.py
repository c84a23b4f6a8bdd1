"""A server that offers all that the conformance suite asks of one, in both eras.

    with EverythingServer() as server: server.url
    spec()            an entry of `mcpServers` for it over stdio
    spec("legacy")    the same, of that era alone

Written with the low-level server of the SDK from what the suite's scenarios say they need, word for word.

    __main__   the program: stdio, or `--http` on a free port, whose URL it prints; one era or both
    server     prompts, resources, logging, completion, and the server over all of it
    tools      the tools that ask nothing, and the table of all of them
    asking     the tools that ask something
    parts      content, questions, state that comes back
"""

import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

Era = Literal["legacy", "modern", "dual"]

ROOT: Final = Path(__file__).parents[3]
START_SECONDS: Final = 30.0


def spec(era: Era = "dual") -> dict[str, Any]:
    """The entry of `mcpServers` that starts it over stdio."""
    arguments = ["-m", __name__, "--era", era]
    return {"command": sys.executable, "args": arguments, "env": {"PYTHONPATH": str(ROOT)}}


class EverythingServer:
    """Starts it over HTTP and waits, bounded, until it serves."""

    def __init__(self, era: Era = "dual") -> None:
        self._era = era
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, "--http", "--era", self._era],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        guard = threading.Timer(START_SECONDS, self._process.kill)
        guard.start()
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        guard.cancel()
        assert self.url, "the server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
