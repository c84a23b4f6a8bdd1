"""TOML as text: what it means, and where its statements stand.

A statement takes whole lines: a `[table]`, one of `[[tables]]`, or a `key = value`. Its path is the whole
one, from the root, however it is written; so those of a member are those whose path begins with its own.
The standard library says first that the text is TOML; the scanner relies on that.
"""

import re
import tomllib
from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn

from .braces import Member
from .edits import At
from .faults import BOM, TOO_DEEP, bytewise, fault, quoted, refuse_depth, refuse_merge_marks, utf8

# Before Python 3.11.5 a possessive group goes wrong where an alternative fails in its middle, or looks ahead.
_STRINGS: Final = (
    r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']++|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\]++|\\.)*+"'
    r"|'[^']*+'"
)
_PART: Final = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\]++|\\.)*+"|'[^']*+')"""
_PATH: Final = rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*"
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_IDLE: Final = re.compile(r"[ \t]*+(?:#[^\n]*+)?(?:\r?\n|\Z)")
_HEADER: Final = re.compile(rf"[ \t]*+(\[\[?+)[ \t]*+({_PATH})[ \t]*+\]", re.DOTALL)
_PAIR: Final = re.compile(rf"[ \t]*+({_PATH})[ \t]*+=[ \t]*+", re.DOTALL)
_INNER: Final = re.compile(rf"[ \t\r\n]*+,?[ \t\r\n]*+({_PATH})[ \t]*+=[ \t]*+", re.DOTALL)
_TEXT: Final = re.compile(_STRINGS, re.DOTALL)
_SCALAR: Final = re.compile(r"[^\r\n#,\]}]*[^\s#,\]}]")
_BRACKET: Final = re.compile(rf"(?:[^\"'#{{}}\[\]]++|{_STRINGS}|#[^\n]*+)*[{{}}\[\]]", re.DOTALL)
_WHERE: Final = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_FAULTS: Final = {
    "Invalid statement": "this is neither `key = value` nor a `[table]`; correct it",
    "Expected '='": "a `=` is missing after a key; write it",
    "Cannot overwrite": "the key stands twice; remove one",
    "Cannot declare": "the table stands twice; remove one",
    "Cannot mutate": "this adds to a table or list that is closed; write it where that stands",
    "Duplicate inline": "the key stands twice; remove one",
    "Invalid value": "a value is missing, or is no TOML; write it as TOML",
    "Expected newline": "something follows on the same line; begin a new one",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """Whole lines, from `start` to `end`. `section` is the path of the table that it is written in.

    Of a pair, `key`, `key_end`, `value` and `value_end` are offsets; of a header, `key` is where it begins.
    """

    kind: Literal["table", "tables", "pair"]
    start: int
    end: int
    path: At
    section: At
    key: int
    key_end: int
    value: int
    value_end: int


ROOT: Final = Statement("table", 0, 0, (), (), 0, 0, 0, 0)
"""The table that no header opens."""


@dataclass(frozen=True, slots=True)
class Inner:
    """A member of an inline table: its path from there, and its offsets."""

    path: At
    member: Member


def read(data: bytes, source: str) -> tuple[str, dict[str, Any]]:
    """The text and what it means. Raises `ClientFileError`."""
    raw = data.decode("latin-1")
    try:
        value = tomllib.loads(data.decode("utf-8").removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        _complain(str(error), raw, source)
    except RecursionError:
        fault(source, raw, 0, TOO_DEEP)
    except ValueError:
        fault(source, raw, 0, "a number or a date cannot be read; correct it")
    refuse_depth(source, value)
    return raw, value


def statements(raw: str, source: str) -> list[Statement]:
    """The statements of a text that was read before, in their order. Raises `ClientFileError`."""
    found: list[Statement] = []
    section: At = ()
    at = len(BOM) if raw.startswith(BOM) else 0
    while at < len(raw):
        if idle := _IDLE.match(raw, at):
            at = idle.end()
        elif header := _HEADER.match(raw, at):
            section = path_of(header[2])
            end = _line_end(raw, header.end())
            kind: Literal["table", "tables"] = "table" if header[1] == "[" else "tables"
            key = header.start(1)
            found.append(Statement(kind, at, end, section, section, key, key, end, end))
            at = end
        elif pair := _PAIR.match(raw, at):
            value_end = _value_end(raw, pair.end())
            end = _line_end(raw, value_end)
            path = section + path_of(pair[1])
            places = (pair.start(1), pair.end(1), pair.end(), value_end)
            found.append(Statement("pair", at, end, path, section, *places))
            at = end
        else:
            fault(source, raw, at, "this statement is not understood; edit the file by hand")
    return found


def inner(raw: str, opened: int) -> tuple[list[Inner], int]:
    """The members of the inline table that opens here, and where its brace closes."""
    found = []
    gap = opened + 1
    while pair := _INNER.match(raw, gap):
        end = _value_end(raw, pair.end())
        member = Member(gap, pair.start(1), pair.end(1), pair.end(), end)
        found.append(Inner(path_of(pair[1]), member))
        gap = end
    return found, raw.index("}", gap)


def path_of(written: str) -> At:
    """The keys of a dotted path."""
    if _BARE.fullmatch(written):
        return tuple(written.split("."))
    node: Any = tomllib.loads(f"{utf8(written)} = 0")
    path = []
    while isinstance(node, dict):
        ((key, node),) = node.items()
        path.append(key)
    return tuple(path)


def brace_of(raw: str, value: int, name: str, source: str) -> int:
    """Where a value's inline table opens. Raises `ClientFileError` where it is another value."""
    if raw[value] != "{":
        fault(source, raw, value, f"{quoted(name)} is no table here; write a table for it")
    return value


def idle_lines(raw: str, start: int, end: int) -> list[int]:
    """Where the lines between two statements end: blank ones and comments."""
    ends = []
    while start < end and (line := _IDLE.match(raw, start)):
        start = line.end()
        ends.append(start)
    return ends


def _value_end(raw: str, start: int) -> int:
    if text := _TEXT.match(raw, start):
        return text.end()
    if raw[start] in "{[":
        depth, end = 0, start
        while found := _BRACKET.match(raw, end):
            end = found.end()
            depth += 1 if raw[end - 1] in "{[" else -1
            if depth == 0:
                return end
    scalar = _SCALAR.match(raw, start)
    return scalar.end() if scalar else start


def _line_end(raw: str, start: int) -> int:
    end = raw.find("\n", start)
    return len(raw) if end < 0 else end + 1


def _complain(message: str, raw: str, source: str) -> NoReturn:
    refuse_merge_marks(source, raw)
    where = _WHERE.search(message)
    if where is None or where[1] is None:
        fault(
            source,
            raw,
            len(raw),
            "the file ends in the middle of something; restore it, or write what is missing",
        )
    sentence = next((said for begin, said in _FAULTS.items() if message.startswith(begin)), "")
    offset = 0
    for _ in range(int(where[1]) - 1):
        offset = raw.index("\n", offset) + 1
    line = utf8(raw[offset : _line_end(raw, offset)]).removeprefix("\ufeff")
    bom = len(BOM) if offset == 0 and raw.startswith(BOM) else 0
    offset += bom + len(bytewise(line[: int(where[2]) - 1]))
    fault(source, raw, offset, sentence or "this is no TOML; correct it")
