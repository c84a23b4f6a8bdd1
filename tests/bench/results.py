"""What a run found: for each setting and way, numbers by name; and why some are missing.

Seconds, calls a second, bytes; `cpu` is processor seconds for one call.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Samples = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Result:
    """One setting."""

    setting: str
    numbers: dict[str, dict[str, float]]
    """Way, then name."""
    counts: dict[str, dict[str, int]]
    """How many samples stand behind each."""
    reasons: dict[str, dict[str, str]]
    """Way, then the group of figures that it failed at, or `all`."""
    fsync: dict[str, float]

    @staticmethod
    def of(
        setting: str,
        ways: Sequence[str],
        samples: Mapping[str, Samples],
        reasons: dict[str, dict[str, str]],
        fsyncs: Sequence[float],
    ) -> "Result":
        """`ways` are all, in the order of the columns."""
        measured = [(way, samples[way]) for way in ways if way in samples]
        numbers = {way: _numbers(found) for way, found in measured}
        counts = {way: {name: len(values) for name, values in found.items()} for way, found in measured}
        return Result(setting, numbers, counts, reasons, percentiles(fsyncs) if fsyncs else {})

    def number(self, way: str, name: str) -> float | None:
        return self.numbers.get(way, {}).get(name)

    def added(self, way: str, name: str) -> float | None:
        """What this way takes more than the fixture server itself."""
        whole, direct = self.number(way, name), self.number("direct", name)
        return None if whole is None or direct is None else whole - direct

    @property
    def ways(self) -> list[str]:
        """Those that have numbers, in the order of the columns."""
        return [*self.numbers]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run."""

    date: str
    machine: dict[str, Any]
    versions: dict[str, str]
    size: dict[str, Any]
    results: list[Result]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _numbers(samples: Samples) -> dict[str, float]:
    """Percentiles of a latency, the mean of the processors' time, the last of what grows, else the median."""
    numbers: dict[str, float] = {}
    for name, values in samples.items():
        if not values:
            continue
        if name in ("read", "write"):
            numbers |= {f"{name} {point}": value for point, value in percentiles(values).items()}
        elif name == "cpu":
            numbers[name] = sum(values) / len(samples["read"])
        elif name.endswith("loaded"):
            numbers[name] = values[-1]
        else:
            numbers[name] = statistics.median(values)
    return numbers


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """The p50 and the p99 (nearest rank)."""
    ranked = sorted(values)
    return {"p50": statistics.median(ranked), "p99": ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)]}
