"""What clients' files were before our first edit, and what our edits took out and put in.

    clients/CLIENT/FILE/journal.json           the path; of each edit what was there, what came, what changed
    clients/CLIENT/FILE/20261124T233401Z-1f0c  the bytes before an edit; the first ones are kept to the end

An edit is written down before it is made. One that was written down and never made does no harm: a file that
still is what it was before counts as such, and an entry that stands there is not put back. What an edit takes
out is kept as text in the journal, so the bytes before later edits need not be kept for ever.
"""

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from latchward.model.errors import ClientFileError, LatchwardError, ProfileError
from latchward.storage.files import read_owned, reason, remove_leftovers, sync_folder, write_atomically

from .folder import make_folders, shown
from .snapshot import MAX_FILE, Snapshot
from .text import At

MAX_VERSIONS: Final = 5
"""Bytes of so many edits of one file are kept: the first, and the last ones."""
MAX_EDITS: Final = 32
"""Edits of one file that are told apart; of more, the oldest after the first become one."""
MAX_JOURNAL: Final = 2 * MAX_FILE
"""Bytes of one journal."""
_JOURNAL: Final = "journal.json"
_STAMP: Final = "%Y%m%dT%H%M%S%z"


@dataclass(frozen=True, slots=True)
class Removed:
    """A member that was taken out: its text, and the name of the member that it followed."""

    at: At
    text: str = field(repr=False)
    after: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What one edit did: members that went; our entry, and its value, where one came."""

    removed: tuple[Removed, ...] = ()
    put: At | None = None
    value: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Backup:
    """One file as it was before our first edit. `existed` is False where there was none.

    `ours` are digests (SHA-256, hex) of the bytes that the file can have when nobody but us wrote it since.
    `changes` are in the order in which they were made.
    """

    client: str
    path: Path
    existed: bool
    first: bytes = field(repr=False)
    ours: frozenset[str]
    changes: tuple[Change, ...] = field(repr=False)
    since: datetime


class Backups:
    """All of them, below one folder; for any thread of the one process that may write.

    Raises `ClientFileError` for a backup that cannot be understood, and `ProfileError` for a place that
    cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def keep(
        self, client: str, path: Path, before: Snapshot, after: bytes, change: Change
    ) -> Callable[[], None]:
        """Write an edit down, durably, before it is made. Returns what is to be called if it is not made."""
        folder = self._place(client, path)
        with self._lock:
            _make(folder)
            journal = _read(folder) or {"path": str(path), "edits": []}
            edits = list(_in_force(journal["edits"], digest(before.data)))
            edit = _written(before, after, change)
            write_atomically(folder / edit["bytes"], before.data)
            _write(folder, journal | {"edits": _bounded([*edits, edit])})

        def withdraw() -> None:
            with self._lock, contextlib.suppress(OSError, LatchwardError):
                if edits:
                    _write(folder, journal | {"edits": edits})
                else:
                    _clear(folder)

        return withdraw

    def tidy(self) -> None:
        """Remove what a process of ours left that was killed while it began or cleared a backup.

        For the process that alone may write, at its start.
        """
        with self._lock, contextlib.suppress(OSError):
            for folder in self._folder.glob("*/*"):
                if not (folder / _JOURNAL).exists():
                    _clear(folder)

    def has(self, client: str) -> bool:
        """Whether anything of this client can be given back."""
        return any(True for _ in self._folders(client))

    def of(self, client: str) -> tuple[Backup, ...]:
        """The files of a client that we changed."""
        with self._lock:
            return tuple(_backup(client, folder) for folder in self._folders(client))

    def forget(self, client: str, path: Path) -> None:
        """The file was given back."""
        with self._lock:
            folder = self._place(client, path)
            try:
                _clear(folder)
            except FileNotFoundError:
                pass
            except OSError as error:
                raise ProfileError(
                    f"{shown(folder)} cannot be removed: {reason(error)}; remove it"
                ) from error

    def _place(self, client: str, path: Path) -> Path:
        return self._folder / client / hashlib.sha256(os.fsencode(path)).hexdigest()[:16]

    def _folders(self, client: str) -> Iterator[Path]:
        try:
            folders = sorted((self._folder / client).iterdir())
        except FileNotFoundError:
            return
        except OSError as error:
            raise ProfileError(
                f"{shown(self._folder / client)} cannot be read: {reason(error)}; make it readable to you"
            ) from error
        yield from (folder for folder in folders if (folder / _JOURNAL).exists())


