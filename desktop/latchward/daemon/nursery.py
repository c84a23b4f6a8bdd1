"""Where trays come from on Linux: a process forked from the gateway once that had closed itself to others.

A program that is started with `exec` is open to other programs of the same user until it has closed itself,
and in that moment one of them can take its end of the private link (`pidfd_getfd`; it works every time). A
fork of a closed process is closed from its first instruction on. The gateway cannot be forked later, for then
it has threads; so this process is, before all else, and forks each tray from itself.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NoReturn

from .hardening import call_it

ANSWER_WAIT: Final = 2.0
"""Seconds for a fork: it takes some milliseconds, in which the gateway waits."""
_WORD: Final = 16

Tray = Callable[[int], int]
"""Runs a tray on the descriptor of its end of the link; the exit status."""


class Nursery:
    """The gateway's end. `begin` makes it."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def start(self, link: socket.socket) -> "Forked":
        """Fork a tray that has this end of the link. Raises `OSError` where the nursery is gone."""
        socket.send_fds(self._end, [b"tray"], [link.fileno()])
        try:
            answer = self._end.recv(_WORD)
        except TimeoutError:
            self._end.close()  # a late answer must not be taken for that of another tray
            raise
        if not answer:
            raise OSError("the process that starts the tray has ended; start Latchward anew")
        return Forked(int(answer))


class Forked:
    """A tray that runs, as `asyncio.subprocess.Process` is one. How it ended is not known: it counts as 0."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._over: asyncio.Event | None = None
        self._held = -1
        if sys.platform == "linux":
            with suppress(ProcessLookupError):
                self._held = os.pidfd_open(pid)
        if self._held < 0:
            self.returncode = 0

    async def wait(self) -> int:
        """Returns when it has ended."""
        if self.returncode is None:
            if self._over is None:
                self._over = asyncio.Event()
                asyncio.get_running_loop().add_reader(self._held, self._ended, self._over)
            await self._over.wait()
        return 0

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        if sys.platform != "win32":
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.returncode is None and sys.platform == "linux":
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._held, number)

    def _ended(self, over: asyncio.Event) -> None:
        asyncio.get_running_loop().remove_reader(self._held)
        os.close(self._held)
        self.returncode = 0
        over.set()


def begin(tray: Tray) -> Nursery | None:
    """Fork the nursery; to be called by a closed process that has no threads. None where there is no need."""
    if sys.platform != "linux":
        return None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        _tend(theirs, tray)
    theirs.close()
    ours.settimeout(ANSWER_WAIT)
    return Nursery(ours)


def _tend(end: socket.socket, tray: Tray) -> NoReturn:
    """Fork a tray whenever one is wanted, for as long as the gateway is there."""
    call_it("latchward-start")
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):  # the kernel buries a tray that has ended
        signal.signal(ignored, signal.SIG_IGN)
    while True:
        word, descriptors, _, _ = socket.recv_fds(end, _WORD, 1)
        if not word:
            os._exit(0)
        pid = os.fork()
        if pid == 0:
            end.close()
            _become(descriptors[0], tray)
        os.close(descriptors[0])
        with suppress(OSError):
            end.send(str(pid).encode())


def _become(link: int, tray: Tray) -> NoReturn:
    """Run the tray in this process, and end with it."""
    status = 1
    try:
        call_it("latchward-tray")
        for usual in (signal.SIGHUP, signal.SIGCHLD):
            signal.signal(usual, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.close(nothing)
        status = tray(link)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
