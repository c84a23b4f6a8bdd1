"""A client's file as it was: its first bytes, or, where others changed it since, a merge by entry.

The merge takes our entry out of what stands there now, and puts each entry that we took out back. What the
person wrote meanwhile stays, also an entry under the name of one that we took out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from latchward.model.errors import ClientFileError

from .backups import Backup, Change, Removed, digest
from .folder import shown
from .snapshot import Snapshot
from .text import At, Dialect, Edit, PutText, Remove, edit, parse, source_of

_MISSING: Final = object()
_STARTS: Final = ("command", "args")
"""The keys of an entry that make it ours: what it starts. Others may have been added or changed."""
_EMPTY: Final = (b"", b"{}")
"""What a file without white space holds that says nothing."""


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
    source = str(backup.path)
    whole = parse(now.data, dialect, source)
    going, notes = _going(backup, whole)
    steps: list[Edit] = [Remove(at) for at in going]
    for removed in _in_order(backup.changes):
        if located(whole, removed.at) is _MISSING or removed.at in going:
            steps.append(PutText(removed.at, removed.text, removed.after))
        elif source_of(now.data, dialect, removed.at, source)[0].strip() != removed.text.strip():
            notes.append(f"`{removed.at[-1]}` was written anew since in {shown(backup.path)}; that one stays")
    data = edit(now.data, dialect, steps, source)
    data = _without_our_maps(backup, data, dialect)
    if first is None and b"".join(data.split()) in _EMPTY:
        return Restored(None, exact=True, notes=tuple(notes))
    return Restored(data, exact=data == first, notes=tuple(notes))


def located(whole: Any, at: At) -> Any:
    """The value of a member, or a value like no other."""
    for key in at:
        whole = whole.get(key, _MISSING) if isinstance(whole, dict) else _MISSING
    return whole


def _going(backup: Backup, whole: Any) -> tuple[list[At], list[str]]:
    """Where our entries stand, and a sentence for each that is not ours any more."""
    wrote: dict[At, list[Any]] = {}
    for change in backup.changes:
        if change.put is not None:
            wrote.setdefault(change.put, []).append(change.value)
    taken = {removed.at for change in backup.changes for removed in change.removed}
    going, notes = [], []
    for at, values in wrote.items():
        there = located(whole, at)
        if any(_same_start(there, value) for value in values):
            going.append(at)
        elif there is not _MISSING and at not in taken:
            notes.append(f"`{at[-1]}` starts something else by now in {shown(backup.path)}; it stays")
    return going, notes


def _same_start(there: Any, wrote: Any) -> bool:
    if not isinstance(there, dict) or not isinstance(wrote, dict):
        return False
    keys = [key for key in _STARTS if key in wrote]
    return all(there.get(key, _MISSING) == wrote[key] for key in keys) if keys else there == wrote


def _in_order(changes: Sequence[Change]) -> list[Removed]:
    """What was taken out, the last edit first, for each names its place as it was then.

    Of one edit each follows the one that stood before it. Of two under one name the later counts.
    """
    found: dict[At, Removed] = {}
    for change in reversed(changes):
        waiting = {one.at: one for one in change.removed if one.at not in found}
        while waiting:
            ready = [
                one
                for one in waiting.values()
                if one.after is None or (*one.at[:-1], one.after) not in waiting
            ]
            found |= {one.at: waiting.pop(one.at) for one in ready or list(waiting.values())}
    return list(found.values())


def _without_our_maps(backup: Backup, data: bytes, dialect: Dialect) -> bytes:
    """Take out the maps that are there only because our entry needed a place."""
    source = str(backup.path)
    try:
        first = parse(backup.first, dialect, source) if backup.existed else {}
    except ClientFileError:
        return data  # an empty map does no harm
    whole = parse(data, dialect, source)
    steps = []
    for at in dict.fromkeys(change.put for change in backup.changes if change.put is not None):
        for depth in range(1, len(at)):
            parent = at[:depth]
            if located(first, parent) is _MISSING and _is_hollow(located(whole, parent)):
                steps.append(Remove(parent))
                break
    return edit(data, dialect, list(dict.fromkeys(steps)), source) if steps else data


def _is_hollow(value: Any) -> bool:
    """Whether this is a map with nothing but such maps in it."""
    return isinstance(value, dict) and all(_is_hollow(inner) for inner in value.values())
