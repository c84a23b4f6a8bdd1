"""What `latchward connect` costs: start, memory, and latency beside the HTTP way, in one run.

python -m tests.bench.bridge [ROUNDS]
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from ..support import jr
from ..support.connect import environment
from . import ways
from .load import LIMIT, Channel, Pipe, Requests, runner, timed
from .measure import percentiles
from .memory import rss

BLOCK: Final = 200
STARTS: Final = 10
MIB: Final = 1024 * 1024


async def bridge(place: Path) -> tuple[asyncio.subprocess.Process, Pipe]:
    """A bridge to the gateway that listens there, as an entry of a client's starts it."""
    command = [str(Path(sys.executable).with_name("latchward")), "connect", "--client", "bench"]
    piped = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, "--endpoint", str(place), stdin=piped, stdout=piped, limit=LIMIT, env=environment()
    )
    return process, Pipe(process)


async def start_seconds(place: Path, request: bytes) -> float:
    """From the start of a bridge to its first answer."""
    began = time.perf_counter()
    process, pipe = await bridge(place)
    await pipe.exchange(request)
    spent = time.perf_counter() - began
    await _end(process)
    return spent


async def main(rounds: int) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="latchward-bench-") as folder,
        ways.gateway_on(Path(folder), "modern") as gateway,
    ):
        place = gateway.home / "run" / "gateway.sock"
        client = ways.client_of(gateway, "modern")
        named = jr.Client(gateway.url, gateway.token, "modern")
        discover = jr.dump(named.message("server/discover"))
        starts = [await start_seconds(place, discover) for _ in range(STARTS + 1)][1:]
        process, through = await bridge(place)
        direct, pipe = await ways.pipe("modern")
        await through.exchange(discover)
        linked = rss(process.pid)
        tools = {"stdio": "echo", "http": "echo", "connect": f"{ways.SERVER}__echo"}
        channels: dict[str, Channel] = {"stdio": pipe, "connect": through}
        channels["http"] = (await ways.connections(client, "echo", 1))[0]
        spent = await _blocks(channels, {way: Requests(client, tool) for way, tool in tools.items()}, rounds)
        used = rss(process.pid)
        await _end(process)
        await _end(direct)
    _report(starts, (linked, used), spent)


async def _blocks(channels: dict[str, Channel], requests: dict[str, Requests], rounds: int) -> dict[str, Any]:
    spent: dict[str, list[float]] = {way: [] for way in channels}
    for number in range(rounds + 1):
        for way in sorted(channels, reverse=number % 2 == 0):
            found = await timed(channels[way], requests[way], BLOCK)
            spent[way] += found if number else []
    return {way: percentiles(found) for way, found in spent.items()}


async def _end(process: asyncio.subprocess.Process) -> None:
    process.kill()
    await process.wait()


def _report(starts: list[float], memory: tuple[int | None, int | None], spent: dict[str, Any]) -> None:
    print(f"bridge: start to first answer {statistics.median(starts) * 1000:.0f} ms, {os.cpu_count()} cpus")
    for when, size in zip(("linked", "after the calls"), memory, strict=True):
        print(f"bridge: memory {when} {(size or 0) / MIB:.1f} MiB (must 15, goal 11)")
    for point in ("p50", "p99"):
        http, ours = (spent[way][point] - spent["stdio"][point] for way in ("http", "connect"))
        print(
            f"{point}: direct {spent['stdio'][point] * 1000:.3f} ms, http adds {http * 1000:.3f} ms, "
            f"connect adds {ours * 1000:.3f} ms: {ours / http:.2f} x (must 1.5)"
        )


if __name__ == "__main__":
    runner()[1](main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
