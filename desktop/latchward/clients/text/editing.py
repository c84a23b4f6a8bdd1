"""Reading and editing a document of either format, and the proof that an edit did what it should."""

import hashlib
import marshal
from collections.abc import Sequence
from typing import Any

from latchward.model.errors import ClientFileError

from .edits import At, Dialect, Edit, PutText, Remove
from .faults import check_bytes
from .json_edits import JsonEditing


def parse(data: bytes, dialect: Dialect, source: str) -> Any:
    """What the document means. Raises `ClientFileError` with file, line and column."""
    return _editing(data, dialect, source).value


def source_of(data: bytes, dialect: Dialect, at: At, source: str = "the file") -> tuple[str, str | None]:
    """The text of one member, for `PutText`, and the name of the member before it.

    Raises `ClientFileError`, also where there is no such member.
    """
    return _editing(data, dialect, source).source_of(at)


def edit(data: bytes, dialect: Dialect, edits: Sequence[Edit], source: str) -> bytes:
    """The document with these edits, made one after the other; every other byte is as it was.

    The result is read again: `ClientFileError` where it does not mean just what the edits say.
    """
    editing = _editing(data, dialect, source)
    expected = editing.value
    for change in edits:
        editing.apply(change)
        value = editing.value_of_text(change) if isinstance(change, PutText) else None
        _change(expected, change, value)
    kept = _digest(expected)
    del expected, editing.value
    result = editing.raw.encode("latin-1")
    del editing
    if _digest(parse(result, dialect, source)) != kept:
        raise ClientFileError(
            f"{source}:1:1: the edit would change more than it should; edit the file by hand"
        )
    return result


def _editing(data: bytes, dialect: Dialect, source: str) -> JsonEditing:
    check_bytes(data, format=dialect.format, bom=dialect.bom, source=source)
    return JsonEditing(data, dialect, source)


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


def _digest(value: Any) -> bytes:
    """Equal for what is equal in type, order and every digit; a second tree would double the memory."""
    return hashlib.sha256(marshal.dumps(value, 2)).digest()
