"""Strict JSON with a place for every value.

Refused beside what is no JSON: bytes that are not UTF-8, a key that stands twice
in one object, NaN and infinity, half characters (unpaired surrogates), and
anything beyond the caps. Integers stay `int` and fractions become `Decimal`.
"""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from latchward.model.errors import PolicyError

from .complaints import Fault, Location, quoted

MAX_BYTES: Final = 1 << 20
"""The size of a document: 1 MiB."""
MAX_DEPTH: Final = 32
"""Objects and lists within one another."""

Places = Callable[[Location, bool], tuple[int, int]]
"""From a location, and whether its key is meant, to line and column; both count from 1."""

_TOO_DEEP: Final = f"nested deeper than {MAX_DEPTH} levels: make it flatter"
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_NO_NUMBER: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)')
_NUMBER: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(-?[0-9][0-9.eE+-]*)')
_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str)

_COMMA: Final = ("a comma stands at the end", "remove it")
_SYNTAX: Final = {
    "Expecting property name enclosed in double quotes": ("a key is missing", 'write `"key": value`'),
    "Expecting ':' delimiter": ("a colon is missing", "put `:` between key and value"),
    "Expecting ',' delimiter": (
        "a comma or closing bracket is missing",
        "look at the end of the line before",
    ),
    "Expecting value": ("a value is missing", "write text in quotes, a number, `true`, `false` or `null`"),
    "Extra data": ("there is more after the document", "remove it, or a closing bracket before it"),
    "Unterminated string starting at": ("text is not closed", 'end it with `"`'),
    "Invalid control character at": ("text holds a control character", "write `\\n` for a new line"),
    "Illegal trailing comma before end of object": _COMMA,
    "Illegal trailing comma before end of array": _COMMA,
}


class _Twice(ValueError):
    pass


class _NoNumber(ValueError):
    pass


def decode(raw: bytes | str, source: str) -> tuple[str, bytes]:
    """The document as text and as bytes. Raises `PolicyError` where it is empty, too large or not UTF-8."""
    try:
        data = raw.encode() if isinstance(raw, str) else bytes(raw)
        text = data.decode()
    except UnicodeError as error:
        line, column = 1, 1
        if isinstance(error, UnicodeDecodeError):
            line, column = _place(error.object[: error.start].decode(errors="replace"), None)
        raise PolicyError(
            "not UTF-8 text: save the file as UTF-8", source=source, line=line, column=column
        ) from None
    if len(data) > MAX_BYTES:
        raise PolicyError("larger than 1 MiB: split it or make it shorter", source=source, line=1, column=1)
    if not text.strip():
        raise PolicyError(
            'the document is empty: write at least `{"version": "1"}`', source=source, line=1, column=1
        )
    if text.startswith("\ufeff"):
        raise PolicyError(
            "a byte order mark comes first: save the file without it", source=source, line=1, column=1
        )
    return text, data


def read_json(text: str, source: str) -> tuple[Any, Places]:
    """The value of a JSON text and the places in it. Raises `PolicyError`."""

    def places(location: Location, at_key: bool) -> tuple[int, int]:
        return _place(text, _locate(text, location, at_key))

    def refuse(message: str, offset: int) -> PolicyError:
        line, column = _place(text, offset)
        return PolicyError(message, source=source, line=line, column=column)

    try:
        value = json.loads(
            text,
            object_pairs_hook=_pairs,
            parse_float=_fraction,
            parse_int=_integer,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        wrong, remedy = _SYNTAX.get(
            error.msg, ("a character escape is wrong", "write `\\\\` for a backslash")
        )
        raise refuse(f"{wrong}: {remedy}", error.pos) from None
    except RecursionError:
        raise refuse(_TOO_DEEP, 0) from None
    except _Twice:
        message, offset = _twice(text)
        raise refuse(message, offset) from None
    except _NoNumber as error:
        raise refuse(
            f"{quoted(str(error))} is no number here: write a finite one", _bad_number(text)
        ) from None
    return value, places


def check_text(value: Any, location: Location = (), depth: int = 1) -> None:
    """Refuse what nests too deep and text with half characters. Raises `Fault`."""
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise Fault("text holds half a character", location, "write the whole one, or leave it away")
        return
    if not isinstance(value, dict | list):
        return
    if depth > MAX_DEPTH:
        raise Fault(f"nested deeper than {MAX_DEPTH} levels", location, "make it flatter")
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        check_text(key, location)
        check_text(item, (*location, key), depth + 1)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Twice
    return value


def _fraction(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _NoNumber(text) from None


def _integer(text: str) -> int:
    if len(text) > 1_000:
        raise _NoNumber(text)
    return int(text)


def _constant(text: str) -> None:
    raise _NoNumber(text)


def _bad_number(text: str) -> int:
    for found in _NO_NUMBER.finditer(text):
        if found[1]:
            return found.start()
    for found in _NUMBER.finditer(text):
        try:
            if found[1]:
                _fraction(found[1])
                _integer(found[1])
        except _NoNumber:
            return found.start()
        except ValueError:
            continue
    return 0


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _children(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    """Key (or index), offset of the key and offset of the value, for the container that begins at `at`."""
    is_object = text[at] == "{"
    at = _skip(text, at + 1)
    index = 0
    while text[at] not in "}]":
        key: str | int = index
        key_at = at
        if is_object:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        yield key, key_at, at
        _, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
        index += 1


def _locate(text: str, location: Location, at_key: bool) -> int:
    """The offset of a value, or of its key, in a text that is known to be JSON."""
    at = key_at = _skip(text, 0)
    for part in location:
        for key, key_offset, value_offset in _children(text, at):
            if key == part:
                key_at, at = key_offset, value_offset
                break
    return key_at if at_key else at


def _doubled(text: str, at: int) -> Iterator[tuple[str, int]]:
    """Keys that stand twice, with the offset of the second, in a text whose syntax holds up to there."""
    seen = set()
    for key, key_at, value_at in _children(text, at):
        if isinstance(key, str):
            if key in seen:
                yield key, key_at
            seen.add(key)
        if text[value_at] in "{[":
            yield from _doubled(text, value_at)


def _twice(text: str) -> tuple[str, int]:
    try:
        key, offset = next(_doubled(text, _skip(text, 0)))
    except RecursionError:
        return _TOO_DEEP, 0
    return f"the key {quoted(key)} stands twice in one object: remove one", offset


def _place(text: str, offset: int | None) -> tuple[int, int]:
    before = text if offset is None else text[:offset]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
