"""The record: durable before a call leaves, refused when it cannot be, whole again by itself."""

import asyncio
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from latchward.model.audit import Decided, Ending, Finished
from latchward.model.decision import Effect
from latchward.model.errors import AuditError
from latchward.storage import audit as module
from latchward.storage import database
from latchward.storage.audit import SqliteAudit
from latchward.storage.log import follow, read
from latchward.storage.paths import Profile
from tests.support.root import needs_root

CALL = Decided(
    client="claude-code",
    session="s-1",
    upstream="github",
    tool="create_issue",
    arguments=b'{"title":"it\'s \xe2\x9c\x93"}',
    digest="d" * 64,
    effect=Effect.ALLOW,
    rule="/tools/create_issue",
    message="allowed by the entry",
    verdict="allow",
    by="policy",
    policy="work",
    revision="r" * 64,
)

WRITER = """
import asyncio, sys
from pathlib import Path
from latchward.model.audit import Decided
from latchward.model.decision import Effect
from latchward.storage.audit import SqliteAudit

async def main():
    audit = SqliteAudit(Path(sys.argv[1]))
    call = Decided("c", "s", "u", "t", b"{}", "d", Effect.ALLOW, "/r", "m", "allow", "policy", "p", "r")
    while True:
        print(await audit.decided(call), flush=True)

asyncio.run(main())
"""


@asynccontextmanager
async def open_audit(profile: Profile) -> AsyncIterator[SqliteAudit]:
    audit = SqliteAudit(profile.audit_db)
    try:
        yield audit
    finally:
        audit.close()


def run(scenario: Callable[[SqliteAudit], object], profile: Profile) -> None:
    """Run a coroutine function on a fresh record."""

    async def main() -> None:
        async with open_audit(profile) as audit:
            await asyncio.wait_for(scenario(audit), 20)  # type: ignore[arg-type]

    asyncio.run(main())


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)


def rows(path: Path) -> int:
    """What another connection sees."""
    connection = sqlite3.connect(path)
    try:
        count: int = connection.execute("SELECT count(*) FROM record").fetchone()[0]
        return count
    finally:
        connection.close()


