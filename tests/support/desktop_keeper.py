"""The process above everything on a test's desktop: it starts the programs, and in the end it ends them.

    python -IS desktop_keeper.py FD DIRECTORY

It reads requests from the socket FD, one JSON object in each packet:

    {"command": [...], "env": {...}, "cwd": ..., "part": false}   start it, with the three descriptors of the
                                                                  packet: stdin, stdout, a pipe for its status
    {"keep": true}                                                what runs now is the desktop
    {"clear": true}                                               end all that is not the desktop

Orphans are handed to the nearest subreaper, which this is. So it finds every process below it by asking who
is whose parent, which the system always answers: a hardened program hides its environment, not its parent.
When the other end of the socket closes, however that came about, everything is ended and DIRECTORY removed.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from typing import Any, Final

SUBREAPER: Final = 36  # PR_SET_CHILD_SUBREAPER
GRACE: Final = 1.0
LAST: Final = 3.0
PACKET: Final = 1 << 18


class Keeper:
    """What was started, and what is to be told of it."""

    def __init__(self) -> None:
        self.reports: dict[int, int] = {}
        """Where the exit status of a program goes."""
        self.parts: set[int] = set()
        """The desktop itself: what D-Bus starts for it becomes an orphan, and so ours."""
        self.first: int | None = None
        """The X server: everything else goes before it."""

    def start(self, request: dict[str, Any], pipes: list[int]) -> int:
        """Start a program with these three pipes; its pid. Raises `OSError`."""
        stdin, stdout, report = pipes
        os.chdir(request["cwd"])
        pid = os.posix_spawn(
            request["command"][0],
            request["command"],
            request["env"],
            file_actions=[
                (os.POSIX_SPAWN_DUP2, stdin, 0),
                (os.POSIX_SPAWN_DUP2, stdout, 1),
                (os.POSIX_SPAWN_DUP2, stdout, 2),
            ],
            setsid=True,
            setsigdef=(signal.SIGINT, signal.SIGPIPE, signal.SIGCHLD),
            setsigmask=(),
        )
        self.reports[pid] = os.dup(report)
        if request["part"]:
            self.parts.add(pid)
            self.first = self.first or pid
        return pid

    def reap(self) -> None:
        """Bury the dead, ours and the orphans, and report those that we started."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                self.parts.discard(pid)
                if (report := self.reports.pop(pid, None)) is not None:
                    with contextlib.suppress(OSError):
                        os.write(report, b"%d\n" % os.waitstatus_to_exitcode(status))
                    os.close(report)

    def end(self, spared: set[int], grace: float = GRACE) -> None:
        """End all below us but the spared and what is below those: with a word, then without."""
        told: set[int] = set()
        start = time.monotonic()
        while victims := below(os.getpid(), spared):
            late = time.monotonic() - start
            if late > LAST:
                return
            for pid in victims if late > grace else victims - told:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late > grace else signal.SIGTERM)
            told |= victims
            time.sleep(0.01)
            self.reap()

    def close(self) -> None:
        """End everything, the X server last: it takes its lock and its socket away."""
        self.end({self.first} if self.first in self.parts and self.first else set())
        self.end(set())


def below(top: int, spared: set[int]) -> set[int]:
    """Every living process below `top`, but the spared and what is below them."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                state, parent = file.read().rpartition(b")")[2].split()[:2]
                if state != b"Z":
                    children.setdefault(int(parent), []).append(int(name))
    found: set[int] = set()
    ahead = [top]
    while ahead:
        for pid in children.get(ahead.pop(), []):
            if pid not in spared:
                found.add(pid)
                ahead.append(pid)
    return found


def main(descriptor: int, directory: str) -> None:
    """Serve one desktop until its owner is gone."""
    if ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot become a subreaper")
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    wake, woken = os.pipe()
    for end in (wake, woken):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    os.set_inheritable(descriptor, False)
    owner = socket.socket(fileno=descriptor)
    keeper = Keeper()
    try:
        while True:
            ready = select.select([descriptor, wake], [], [])[0]
            if wake in ready:
                os.read(wake, 4096)
                keeper.reap()
            if descriptor in ready:
                packet, pipes, _, _ = socket.recv_fds(owner, PACKET, 3, socket.MSG_CMSG_CLOEXEC)
                if not packet:
                    return
                answer: dict[str, Any] = {}
                try:
                    request = json.loads(packet)
                    if "command" in request:
                        answer["pid"] = keeper.start(request, pipes)
                    elif "keep" in request:
                        keeper.parts |= below(os.getpid(), set())
                    else:
                        keeper.end(set(keeper.parts))
                except OSError as error:
                    answer["error"] = str(error)
                for pipe in pipes:
                    os.close(pipe)
                owner.send(json.dumps(answer).encode())
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        keeper.close()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
