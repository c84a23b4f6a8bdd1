"""One upstream alone, on the gateway's event loop and on the standard library's: starts, ends, and races."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from latchward.model.errors import NotSent, OutcomeUnknown
from latchward.model.outcome import ToolResult
from latchward.upstream import kept, stdio
from tests.support import recorder

from . import bad_server
from .support import call, marked, on_loop, text_of, upstream

LOOPS = pytest.mark.parametrize("loop", ["uvloop", "asyncio"])


async def sent(record: Path, count: int) -> None:
    """Wait until a recorder got that many calls."""
    async with asyncio.timeout(10):
        while len(recorder.calls(record)) < count:
            await asyncio.sleep(0.01)


@LOOPS
@pytest.mark.parametrize("era", ["legacy", "modern", "dual"])
def test_it_starts_lists_calls_and_stops(loop: str, era: str, tmp_path: Path) -> None:
    async def main() -> None:
        server = upstream(recorder.spec("--era", era, MARK=str(tmp_path)))
        assert "echo" in [tool.name for tool in await server.tools()]
        assert text_of(await call(server, "echo", text="hi")) == "hi"
        assert len(marked(str(tmp_path))) == 1
        await server.stop()
        assert marked(str(tmp_path)) == set()

    on_loop(main(), loop)


@LOOPS
def test_many_calls_at_once_each_get_their_own_answer(loop: str) -> None:
    async def main() -> None:
        server = upstream(recorder.spec())
        texts = [str(number) for number in range(300)]
        assert [
            text_of(r) for r in await asyncio.gather(*(call(server, "echo", text=t) for t in texts))
        ] == texts
        await server.stop()

    on_loop(main(), loop)


@LOOPS
def test_a_result_of_ten_megabytes_comes_through(loop: str) -> None:
    async def main() -> None:
        server = upstream(recorder.spec())
        outcome = await call(server, "big", bytes=10_000_000)
        assert isinstance(outcome, ToolResult)
        assert len(outcome.result) > 10_000_000
        await server.stop()

    on_loop(main(), loop)


@LOOPS
def test_a_call_larger_than_any_pipe_is_sent_whole(loop: str, tmp_path: Path) -> None:
    async def main() -> None:
        server = upstream(recorder.spec())
        text = "x" * 3_000_000
        assert text_of(await call(server, "echo", text=text)) == text
        await server.stop()

    on_loop(main(), loop)


@LOOPS
def test_an_answer_that_comes_with_the_end_still_counts(loop: str) -> None:
    async def main() -> None:
        for _ in range(10):
            server = upstream(bad_server.spec("last-answer"))
            assert text_of(await call(server, "echo", text="hi")) == "hi"
            await server.stop()

    on_loop(main(), loop)


def test_all_who_wait_share_one_start(tmp_path: Path) -> None:
    record = tmp_path / "calls"

    async def main() -> None:
        server = upstream(recorder.spec("--era", "legacy", record=record))
        await asyncio.gather(*(server.tools() for _ in range(20)))
        await server.stop()

    on_loop(main())
    assert sum(b'"initialize"' in line for line in recorder.received(record)) == 1


def test_who_gives_up_waiting_cancels_the_start_for_nobody_else() -> None:
    async def main() -> None:
        server = upstream(recorder.spec())
        first, second = asyncio.ensure_future(server.tools()), asyncio.ensure_future(server.tools())
        await asyncio.sleep(0)
        first.cancel()
        assert await second
        assert first.cancelled()
        await server.stop()

    on_loop(main())


def test_who_waits_for_a_start_that_is_stopped_gets_a_reason_and_is_not_cancelled(tmp_path: Path) -> None:
    async def main() -> None:
        server = upstream(recorder.spec("--hang", MARK=str(tmp_path)))
        waiting = asyncio.ensure_future(server.tools())
        while not marked(str(tmp_path)):
            await asyncio.sleep(0.01)
        await server.stop()
        with pytest.raises(NotSent, match="stopping"):
            await waiting
        with pytest.raises(NotSent, match="stopping"):
            await server.tools()
        assert marked(str(tmp_path)) == set()

    on_loop(main())


def test_a_stop_in_the_first_moment_of_a_start_leaves_no_process(tmp_path: Path) -> None:
    async def main() -> None:
        for turns in range(12):
            server = upstream(recorder.spec(MARK=str(tmp_path)))
            waiting = asyncio.ensure_future(server.tools())
            for _ in range(turns):
                await asyncio.sleep(0)
            await server.stop()
            await asyncio.wait({waiting})
            assert marked(str(tmp_path)) == set()
            if not waiting.cancelled():
                waiting.exception()

    on_loop(main())


def test_a_server_that_hangs_in_the_handshake_is_ended_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stdio, "HANDSHAKE_LIMIT", 1.0)

    async def main() -> None:
        server = upstream(recorder.spec("--hang", MARK=str(tmp_path)))
        started = time.monotonic()
        with pytest.raises(NotSent, match="not ready within 1 seconds"):
            await server.tools()
        assert time.monotonic() - started < 2
        await server.stop()
        assert marked(str(tmp_path)) == set()

    on_loop(main())
    assert [record.message for record in caplog.records] == [
        "the server `fixture` did not start: it was not ready within 1 seconds;"
        " see in a terminal what its command waits for"
    ]


def test_a_server_that_ends_with_its_last_answer_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    async def main() -> None:
        server = upstream(bad_server.spec("ends-with-list", "--era", "legacy"))
        for _ in range(3):
            # Its end may be seen just after the call went out; but an answer is never waited for.
            with pytest.raises((NotSent, OutcomeUnknown)):
                await asyncio.wait_for(call(server, "echo", text="hi"), 5)
        await server.stop()

    on_loop(main())


def test_a_crash_fails_the_calls_under_way_once_and_the_next_call_starts_it_again(tmp_path: Path) -> None:
    record = tmp_path / "calls"

    async def main() -> None:
        server = upstream(recorder.spec("--crash-mid-line", record=record))
        await server.tools()
        waiting = [asyncio.ensure_future(call(server, "slow", seconds=30)) for _ in range(3)]
        await sent(record, 3)
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="code 4"):
            await call(server, "echo", text="hi")
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(outcome, OutcomeUnknown)
        assert time.monotonic() - started < 1
        await server.stop()

    on_loop(main())
    assert len(recorder.calls(record)) == 4


def test_a_hundred_crashes_in_a_row_are_a_hundred_clear_failures_with_growing_pauses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        server = upstream({"command": "/bin/sh", "args": ["-c", "exit 3"]})
        pauses = []
        for _ in range(100):
            server._retry_at = 0.0  # as if the pause were over
            with pytest.raises(NotSent, match="ended with code 3"):
                await server.tools()
            pauses.append(server._retry_at - time.monotonic())
            if len(pauses) > 2:
                with pytest.raises(NotSent, match="started again in"):
                    await server.tools()
        assert [round(pause) for pause in pauses[:8]] == [0, 1, 2, 4, 8, 16, 32, 60]
        assert max(pauses) <= 60
        await server.stop()

    on_loop(main())
    assert [record.message for record in caplog.records] == [
        "the server `fixture` did not start: its process ended with code 3;"
        " see in a terminal what its command does"
    ]


def test_a_server_of_the_newer_era_alone_is_probed_again_after_a_failed_start(tmp_path: Path) -> None:
    entry = recorder.spec("--era", "modern")
    # It ends at its first two questions, and works from then on.
    script = 'cd "$0"; [ -e 2 ] && exec "$@"; [ -e 1 ] && touch 2; touch 1; read -r line; exit 1'
    args = ["-c", script, str(tmp_path), entry["command"], *entry["args"]]

    async def main() -> None:
        server = upstream({"command": "/bin/sh", "args": args})
        with pytest.raises(NotSent):
            await server.tools()
        assert await server.tools()
        await server.stop()

    on_loop(main())


def test_a_cancelled_call_is_cancelled_at_the_server_and_forgotten(tmp_path: Path) -> None:
    record = tmp_path / "calls"

    async def main() -> None:
        server = upstream(recorder.spec("--late-answer", record=record))
        await server.tools()
        waiting = asyncio.ensure_future(call(server, "echo", text="late"))
        await sent(record, 1)
        waiting.cancel()
        await asyncio.wait({waiting})
        assert waiting.cancelled()
        await asyncio.to_thread(recorder.wait_for, record, b"notifications/cancelled")
        assert text_of(await call(server, "slow", seconds=0)) == "waited 0.0 s"
        await server.stop()

    on_loop(main())


def test_a_server_that_reads_nothing_makes_the_next_call_fail_before_it_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("latchward.upstream.process.MAX_UNREAD", 1_000_000)

    async def main() -> None:
        server = upstream(bad_server.spec("closes-output"))
        await server.tools()
        monkeypatch.setattr("latchward.upstream.process.DRAIN", 30.0)
        waiting = [asyncio.ensure_future(call(server, "echo", text="x" * 2_000_000)) for _ in range(2)]
        done, _ = await asyncio.wait(waiting, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        assert [type(outcome.exception()) for outcome in done] == [NotSent]
        await server.stop()
        await asyncio.wait(waiting)
        assert [type(outcome.exception()) for outcome in waiting] == [OutcomeUnknown, NotSent]

    on_loop(main())


@pytest.mark.parametrize(
    "entry",
    [
        recorder.spec("--change-tools-after-first-list", "--era", "legacy"),
        recorder.spec("--change-tools-after-first-list", "--era", "modern"),
        bad_server.spec("changes-in-handshake", "--era", "legacy"),
    ],
    ids=["legacy", "modern", "in the handshake"],
)
def test_changed_tools_are_seen_and_told_of(entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "REFRESH_EVERY", 0.2)

    async def main() -> None:
        told = asyncio.Event()
        server = upstream(entry, told.set)
        async with asyncio.timeout(10):
            await server.tools()
            while server.current("added") is None:
                told.clear()
                await told.wait()
        await server.stop()

    on_loop(main())


def test_a_server_that_ends_our_listening_is_asked_again_and_no_change_is_missed(tmp_path: Path) -> None:
    async def main() -> None:
        server = upstream(bad_server.spec("ends-listening", "--era", "modern"))
        async with asyncio.timeout(10):
            while "added" not in [tool.name for tool in await server.tools()]:
                await asyncio.sleep(0.01)
        await server.stop()

    on_loop(main())


def test_ten_thousand_notices_of_a_change_are_one_look_every_two_seconds(tmp_path: Path) -> None:
    record = tmp_path / "calls"

    async def main() -> None:
        server = upstream(bad_server.spec("floods", "--era", "legacy", record=record))
        await server.tools()
        await call(server, "echo", text="hi")
        await asyncio.sleep(bad_server.FLOOD_SECONDS)
        await server.stop()

    on_loop(main())
    looks = sum(b"tools/list" in line for line in recorder.received(record))
    assert looks <= 2 + bad_server.FLOOD_SECONDS / kept.REFRESH_EVERY


@LOOPS
def test_a_run_leaves_no_descriptor_behind(loop: str) -> None:
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    async def main() -> None:
        await upstream(recorder.spec()).stop()
        first = 0
        for _ in range(5):
            server = upstream(recorder.spec())
            await server.tools()
            await server.stop()
            await asyncio.sleep(0.05)
            first = first or count()
        assert count() <= first

    on_loop(main(), loop)