@contextmanager
def no_room() -> Iterator[None]:
    """No file may grow past what any already holds: every write fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_row_is_in_the_file_when_decided_returns(profile: Profile) -> None:
    async def scenario(audit: SqliteAudit) -> None:
        for expected in (1, 2, 3):
            assert await audit.decided(CALL) == expected
            assert rows(profile.audit_db) == expected

    run(scenario, profile)


def test_both_kinds_of_rows_are_read_back_as_they_were(profile: Profile) -> None:
    before = datetime.now(UTC).isoformat(timespec="microseconds")

    async def scenario(audit: SqliteAudit) -> None:
        number = await audit.decided(CALL)
        audit.finished(Finished(number, Ending.TOOL_ERROR, "boom", 12, 3.5))

    run(scenario, profile)
    first, second = read(profile)
    assert (
        before <= first.pop("at") <= second.pop("at") <= datetime.now(UTC).isoformat(timespec="microseconds")
    )
    assert first == {
        "seq": 1, "kind": "decided", "client": "claude-code", "session": "s-1", "upstream": "github",
        "tool": "create_issue", "arguments": '{"title":"it\'s ✓"}', "digest": "d" * 64, "effect": "allow",
        "rule": "/tools/create_issue", "message": "allowed by the entry", "verdict": "allow", "by": "policy",
        "policy": "work", "revision": "r" * 64, "method": "tools/call",
    }  # fmt: skip
    assert second == {
        "seq": 2, "kind": "finished", "decided": 1, "ending": "tool-error", "detail": "boom",
        "result_bytes": 12, "running_ms": 3.5,
    }  # fmt: skip


@settings(max_examples=25)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_any_text_is_stored_exactly(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    profile = Profile.below(tmp_path_factory.mktemp("text"))

    async def scenario(audit: SqliteAudit) -> None:
        await audit.decided(replace(CALL, tool=text, arguments=text.encode()))

    run(scenario, profile)
    (row,) = read(profile)
    assert (row["tool"], row["arguments"]) == (text, text)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777], ids=oct)
def test_the_files_are_private_under_any_umask(profile: Profile, umask: int) -> None:
    async def scenario(audit: SqliteAudit) -> None:
        await audit.decided(CALL)
        for end in ("", "-wal", "-shm"):
            found = profile.audit_db.with_name(f"audit.db{end}").stat()
            assert stat.S_IMODE(found.st_mode) == 0o600

    before = os.umask(umask)
    try:
        run(scenario, profile)
    finally:
        os.umask(before)


def test_nothing_that_was_decided_is_lost_when_the_process_is_killed(profile: Profile) -> None:
    command = [sys.executable, "-c", WRITER, str(profile.audit_db)]
    for _ in range(3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(20):
                told = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            told = int((writer.stdout.read().splitlines() or [str(told)])[-1])
        assert [row["seq"] for row in read(profile)][told - 1] == told


def test_calls_that_come_together_share_a_commit(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    append = database.Database.append

    def counted(self: database.Database, records: list[tuple[Decided | Finished, str]]) -> list[int | str]:
        sizes.append(len(records))
        return append(self, records)

    monkeypatch.setattr(database.Database, "append", counted)

    async def scenario(audit: SqliteAudit) -> None:
        numbers = await asyncio.gather(*(audit.decided(CALL) for _ in range(100)))
        assert sorted(numbers) == list(range(1, 101))

    run(scenario, profile)
    assert sum(sizes) == 100
    assert len(sizes) < 20
    assert rows(profile.audit_db) == 100


def test_only_rows_that_a_call_waits_for_are_flushed_at_once(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        flushed.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        fsync(descriptor)

    async def scenario(audit: SqliteAudit) -> None:
        monkeypatch.setattr(os, "fsync", noted)
        await audit.decided(replace(CALL, flush=False))
        assert flushed == []
        await audit.decided(CALL)
        assert flushed == ["audit.db-wal"]
        await audit.decided(replace(CALL, flush=False))
        assert flushed == ["audit.db-wal"]
        await until(lambda: len(flushed) > 1)  # within `FLUSH_WITHIN`

    run(scenario, profile)


def test_one_flush_serves_all_who_wait(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    flushes = 0
    flush = database.Database.flush

    def counted(self: database.Database) -> None:
        nonlocal flushes
        flushes += 1
        flush(self)

    monkeypatch.setattr(database.Database, "flush", counted)

    async def scenario(audit: SqliteAudit) -> None:
        await asyncio.gather(*(audit.decided(CALL) for _ in range(100)))
        assert flushes < 10

    run(scenario, profile)


@pytest.mark.parametrize("name", ["audit.db", "audit.db-wal"])
def test_a_file_that_is_removed_while_it_is_flushed_lets_no_call_go(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    flush = database.Database.flush

    def removed(self: database.Database) -> None:
        flush(self)
        profile.audit_db.with_name(name).unlink(missing_ok=True)

    async def scenario(audit: SqliteAudit) -> None:
        await audit.decided(CALL)
        monkeypatch.setattr(database.Database, "flush", removed)
        with pytest.raises(AuditError, match="was removed or replaced"):
            await audit.decided(CALL)
        monkeypatch.setattr(database.Database, "flush", flush)
        await audit.decided(CALL)
        assert audit.healthy

    run(scenario, profile)
    caplog.clear()


def test_what_was_not_flushed_survives_our_own_crash(profile: Profile) -> None:
    source = WRITER.replace('"p", "r")', '"p", "r", False)')
    with subprocess.Popen(
        [sys.executable, "-c", source, str(profile.audit_db)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(50)][-1]
        writer.kill()
    assert rows(profile.audit_db) >= told


def test_without_room_calls_are_refused_and_the_record_heals_by_itself(
    profile: Profile, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(audit: SqliteAudit) -> None:
        number = await audit.decided(CALL)
        with no_room():
            for _ in range(3):
                with pytest.raises(AuditError, match=r"`.*/audit.db` cannot be written: .*; "):
                    await audit.decided(CALL)
                assert not audit.healthy
            audit.finished(Finished(number, Ending.RESULT))
            with pytest.raises(AuditError):
                await audit.decided(CALL)
        assert await audit.decided(CALL) == 3
        assert audit.healthy

    run(scenario, profile)
    assert [row["kind"] for row in read(profile)] == ["decided", "finished", "decided"]
    assert "calls are recorded again" in caplog.messages
    caplog.clear()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this container lets not even root mount a disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@needs_root
def test_a_full_disk_that_root_mounted_refuses_and_a_freed_one_records_again(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    profile = Profile.below(small_disk / "latchward")
    profile.prepare()
    big = replace(CALL, arguments=b"x" * 20_000)

    async def scenario(audit: SqliteAudit) -> None:
        await audit.decided(big)
        (small_disk / "filler").write_bytes(b"")
        with open(small_disk / "filler", "ab", buffering=0) as filler:
            try:
                while filler.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        many = [audit.decided(big) for _ in range(200)]  # more than what was set apart for the log
        refused = await asyncio.gather(*many, return_exceptions=True)
        assert "the disk is full; free some space" in str(refused[-1])
        assert not audit.healthy
        before = rows(profile.audit_db)
        (small_disk / "filler").unlink()
        number = await audit.decided(CALL)
        assert audit.healthy
        assert rows(profile.audit_db) == before + 1 == number

    run(scenario, profile)
    caplog.clear()


@pytest.mark.parametrize("name", ["audit.db", "audit.db-wal", "audit.db-shm"])
def test_a_file_that_is_removed_under_us_is_noticed_and_made_anew(
    profile: Profile, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(audit: SqliteAudit) -> None:
        assert await audit.decided(CALL) == 1
        profile.audit_db.with_name(name).unlink()
        with pytest.raises(AuditError, match=r"`.*/audit.db` was removed or replaced while it was in use"):
            await audit.decided(CALL)
        number = await audit.decided(CALL)
        assert number > 1, "numbers go on, so that a gap tells"
        assert number in [row["seq"] for row in read(profile)]
        assert audit.healthy

    run(scenario, profile)
    caplog.clear()


def test_a_file_that_is_replaced_under_us_is_noticed_and_not_removed(
    profile: Profile, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = Profile.below(tmp_path / "other")
    other.prepare()

    async def fill(audit: SqliteAudit) -> None:
        for _ in range(5):
            await audit.decided(replace(CALL, client="other"))

    run(fill, other)

    async def scenario(audit: SqliteAudit) -> None:
        assert await audit.decided(CALL) == 1
        os.replace(other.audit_db, profile.audit_db)
        with pytest.raises(AuditError, match="was removed or replaced"):
            await audit.decided(CALL)
        await audit.decided(CALL)
        assert [row["client"] for row in read(profile)] == ["other"] * 5 + ["claude-code"]
        assert profile.audit_db.with_name("audit.db-wal.orphan").exists()

    run(scenario, profile)
    caplog.clear()


def test_a_file_that_is_replaced_is_not_mixed_with_our_log_when_we_end(
    profile: Profile, tmp_path: Path
) -> None:
    other = Profile.below(tmp_path / "other")
    other.prepare()

    async def fill(audit: SqliteAudit) -> None:
        await audit.decided(replace(CALL, client="other"))

    run(fill, other)

    async def scenario(audit: SqliteAudit) -> None:
        for _ in range(3):
            await audit.decided(CALL)
        os.replace(other.audit_db, profile.audit_db)

    run(scenario, profile)
    assert [row["client"] for row in read(profile)] == ["other"]


def test_a_file_held_by_another_program_refuses_and_heals(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "BUSY_WAIT", 0.05)

    async def scenario(audit: SqliteAudit) -> None:
        await audit.decided(CALL)
        other = sqlite3.connect(profile.audit_db, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(AuditError, match="is held by another program; end that program"):
            await audit.decided(CALL)
        other.execute("ROLLBACK")
        other.close()
        assert await audit.decided(CALL) == 2

    run(scenario, profile)
    caplog.clear()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not a database at all, but long enough to look like one" * 40, "is damaged .*move it aside"),
        (None, "is a symbolic link"),
    ],
)
def test_a_file_that_is_no_record_is_refused_and_kept(
    profile: Profile, tmp_path: Path, content: bytes | None, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "theirs").write_bytes(b"theirs")
    if content is None:
        profile.audit_db.symlink_to(tmp_path / "theirs")
    else:
        profile.audit_db.write_bytes(content)

    async def scenario(audit: SqliteAudit) -> None:
        with pytest.raises(AuditError, match=said):
            await audit.decided(CALL)

    run(scenario, profile)
    assert profile.audit_db.read_bytes() == (content or b"theirs")
    caplog.clear()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "PRAGMA user_version = 3",
            "written by a newer Latchward .*record version 3; this one knows 2.*update",
        ),
        ("PRAGMA user_version = 0", "is a database of another program"),
        ("PRAGMA application_id = 7", "is a database of another program; move it aside"),
        ("PRAGMA user_version = 0; PRAGMA application_id = 0", "is a database of another program"),
    ],
)
def test_a_file_of_a_newer_latchward_or_another_program_is_not_written(
    profile: Profile, change: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def record(audit: SqliteAudit) -> None:
        await audit.decided(CALL)

    run(record, profile)
    connection = sqlite3.connect(profile.audit_db)
    connection.executescript(change)
    connection.close()
    before = profile.audit_db.read_bytes()

    async def scenario(audit: SqliteAudit) -> None:
        with pytest.raises(AuditError, match=said):
            await audit.decided(CALL)
        assert not audit.healthy

    run(scenario, profile)
    assert profile.audit_db.read_bytes() == before
    caplog.clear()


FIRST_SCHEMA = """
CREATE TABLE record (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('decided', 'finished')),
  client TEXT, session TEXT, upstream TEXT, tool TEXT, arguments TEXT, digest TEXT, effect TEXT, rule TEXT,
  message TEXT, verdict TEXT, by TEXT, policy TEXT, revision TEXT,
  decided INTEGER, ending TEXT, detail TEXT, result_bytes INTEGER, running_ms REAL
) STRICT;
CREATE TRIGGER record_is_not_changed BEFORE UPDATE ON record BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER record_is_not_removed BEFORE DELETE ON record BEGIN SELECT RAISE(ABORT, 'append only'); END;
PRAGMA application_id = 1280590664;
PRAGMA user_version = 1;
INSERT INTO record (seq, at, kind, client, tool, arguments) VALUES
  (1, '2026-11-24T10:00:00.000+00:00', 'decided', 'cursor', 'create_issue', '{}');
