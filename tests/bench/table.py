"""A report as text for a terminal, and as a page of Markdown."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from .bounds import HEADINGS, MIB, MS, lines
from .results import Report, Result

Row = Sequence[str]
Show = Callable[[float], str]

ABOUT: Final = """# What a hop through Latchward costs

    python -m tests.bench --peers --markdown docs/bench.md

measures this anew. A small fixture server stands at the end of every way, a load client at the front; all
ways stand at once and take turns in small blocks, so that what else the machine does falls on all of them
alike. Numbers are only to be compared within one run.

- *direct* is the fixture server itself. *relay* is a hop that parses nothing: what any hop must cost.
- *latchward* is a gateway with a policy and a record, over HTTP; *connect* is that gateway through
  `latchward connect`. *fastmcp* and *mcp-proxy* are PyPI's, *mcp-proxy-npm* and *supergateway* are npm's.
- A *read* is a call of a tool that only reads. A *write* is one whose record is on the disk before it leaves.
- A *session* is opened from nothing to its first answered call: for lines that is a new process.
- *Memory* of a way leaves the fixture server out: RSS of the process itself, PSS also of all that it
  started. *Loaded* is after the last block of calls.
- *CPU* is what the gateway's processes used, for `connect` the bridge's and the gateway's; again without the
  fixture server.
- *Start* is from the start of the process to its first answered `tools/list`.
"""

_ROWS: Final[tuple[tuple[str, str, Show], ...]] = (
    ("read, p50, ms", "read p50", lambda value: f"{value * MS:.3f}"),
    ("read, p99, ms", "read p99", lambda value: f"{value * MS:.3f}"),
    ("write, p50, ms", "write p50", lambda value: f"{value * MS:.3f}"),
    ("write, p99, ms", "write p99", lambda value: f"{value * MS:.3f}"),
    ("calls a second, 1 at once", "rate 1", lambda value: f"{value:,.0f}"),
    ("calls a second, 16 at once", "rate 16", lambda value: f"{value:,.0f}"),
    ("calls a second, 64 at once", "rate 64", lambda value: f"{value:,.0f}"),
    ("CPU of 1,000 calls, ms", "cpu", lambda value: f"{value * MS * 1000:.0f}"),
    ("list of 20 tools, ms", "list 20", lambda value: f"{value * MS:.2f}"),
    ("list of 200 tools, ms", "list 200", lambda value: f"{value * MS:.2f}"),
    ("list of 2,000 tools, ms", "list 2000", lambda value: f"{value * MS:.2f}"),
    ("result of 1 MB, ms", "result 1 MB", lambda value: f"{value * MS:.1f}"),
    ("result of 10 MB, ms", "result 10 MB", lambda value: f"{value * MS:.1f}"),
    ("opening a session, ms", "session", lambda value: f"{value * MS:.2f}"),
    ("memory idle, RSS, MiB", "rss idle", lambda value: f"{value / MIB:.1f}"),
    ("memory idle, PSS, MiB", "pss idle", lambda value: f"{value / MIB:.1f}"),
    ("memory loaded, RSS, MiB", "rss loaded", lambda value: f"{value / MIB:.1f}"),
    ("memory loaded, PSS, MiB", "pss loaded", lambda value: f"{value / MIB:.1f}"),
    ("start, s", "start", lambda value: f"{value:.2f}"),
)


def text(report: Report) -> str:
    """For a terminal."""
    parts = [_machine(report)]
    for result in report.results:
        bounds = [line.cells() for line in lines(result)]
        parts += [f"== {_title(result)}", _aligned([_head(result), *_body(result)])]
        parts += [_aligned([HEADINGS, *bounds])] if bounds else []
        parts += list(_missing(result))
    return "\n\n".join(parts)


def markdown(report: Report) -> str:
    """The page that stands in the documents."""
    parts = [ABOUT, f"{_machine(report)}.\n"]
    for result in report.results:
        parts += [f"## {_title(result)}\n", _piped([_head(result), *_body(result)])]
        bounds = [line.cells() for line in lines(result)]
        parts += ["Against what the design asks for:\n", _piped([HEADINGS, *bounds])] if bounds else []
        if missing := list(_missing(result)):
            parts.append("\n".join(f"- {line}" for line in missing) + "\n")
    return "\n".join(parts)


def _machine(report: Report) -> str:
    machine, size = report.machine, report.size
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    where = f"{machine['cpus']} cores, {machine['processor']}, {machine['system']}"
    how = f"Python {machine['python']}, load client on {machine['loop']}"
    calls = f"at most {size['calls'] * size['calls_rounds']:,} calls a figure"
    return "; ".join((report.date, where, how, calls, versions))


def _title(result: Result) -> str:
    transport, _, era = result.setting.partition("-")
    return f"A server over {transport.replace('http', 'HTTP')}, {era} era"


def _head(result: Result) -> Row:
    return ["", *result.ways]


def _body(result: Result) -> Iterator[Row]:
    for title, name, show in _ROWS:
        cells = [result.number(way, name) for way in result.ways]
        if any(cell is not None for cell in cells):
            yield [title, *("-" if cell is None else show(cell) for cell in cells)]


def _missing(result: Result) -> Iterator[str]:
    """Why there is no number, one line for each way and group of figures."""
    for way, reasons in result.reasons.items():
        for group, reason in reasons.items():
            yield f"{way}: {'' if group == 'all' else group + ': '}{reason}"


def _aligned(rows: Sequence[Row]) -> str:
    """The first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    ruled = [rows[0], ["-" * width for width in widths], *rows[1:]]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in ruled
    )


def _piped(rows: Sequence[Row]) -> str:
    ruled = [rows[0], ["---", *["---:"] * (len(rows[0]) - 1)], *rows[1:]]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |\n" for row in ruled)
