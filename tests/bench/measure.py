"""The measurement: every way to one fixture server stands at once, and blocks alternate between them.

So whatever else the machine does falls on all ways alike. A way that fails at a figure is left out of
the rest of it, with the reason; one that does not start is left out of all.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from . import figures, peers
from .channel import BenchFailed
from .figures import Block, Figure, Samples, Size
from .results import Result
from .setting import Fixture, Setting
from .way import Way
from .ways import Connect, Direct, Latchward, Relay

OURS: Final = ("direct", "relay", "latchward", "connect")
WAYS: Final = (*OURS, *peers.NAMES)
BLOCK_LIMIT: Final = 90.0
FEW: Final = 20
FSYNCS: Final = 10
PAGE: Final = 4096


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which ways and which groups of figures; where Python peers are installed."""

    ways: frozenset[str]
    groups: frozenset[str]
    cache: Path


@dataclass(slots=True)
class Book:
    """What was measured on each way, and why something was not."""

    samples: dict[str, Samples] = field(default_factory=dict)
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)
    fsync: list[float] = field(default_factory=list)

    def add(self, way: str, samples: Samples) -> None:
        for name, found in samples.items():
            self.samples.setdefault(way, {}).setdefault(name, []).extend(found)

    def fail(self, way: str, group: str, error: BaseException) -> None:
        if group == "all":
            self.reasons[way] = {group: _reason(error)}
        else:
            self.reasons.setdefault(way, {}).setdefault(group, _reason(error))

    def is_out(self, way: str) -> bool:
        """Whether this way does not work at all."""
        return "all" in self.reasons.get(way, {})


async def measure(setting: Setting, size: Size, wanted: Wanted) -> Result:
    """All that is wanted, in one setting."""
    book = Book()
    with tempfile.TemporaryDirectory(prefix="latchward-bench-") as folder:
        home = Path(folder)
        if "start" in wanted.groups:
            _say(f"{setting.name}: start")
            with Fixture(setting, FEW) as fixture:
                ways = _ways(fixture, home / "start", wanted, book)
                starting = [way for way in ways if way.starts]
                await _interleave(figures.of_a_start(size), starting, book)
        for tools in size.tools:
            todo = [figure for figure in _figures(size, tools) if figure.group in wanted.groups]
            if not todo:
                continue
            with Fixture(setting, tools) as fixture:
                async with _standing(_ways(fixture, home / str(tools), wanted, book), book) as ways:
                    for figure in todo:
                        _say(f"{setting.name}: {figure.group}, {tools} tools")
                        fsync = figure.group == "latency" and (lambda: book.fsync.extend(fsyncs(home)))
                        await _interleave(figure, ways, book, fsync or _nothing)
    return Result.of(setting.name, WAYS, book.samples, book.reasons, book.fsync)


def _figures(size: Size, tools: int) -> list[Figure]:
    few = figures.of_a_call(size) if tools == FEW else []
    return [*few, figures.of_a_list(size, tools)]


def _ways(fixture: Fixture, home: Path, wanted: Wanted, book: Book) -> list[Way]:
    """All that is wanted and there, in the order of the columns; nothing is started yet."""
    home.mkdir()
    gateway = Latchward(fixture, home / "profile")
    ours = [Direct(fixture), Relay(fixture), gateway, Connect(fixture, gateway)]
    ways: list[Way] = [way for way in ours if way.name in wanted.ways]
    for name in peers.NAMES:
        if name not in wanted.ways or book.is_out(name):
            continue
        try:
            peer = peers.peer(name, fixture, home, wanted.cache)
        except BenchFailed as error:
            book.fail(name, "all", error)
            continue
        if peer:
            ways.append(peer)
        else:
            book.fail(name, "all", BenchFailed("does not stand in front of a server of this transport"))
    return ways


@asynccontextmanager
async def _standing(ways: Iterable[Way], book: Book) -> AsyncIterator[list[Way]]:
    """Those that start, until the end."""
    with ExitStack() as stack:
        standing = []
        for way in ways:
            if book.is_out(way.name):
                continue
            stack.callback(way.stop)
            try:
                async with asyncio.timeout(BLOCK_LIMIT):
                    await way.start()
                    async with figures.opened(way) as session:
                        await figures.first_list(session, way)
            except (BenchFailed, OSError) as error:
                book.fail(way.name, "all" if way.fixture.tools == FEW else "list", error)
            else:
                standing.append(way)
        yield standing


def _nothing() -> None: ...


async def _interleave(
    figure: Figure, ways: Sequence[Way], book: Book, between: Callable[[], None] = _nothing
) -> None:
    """Block after block, each time from another way on; `between` runs once a round."""
    async with AsyncExitStack() as stack:
        blocks: dict[str, Block] = {}
        for way in ways:
            try:
                async with asyncio.timeout(BLOCK_LIMIT):
                    blocks[way.name] = await stack.enter_async_context(figure.prepare(way))
            except (BenchFailed, OSError) as error:
                book.fail(way.name, figure.group, error)
        for number in range(figure.rounds + 1):
            names = list(blocks)
            cut = number % len(names) if names else 0
            for name in names[cut:] + names[:cut]:
                try:
                    async with asyncio.timeout(BLOCK_LIMIT):
                        samples = await blocks[name]()
                except (BenchFailed, OSError) as error:
                    book.fail(name, figure.group, error)
                    del blocks[name]
                else:
                    book.add(name, samples if number or not figure.rounds else {})
            if number:
                between()


def fsyncs(folder: Path) -> list[float]:
    """What the disk takes to keep one page: the floor of a record that must be durable.

    The file has its length before, as a log has that is used again.
    """
    spent = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        file.write(bytes(PAGE * FSYNCS))
        os.fsync(file.fileno())
        file.seek(0)
        for _ in range(FSYNCS):
            started = time.perf_counter()
            file.write(b"x" * PAGE)
            os.fsync(file.fileno())
            spent.append(time.perf_counter() - started)
    return spent


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"took longer than {BLOCK_LIMIT:.0f} s"
    return str(error) or type(error).__name__


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)