INSERT INTO record (seq, at, kind, decided, ending) VALUES
  (2, '2026-11-24T10:00:01.000+00:00', 'finished', 1, 'result');
"""
"""A file as the first version wrote it."""


@pytest.fixture
def first_version(profile: Profile) -> Path:
    with sqlite3.connect(profile.audit_db) as connection:
        connection.executescript("PRAGMA journal_mode = WAL;" + FIRST_SCHEMA)
    connection.close()
    return profile.audit_db


def test_a_record_of_the_first_version_goes_on(profile: Profile, first_version: Path) -> None:
    async def scenario(audit: SqliteAudit) -> None:
        assert await audit.decided(replace(CALL, tool="review", method="prompts/get")) == 3

    run(scenario, profile)
    run(scenario_of(4), profile)
    found = list(read(profile))
    assert [(row["seq"], row.get("method")) for row in found] == [
        (1, "tools/call"),
        (2, None),
        (3, "prompts/get"),
        (4, "tools/call"),
    ]
    assert found[0]["client"] == "cursor"
    assert "method" not in found[1]


def scenario_of(expected: int) -> Callable[[SqliteAudit], object]:
    async def scenario(audit: SqliteAudit) -> None:
        assert await audit.decided(CALL) == expected

    return scenario


def test_a_record_of_the_first_version_is_read_as_it_is(profile: Profile, first_version: Path) -> None:
    assert [row.get("method") for row in read(profile)] == ["tools/call", None]
    with sqlite3.connect(first_version) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


def test_rows_of_the_first_version_can_still_be_neither_changed_nor_removed(
    profile: Profile, first_version: Path
) -> None:
    run(scenario_of(3), profile)

    connection = sqlite3.connect(first_version)
    for statement in ("UPDATE record SET method = 'x'", "DELETE FROM record"):
        with pytest.raises(sqlite3.IntegrityError, match="append only"):
            connection.execute(statement)
    connection.close()


def test_rows_can_be_neither_changed_nor_removed(profile: Profile) -> None:
    async def scenario(audit: SqliteAudit) -> None:
        await audit.decided(CALL)

    run(scenario, profile)
    connection = sqlite3.connect(profile.audit_db)
    for statement in ("UPDATE record SET tool = 'x'", "DELETE FROM record"):
        with pytest.raises(sqlite3.IntegrityError, match="append only"):
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("bad", [{"tool": "\ud800"}, {"arguments": b"\xff"}], ids=str)
def test_a_record_that_cannot_be_written_harms_no_other(profile: Profile, bad: dict[str, object]) -> None:
    async def scenario(audit: SqliteAudit) -> None:
        wrong = replace(CALL, **bad)  # type: ignore[arg-type]
        calls = [audit.decided(call) for call in (CALL, wrong, CALL)]
        first, refused, last = await asyncio.gather(*calls, return_exceptions=True)
        assert (first, last) == (1, 2)
        assert isinstance(refused, AuditError)
        assert "cannot be recorded" in str(refused)
        assert audit.healthy

    run(scenario, profile)


def test_a_waiting_caller_that_is_cancelled_harms_no_other(profile: Profile) -> None:
    async def scenario(audit: SqliteAudit) -> None:
        waiting = [asyncio.ensure_future(audit.decided(CALL)) for _ in range(10)]
        await asyncio.sleep(0)
        waiting[3].cancel()
        done = await asyncio.gather(*waiting, return_exceptions=True)
        assert sum(isinstance(one, int) for one in done) == 9

    run(scenario, profile)


def test_too_many_that_wait_are_refused_at_once(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 10)

    async def scenario(audit: SqliteAudit) -> None:
        other = sqlite3.connect(profile.audit_db, isolation_level=None)
        await audit.decided(CALL)
        other.execute("BEGIN IMMEDIATE")  # rows wait for us from here on
        waiting = [asyncio.ensure_future(audit.decided(CALL)) for _ in range(10)]
        await asyncio.sleep(0)
        with pytest.raises(AuditError, match="too many calls wait to be recorded; try again in a moment"):
            await audit.decided(CALL)
        audit.finished(Finished(1, Ending.RESULT))
        other.execute("ROLLBACK")
        other.close()
        assert sorted(await asyncio.gather(*waiting)) == list(range(2, 12))
        with pytest.raises(AuditError, match="1 closing rows could not be recorded"):
            await audit.decided(CALL)
        assert await audit.decided(CALL) == 12

    run(scenario, profile)
    assert caplog.messages == ["the end of call 1 could not be recorded"]
    caplog.clear()


def test_closing_writes_what_waits_and_then_refuses(profile: Profile) -> None:
    async def scenario(audit: SqliteAudit) -> None:
        number = await audit.decided(CALL)
        for _ in range(50):
            audit.finished(Finished(number, Ending.RESULT))
        audit.close()
        assert rows(profile.audit_db) == 51
        with pytest.raises(AuditError, match="the record is closed"):
            await audit.decided(CALL)

    run(scenario, profile)
    assert sorted(path.name for path in profile.audit_db.parent.glob("audit.db*")) == ["audit.db"]


@pytest.mark.parametrize("run_loop", [asyncio.run, uvloop.run])
def test_no_call_waits_for_the_closing_row_of_another(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, run_loop: Callable[..., None]
) -> None:
    monkeypatch.setattr(module, "CLOSING_WITHIN", 30.0)

    async def main() -> None:
        async with open_audit(profile) as audit, asyncio.timeout(10):
            audit.finished(Finished(await audit.decided(CALL), Ending.RESULT))
            audit.finished(Finished(await audit.decided(CALL), Ending.RESULT))
            await audit.decided(replace(CALL, flush=False))
            assert rows(profile.audit_db) == 5

    run_loop(main())


def test_who_waits_for_the_disk_when_the_record_is_closed_is_told(profile: Profile) -> None:
    async def scenario(audit: SqliteAudit) -> None:
        waiting = [asyncio.ensure_future(audit.decided(CALL)) for _ in range(20)]
        await asyncio.sleep(0)
        audit.close()
        assert sorted(await asyncio.gather(*waiting)) == list(range(1, 21))

    run(scenario, profile)


def test_the_log_begins_anew_under_a_load_that_never_rests(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "CHECKPOINT_PAGES", 100)
    monkeypatch.setattr(database, "CHECKPOINT_PAGES_BUSY", 100)

    async def scenario(audit: SqliteAudit) -> None:
        async def work() -> None:
            for at in range(400):
                await audit.decided(replace(CALL, flush=at % 5 == 0))

        await asyncio.gather(*(work() for _ in range(8)))
        assert profile.audit_db.with_name("audit.db-wal").stat().st_size < 4_000_000

    run(scenario, profile)
    assert len(list(read(profile))) == 3_200


def test_the_log_is_folded_into_the_file_when_it_has_grown(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "CHECKPOINT_PAGES", 10)

    async def scenario(audit: SqliteAudit) -> None:
        for _ in range(100):
            await audit.decided(CALL)
        await until(lambda: profile.audit_db.stat().st_size > 20_000)
        assert profile.audit_db.with_name("audit.db-wal").stat().st_size < 200_000

    run(scenario, profile)
    assert len(list(read(profile))) == 100


def test_reading_begins_after_a_number_and_ends_at_a_limit(profile: Profile) -> None:
    async def scenario(audit: SqliteAudit) -> None:
        for _ in range(1_200):
            audit.finished(Finished(1, Ending.RESULT))
            if len(audit._jobs) > 500:
                await until(lambda: not audit._jobs)

    run(scenario, profile)
    assert [row["seq"] for row in read(profile)] == list(range(1, 1_201))
    assert [row["seq"] for row in read(profile, after=1_198)] == [1_199, 1_200]
    assert [row["seq"] for row in read(profile, after=7, limit=600)] == list(range(8, 608))
    assert list(read(profile, limit=0)) == []


def test_a_record_that_was_not_begun_has_no_rows(profile: Profile) -> None:
    assert list(read(profile)) == []


def test_reading_changes_nothing_and_works_without_a_gateway(profile: Profile) -> None:
    async def scenario(audit: SqliteAudit) -> None:
        await audit.decided(CALL)

    run(scenario, profile)
    before = profile.audit_db.read_bytes()
    assert len(list(read(profile))) == 1
    assert profile.audit_db.read_bytes() == before


def test_reading_what_is_no_record_is_one_sentence(profile: Profile) -> None:
    profile.audit_db.write_bytes(b"nothing" * 400)
    with pytest.raises(AuditError, match=r"`.*/audit.db` cannot be read: file is not a database"):
        list(read(profile))


def test_following_shows_each_row_as_it_comes(profile: Profile) -> None:
    async def scenario(audit: SqliteAudit) -> None:
        followed = follow(profile, poll=0.01)
        for expected in (1, 2, 3):
            await audit.decided(CALL)
            row = await asyncio.wait_for(asyncio.to_thread(next, followed), 5)
            assert row["seq"] == expected

    run(scenario, profile)


def test_times_are_those_of_the_call_in_utc(profile: Profile) -> None:
    audit = SqliteAudit(profile.audit_db, now=lambda: datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC))
    audit.finished(Finished(1, Ending.RESULT))
    audit.close()
    assert next(read(profile))["at"] == "2026-01-02T03:04:05.000006+00:00"


def test_the_writer_ends_with_the_record(profile: Profile) -> None:
    started = time.monotonic()
    audit = SqliteAudit(profile.audit_db)
    audit.close()
    audit.close()
    assert not audit._flusher.thread.is_alive()
    assert time.monotonic() - started < 5
