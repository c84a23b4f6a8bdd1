"""Reading and editing a document of either format, and the proof that an edit did what it should."""

import hashlib
import marshal
from collections.abc import Sequence
from datetime import date, time
from typing import Any

from latchward.model.errors import ClientFileError

from .edits import At, Dialect, Edit, PutText, Remove
from .faults import check_bytes
from .json_edits import JsonEditing
from .toml_edits import TomlEditing


def parse(data: bytes, dialect: Dialect, source: str) -> Any:
    """What the document means. Raises `ClientFileError` with file, line and column."""
    return _editing(data, dialect, source).value


def source_of(data: bytes, dialect: Dialect, at: At, source: str = "the file") -> tuple[str, str | None]:
    """The text of one member, for `PutText`, and the name of the member before it.

    Raises `ClientFileError`, also where there is no such member.
    """
    _check_path(at)
    return _editing(data, dialect, source).source_of(at)


def edit(data: bytes, dialect: Dialect, edits: Sequence[Edit], source: str) -> bytes:
    """The document with these edits, made one after the other; every other byte is as it was.

    The result is read again: `ClientFileError` where it does not mean just what the edits say.
    """
    editing = _editing(data, dialect, source)
    expected = editing.value
    for change in edits:
        _check_path(change.at)
        editing.apply(change)
        value = editing.value_of_text(change) if isinstance(change, PutText) else None
        _change(expected, change, value)
    # In TOML a table that is nothing but the path to others goes with the last of them.
    loose = {change.at[:depth] for change in edits for depth in range(1, len(change.at))}
    kept = _digest(dialect.format, expected, loose)
    del expected, editing.value
    result = editing.raw.encode("latin-1")
    del editing
    try:
        proven = _digest(dialect.format, parse(result, dialect, source), loose) == kept
    except ClientFileError:
        proven = False
    if not proven:
        wrong = "the edit would change more than it should"
        raise ClientFileError(f"{source}:1:1: {wrong}; edit the file by hand")
    return result


def _editing(data: bytes, dialect: Dialect, source: str) -> JsonEditing | TomlEditing:
    check_bytes(data, format=dialect.format, bom=dialect.bom, source=source)
    made = JsonEditing if dialect.format == "json" else TomlEditing
    return made(data, dialect, source)


def _check_path(at: At) -> None:
    if not at:
        raise ValueError("the whole document is no member of it")


def _change(root: dict[str, Any], change: Edit, value: Any) -> None:
    """Make the edit on the meaning; it was made on the text before, so the path is one of maps."""
    *parents, name = change.at
    for parent in parents:
        if parent not in root and isinstance(change, Remove):
            return
        root = root.setdefault(parent, {})
    match change:
        case Remove():
            root.pop(name, None)
        case PutText():
            rest = list(root.items())
            keys = [key for key, _ in rest]
            index = 0 if change.after is None else len(keys)
            if change.after in keys:
                index = keys.index(change.after) + 1
            rest.insert(index, (name, value))
            root.clear()
            root.update(rest)
        case _:
            root[name] = change.value


def _digest(format: str, value: Any, loose: set[At]) -> bytes:
    """Equal for what is equal to the last digit, in JSON in order too; two trees would double the memory."""
    plain = value if format == "json" else _plain(value, loose, ())
    return hashlib.sha256(marshal.dumps(plain, 2)).digest()


def _plain(value: Any, loose: set[At], at: At) -> Any:
    """A TOML value without order, and without maps at the `loose` paths that hold nothing."""
    if isinstance(value, dict):
        members = [(name, _plain(value[name], loose, (*at, name))) for name in sorted(value)]
        return ("map", [(n, v) for n, v in members if v != ("map", []) or (*at, n) not in loose])
    if isinstance(value, list):
        return [_plain(item, loose, (*at, "")) for item in value]
    if isinstance(value, (date, time)):
        return (type(value).__name__, value.isoformat())
    return value
