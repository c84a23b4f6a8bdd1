"""A client's file as it was: its first bytes, or, where others changed it since, a merge by entry.

The merge takes our entry out of what stands there now, and puts each entry that we took out back.
What the person wrote meanwhile stays, also an entry under the name of one that we took out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from .backups import Backup, Change, Removed, digest
from .snapshot import Snapshot
from .text import At, Dialect, PutText, Remove, edit, parse
from .text import Edit as Step

_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Restored:
    """The bytes of the file; None: there is none. `exact`: as they were before our first edit."""

    data: bytes | None
    exact: bool
    notes: tuple[str, ...] = ()


def restored(backup: Backup, now: Snapshot, dialect: Dialect) -> Restored:
    """What becomes of the file. Raises `ClientFileError` where what stands there cannot be read."""
    first = backup.first if backup.existed else None
    if not now.exists or digest(now.data) in backup.ours:
        return Restored(first, exact=True)
    whole = parse(now.data, dialect, str(backup.path))
    steps: list[Step] = []
    for change in backup.changes:
        if change.put is not None and _is_ours(_located(whole, change.put), change):
            steps.append(Remove(change.put))
    notes = []
    for removed in _last(backup.changes):
        if _located(whole, removed.at) is _MISSING or Remove(removed.at) in steps:
            steps.append(PutText(removed.at, removed.text, removed.after))
        else:
            notes.append(f"`{removed.at[-1]}` stands there again, written since; it is left as it is")
    data = edit(now.data, dialect, list(dict.fromkeys(steps)), str(backup.path))
    if not backup.existed and not any(_values(parse(data, dialect, str(backup.path)))):
        return Restored(None, exact=True, notes=tuple(notes))
    return Restored(data, exact=data == first, notes=tuple(notes))


def _last(changes: Iterable[Change]) -> list[Removed]:
    """What was taken out; of two under one name the later: it is what the person had last."""
    found: dict[At, Removed] = {}
    for change in changes:
        for removed in change.removed:
            found.pop(removed.at, None)
            found[removed.at] = removed
    return list(found.values())


def _is_ours(value: Any, change: Change) -> bool:
    """Whether this still is our entry, whatever the client or the person added to it."""
    args = value.get("args") if isinstance(value, dict) else None
    wrote = change.value or {}
    return args is not None and args == wrote.get("args") and value.get("command") == wrote.get("command")


def _located(whole: Any, at: At) -> Any:
    for key in at:
        whole = whole.get(key, _MISSING) if isinstance(whole, dict) else _MISSING
    return whole


def _values(whole: dict[str, Any]) -> list[Any]:
    return list(whole.values())
