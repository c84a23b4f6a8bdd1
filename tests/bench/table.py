"""The numbers as ratios, beside what the design asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .measure import MANY, Numbers

MS: Final = 1000.0
MIB: Final = 2**20
PEER_RATE: Final = 2825 / 20_000
"""The fastest peer's calls a second, in rates of a bare relay (both measured together once)."""

HEADINGS: Final = ("what", "measured", "ratio", "must", "goal")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    what: str
    measured: str
    ratio: str = ""
    must: str = ""
    goal: str = ""

    def cells(self) -> tuple[str, ...]:
        return self.what, self.measured, self.ratio, self.must, self.goal


def added(numbers: Numbers, tool: str, way: str, point: str) -> float:
    """The seconds that `way` adds to a call made straight on the server's pipe."""
    of = numbers.latency[tool]
    return of[way][point] - of["stdio"][point]


def lines(numbers: Numbers) -> list[Line]:
    """The table, one block after another."""
    return [*_latency(numbers), *_durable(numbers), *_rates(numbers), *_rest(numbers)]


def _latency(numbers: Numbers) -> list[Line]:
    """A call that only reads, whose row need not be flushed before it leaves."""
    found = []
    for point, must, goal in (("p50", "0.4 ms", "4 x relay"), ("p99", "5 ms", "10 x relay")):
        relay = added(numbers, "echo", "relay", point)
        ours = added(numbers, "echo", "latchward", point)
        found.append(Line(f"bare relay adds to a read, {point}", _ms(relay)))
        found.append(Line(f"latchward adds to a read, {point}", _ms(ours), _times(ours, relay), must, goal))
    return found


def _durable(numbers: Numbers) -> list[Line]:
    """A call that does not only read: its row is flushed to the disk before it leaves."""
    found = []
    for point, must, goal in (("p50", "1.4 ms", "4 x relay + fsync"), ("p99", "6 ms", "10 x relay + fsync")):
        ours, disk = added(numbers, "write", "latchward", point), numbers.fsync[point]
        ratio = _times(ours - disk, added(numbers, "write", "relay", point))
        found.append(Line(f"the disk's fsync, {point}", _ms(disk)))
        found.append(Line(f"latchward adds to a write, {point}", _ms(ours), f"{ratio} + fsync", must, goal))
    return found


def _rates(numbers: Numbers) -> list[Line]:
    found = []
    for at_once in (1, MANY):
        relay, ours = numbers.rate["relay"][at_once], numbers.rate["latchward"][at_once]
        bounds = (f"{PEER_RATE:.2f} x relay", f"{3 * PEER_RATE:.2f} x relay") if at_once == MANY else ("", "")
        found.append(Line(f"bare relay, calls a second, {at_once} at once", f"{relay:,.0f}"))
        measured = f"{ours:,.0f}"
        found.append(
            Line(f"latchward, calls a second, {at_once} at once", measured, _times(ours, relay), *bounds)
        )
    return found


def _rest(numbers: Numbers) -> list[Line]:
    return [
        Line("gateway's memory, idle", _mib(numbers.rss_idle), "", "60 MiB", "45 MiB"),
        Line("gateway's memory, after the load", _mib(numbers.rss_after)),
        Line("start to first tools/list, new profile", f"{numbers.start_first:.2f} s"),
        Line("start to first tools/list, again", f"{numbers.start_again:.2f} s", "", "0.70 s", "0.40 s"),
    ]


def render(found: list[Line]) -> str:
    """The lines as plain text, numbers to the right."""
    cells = [HEADINGS, *(line.cells() for line in found)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    align: list[Callable[[str, int], str]] = [str.ljust, *[str.rjust] * (len(HEADINGS) - 1)]
    return "\n".join(
        "  ".join(put(cell, width) for put, cell, width in zip(align, row, widths, strict=True)).rstrip()
        for row in (cells[0], tuple("-" * width for width in widths), *cells[1:])
    )


def _ms(seconds: float) -> str:
    return f"{seconds * MS:.3f} ms"


def _mib(size: int | None) -> str:
    return "unknown" if size is None else f"{size / MIB:.1f} MiB"


def _times(value: float, base: float) -> str:
    return f"{value / base:.2f} x" if base > 0 else "-"
