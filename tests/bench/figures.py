"""What is measured on a way, in blocks that alternate between the ways.

A figure is prepared once on each way and gives a function that measures one block: samples, by name.
The first block on each way only warms up, but where there is no other.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from .channel import exchange
from .load import rate, timed
from .process import cpu_seconds, memory, tree
from .way import Session, Way

AT_ONCE: Final = (1, 16, 64)
MB: Final = 1_000_000
IN_A_ROW: Final = 3
GROUPS: Final = ("latency", "rate", "list", "result", "session", "memory", "start")

Samples = dict[str, list[float]]
Block = Callable[[], Awaitable[Samples]]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: blocks of each figure, and the calls or the seconds of one block."""

    calls: int
    calls_rounds: int
    block_seconds: float
    rate_seconds: float
    rate_rounds: int
    lists: int
    results: int
    sessions: int
    starts: int
    tools: tuple[int, ...] = (20, 200, 2000)
    megabytes: tuple[int, ...] = (1, 10)


FULL: Final = Size(100, 30, 0.5, 0.25, 8, 12, 8, 15, 5)
QUICK: Final = Size(40, 8, 0.2, 0.1, 3, 4, 3, 4, 2)
TINY: Final = Size(3, 0, 0.1, 0.02, 0, 0, 0, 0, 0, tools=(20,), megabytes=(1,))
"""The first blocks alone: enough to see that all of it works, and for nothing else."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`group` is what it is asked for by, and what a failure is noted under."""

    group: str
    rounds: int
    prepare: Callable[[Way], AbstractAsyncContextManager[Block]]


def of_a_call(size: Size) -> list[Figure]:
    """What is measured with few tools."""
    return [
        Figure("memory", 0, _idle),
        Figure("latency", size.calls_rounds, lambda way: _latency(way, size)),
        Figure("rate", size.rate_rounds, lambda way: _rate(way, size)),
        Figure("session", size.sessions, _opening),
        *(_of_a_result(size, megabytes) for megabytes in size.megabytes),
    ]


def _of_a_result(size: Size, megabytes: int) -> Figure:
    return Figure("result", size.results, lambda way: _result(way, megabytes, size.block_seconds))


def of_a_list(size: Size, tools: int) -> Figure:
    """`tools/list` of so many."""
    return Figure("list", size.lists, lambda way: _list(way, tools))


def of_a_start(size: Size) -> Figure:
    """From the start of a way's own process to its first list. The way must not be running."""
    return Figure("start", size.starts, _start)


@asynccontextmanager
async def opened(way: Way) -> AsyncIterator[Session]:
    """A session that is closed in the end."""
    session = await way.open()
    try:
        yield session
    finally:
        await session.close()


async def first_list(session: Session, way: Way) -> None:
    """Ask for the tools and see that the last one is among them."""
    [channel] = await session.channels(1)
    calls = session.spoken.request("tools/list", expected=way.fixture.last_tool(session.spoken.prefix))
    calls.check(await exchange(channel, calls.next()))


@asynccontextmanager
async def _idle(way: Way) -> AsyncIterator[Block]:
    """Memory when all is up and one list was asked for."""
    async with opened(way) as session:
        await first_list(session, way)

        async def block() -> Samples:
            return _memory(way, session, "idle")

        yield block


@asynccontextmanager
async def _latency(way: Way, size: Size) -> AsyncIterator[Block]:
    """Calls one after another, and what the processors did for those that read."""
    async with opened(way) as session:
        read, write = session.spoken.call("echo"), session.spoken.call("write")
        pids = tree([*way.pids, *session.pids, *(way.needs.pids if way.needs else ())])

        async def block() -> Samples:
            [channel] = await session.channels(1)
            before = cpu_seconds(pids)
            reads = await timed(channel, read, size.calls, size.block_seconds)
            after = cpu_seconds(pids)
            writes = await timed(channel, write, size.calls, size.block_seconds)
            used = [] if before is None or after is None else [after - before]
            return {"read": reads, "write": writes, "cpu": used}

        yield block


@asynccontextmanager
async def _rate(way: Way, size: Size) -> AsyncIterator[Block]:
    """Calls a second with so many under way; and memory after each block, the last of which counts."""
    async with opened(way) as session:
        calls = session.spoken.call("echo")

        async def block() -> Samples:
            channels = await session.channels(max(AT_ONCE))
            rates = {
                f"rate {at_once}": [await rate(channels[:at_once], calls, size.rate_seconds)]
                for at_once in AT_ONCE
            }
            return {**rates, **_memory(way, session, "loaded")}

        yield block


@asynccontextmanager
async def _opening(way: Way) -> AsyncIterator[Block]:
    """From nothing (for lines, from no process) to the first answered call of a new session."""

    async def block() -> Samples:
        started = time.perf_counter()
        async with opened(way) as session:
            [channel] = await session.channels(1)
            calls = session.spoken.call("echo")
            calls.check(await exchange(channel, calls.next()))
            return {"session": [time.perf_counter() - started]}

    yield block


@asynccontextmanager
async def _result(way: Way, megabytes: int, seconds: float) -> AsyncIterator[Block]:
    """Calls that answer with a long text, in a row: so what a gateway does with it afterwards counts too."""
    async with opened(way) as session:
        count = megabytes * MB
        calls = session.spoken.call("big", {"bytes": count}, least=count)

        async def block() -> Samples:
            [channel] = await session.channels(1)
            return {f"result {megabytes} MB": await timed(channel, calls, IN_A_ROW, seconds)}

        yield block


@asynccontextmanager
async def _list(way: Way, tools: int) -> AsyncIterator[Block]:
    """The whole list, in one page."""
    async with opened(way) as session:
        expected = way.fixture.last_tool(session.spoken.prefix)
        calls = session.spoken.request("tools/list", expected=expected)

        async def block() -> Samples:
            [channel] = await session.channels(1)
            return {f"list {tools}": await timed(channel, calls, 2, 1.0)}

        yield block


@asynccontextmanager
async def _start(way: Way) -> AsyncIterator[Block]:
    """What a way needs is started before, and not timed."""

    async def block() -> Samples:
        if way.needs:
            await way.needs.start()
        try:
            started = time.perf_counter()
            await way.start()
            async with opened(way) as session:
                await first_list(session, way)
                return {"start": [time.perf_counter() - started]}
        finally:
            way.stop()
            if way.needs:
                way.needs.stop()

    yield block


def _memory(way: Way, session: Session, when: str) -> Samples:
    held = memory([*way.pids, *session.pids])
    return {f"{kind} {when}": [found] for kind, found in held.items() if found is not None}
