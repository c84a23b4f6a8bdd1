"""Programs on a desktop, and the keeper that they hang below."""

import array
import itertools
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from .waiting import WAIT, NotInTime, wait_for

KEEPER: Final = Path(__file__).with_name("desktop_keeper.py")


class DesktopError(AssertionError):
    """A part of the desktop is missing or did not come up."""


def program_path(name: str | Path, env: Mapping[str, str]) -> str:
    """Where a program is. Raises `DesktopError`."""
    found = shutil.which(str(name), path=env["PATH"])
    if not found:
        raise DesktopError(f"there is no `{name}`: `./check` installs what the desktop tests need")
    return found


class Program:
    """A program on the desktop. What it prints, on both streams, is kept in a file."""

    def __init__(self, name: str, pid: int, log: Path, ended: int) -> None:
        self.name = name
        self.pid = pid
        self.log = log
        self._ended = ended
        self._status: int | None = None

    @property
    def printed(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def status(self) -> int | None:
        """The exit status (a signal is negative); None while it runs."""
        if self._status is None and self._ended >= 0:
            try:
                report = os.read(self._ended, 16)
            except BlockingIOError:
                return None
            self._status = int(report or b"-9")
            self.forget()
        return self._status

    def wait(self, seconds: float = WAIT) -> int:
        """Its exit status, once it has ended. Raises `NotInTime`."""
        wait_for(lambda: self.status is not None, f"end of {self.name}", seconds)
        assert self.status is not None
        return self.status

    def wait_print(self, pattern: str, seconds: float = WAIT) -> re.Match[str]:
        """The first match in what it has printed, with lines as `^` and `$`. Raises `NotInTime`."""
        try:
            return wait_for(lambda: re.search(pattern, self.printed, re.MULTILINE), repr(pattern), seconds)
        except NotInTime as error:
            raise NotInTime(
                f"{error} from {self.name} (exit status {self.status}):\n{self.printed}"
            ) from None

    def signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.status is None:
            os.kill(self.pid, number)

    def forget(self) -> None:
        """Close our end of its report."""
        if self._ended >= 0:
            os.close(self._ended)
            self._ended = -1


class Programs:
    """The keeper of a desktop, and what it was told to start; `root` is removed when it is closed."""

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        self.root = root
        self.run: list[Program] = []
        self._parts: list[Program] = []
        self._numbers = itertools.count(1)
        self._link, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.settimeout(WAIT)
        with far:
            self._keeper = subprocess.Popen(
                [sys.executable, "-IS", str(KEEPER), str(far.fileno()), str(root)],
                stdin=subprocess.DEVNULL,
                pass_fds=[far.fileno()],
                start_new_session=True,
                env=env,
            )

    def start(
        self, command: Sequence[str | Path], env: Mapping[str, str], cwd: Path, *, part: bool
    ) -> Program:
        """Start a program, or a part of the desktop. Raises `DesktopError`."""
        words = [program_path(command[0], env), *map(str, command[1:])]
        name = Path(words[0]).name
        log = self.root / "log" / f"{next(self._numbers):02}-{name}"
        ended, report = os.pipe()
        os.set_blocking(ended, False)
        request = {"command": words, "env": dict(env), "cwd": str(cwd), "part": part}
        with open(os.devnull, "rb") as nothing, log.open("ab") as output:
            answer = self._request(request, [nothing.fileno(), output.fileno(), report])
        os.close(report)
        if "error" in answer:
            os.close(ended)
            raise DesktopError(f"cannot start `{shlex.join(words)}`: {answer['error']}")
        program = Program(name, int(answer["pid"]), log, ended)
        (self._parts if part else self.run).append(program)
        return program

    def keep(self) -> None:
        """What runs now, started by whomever, is the desktop."""
        self._request({"keep": True}, [])

    def clear(self) -> None:
        """End everything but the desktop."""
        self._request({"clear": True}, [])
        for program in self.run:
            program.forget()
        self.run = []

    def close(self) -> None:
        """End everything, and wait until it is gone."""
        for program in (*self.run, *self._parts):
            program.forget()
        self._link.close()
        self._keeper.wait(WAIT)

    def _request(self, request: dict[str, Any], pipes: list[int]) -> dict[str, Any]:
        body = json.dumps(request).encode()
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", pipes))] if pipes else []
        self._link.sendmsg([body], rights)
        answer: dict[str, Any] = json.loads(self._link.recv(65_536))
        return answer
