"""The record: a row is durable before a call leaves.

Rows are written where calls are decided, on the loop: an insert that nobody
flushes takes less time than handing it to a thread would. What has to be on
the disk first is written in one transaction with all that came in the same
turn of the loop, and then waits for a thread that flushes: one flush at a time,
and each serves all who wait for it (group commit). Closing rows go with the
next row, or after `CLOSING_WITHIN`.

The file is SQLite in WAL mode; a flush is an `fsync` of its log. Rows that no
call waits for are flushed within `FLUSH_WITHIN`. After each commit, and after
each flush that a call waits for, the files must still be those that the names
lead to. If anything fails, the whole group is refused, the file is closed, and
the next group opens it anew: the record heals by itself as soon as the disk
lets it. Closing rows that could not be written wait (bounded) and go first
next time. A file that another program holds is tried again for `BUSY_WAIT`.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from latchward.model.audit import AuditRecord, Decided, Finished
from latchward.model.errors import AuditError

from .database import BUSY_WAIT, Database, describe, is_busy

MAX_WAITING: Final = 1_000
"""Records that may wait to be written or flushed; more are refused."""
MAX_WAITING_BYTES: Final = 64 * 1024 * 1024
"""Bytes of arguments that may wait."""
MAX_GROUP: Final = 256
"""Records of one transaction."""
MAX_BACKLOG: Final = 10_000
"""Closing rows kept while the record cannot be written."""
CLOSING_WITHIN: Final = 0.01
"""Seconds in which a closing row is written where no other row takes it along."""
FLUSH_WITHIN: Final = 0.5
"""Seconds in which a row reaches the disk that no call waits for."""
BUSY_PAUSE: Final = 0.01
"""Seconds before a file that another program holds is tried again."""
CLOSE_WAIT: Final = 10.0
"""Seconds that `close` waits for the last flush."""

_log = logging.getLogger("latchward.storage")


@dataclass(slots=True)
class _Job:
    """One record on its way. `outcome` is its number, or why not; None while it is not known."""

    record: AuditRecord
    at: str
    size: int
    flush: bool = False
    future: asyncio.Future[int] | None = None
    outcome: int | str | None = None

    def settle(self, outcome: int | str) -> None:
        """Tell whoever waits."""
        self.outcome = outcome
        if self.future is None or self.future.done():  # done: the caller was cancelled meanwhile
            return
        if isinstance(outcome, int):
            self.future.set_result(outcome)
        else:
            self.future.set_exception(AuditError(outcome))


class SqliteAudit:
    """Implements `ports.AuditLog`. For one event loop.

    `problem` is the sentence for why nothing can be recorded now, or "" (then
    `healthy`). It changes with the next write that fails or works.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Open the file at `path`, whose folder exists (`Profile.prepare`)."""
        self.problem = ""
        self._now = now
        self._database = Database(path)
        self._jobs: list[_Job] = []
        self._backlog: list[_Job] = []
        self._to_flush: list[_Job] = []
        self._flushing: list[_Job] | None = None
        self._unflushed = False
        self._writing: asyncio.Handle | None = None
        self._due = 0.0
        self._tidying: asyncio.Handle | None = None
        self._busy_since = 0.0
        self._lost = 0
        self._closed = False
        self._flusher = _Flusher(self._database)
        self._write()  # opens the file, so that the first call need not wait for it

    @property
    def healthy(self) -> bool:
        """Whether the last write worked."""
        return not self.problem

    async def decided(self, record: Decided) -> int:
        """Write the row and return its number once it is durable. Raises `AuditError`."""
        job = self._job(record)
        self._jobs.append(job)
        if record.flush:
            self._soon()
        else:
            self._write()
        if job.outcome is None:
            job.future = asyncio.get_running_loop().create_future()
            return await job.future
        return _number(job.outcome)

    def decided_now(self, record: Decided) -> int | None:
        """The same at once; None, and nothing written, where another program holds the file."""
        job = self._job(record)
        self._jobs.append(job)
        self._write()
        if job.outcome is None:
            self._jobs.remove(job)
            return None
        return _number(job.outcome)

    def _job(self, record: Decided) -> _Job:
        if self._lost:
            lost, self._lost = self._lost, 0
            raise AuditError(f"{lost} closing rows could not be recorded: too many were waiting; try again")
        job = _Job(record, self._time(), len(record.arguments), record.flush)
        if self._closed or not self._room(job.size):
            raise AuditError(
                "the record is closed: the gateway is ending"
                if self._closed
                else "too many calls wait to be recorded; try again in a moment"
            )
        return job

    def finished(self, record: Finished) -> None:
        """Queue the closing row. One that had to be dropped shows as `AuditError` of the next `decided`."""
        job = _Job(record, self._time(), len(record.detail))
        if self._closed or not self._room(job.size):
            self._lost += 1
            _log.error("the end of call %d could not be recorded", record.decided)
            return
        self._jobs.append(job)
        self._soon(CLOSING_WITHIN)

    def close(self) -> None:
        """Write what waits and close the file. Waits up to `CLOSE_WAIT` seconds."""
        if self._closed:
            return
        self._closed = True
        while self._jobs or self._backlog:
            before = len(self._jobs), len(self._backlog)
            self._write()
            if self._busy_since:
                time.sleep(BUSY_PAUSE)
            elif (len(self._jobs), len(self._backlog)) == before:
                break
        for handle in (self._writing, self._tidying):
            if handle is not None:
                handle.cancel()
        if why := self._flusher.close(CLOSE_WAIT):
            _log.error("the end of the record may not be on the disk: %s", why)
        for job in (*(self._flushing or ()), *self._to_flush):
            job.settle(why or job.outcome or 0)
        self._database.close()
        if self._backlog:
            _log.error("%d closing rows could not be recorded", len(self._backlog))

    def _time(self) -> str:
        return self._now().isoformat(timespec="microseconds")

    def _room(self, size: int) -> bool:
        waiting = [*self._jobs, *self._to_flush, *(self._flushing or ())]
        return len(waiting) < MAX_WAITING and (
            not waiting or sum(job.size for job in waiting) + size <= MAX_WAITING_BYTES
        )

    # Writing

    def _soon(self, seconds: float = 0.0) -> None:
        """Write in the loop's next turn, or a little later where something else may take it along."""
        due = time.monotonic() + seconds
        if self._writing is not None:
            if self._due <= due:
                return
            self._writing.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # there is none: `close` writes it
            return
        self._due = due
        self._writing = loop.call_later(seconds, self._write) if seconds else loop.call_soon(self._write)

    def _write(self) -> None:
        """Write the backlog and what waits in one transaction, and tell who need not wait for the disk."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        fresh, self._jobs = self._jobs[:MAX_GROUP], self._jobs[MAX_GROUP:]
        jobs = self._backlog + fresh
        try:
            outcomes = self._database.append([(job.record, job.at) for job in jobs])
        except Exception as error:  # whatever it is, nothing may leave and the record must heal
            if is_busy(error) and self._try_again():
                self._jobs = fresh + self._jobs
                return
            sentence = str(error) if isinstance(error, AuditError) else describe(error, self._database.path)
            self._fail(jobs, sentence)
        else:
            self._succeed(jobs, outcomes)
        self._busy_since = 0.0
        if self._jobs:
            self._soon()

    def _try_again(self) -> bool:
        """Another program holds the file: whether it is tried again, in a moment."""
        now = time.monotonic()
        self._busy_since = self._busy_since or now
        if now - self._busy_since > BUSY_WAIT:
            return False
        if not self._closed:
            self._soon(BUSY_PAUSE)
        return True

    def _succeed(self, jobs: list[_Job], outcomes: list[int | str]) -> None:
        if self.problem:
            _log.warning("calls are recorded again")
        self.problem = ""
        self._backlog = []
        for job, outcome in zip(jobs, outcomes, strict=True):
            if isinstance(outcome, int) and job.flush:
                job.outcome = outcome
                self._to_flush.append(job)
            else:
                job.settle(outcome)
            if isinstance(outcome, str) and isinstance(job.record, Finished):
                _log.error("a closing row was not recorded: %s", outcome)
        self._unflushed = self._unflushed or bool(jobs)
        if self._to_flush:
            self._flush()
        elif self._unflushed:
            self._tidy_later()

    def _fail(self, jobs: list[_Job], sentence: str) -> None:
        if sentence != self.problem:
            _log.error("calls cannot be recorded, so none may leave: %s", sentence)
        self.problem = sentence
        self._database.abandon()
        endings = [job for job in jobs if isinstance(job.record, Finished)]
        for job in jobs:
            if not isinstance(job.record, Finished):
                job.settle(sentence)
        if len(endings) > MAX_BACKLOG:
            _log.error("%d closing rows were lost", len(endings) - MAX_BACKLOG)
        self._backlog = endings[-MAX_BACKLOG:]

    # Flushing

    def _flush(self) -> None:
        """Let the thread flush, one time for all that was written until now."""
        if self._flushing is not None or self._flusher.closed:
            return
        if self._tidying is not None:
            self._tidying.cancel()
            self._tidying = None
        self._flushing, self._to_flush = self._to_flush, []
        self._unflushed = False
        self._flusher.flush(asyncio.get_running_loop(), self._flushed, self._fold_rest)

    def _flushed(self, error: Exception | None) -> None:
        jobs, self._flushing = self._flushing or [], None
        if jobs and error is None and not self._database.is_in_place():
            error = AuditError(self._database.replaced)
        if error is not None:
            sentence = str(error) if isinstance(error, AuditError) else describe(error, self._database.path)
            self._fail([*jobs, *self._to_flush], sentence)
            self._to_flush = []
        else:
            for job in jobs:
                job.settle(job.outcome or 0)
        if self._to_flush:
            self._flush()
        elif self._unflushed:
            self._tidy_later()

    def _fold_rest(self) -> None:
        try:
            self._database.fold_rest()
        except sqlite3.Error as error:  # the rows are safe; the next one will meet the trouble itself
            _log.warning("the record was not tidied: %s", error)

    def _tidy_later(self) -> None:
        if self._tidying is None and self._flushing is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:  # there is none: `close` flushes
                return
            self._tidying = loop.call_later(FLUSH_WITHIN, self._tidy)

    def _tidy(self) -> None:
        self._tidying = None
        self._flush()


def _number(outcome: int | str) -> int:
    if isinstance(outcome, str):
        raise AuditError(outcome)
    return outcome


_Wanted = tuple[asyncio.AbstractEventLoop, Callable[[Exception | None], None], Callable[[], None]]


class _Flusher:
    """The thread that flushes, and folds the log into the file where enough has gathered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wanted: queue.SimpleQueue[_Wanted | None] = queue.SimpleQueue()
        self._end = ""
        self.closed = False
        self.thread = threading.Thread(target=self._run, name="latchward-audit", daemon=True)
        self.thread.start()

    def flush(
        self,
        loop: asyncio.AbstractEventLoop,
        done: Callable[[Exception | None], None],
        fold_rest: Callable[[], None],
    ) -> None:
        """Flush, then call `done` on the loop with what went wrong; `fold_rest` where the log wants it."""
        self._wanted.put((loop, done, fold_rest))

    def close(self, seconds: float) -> str:
        """Flush once more and end: "", or why that was not done."""
        self.closed = True
        self._wanted.put(None)
        self.thread.join(seconds)
        return f"it could not be flushed within {seconds:g} seconds" if self.thread.is_alive() else self._end

    def _run(self) -> None:
        wanted = self._wanted.get()
        while wanted is not None:
            loop, done, fold_rest = wanted
            try:
                loop.call_soon_threadsafe(done, self._flush())
                if self._folded_partly():
                    loop.call_soon_threadsafe(fold_rest)
            except RuntimeError:
                return  # the loop has ended, and with it whoever waited
            wanted = self._wanted.get()
        error = self._flush()
        self._end = describe(error, self._database.path) if error is not None else ""

    def _flush(self) -> Exception | None:
        try:
            self._database.flush()
        except Exception as error:
            return error
        return None

    def _folded_partly(self) -> bool:
        try:
            return self._database.checkpoint(idle=self._wanted.empty())
        except sqlite3.Error as error:  # the rows are safe; the next one will meet the trouble itself
            _log.warning("the record was not tidied: %s", error)
            return False
