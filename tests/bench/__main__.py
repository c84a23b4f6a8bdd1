"""`python -m tests.bench`: measure, print the tables, write JSON and Markdown. Never a verdict."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from pathlib import Path

from . import peers
from .channel import BenchFailed
from .figures import FULL, GROUPS, QUICK, Size
from .install import default_cache
from .load import runner
from .measure import OURS, WAYS, Wanted, measure
from .results import Report, Result
from .setting import SETTINGS, Setting
from .table import markdown, text


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    settings = {setting.name: setting for setting in SETTINGS}
    if unknown := set(options.only) - {*settings, *WAYS, *GROUPS}:
        known = ", ".join([*settings, *GROUPS, *WAYS])
        print(f"nothing is called `{', '.join(sorted(unknown))}`: choose from {known}", file=sys.stderr)
        return 2
    names = _chosen(options.only, settings)
    groups = _chosen(options.only, GROUPS)
    ways = _chosen(options.only, WAYS, WAYS if options.peers else OURS)
    wanted = Wanted(_whole(ways), frozenset(groups), options.cache)
    report = run([settings[name] for name in names], QUICK if options.quick else FULL, wanted)
    print(text(report))
    if options.json:
        options.json.write_text(json.dumps(report.as_json(), indent=2) + "\n", encoding="utf-8")
    if options.markdown:
        options.markdown.write_text(markdown(report), encoding="utf-8")
    return 0


def run(settings: Sequence[Setting], size: Size, wanted: Wanted) -> Report:
    """Measure each setting in turn."""
    loop, run_on = runner()
    results: list[Result] = [run_on(measure(setting, size, wanted)) for setting in settings]
    machine = {
        "cpus": os.cpu_count(),
        "processor": _processor(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "loop": loop,
    }
    return Report(f"{date.today():%Y-%m-%d}", machine, _versions(wanted.ways), asdict(size), results)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="What a hop through Latchward costs."
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the calls; p99 is then rough")
    parser.add_argument(
        "--peers", action="store_true", help=f"also {', '.join(peers.NAMES)}; installs what is missing"
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help=f"a setting ({', '.join(setting.name for setting in SETTINGS)}), a figure ({', '.join(GROUPS)}) "
        "or a way; again for more of them",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all numbers there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the page of the documents")
    parser.add_argument(
        "--cache",
        type=Path,
        default=default_cache(),
        metavar="FOLDER",
        help="where Python peers lie",
    )
    return parser


def _chosen(only: Sequence[str], names: Iterable[str], usual: Iterable[str] | None = None) -> list[str]:
    """Those that were asked for; where none of this kind was, the usual ones, which may be all."""
    names = list(names)
    return [name for name in names if name in only] or list(names if usual is None else usual)


def _whole(ways: Sequence[str]) -> frozenset[str]:
    """Without the server itself and the relay there are no ratios."""
    return frozenset(ways) | {"direct", "relay"} | ({"latchward"} if "connect" in ways else set())


def _versions(ways: frozenset[str]) -> dict[str, str]:
    found = {"latchward": version("latchward")}
    for name in peers.NAMES:
        if name in ways:
            try:
                found[name] = peers.version_of(name)
            except BenchFailed:
                found[name] = "not installed"
    return found


def _processor() -> str:
    """The processor's name, where /proc tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine()
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
