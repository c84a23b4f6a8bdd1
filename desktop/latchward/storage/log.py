"""The record, read while the gateway writes."""

import sqlite3
import time
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from latchward.model.call import TOOLS_CALL
from latchward.model.errors import AuditError

from .database import APPLICATION_ID, DECIDED_COLUMNS, FINISHED_COLUMNS, SCHEMA_VERSION
from .paths import Profile

BATCH: Final = 500
"""Rows read at a time: a long read would keep the writer's log from being folded in."""
POLL: Final = 0.25
"""Seconds between two looks of `follow`."""

Row = dict[str, Any]
"""`seq`, `at` (ISO 8601, UTC), `kind`, then the fields of `Decided` or `Finished` by their names."""

_COLUMNS: Final = {kind: ("seq", "at", "kind", *names) for kind, names in
                   (("decided", DECIDED_COLUMNS), ("finished", FINISHED_COLUMNS))}  # fmt: skip


def read(profile: Profile, after: int = 0, limit: int | None = None) -> Iterator[Row]:
    """The rows after number `after`, in order, at most `limit`. Nothing where no record was begun.

    Raises `AuditError` for a file that is no record of ours.
    """
    if not profile.audit_db.exists():
        return
    try:
        address = f"file:{quote(str(profile.audit_db))}?mode=ro"
        # Whoever iterates may do so from one thread after another, as `asyncio.to_thread` does.
        connection = sqlite3.connect(address, uri=True, timeout=2.0, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        try:
            if _begun(connection, profile):
                yield from _rows(connection, after, limit)
        finally:
            connection.close()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_READONLY_ROLLBACK":
            return  # the writer was killed before its first row; the next one repairs that
        sentence = f"`{profile.audit_db}` cannot be read: {str(error).lower()}; look at the disk"
        raise AuditError(sentence) from error


def follow(profile: Profile, after: int = 0, poll: float = POLL) -> Iterator[Row]:
    """The rows after number `after`, and each new one as it comes. Never ends."""
    while True:
        for row in read(profile, after):
            yield row
            after = row["seq"]
        time.sleep(poll)


def _rows(connection: sqlite3.Connection, after: int, limit: int | None) -> Iterator[Row]:
    while limit is None or limit > 0:
        size = BATCH if limit is None else min(BATCH, limit)
        query = "SELECT * FROM record WHERE seq > ? ORDER BY seq LIMIT ?"
        batch = connection.execute(query, (after, size)).fetchall()
        for row in batch:
            yield _row(row)
        if len(batch) < size:
            return
        after = batch[-1]["seq"]
        limit = None if limit is None else limit - size


def _row(row: sqlite3.Row) -> Row:
    """A row as it was written; one from before there was a method is of a tool."""
    known = row.keys()
    found = {name: row[name] if name in known else None for name in _COLUMNS[row["kind"]]}
    if found["kind"] == "decided" and found["method"] is None:
        found["method"] = TOOLS_CALL
    return found


def _begun(connection: sqlite3.Connection, profile: Profile) -> bool:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if (application, version) == (0, 0) and not connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
        return False  # the writer made the file a moment ago
    if application != APPLICATION_ID or version > SCHEMA_VERSION:
        raise AuditError(
            f"`{profile.audit_db}` was written by a newer Latchward or another program; update Latchward"
        )
    return True
