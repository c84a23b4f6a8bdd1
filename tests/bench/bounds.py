"""Latchward's numbers beside the design's bounds, as ratios within one run.

A bound that speaks of the peers is taken from those that were measured; without them, from what was
measured of them once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from .peers import NAMES
from .results import Result

MS: Final = 1000.0
MIB: Final = 2**20
PEER_ADDED: Final = 0.0008
"""The seconds that the best peer added to a call on a machine of two cores."""
PEER_RATE: Final = 2825 / 20_000
"""The fastest peer's calls a second, in rates of a bare relay (both measured together once)."""


@dataclass(frozen=True, slots=True)
class Line:
    """One bound. `met` is `goal`, `must`, `no`, or empty where nothing was to be met or measured."""

    what: str
    measured: str
    ratio: str = ""
    must: str = ""
    goal: str = ""
    met: str = ""

    def cells(self) -> tuple[str, ...]:
        return self.what, self.measured, self.ratio, self.must, self.goal, self.met


HEADINGS: Final = ("what", "measured", "ratio", "must", "goal", "met")


def lines(result: Result) -> list[Line]:
    """Every bound that this run says something about."""
    return [*_latency(result), *_rates(result), *_sizes(result), *_rest(result)]


def _latency(result: Result) -> Iterator[Line]:
    peer, best = _best(result, "read p50", result.added, min)
    half = (PEER_ADDED if best is None else best) / 2
    for point, must, times in (("p50", half, 4), ("p99", 0.005, 10)):
        relay, disk = result.added("relay", f"read {point}"), result.fsync.get(point, 0.0)
        for tool, more, floor in (("read", 0.0, 0.0), ("write", 0.001, disk)):
            ours = result.added("latchward", f"{tool} {point}")
            if ours is None:
                continue
            goal = None if relay is None else times * relay + floor
            ratio = f"{_times(max(0.0, ours - floor), relay)} relay" + (" + fsync" if floor else "")
            if tool == "read" and point == "p50" and peer:
                ratio += f", {_times(ours, best)} {peer}"
            yield _line(f"added to a {tool}, {point}", ours, must + more, goal, ms, ratio)
        if disk:
            yield Line(f"the disk's fsync, {point}", ms(disk))
    through, http = result.added("connect", "read p50"), result.added("latchward", "read p50")
    if through is not None and http is not None:
        ratio = f"{_times(through, http)} HTTP"
        yield _line("through `connect`, added to a read, p50", through, 1.5 * http, 1.5 * http, ms, ratio)


def _rates(result: Result) -> Iterator[Line]:
    for at_once in (1, 16, 64):
        name = f"rate {at_once}"
        ours, relay = result.number("latchward", name), result.number("relay", name)
        if ours is None:
            continue
        peer, best = _best(result, name, result.number, max)
        what, ratio = f"calls a second, {at_once} at once", f"{_times(ours, relay)} relay"
        if peer:
            ratio += f", {_times(ours, best)} {peer}"
        elif relay is not None:
            best = PEER_RATE * relay
        if at_once != 16 or best is None:
            yield Line(what, per_second(ours), ratio)
            continue
        met = "goal" if ours >= 3 * best else "must" if ours >= best else "no"
        yield Line(what, per_second(ours), ratio, per_second(best), per_second(3 * best), met)


def _sizes(result: Result) -> Iterator[Line]:
    for what, name in (
        ("`tools/list` of 2,000", "list 2000"),
        ("a result of 1 MB", "result 1 MB"),
        ("a result of 10 MB", "result 10 MB"),
    ):
        ours, direct = result.number("latchward", name), result.number("direct", name)
        if ours is not None and direct is not None:
            yield _line(what, ours, 10 * direct, 4 * direct, ms, f"{_times(ours, direct)} direct")


def _rest(result: Result) -> Iterator[Line]:
    for what, way, name, must, goal, show in (
        ("memory of the gateway, idle", "latchward", "rss idle", 60 * MIB, 45 * MIB, mib),
        ("memory of the bridge, idle", "connect", "rss idle", 15 * MIB, 11 * MIB, mib),
        ("start to first `tools/list`", "latchward", "start", 0.7, 0.4, seconds),
    ):
        found = result.number(way, name)
        if found is not None:
            yield _line(what, found, must, goal, show)


def _line(
    what: str, value: float, must: float, goal: float | None, show: Callable[[float], str], ratio: str = ""
) -> Line:
    """A bound from above."""
    met = "no" if value > must else "must" if goal is None or value > goal else "goal"
    return Line(what, show(value), ratio, show(must), "" if goal is None else show(goal), met)


def _best(
    result: Result,
    name: str,
    number: Callable[[str, str], float | None],
    choose: Callable[[list[tuple[float, str]]], tuple[float, str]],
) -> tuple[str, float | None]:
    """The best peer and its number; nothing where no peer was measured."""
    found = [(value, peer) for peer in NAMES if (value := number(peer, name)) is not None]
    value, peer = choose(found) if found else (None, "")
    return peer, value


def _times(value: float, base: float | None) -> str:
    return f"{value / base:.2f} x" if base and base > 0 else "-"


def ms(value: float) -> str:
    return f"{value * MS:.3f} ms"


def seconds(value: float) -> str:
    return f"{value:.2f} s"


def mib(value: float) -> str:
    return f"{value / MIB:.1f} MiB"


def per_second(value: float) -> str:
    return f"{value:,.0f}"
