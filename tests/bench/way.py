"""A way from the load client to the fixture server: the server itself, or a gateway in between.

A way is started once and then opened as often as one likes; what opening gives is one client's session,
its handshake done. Everything here raises `BenchFailed` or `OSError` where a way does not do its part.
"""

import asyncio
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import IO, Final

from ..support import jr
from .channel import BenchFailed, Channel, Http, Pipe, exchange, last_words
from .load import Spoken
from .setting import STOP_SECONDS, Fixture

START_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 0.002
_VERSION: Final = re.compile(rb'"protocolVersion": ?"([^"]+)"')
_SESSION: Final = re.compile(rb"(?i)\r\nmcp-session-id: *([^\r]+)")


class Session(ABC):
    """One client's session on a way. `pids` are the processes that are there for it alone."""

    spoken: Spoken
    pids: Sequence[int] = ()

    @abstractmethod
    async def channels(self, count: int) -> list[Channel]:
        """So many calls can be under way on them at once; connections that were closed are opened anew."""

    @abstractmethod
    async def close(self) -> None: ...


class Way(ABC):
    """`name` is its column; `pids` are its own processes, those of `needs` work for it too.

    `starts`: there is something of its own to start, be it for each session.
    """

    name: str
    starts = True
    pids: Sequence[int] = ()
    needs: "Way | None" = None

    def __init__(self, fixture: Fixture) -> None:
        self.fixture = fixture

    async def start(self) -> None:
        """Start what stands between, until it can be opened."""
        return

    @abstractmethod
    async def open(self) -> Session:
        """A new session."""

    def stop(self) -> None:
        """End what was started."""
        return


class HttpSession(Session):
    """Any number of connections to one URL."""

    def __init__(self, client: jr.Client, first: Http) -> None:
        self.spoken = Spoken(client)
        self._open = [first]

    async def channels(self, count: int) -> list[Channel]:
        client = self.spoken.client
        self._open = [channel for channel in self._open if not channel.closed]
        while len(self._open) < count:
            self._open.append(await Http.open(client.host, client.port))
        return [*self._open[:count]]

    async def close(self) -> None:
        for channel in self._open:
            channel.close()
        if self.spoken.client.session:
            with suppress(OSError, HTTPException):  # a farewell; whoever does not hear it forgets by itself
                await asyncio.to_thread(self.spoken.client.delete)


class PipeSession(Session):
    """A process of its own; many calls may be under way on its one pipe."""

    def __init__(self, spoken: Spoken, pipe: Pipe, *, counts: bool) -> None:
        """`counts`: the process is a gateway's, not the fixture server."""
        self.spoken, self._pipe = spoken, pipe
        self.pids = [pipe.pid] if counts else []

    async def channels(self, count: int) -> list[Channel]:
        return [self._pipe] * count

    async def close(self) -> None:
        self._pipe.close()
        await self._pipe.ended.wait()


async def open_http(url: str, token: str | None, era: jr.Era) -> HttpSession:
    """A new connection and a new session on it."""
    client = jr.Client(url, token, era, timeout=STOP_SECONDS)
    channel = await Http.open(client.host, client.port)
    try:
        spoken = Spoken(client)
        await _greet(channel, spoken)
        if found := _SESSION.search(channel.head):
            client.session = found[1].decode("ascii")
        if era == "legacy":
            await exchange(channel, spoken.notification("notifications/initialized"))
    except BaseException:
        channel.close()
        raise
    return HttpSession(client, channel)


async def open_pipe(
    command: Sequence[str],
    era: jr.Era,
    *,
    env: dict[str, str] | None = None,
    prefix: str = "",
    counts: bool = True,
) -> PipeSession:
    """A new process and a new session with it."""
    pipe = await Pipe.start(command, env)
    try:
        spoken = Spoken(jr.Client("http://pipe", era=era), prefix, http=False)
        await _greet(pipe, spoken)
        if era == "legacy":
            pipe.tell(spoken.notification("notifications/initialized"))
    except BaseException:
        pipe.close()
        raise
    return PipeSession(spoken, pipe, counts=counts)


async def _greet(channel: Channel, spoken: Spoken) -> None:
    """The handshake's first step; a legacy server's version is the session's."""
    client = spoken.client
    if client.era == "modern":
        calls = spoken.request("server/discover", expected=b'"supportedVersions"')
    else:
        params = {"protocolVersion": client.version, "capabilities": {}, "clientInfo": client.info}
        headers = {"MCP-Protocol-Version": None}
        calls = spoken.request("initialize", params, expected=b'"protocolVersion"', headers=headers)
    async with asyncio.timeout(START_SECONDS):
        answer = await exchange(channel, calls.next())
    calls.check(answer)
    if found := _VERSION.search(answer):
        client.version = found[1].decode("ascii")


class ProcessWay(Way):
    """A gateway that is a program of its own and listens on a port that it is given."""

    path = "/mcp"

    def __init__(self, fixture: Fixture) -> None:
        super().__init__(fixture)
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._port = 0

    @abstractmethod
    def command(self, port: int) -> list[str]:
        """What starts it."""

    async def start(self) -> None:
        self._port = free_port()
        self._said = tempfile.TemporaryFile(prefix="latchward-bench-")  # noqa: SIM115
        self._process = subprocess.Popen(
            self.command(self._port),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )
        self.pids = [self._process.pid]
        until = time.monotonic() + START_SECONDS
        while not _listens(self._port):
            if (status := self._process.poll()) is not None:
                raise BenchFailed(f"ended with status {status}: {self._last_words()}")
            if time.monotonic() > until:
                raise BenchFailed(f"did not listen within {START_SECONDS:.0f} s")
            await asyncio.sleep(RETRY_SECONDS)

    async def open(self) -> Session:
        return await open_http(f"http://127.0.0.1:{self._port}{self.path}", None, self.fixture.setting.era)

    def stop(self) -> None:
        """End it and what it started: politely, then not."""
        process, self._process = self._process, None
        if process:
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, number)
                    process.wait(STOP_SECONDS)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue
        if self._said:
            self._said.close()

    def _last_words(self) -> str:
        assert self._said is not None
        self._said.seek(0)
        return last_words(self._said.read())


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
