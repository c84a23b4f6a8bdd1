"""What clients' files were before our first edit, and what our edits took out and put in.

    clients/CLIENT/FILE/journal.json       path, each edit: when, what was there, what we wrote, what changed
    clients/CLIENT/FILE/20261124T233401Z-0  the bytes before an edit; the first ones are kept to the end

An edit is written down before it is made. One that was written down and never made does no harm: a file
that still is what it was before counts as unchanged. What an edit takes out is kept as text in the journal:
so the bytes of edits in between need not be kept for ever.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from latchward.model.errors import ClientFileError
from latchward.storage.files import read_owned, reason, sync_folder, write_atomically

from .snapshot import MAX_FILE, Snapshot
from .text import At

MAX_VERSIONS: Final = 5
"""Bytes of so many edits of one file are kept: the first, and the last ones."""
_JOURNAL: Final = "journal.json"


@dataclass(frozen=True, slots=True)
class Removed:
    """A member that was taken out: its text, and the name of the member that it followed."""

    at: At
    text: str
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
    """

    client: str
    path: Path
    existed: bool
    first: bytes = field(repr=False)
    ours: frozenset[str]
    changes: tuple[Change, ...] = field(repr=False)
    since: datetime


class Backups:
    """All of them, below one folder. Raises `ClientFileError` and `ProfileError`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, client: str, path: Path, before: Snapshot, after: bytes, change: Change) -> None:
        """Write an edit down, durably, before it is made."""
        folder = self._place(client, path)
        _make(folder)
        journal = self._journal(folder) or {"path": str(path), "edits": []}
        edits: list[dict[str, Any]] = journal["edits"]
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{len(edits)}"
        write_atomically(folder / name, before.data)
        edits.append(
            {
                "bytes": name,
                "existed": before.exists,
                "before": digest(before.data),
                "after": digest(after),
                "removed": [[list(one.at), one.text, one.after] for one in change.removed],
                "put": list(change.put) if change.put is not None else None,
                "value": change.value,
            }
        )
        write_atomically(folder / _JOURNAL, json.dumps(journal, indent=1).encode())
        self._prune(folder, edits)

    def has(self, client: str) -> bool:
        """Whether anything of this client can be given back."""
        try:
            return any((folder / _JOURNAL).exists() for folder in (self._folder / client).iterdir())
        except FileNotFoundError:
            return False

    def of(self, client: str) -> tuple[Backup, ...]:
        """The files of a client that we changed."""
        try:
            folders = sorted((self._folder / client).iterdir())
        except FileNotFoundError:
            return ()
        found = ((folder, self._journal(folder)) for folder in folders)
        return tuple(_backup(client, folder, journal) for folder, journal in found if journal)

    def forget(self, client: str, path: Path) -> None:
        """The file was given back."""
        folder = self._place(client, path)
        (folder / _JOURNAL).unlink(missing_ok=True)  # first: what is without it counts for nothing
        for left in folder.iterdir():
            left.unlink(missing_ok=True)
        folder.rmdir()

    def _place(self, client: str, path: Path) -> Path:
        return self._folder / client / hashlib.sha256(os.fsencode(path)).hexdigest()[:16]

    def _journal(self, folder: Path) -> dict[str, Any] | None:
        path = folder / _JOURNAL
        try:
            journal: dict[str, Any] = json.loads(read_owned(path, limit=2 * MAX_FILE))
        except FileNotFoundError:
            return None
        except ValueError:
            raise ClientFileError(
                f"`{path}` cannot be read; the first bytes of the file lie beside it, the oldest of them"
            ) from None
        return journal

    def _prune(self, folder: Path, edits: list[dict[str, Any]]) -> None:
        names = [edit["bytes"] for edit in edits]
        kept = {_JOURNAL, names[0], *names[-(MAX_VERSIONS - 1) :]}
        for path in folder.iterdir():
            if path.name not in kept and not path.name.startswith("."):
                path.unlink(missing_ok=True)


def digest(data: bytes) -> str:
    """SHA-256 (hex)."""
    return hashlib.sha256(data).hexdigest()


def _backup(client: str, folder: Path, journal: Mapping[str, Any]) -> Backup:
    try:
        edits = journal["edits"]
        first = edits[0]
        return Backup(
            client=client,
            path=Path(journal["path"]),
            existed=first["existed"],
            first=read_owned(folder / first["bytes"], limit=MAX_FILE),
            ours=_ours(edits),
            changes=tuple(_change(edit) for edit in edits),
            since=datetime.strptime(first["bytes"].split("-")[0], "%Y%m%dT%H%M%S%z"),
        )
    except (KeyError, IndexError, TypeError, ValueError, FileNotFoundError):
        raise ClientFileError(
            f"`{folder / _JOURNAL}` cannot be understood; give the file back by hand from what lies beside it"
        ) from None


def _ours(edits: list[dict[str, Any]]) -> frozenset[str]:
    """What the file can be when only our edits touched it; none where others wrote between two of them."""
    known = {edits[0]["before"]}
    for edit in edits:
        known = known | {edit["after"]} if edit["before"] in known else set()
    return frozenset(known)


def _change(edit: Mapping[str, Any]) -> Change:
    return Change(
        removed=tuple(Removed(tuple(at), text, after) for at, text, after in edit["removed"]),
        put=tuple(edit["put"]) if edit["put"] is not None else None,
        value=edit["value"],
    )


def _make(folder: Path) -> None:
    try:
        for one in (folder.parent.parent, folder.parent, folder):
            one.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)
    except OSError as error:
        raise ClientFileError(
            f"`{folder}` cannot be made, and nothing is changed without it: {reason(error)}; free the disk"
        ) from error
