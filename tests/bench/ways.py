"""The three ways to the fixture: how each is started and spoken to."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ..support import jr
from ..support.gateway import ROOT, Gateway
from .load import LIMIT, BenchFailed, Http, Pipe, open_http

SERVER: Final = "bench"
POLICY: Final = {"version": "1", "default": "deny", "tools": {"echo": {}, "write": {}}}
ECHO: Final = str(Path(__file__).with_name("echo.py"))


def fixture(era: jr.Era) -> list[str]:
    """The command of the fixture server."""
    return [sys.executable, "-I", "-S", ECHO, era]


def gateway_on(home: Path, era: jr.Era) -> Gateway:
    """A gateway, not started, whose policy allows the fixture's tools one by one."""
    command, *arguments = fixture(era)
    servers: dict[str, dict[str, Any]] = {SERVER: {"command": command, "args": arguments}}
    return Gateway(servers, {"bench": POLICY}, {"bench": {SERVER: "bench"}}, home=home)


def client_of(gateway: Gateway, era: jr.Era) -> jr.Client:
    """A client of the gateway, its handshake done."""
    client = jr.Client(gateway.server_url(SERVER), gateway.token, era)
    if era == "legacy":
        client.initialize()
    if len(client.tools()) != 2:
        raise BenchFailed("the gateway does not list the fixture's tools")
    return client


@contextmanager
def relay(era: jr.Era) -> Iterator[jr.Client]:
    """A running relay, as a client of it."""
    command = [sys.executable, "-m", "tests.bench.relay", *fixture(era)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline().split()[-1])
            yield jr.Client(f"http://127.0.0.1:{port}/mcp", "none", era)
        finally:
            process.terminate()


async def pipe(era: jr.Era) -> tuple[asyncio.subprocess.Process, Pipe]:
    """A fixture of one's own, no hop."""
    piped = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*fixture(era), stdin=piped, stdout=piped, limit=LIMIT)
    return process, Pipe(process)


async def connections(client: jr.Client, tool: str, count: int) -> list[Http]:
    """So many connections of this client."""
    return [await open_http(client, tool) for _ in range(count)]


def start_seconds(home: Path, era: jr.Era) -> float:
    """From the start of a gateway's process to its first answered `tools/list`."""
    gateway = gateway_on(home, era)
    started = time.perf_counter()
    with gateway:
        client_of(gateway, era)
        return time.perf_counter() - started


def fsync_seconds(count: int) -> list[float]:
    """What the disk takes for one short append and its fsync: the floor of a durable audit row."""
    spent = []
    with tempfile.NamedTemporaryFile(prefix="latchward-bench-") as file:
        for _ in range(count):
            started = time.perf_counter()
            file.write(b"x" * 300)
            file.flush()
            os.fsync(file.fileno())
            spent.append(time.perf_counter() - started)
    return spent
