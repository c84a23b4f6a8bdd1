"""The file of the record: its schema, one append, and the checks around it.

`flush` and `checkpoint` run in a thread of their own; everything else belongs to the loop's.
"""

import contextlib
import os
import sqlite3
import time
from pathlib import Path
from typing import Final

from latchward.model.audit import AuditRecord, Decided, Finished
from latchward.model.errors import AuditError, ProfileError

from .files import create_private, reason, sync_folder
from .watched import REST_NS

APPLICATION_ID: Final = 0x4C544348  # "LTCH"
SCHEMA_VERSION: Final = 2
BUSY_WAIT: Final = 2.0
"""Seconds in which a file that another program holds is tried again."""
CHECKPOINT_PAGES: Final = 256
"""Pages in the log after which an idle moment is used to fold them into the file."""
CHECKPOINT_PAGES_BUSY: Final = 4_096
"""Pages in the log after which they are folded in even while calls come."""

_SCHEMA: Final = f"""
CREATE TABLE record (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('decided', 'finished')),
  client TEXT, session TEXT, upstream TEXT, tool TEXT, arguments TEXT, digest TEXT, effect TEXT, rule TEXT,
  message TEXT, verdict TEXT, by TEXT, policy TEXT, revision TEXT,
  decided INTEGER, ending TEXT, detail TEXT, result_bytes INTEGER, running_ms REAL, method TEXT
) STRICT;
CREATE TRIGGER record_is_not_changed BEFORE UPDATE ON record BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER record_is_not_removed BEFORE DELETE ON record BEGIN SELECT RAISE(ABORT, 'append only'); END;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""
_UPGRADES: Final[dict[int, str]] = {1: "ALTER TABLE record ADD COLUMN method TEXT;"}
"""What makes a file of each version one of the next; rows stay as they are."""

DECIDED_COLUMNS: Final = (
    "client", "session", "upstream", "tool", "arguments", "digest", "effect", "rule",
    "message", "verdict", "by", "policy", "revision", "method",
)  # fmt: skip
FINISHED_COLUMNS: Final = ("decided", "ending", "detail", "result_bytes", "running_ms")


def _insert(kind: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * (len(columns) + 2))
    # All three parts are constants of this module.
    return f"INSERT INTO record (kind, seq, at, {', '.join(columns)}) VALUES ('{kind}', {marks})"  # noqa: S608


_INSERT_DECIDED: Final = _insert("decided", DECIDED_COLUMNS)
_INSERT_FINISHED: Final = _insert("finished", FINISHED_COLUMNS)

_FOLD: Final = "PRAGMA wal_checkpoint(PASSIVE)"

_Value = str | int | float
_Inode = tuple[int, int] | None


class Database:
    """The open file, opened anew after every failure.

    Numbers go on from the highest ever given here, also when the file
    was removed meanwhile: a gap tells of it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._names = tuple(f"{path}{end}" for end in ("", "-wal", "-shm"))
        self._connection: sqlite3.Connection | None = None
        self._inodes: tuple[_Inode, ...] = ()
        self._folder = str(path.parent)
        self._looked = 0
        self._last = 0
        self._pages = 0
        self.replaced = f"`{path}` was removed or replaced while it was in use; a new one is begun"
        """What to say where `is_in_place` is False."""

    def append(self, records: list[tuple[AuditRecord, str]]) -> list[int | str]:
        """Write all records, each with its time, in one transaction.

        It returns when the system has them, which a crash of ours survives; `flush` brings them
        to the disk. Gives each one's number, or the sentence for a record that can never
        be written (it harms no other). Raises where none was written.
        """
        connection = self._connection or self._open()
        if len(records) == 1:
            outcomes = self._insert(connection, records)
        else:
            connection.execute("BEGIN IMMEDIATE")
            outcomes = self._insert(connection, records)
            connection.execute("COMMIT")
        self._last = max(self._last, *(number for number in outcomes if isinstance(number, int)), 0)
        if records and not self.is_in_place():
            raise AuditError(self.replaced)
        self._pages += sum(_pages(record) for record, _ in records)
        return outcomes

    def _insert(
        self, connection: sqlite3.Connection, records: list[tuple[AuditRecord, str]]
    ) -> list[int | str]:
        outcomes: list[int | str] = []
        number = self._last + 1
        for record, at in records:
            try:
                connection.execute(*_statement(record, number, at))
            except (UnicodeError, OverflowError, sqlite3.DataError) as error:
                name = type(error).__name__
                outcomes.append(f"this cannot be recorded ({name}); send it without such values")
            else:
                outcomes.append(number)
                number += 1
        return outcomes

    def is_in_place(self) -> bool:
        """Whether the files that are open are still those that the names lead to."""
        try:
            found = os.stat(self._folder)
        except OSError:
            return False
        changed = max(found.st_mtime_ns, found.st_ctime_ns)
        if changed == self._looked:
            return True  # no name in the folder came, went or moved since the last look
        if tuple(map(_inode, self._names)) != self._inodes:
            return False
        if time.time_ns() - changed > REST_NS:
            self._looked = changed
        return True

    def flush(self) -> None:
        """Bring what was written until now to the disk. Raises `OSError`."""
        if self._connection is None:
            return
        descriptor = os.open(self._names[1], os.O_RDWR | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def checkpoint(self, *, idle: bool) -> bool:
        """Fold the log into the file where enough has gathered. Raises `sqlite3.Error`: no row is lost.

        It has a connection of its own, so that no row waits for it. Whether rows came meanwhile: then the log
        begins anew only after `fold_rest`.
        """
        enough = CHECKPOINT_PAGES if idle else CHECKPOINT_PAGES_BUSY
        if self._pages <= enough or self._connection is None or not self.is_in_place():
            return False
        self._pages = 0
        with contextlib.closing(sqlite3.connect(self.path, timeout=0, isolation_level=None)) as beside:
            beside.execute(_FOLD).fetchall()
        return self._pages > 0

    def fold_rest(self) -> None:
        """Fold what came during `checkpoint`: little, but the loop waits for it. Raises `sqlite3.Error`."""
        if self._connection is not None:
            self._connection.execute(_FOLD).fetchall()

    def abandon(self) -> None:
        """Close after a failure; `append` opens anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def close(self) -> None:
        """Close for good."""
        self.abandon()
        with contextlib.suppress(OSError):
            self._set_aside()

    def _set_aside(self) -> None:
        """Part the log that we left from a file that is not ours any more: SQLite would mix the two."""
        database, log, index = self._names
        if not self._inodes or _inode(database) == self._inodes[0]:
            return
        if _inode(log) == self._inodes[1]:
            os.replace(log, f"{log}.orphan")  # rows may be in it: evidence is kept
        if _inode(index) == self._inodes[2]:
            os.unlink(index)

    def _open(self) -> sqlite3.Connection:
        self._set_aside()
        self._create()
        connection = sqlite3.connect(self.path, timeout=0, isolation_level=None)
        try:
            version = _check_version(connection, self.path)
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            connection.execute(
                "PRAGMA synchronous = NORMAL"
            )  # `flush` does what FULL would do at each commit
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute("PRAGMA trusted_schema = OFF")
            _bring_up(connection, version)
            (highest,) = connection.execute("SELECT max(seq) FROM record").fetchone()
            _grow_log(connection)
            self._inodes = tuple(map(_inode, self._names))
            self._looked = 0
        except BaseException:
            connection.close()
            raise
        self._last = max(self._last, highest or 0)
        self._pages = 0
        self._connection = connection
        return connection

    def _create(self) -> None:
        """Make the file 0600 before SQLite sees it; SQLite gives its -wal and -shm the same mode."""
        fresh = not os.path.lexists(self.path)
        descriptor = create_private(self.path)
        try:
            _refuse_newer(os.read(descriptor, 72), self.path)
            if fresh:
                if os.name == "posix":
                    os.fchmod(descriptor, 0o600)  # a umask can take the owner's own bits away
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if fresh:
            sync_folder(self.path.parent)


def is_busy(error: Exception) -> bool:
    """Whether another program holds the file."""
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error).lower()


def describe(error: Exception, path: Path) -> str:
    """The sentence for an error of SQLite or the system."""
    text = str(error).lower()
    if isinstance(error, ProfileError):
        return str(error)
    if isinstance(error, OSError):
        return f"`{path}` cannot be written: {reason(error)}; give it back to you, or free the disk"
    if not isinstance(error, sqlite3.Error):
        return f"`{path}` cannot be written: {type(error).__name__}; report this as a fault"
    if "full" in text:
        return f"`{path}` cannot be written: the disk is full; free some space"
    if "locked" in text or "busy" in text:
        return f"`{path}` is held by another program; end that program"
    if "malformed" in text or "not a database" in text:
        return f"`{path}` is damaged ({text}); move it aside, and a new one is begun"
    return f"`{path}` cannot be written: {text}; look at the disk and at who owns the file"


def _statement(record: AuditRecord, number: int, at: str) -> tuple[str, tuple[_Value, ...]]:
    if isinstance(record, Decided):
        return _INSERT_DECIDED, _decided(record, number, at)
    return _INSERT_FINISHED, _finished(record, number, at)


def _decided(record: Decided, number: int, at: str) -> tuple[_Value, ...]:
    return (
        number, at, record.client, record.session, record.upstream, record.tool, record.arguments.decode(),
        record.digest, record.effect.word, record.rule, record.message, record.verdict, record.by,
        record.policy, record.revision, record.method,
    )  # fmt: skip


def _finished(record: Finished, number: int, at: str) -> tuple[_Value, ...]:
    ending, size = record.ending.value, record.result_bytes
    return number, at, record.decided, ending, record.detail, size, record.running_ms


def _pages(record: AuditRecord) -> int:
    """About how many pages of the log a record takes."""
    return 1 + (len(record.arguments) // 4_096 if isinstance(record, Decided) else 0)


def _refuse_newer(header: bytes, path: Path) -> None:
    """Read the version from the file's own first bytes, before anything could write to it."""
    if len(header) >= 72 and header.startswith(b"SQLite format 3\0"):
        application, version = int.from_bytes(header[68:72], "big"), int.from_bytes(header[60:64], "big")
        if (application, version) != (0, 0):  # zeros: not begun, or the truth is still in the log
            _compare(application, version, path)


def _check_version(connection: sqlite3.Connection, path: Path) -> int:
    """The file's version, 0 where it is empty. Raises `AuditError` where we cannot write such a file."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables and not version and not application:
        return 0
    _compare(application, version, path)
    found: int = version
    return found


def _bring_up(connection: sqlite3.Connection, version: int) -> None:
    """Make a file of this version one of ours, in one transaction."""
    if version == SCHEMA_VERSION:
        return
    steps = [_UPGRADES[old] for old in range(version, SCHEMA_VERSION)] if version else [_SCHEMA]
    connection.executescript(
        f"BEGIN IMMEDIATE; {' '.join(steps)} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
    )


def _compare(application: int, version: int, path: Path) -> None:
    if application == APPLICATION_ID and version > SCHEMA_VERSION:
        raise AuditError(
            f"`{path}` was written by a newer Latchward (record version {version}; "
            f"this one knows {SCHEMA_VERSION}); update Latchward, or move the file aside"
        )
    if application != APPLICATION_ID or version < 1:
        raise AuditError(f"`{path}` is a database of another program; move it aside, and a new one is begun")


def _grow_log(connection: sqlite3.Connection) -> None:
    """Let the log file reach its usual length now, by a transaction that is taken back.

    A write that lengthens a file costs a second flush; one over existing bytes
    does not. Where there is no room, nothing is lost but that.
    """
    try:
        connection.execute("PRAGMA cache_size = 8")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE growth (bytes BLOB)")
        connection.execute("INSERT INTO growth VALUES (zeroblob(?))", (CHECKPOINT_PAGES * 4096,))
    except sqlite3.Error:
        pass
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("PRAGMA cache_size = -2000")


def _inode(name: str) -> _Inode:
    """Which file a name leads to now; None where there is none."""
    try:
        found = os.stat(name)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
