"""A server's process: started in a group of its own, both outputs drained, stopped with all it started."""

import asyncio
import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Final, cast

from latchward.model.errors import NotSent, UpstreamError
from latchward.model.upstream import UpstreamSpec

from .child import spawn
from .environment import PLAIN, Birth, for_server
from .lines import Lines

STDERR_RING: Final = 256 * 1024
"""Bytes kept of what a server writes to its standard error."""
MAX_UNREAD: Final = 16 * 1024 * 1024
"""Bytes that may wait for a server that does not read; the next call is refused."""
GRACE: Final = 2.0
"""Seconds between closing a server's input, asking it to end, and ending it."""
DRAIN: Final = 0.5
"""Seconds for what a process wrote before it ended to be read, where something still holds its outputs."""
BUSY: Final = 0.002
"""Seconds that one chunk of a server's messages may take; beyond, the server has to wait."""
SHARE: Final = 4.0
"""How many times as long as its chunk took a server waits then, so that no flood starves the others."""

_KILL: Final = getattr(signal, "SIGKILL", signal.SIGTERM)
_INPUT, _OUTPUT, _ERRORS, _EXIT = range(4)


class Process(asyncio.SubprocessProtocol):
    """Made, started once, stopped once. Lines go to `on_line`; `on_end` gets the reason of its end, once.

    `on_line` may raise `UpstreamError`; that ends the run.
    """

    def __init__(self, on_line: Callable[[bytes], None], on_end: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._on_end: Callable[[str], None] | None = on_end
        self._lines = Lines()
        self._errors = bytearray()
        self._transport: asyncio.SubprocessTransport | None = None
        self._stdin: asyncio.WriteTransport | None = None
        self._awaited = {_OUTPUT, _ERRORS, _EXIT}
        self._leaving = ""
        self._starting: asyncio.Future[None] | None = None
        self._pid = 0
        self._loop = asyncio.get_running_loop()
        self._exited = asyncio.Event()

    async def start(self, spec: UpstreamSpec, env: Mapping[str, str], birth: Birth = PLAIN) -> None:
        """Start the server's program, without a shell, with `env` for its own variables.

        Raises `NotSent` with a sentence where that fails.
        """
        whole = {**for_server(env), **birth.marks}
        self._starting = asyncio.ensure_future(self._spawn(spec, whole, birth.umask))
        # Not cancelled in the middle, whoever gives up: it takes no time, and `stop` must find what it made.
        await asyncio.wait({self._starting})
        error = self._starting.exception()
        if isinstance(error, OSError | ValueError):
            raise NotSent(_why_not(spec, error)) from None
        if error is not None:
            raise error

    async def _spawn(self, spec: UpstreamSpec, env: Mapping[str, str], umask: int) -> None:
        command = (spec.command, *spec.args)
        if sys.platform == "win32":
            await self._loop.subprocess_exec(lambda: self, *command, env=env, cwd=spec.cwd)
        else:
            await spawn(self, command, env, spec.cwd, umask)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._stdin = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(_INPUT))
        self._pid = self._transport.get_pid() or 0

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == _ERRORS:
            self._errors += data
            if len(self._errors) > 2 * STDERR_RING:
                del self._errors[:-STDERR_RING]
        elif self._on_end is not None:
            started = self._loop.time()
            self._pass_lines(data)
            if (took := self._loop.time() - started) > BUSY:
                self._rest(took * SHARE)

    def _pass_lines(self, data: bytes) -> None:
        try:
            for line in self._lines.feed(data):
                if self._on_end is None:
                    return
                self._on_line(line)
        except UpstreamError as error:
            self.end(str(error))

    def _rest(self, seconds: float) -> None:
        """Read nothing more for that long; the pipe fills up and the server has to wait."""
        output = self._transport.get_pipe_transport(_OUTPUT) if self._transport is not None else None
        if output is not None and not output.is_closing():
            reading = cast("asyncio.ReadTransport", output)
            reading.pause_reading()
            self._loop.call_later(min(seconds, DRAIN / 2), _resume, reading)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._awaited.discard(fd)
        if fd != _ERRORS or self._leaving:
            self._leave(self._leaving or f"it closed its standard {'input' if fd == _INPUT else 'output'}")

    def process_exited(self) -> None:
        # What it left behind is ended now, while it holds the group's number. It is not signalled again:
        # the number of an empty group may be another's.
        self._signal_group(_KILL)
        self._exited.set()
        self._awaited.discard(_EXIT)
        self._leave(_how(self._transport.get_returncode() if self._transport is not None else None))

    def _leave(self, reason: str) -> None:
        """The run is over: nothing is sent any more, but what was written before is read to its end."""
        if not self._leaving:
            self._loop.call_later(DRAIN, self._left)
        self._leaving = reason
        if not self._awaited:
            self._left()

    def _left(self) -> None:
        self.end(self._leaving)

    def write(self, line: bytes) -> None:
        """Hand one message to the server. Raises `NotSent` where it certainly does not leave."""
        if self._stdin is None or self._on_end is None or self._leaving or self._stdin.is_closing():
            raise NotSent("the server's process is gone; nothing was sent")
        if self._stdin.get_write_buffer_size() > MAX_UNREAD:
            raise NotSent("the server does not read what it is sent; nothing was sent")
        self._stdin.write(line + b"\n")

    def end(self, reason: str) -> None:
        """Say once that this run is over. `stop` then ends what is left of the process."""
        told, self._on_end = self._on_end, None
        if told is not None:
            told(reason)

    @property
    def stderr(self) -> str:
        """The last that the server wrote to its standard error."""
        return self._errors[-STDERR_RING:].decode("utf-8", "replace")

    async def stop(self) -> None:
        """Close its input, then ask, then end the whole group; returns when the process is gone."""
        self.end("it was stopped")
        if self._starting is not None:
            await asyncio.wait({self._starting})
            self._starting.exception()  # told to who started it, or nobody wants to know any more
        if self._transport is None or self._stdin is None:
            return
        try:
            self._stdin.close()
            for sign in (None, signal.SIGTERM, _KILL):
                if sign is not None:
                    self._signal_group(sign)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._exited.wait(), GRACE)
                    break
        finally:
            self.kill()  # also where the wait was cancelled

    def kill(self) -> None:
        """End the whole group at once, without waiting. Does nothing where it is gone."""
        self._signal_group(_KILL)
        if self._transport is not None:
            self._transport.close()

    def _signal_group(self, sign: int) -> None:
        # 0 would be our own group, and the number of a group that is gone may be another's by now.
        if self._pid < 2 or self._exited.is_set():
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                os.kill(self._pid, sign)
            else:
                os.killpg(self._pid, sign)


def _resume(reading: asyncio.ReadTransport) -> None:
    if not reading.is_closing():
        reading.resume_reading()


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"its process was ended by signal {-code}"
    return f"its process ended with code {code}"


def _why_not(spec: UpstreamSpec, error: OSError | ValueError) -> str:
    """Why the program could not be started, and what to do."""
    if spec.cwd and not os.path.isdir(spec.cwd):
        return f"its folder `{spec.cwd}` is not there; correct `cwd` in the server's entry"
    if isinstance(error, FileNotFoundError):
        return (
            f"`{spec.command}` was not found; install it, or write its whole path as `command`"
            " in the server's entry"
        )
    if isinstance(error, PermissionError):
        return (
            f"`{spec.command}` may not be run; make it executable, or correct `command` in the server's entry"
        )
    if isinstance(error, OSError) and error.errno == errno.E2BIG:
        return "its arguments and variables are longer than the system allows; shorten one of them"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"`{spec.command}` could not be started ({reason}); correct `command` in the server's entry"
