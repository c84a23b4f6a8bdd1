"""The measurement: blocks that alternate between the ways."""

import os
import platform
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from ..support import jr
from ..support.gateway import Gateway
from . import ways
from .load import Channel, Requests, rate, timed
from .memory import rss

WAYS: Final = ("stdio", "relay", "latchward")
TOOLS: Final = ("echo", "write")
MANY: Final = 16


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured. A block of a rate has `block` calls for each connection in it."""

    rounds: int
    block: int
    starts: int

    @staticmethod
    def of(quick: bool) -> "Size":
        return Size(rounds=4, block=100, starts=2) if quick else Size(rounds=12, block=400, starts=5)


@dataclass(slots=True)
class Way:
    """One way to the fixture: its connections for each tool, and all that was measured on it."""

    client: jr.Client
    channels: dict[str, Sequence[Channel]]
    latencies: dict[str, list[float]] = field(default_factory=lambda: {tool: [] for tool in TOOLS})
    rates: dict[int, list[float]] = field(default_factory=lambda: {1: [], MANY: []})


@dataclass(slots=True)
class Numbers:
    """All results, in seconds, calls a second and bytes."""

    era: str
    loop: str
    latency: dict[str, dict[str, dict[str, float]]]
    """Tool, then way, then `p50` and `p99`."""
    rate: dict[str, dict[int, float]]
    """Way, then connections at once."""
    fsync: dict[str, float]
    start_first: float
    start_again: float
    rss_idle: int | None
    rss_after: int | None
    calls: int
    machine: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def measure(size: Size, era: jr.Era, loop: str) -> Numbers:
    """The whole bench."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="latchward-bench-")))
        starts = [ways.start_seconds(home / "start", era) for _ in range(size.starts + 1)]
        gateway = stack.enter_context(ways.gateway_on(home / "load", era))
        client = ways.client_of(gateway, era)
        idle = _rss(gateway)
        relayed = stack.enter_context(ways.relay(era))
        process, pipe = await ways.pipe(era)
        try:
            by_name = {
                "stdio": Way(client, {tool: [pipe] for tool in TOOLS}),
                "relay": await _http_way(relayed),
                "latchward": await _http_way(client),
            }
            fsyncs = await _blocks(by_name, size)
        finally:
            process.kill()
            await process.wait()
        return _numbers(by_name, fsyncs, starts, (idle, _rss(gateway)), size, era, loop)


async def _http_way(client: jr.Client) -> Way:
    return Way(client, {tool: await ways.connections(client, tool, MANY) for tool in TOOLS})


def _rss(gateway: Gateway) -> int | None:
    return rss(gateway.process.pid) if gateway.process else None


async def _blocks(by_name: dict[str, Way], size: Size) -> list[float]:
    """Round after round: each tool's latency on each way, each rate on each way, and the disk."""
    requests = {tool: {name: Requests(way.client, tool) for name, way in by_name.items()} for tool in TOOLS}
    fsyncs: list[float] = []
    for number in range(size.rounds + 1):
        order = WAYS if number % 2 else WAYS[::-1]
        for tool in TOOLS:
            for name in order:
                way = by_name[name]
                spent = await timed(way.channels[tool][0], requests[tool][name], size.block)
                way.latencies[tool].extend(spent if number else [])
        for name in order:
            await _rates(by_name[name], requests["echo"][name], size, warm=number == 0)
        fsyncs += ways.fsync_seconds(size.block // 10) if number else []
    return fsyncs


async def _rates(way: Way, requests: Requests, size: Size, *, warm: bool) -> None:
    """One block at each concurrency; the first round only warms up."""
    for at_once, rates in way.rates.items():
        channels = way.channels["echo"][:at_once]
        if len(channels) == at_once:
            measured = await rate(channels, requests, size.block * max(1, at_once // 4))
            rates.extend([] if warm else [measured])


def _numbers(
    by_name: dict[str, Way],
    fsyncs: list[float],
    starts: list[float],
    memory: tuple[int | None, int | None],
    size: Size,
    era: str,
    loop: str,
) -> Numbers:
    latency = {
        tool: {name: percentiles(way.latencies[tool]) for name, way in by_name.items()} for tool in TOOLS
    }
    rates = {
        name: {at_once: statistics.median(found) for at_once, found in way.rates.items() if found}
        for name, way in by_name.items()
    }
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    return Numbers(
        era=era,
        loop=loop,
        latency=latency,
        rate=rates,
        fsync=percentiles(fsyncs),
        start_first=starts[0],
        start_again=statistics.median(starts[1:]),
        rss_idle=memory[0],
        rss_after=memory[1],
        calls=size.rounds * size.block,
        machine=machine,
    )


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """The p50 and the p99 (nearest rank)."""
    ranked = sorted(values)
    return {"p50": statistics.median(ranked), "p99": ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)]}