def digest(data: bytes) -> str:
    """SHA-256 (hex)."""
    return hashlib.sha256(data).hexdigest()


def _in_force(edits: list[dict[str, Any]], now: str) -> list[dict[str, Any]]:
    """The edits but for the last ones of which nothing is left: the file is what it was before them."""
    for index, edit in enumerate(edits):
        if edit["before"] == now:
            return edits[:index]
    return edits


def _bounded(edits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(edits) <= MAX_EDITS:
        return edits
    first, older, newer, *rest = edits
    both = newer | {"before": older["before"], "changes": [*older["changes"], *newer["changes"]]}
    if newer["before"] != older["after"]:
        both["before"] = ""  # others wrote in between: it leads from nothing we know
    return [first, both, *rest]


def _written(before: Snapshot, after: bytes, change: Change) -> dict[str, Any]:
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{digest(before.data)[:16]}"
    removed = [[list(one.at), one.text, one.after] for one in change.removed]
    put = list(change.put) if change.put is not None else None
    return {
        "bytes": name,
        "existed": before.exists,
        "before": digest(before.data),
        "after": digest(after),
        "changes": [{"removed": removed, "put": put, "value": change.value}],
    }


def _backup(client: str, folder: Path) -> Backup:
    journal = _read(folder) or {}
    try:
        edits = journal["edits"]
        first = edits[0]
        data = read_owned(folder / first["bytes"], limit=MAX_FILE)
        if digest(data) != first["before"]:
            raise ValueError
        return Backup(
            client=client,
            path=Path(journal["path"]),
            existed=first["existed"],
            first=data,
            ours=_ours(edits),
            changes=tuple(_change(change) for edit in edits for change in edit["changes"]),
            since=datetime.strptime(first["bytes"].split("-")[0], _STAMP),
        )
    except (KeyError, IndexError, TypeError, ValueError, FileNotFoundError):
        raise _unknown(folder) from None


def _ours(edits: list[dict[str, Any]]) -> frozenset[str]:
    """What the file can be when only our edits touched it.

    Nothing, once we took something out of what others wrote in between: that is not in the first bytes.
    """
    known = {edits[0]["before"]}
    for edit in edits:
        if edit["before"] in known:
            known.add(edit["after"])
        elif any(change["removed"] for change in edit["changes"]):
            return frozenset()
    return frozenset(known)


def _change(change: Mapping[str, Any]) -> Change:
    return Change(
        removed=tuple(Removed(tuple(at), text, after) for at, text, after in change["removed"]),
        put=tuple(change["put"]) if change["put"] is not None else None,
        value=change["value"],
    )


def _read(folder: Path) -> dict[str, Any] | None:
    try:
        journal = json.loads(read_owned(folder / _JOURNAL, limit=MAX_JOURNAL))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError):
        raise _unknown(folder) from None
    if not isinstance(journal, dict) or not isinstance(journal.get("edits"), list):
        raise _unknown(folder)
    return journal


def _unknown(folder: Path) -> ClientFileError:
    return ClientFileError(
        f"what is kept in {shown(folder)} was changed and cannot be understood; "
        "put the file back by hand: the oldest of what lies there is what it was"
    )


def _write(folder: Path, journal: dict[str, Any]) -> None:
    """Write the journal, and keep only the bytes that it still needs."""
    text = json.dumps(journal, indent=1).encode()
    if len(text) > MAX_JOURNAL:
        raise ClientFileError(f"too much of {shown(Path(journal['path']))} was changed; give it back first")
    write_atomically(folder / _JOURNAL, text)
    names = [edit["bytes"] for edit in journal["edits"]]
    kept = {_JOURNAL, names[0], *names[1:][-(MAX_VERSIONS - 1) :]}
    with contextlib.suppress(OSError):  # a version too many does no harm
        remove_leftovers(folder)
        for path in folder.iterdir():
            if path.name not in kept and not path.name.startswith("."):
                path.unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    """Remove a backup, its journal first: what has none counts for nothing."""
    (folder / _JOURNAL).unlink(missing_ok=True)
    sync_folder(folder)
    for left in folder.iterdir():
        left.unlink(missing_ok=True)
    folder.rmdir()


def _make(folder: Path) -> None:
    try:
        make_folders(folder)
    except OSError as error:
        raise ProfileError(
            f"{shown(folder)} cannot be made: {reason(error)}; free the disk, or give the folder back to you"
        ) from error
