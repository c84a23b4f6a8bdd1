"""The record: a row is durable before a call leaves.

One thread writes. What waits in its queue becomes one transaction, so that
calls that come together share one flush to the disk (group commit); each
caller wakes when the commit that holds its row has returned. The writer
holds no row back to make a group larger.

The file is SQLite in WAL mode. A group with a row that must be on the disk is
committed with `synchronous=FULL`, which returns when the log is there. A group of
other rows is committed without a flush and flushed within `FLUSH_WITHIN`: so the
end of one call never makes the next one wait. After each commit the writer makes sure that the
files it wrote to are still those that the names lead to. If anything fails, the
whole group is refused, the file is closed, and the next group opens it anew:
the record heals by itself as soon as the disk lets it. Closing rows that could
not be written wait (bounded) and go first next time.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from latchward.model.audit import AuditRecord, Decided, Finished
from latchward.model.errors import AuditError

from .database import Database, describe

MAX_WAITING: Final = 1_000
"""Records that may wait for the writer; more are refused."""
MAX_WAITING_BYTES: Final = 64 * 1024 * 1024
"""Bytes of arguments that may wait for the writer."""
MAX_GROUP: Final = 256
"""Records of one transaction."""
MAX_BACKLOG: Final = 10_000
"""Closing rows kept while the record cannot be written."""
FLUSH_WITHIN: Final = 0.5
"""Seconds in which a row reaches the disk that no call waits for."""
CLOSE_WAIT: Final = 10.0
"""Seconds that `close` waits for the writer."""

_log = logging.getLogger("latchward.storage")


@dataclass(slots=True)
class _Job:
    """One record on its way; `future` is None for a closing row. `outcome` is its number, or why not."""

    record: AuditRecord
    at: str
    size: int
    loop: asyncio.AbstractEventLoop | None = None
    future: asyncio.Future[int] | None = None
    outcome: int | str = "it was not tried"


class SqliteAudit:
    """Implements `ports.AuditLog`. Its methods belong to one thread, that of the loop.

    `problem` is the sentence for why nothing can be recorded now, or "" (then
    `healthy`). It changes with the next write that fails or works.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Start the writer on the file at `path`, whose folder exists (`Profile.prepare`)."""
        self.problem = ""
        self._now = now
        self._database = Database(path)
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        # Each of these has one writer: the caller's thread, then the writer's thread.
        self._put = self._put_bytes = 0
        self._done = self._done_bytes = 0
        self._lost = 0
        self._closed = False
        self._backlog: list[_Job] = []
        self._unflushed = False
        self._thread = threading.Thread(target=self._run, name="latchward-audit", daemon=True)
        self._thread.start()

    @property
    def healthy(self) -> bool:
        """Whether the last write worked."""
        return not self.problem

    async def decided(self, record: Decided) -> int:
        """Write the row and return its number once it is durable. Raises `AuditError`."""
        if self._lost:
            lost, self._lost = self._lost, 0
            raise AuditError(f"{lost} closing rows could not be recorded: too many were waiting; try again")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        job = _Job(record, self._time(), len(record.arguments), loop, future)
        if self._closed or not self._room(job.size):
            raise AuditError(
                "the record is closed: the gateway is ending"
                if self._closed
                else "too many calls wait to be recorded; try again in a moment"
            )
        self._enqueue(job)
        return await future

    def finished(self, record: Finished) -> None:
        """Queue the closing row. One that had to be dropped shows as `AuditError` of the next `decided`."""
        job = _Job(record, self._time(), len(record.detail))
        if self._closed or not self._room(job.size):
            self._lost += 1
            _log.error("the end of call %d could not be recorded", record.decided)
            return
        self._enqueue(job)

    def close(self) -> None:
        """Write what waits and close the file. Waits up to `CLOSE_WAIT` seconds."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        self._thread.join(CLOSE_WAIT)
        if self._thread.is_alive():
            _log.error("the record could not be closed within %g seconds", CLOSE_WAIT)

    def _time(self) -> str:
        return self._now().isoformat(timespec="microseconds")

    def _room(self, size: int) -> bool:
        waiting, waiting_bytes = self._put - self._done, self._put_bytes - self._done_bytes
        return waiting < MAX_WAITING and (not waiting or waiting_bytes + size <= MAX_WAITING_BYTES)

    def _enqueue(self, job: _Job) -> None:
        self._put += 1
        self._put_bytes += job.size
        self._queue.put(job)

    # From here on: the writer's thread.

    def _run(self) -> None:
        self._write([])  # opens the file, so that the first call need not wait for it
        ending = False
        while not ending:
            group: list[_Job] = []
            try:
                job = self._queue.get(timeout=FLUSH_WITHIN if self._unflushed else None)
            except queue.Empty:
                self._flush()
                continue
            while job is not None:
                group.append(job)
                if len(group) == MAX_GROUP:
                    break
                try:
                    job = self._queue.get_nowait()
                except queue.Empty:
                    break
            ending = job is None
            if group or self._backlog:
                self._write(group)
            self._tidy()
        self._flush()
        self._database.close()
        if self._backlog:
            _log.error("%d closing rows could not be recorded", len(self._backlog))

    def _write(self, group: list[_Job]) -> None:
        """Write the backlog and the group in one transaction, then wake the callers."""
        jobs = self._backlog + group
        flush = not jobs or any(isinstance(job.record, Decided) and job.record.flush for job in jobs)
        try:
            outcomes = self._database.append([(job.record, job.at) for job in jobs], flush=flush)
        except Exception as error:  # whatever it is, nothing may leave and the writer must live
            sentence = str(error) if isinstance(error, AuditError) else describe(error, self._database.path)
            self._fail(jobs, sentence)
        else:
            self._succeed(jobs, outcomes)
            self._unflushed = not flush
        self._done += len(group)
        self._done_bytes += sum(job.size for job in group)
        _wake(group)

    def _succeed(self, jobs: list[_Job], outcomes: list[int | str]) -> None:
        if self.problem:
            _log.warning("calls are recorded again")
        self.problem = ""
        self._backlog = []
        for job, outcome in zip(jobs, outcomes, strict=True):
            job.outcome = outcome
            if isinstance(outcome, str) and job.future is None:
                _log.error("a closing row was not recorded: %s", outcome)

    def _fail(self, jobs: list[_Job], sentence: str) -> None:
        if sentence != self.problem:
            _log.error("calls cannot be recorded, so none may leave: %s", sentence)
        self.problem = sentence
        self._database.abandon()
        for job in jobs:
            job.outcome = sentence
        endings = [job for job in jobs if job.future is None]
        if len(endings) > MAX_BACKLOG:
            _log.error("%d closing rows were lost", len(endings) - MAX_BACKLOG)
        self._backlog = endings[-MAX_BACKLOG:]

    def _flush(self) -> None:
        self._unflushed = False
        try:
            self._database.flush()
        except OSError as error:
            self._fail([], describe(error, self._database.path))

    def _tidy(self) -> None:
        try:
            self._database.checkpoint(idle=self._queue.empty())
        except sqlite3.Error as error:  # the rows are safe; the next group will meet the trouble itself
            _log.warning("the record was not tidied: %s", error)
            self._database.abandon()


def _wake(group: list[_Job]) -> None:
    """Resolve what the callers await: one message to the loop for the whole group."""
    waiting = [job for job in group if job.future is not None]
    if waiting and (loop := waiting[0].loop) is not None:
        try:
            loop.call_soon_threadsafe(_resolve, waiting)
        except RuntimeError:  # the loop has ended, and with it whoever waited
            return


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future is None or job.future.done():  # done: the caller was cancelled meanwhile
            continue
        if isinstance(job.outcome, int):
            job.future.set_result(job.outcome)
        else:
            job.future.set_exception(AuditError(job.outcome))
