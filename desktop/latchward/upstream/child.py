"""A child process on POSIX: three pipes, a group of its own, and an end that is seen before it is reaped.

The event loops' own way is not enough here. uvloop leaves the child copies
of its pipes, so that closing one is never seen; it runs a file that is no
program with a shell; and both loops reap the child first, when the number of
its group may already be another's.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

_STREAMS: Final = ("stdin", "stdout", "stderr")


class Child(asyncio.SubprocessTransport):
    """Calls its protocol as an event loop's own transport does.

    `process_exited` comes while the dead child still holds its number.
    """

    def __init__(self, protocol: asyncio.SubprocessProtocol, popen: subprocess.Popen[bytes]) -> None:
        super().__init__()
        self._protocol = protocol
        self._popen = popen
        self._loop = asyncio.get_running_loop()
        self._pipes: dict[int, asyncio.BaseTransport] = {}
        self._pidfd = -1

    async def open(self) -> None:
        """Connect the pipes; afterwards the protocol has its transport."""
        try:
            for fd, name in enumerate(_STREAMS):
                self._pipes[fd] = await self._connect(fd, getattr(self._popen, name))
            self._protocol.connection_made(self)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)
            self.close()
            raise
        finally:
            self._watch()

    async def _connect(self, fd: int, stream: IO[bytes]) -> asyncio.BaseTransport:
        connect: Any = self._loop.connect_write_pipe if fd == 0 else self._loop.connect_read_pipe
        transport, _ = await connect(lambda: _Pipe(self._protocol, fd), stream)
        made: asyncio.BaseTransport = transport
        return made

    def get_pid(self) -> int:
        return self._popen.pid

    def get_returncode(self) -> int | None:
        """How the child ended; asked after its end, this reaps it."""
        return self._popen.poll()

    def get_pipe_transport(self, fd: int) -> asyncio.BaseTransport | None:
        return self._pipes.get(fd)

    def close(self) -> None:
        """Close the pipes. The child is reaped whenever it ends."""
        for pipe in self._pipes.values():
            pipe.close()

    def _watch(self) -> None:
        if sys.platform == "linux":
            with contextlib.suppress(
                OSError
            ):  # no descriptor left, or a system without: a thread can wait too
                self._pidfd = os.pidfd_open(self._popen.pid)
                self._loop.add_reader(self._pidfd, self._ended)
                return
        threading.Thread(target=self._wait, name="waits for a server's end", daemon=True).start()

    def _wait(self) -> None:
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOWAIT)
        else:
            self._popen.wait()
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            self._loop.call_soon_threadsafe(self._ended)

    def _ended(self) -> None:
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
        self._protocol.process_exited()
        self._popen.poll()


class _Pipe(asyncio.Protocol):
    """One of the child's pipes."""

    def __init__(self, protocol: asyncio.SubprocessProtocol, fd: int) -> None:
        self._protocol = protocol
        self._fd = fd

    def data_received(self, data: bytes) -> None:
        self._protocol.pipe_data_received(self._fd, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.pipe_connection_lost(self._fd, exc)


async def spawn(
    protocol: asyncio.SubprocessProtocol,
    command: Sequence[str],
    env: Mapping[str, str],
    cwd: str | None,
    umask: int = -1,
) -> None:
    """Start `command` without a shell, in a session of its own. Raises `OSError` or `ValueError`.

    `umask` is the person's: ours is closer, and files that a server writes are theirs. -1 leaves ours.
    """
    popen = subprocess.Popen(
        command,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        cwd=cwd,
        start_new_session=True,
        umask=umask,
    )
    await Child(protocol, popen).open()
