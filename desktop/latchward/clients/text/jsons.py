"""JSON as text, with comments where the client reads them: what it means, and where its members stand.

    raw       the file
    plain     the same with blanks for comments
    strict    the same with blanks for trailing commas as well: what any JSON reader takes

All three have the same offsets, and are one string where nothing had to be blanked.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from .braces import WHITE, Member, Slot, past
from .edits import Dialect
from .faults import BOM, TOO_DEEP, bytewise, fault, quoted, refuse_depth, refuse_merge_marks, utf8

_STRING: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
# What is not closed is taken to the end, and the end matches: looking on from each later place is quadratic.
_TEXT: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\\Z|\Z)'
# Before Python 3.11.5 a possessive group goes wrong where an alternative fails in its middle, or looks ahead.
_COMMENT: Final = re.compile(
    rf'((?:(?:[^"/]++|{_TEXT})++|/(?![/*]))*)(?:(//[^\r\n]*+|/\*.*?(?:\*/|\Z))|\Z)', re.DOTALL
)
_COMMA: Final = re.compile(rf'((?:(?:[^",]++|{_TEXT})++|,(?![ \t\r\n]*+[}}\]]))*)(?:(,)|\Z)', re.DOTALL)
_CONSTANT: Final = re.compile(rf'(?:[^"NI]++|{_TEXT})*+', re.DOTALL)
_LONE_RETURN: Final = re.compile(r"\r(?!\n)")
_DIGITS: Final = re.compile(rf'(?:(?:[^"0-9]++|{_TEXT})++|[0-9]{{1,4299}}+(?![0-9]))*', re.DOTALL)
_MEMBER: Final = re.compile(
    r"[ \t\r\n]*+,?[ \t\r\n]*+"
    rf'({_STRING})[ \t\r\n]*+:[ \t\r\n]*+({_STRING}|[^"{{\[ \t\r\n,}}]++)?',
    re.DOTALL,
)
_BRACKET: Final = re.compile(rf'[^"{{}}\[\]]*+(?:{_STRING}[^"{{}}\[\]]*+)*+[{{}}\[\]]', re.DOTALL)
_FAULTS: Final = {
    "Expecting property name enclosed in double quotes": "a key in double quotes is missing; write it",
    "Expecting ':' delimiter": "a `:` is missing after a key; write it",
    "Expecting ',' delimiter": "a `,` or a closing bracket is missing; write it",
    "Expecting value": "a value is missing, or is no JSON; write it as JSON",
    "Invalid control character at": "a line end or control character stands in a text; write it as an escape",
    "Extra data": "something follows the end of the object; remove it",
}


class _NoJson(ValueError):
    """A word such as `NaN`, which no client reads."""


def _refuse_constant(name: str) -> NoReturn:
    raise _NoJson(name)


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


@dataclass(frozen=True, slots=True)
class Json:
    """One text that was found to be an object, seen in three ways."""

    raw: str
    plain: str
    strict: str

    @property
    def root(self) -> int:
        """Where the brace of the root opens."""
        return past(self.strict, len(BOM) if self.raw.startswith(BOM) else 0)


def read(data: bytes, dialect: Dialect, source: str) -> tuple[Json, dict[str, Any]]:
    """The text and what it means. Raises `ClientFileError`."""
    blanked = dialect.comments or dialect.trailing_commas
    text = seen(data.decode("latin-1"), dialect, source) if blanked else None
    value = _value(text.strict.encode("latin-1") if text else data, data, source)
    # Only now, where it can be: beside it and the value, the text of the reader would be a third in memory.
    text = text or seen(data.decode("latin-1"), dialect, source)
    if not isinstance(value, dict):
        kind = "`null`" if value is None else "a list" if isinstance(value, list) else "a single value"
        fault(source, text.raw, text.root, f"the file holds {kind} and no object; write `{{…}}`")
    refuse_depth(source, value)
    return text, value


def _value(strict: bytes, data: bytes, source: str) -> Any:
    begin = len(BOM) if data.startswith(BOM.encode("latin-1")) else 0
    text = strict.decode("utf-8")[1 if begin else 0 :]
    if not text.strip(WHITE):
        fault(source, "", 0, "the file is empty; write `{}` into it, or remove it")
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        offset = begin + len(text[: error.pos].encode("utf-8"))
        _complain(error.msg, data.decode("latin-1"), strict.decode("latin-1"), offset, source)
    except _NoJson:
        offset, sentence = _offset(_CONSTANT, text), "a value is no JSON; write it as JSON"
    except RecursionError:
        offset, sentence = 0, TOO_DEEP
    except ValueError:
        offset, sentence = _offset(_DIGITS, text), "a number is too long to be read; shorten it"
    fault(source, data.decode("latin-1"), begin + len(text[:offset].encode("utf-8")), sentence)


def _offset(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.match(text)
    return found.end() if found else 0


def seen(raw: str, dialect: Dialect, source: str) -> Json:
    """The three views of a text."""
    plain = _without_comments(raw, source) if dialect.comments else raw
    return Json(raw, plain, _without_commas(plain) if dialect.trailing_commas else plain)


def slot_of(text: Json, opened: int, name: str, source: str, *, once: bool = True) -> Slot:
    """Where the member `name` stands in the object that opens here, or the slot after its last member.

    Where it stands twice, raises `ClientFileError`, or takes the first without `once`.
    """
    plain = name.isprintable() and not set(name) & {'"', "\\"}
    wanted = bytewise(f'"{name}"') if plain else None
    before = this = after = last = None
    for member in _members(text.strict, opened):
        mine = _is(text.strict, member, name, wanted)
        if mine and this is not None and once:
            twice = f"the key {quoted(name)} stands twice in one object; remove one"
            fault(source, text.raw, member.start, twice)
        if mine and this is None:
            before, this = last, member
        elif this is not None and after is None:
            after = member
        last = member
    close = past(text.strict, last.end if last else opened + 1)
    return Slot(opened, close, before, this, after) if this else Slot(opened, close, last, None, None)


def slot_after(text: Json, last: Slot, name: str | None, source: str) -> Slot:
    """The empty slot behind the member `name`, or in front of all; where there is no such member, `last`."""
    if name is None:
        first = next(_members(text.strict, last.open), None)
        return Slot(last.open, last.close, None, None, first)
    slot = slot_of(text, last.open, name, source, once=False)
    return Slot(slot.open, slot.close, slot.this, None, slot.after) if slot.this else last


def object_at(text: Json, member: Member, name: str, source: str) -> int:
    """Where the brace of a member's object opens. Raises `ClientFileError` where it has another value."""
    if text.raw[member.value] != "{":
        fault(source, text.raw, member.value, f"{quoted(name)} is no object here; write `{{…}}` for it")
    return member.value


def key_of(text: Json, member: Member) -> str:
    """The key of a member."""
    return str(json.loads(utf8(text.raw[member.start : member.key_end])))


def _members(strict: str, opened: int) -> Iterator[Member]:
    """The members of the object that opens here, in a text that was read before."""
    gap = opened + 1
    while found := _MEMBER.match(strict, gap):
        value, end = found.span(2)
        if value < 0:
            value = found.end()
            end = _end(strict, value)
        yield Member(gap, found.start(1), found.end(1), value, end)
        gap = end


def _end(strict: str, start: int) -> int:
    """The end of what opens here. Nothing is built from it, for it may be most of the file."""
    depth, end = 0, start
    while found := _BRACKET.match(strict, end):
        end = found.end()
        depth += 1 if strict[end - 1] in "{[" else -1
        if depth == 0:
            break
    return end


def _is(strict: str, member: Member, name: str, wanted: str | None) -> bool:
    written = strict[member.start : member.key_end]
    if wanted is not None and "\\" not in written:
        return written == wanted
    return bool(json.loads(utf8(written)) == name)


def _without_comments(raw: str, source: str) -> str:
    parts: list[str] = []
    for found in _COMMENT.finditer(raw):
        comment = found[2] or ""
        if comment.startswith("//") and _LONE_RETURN.match(raw, found.end()):
            wrong = "a comment ends in a carriage return alone, which readers take in two ways"
            fault(source, raw, found.end(), f"{wrong}; write ordinary line ends")
        parts += (found[1], " " * len(comment))
    return "".join(parts) if len(parts) > 2 else raw


def _without_commas(plain: str) -> str:
    parts: list[str] = []
    for found in _COMMA.finditer(plain):
        follows_value = found[2] and plain[_back(plain, found.start(2)) - 1] not in "{[,:"
        parts += (found[1], " " if follows_value else found[2] or "")
    return "".join(parts)


def _complain(message: str, raw: str, strict: str, offset: int, source: str) -> NoReturn:
    refuse_merge_marks(source, raw)
    here, back = past(strict, offset), _back(strict, offset)
    trailing = strict[here : here + 1] in ("}", "]") and strict[back - 1 : back] == ","
    trailing |= strict[offset : offset + 1] == "," and strict[past(strict, offset + 1)] in "}]"
    if here == len(strict) or message.startswith("Unterminated string"):
        sentence = "the file ends in the middle of something; restore it, or write what is missing"
    elif raw[offset : offset + 2] in ("//", "/*"):
        sentence = "a comment stands here, which this client does not read; remove it"
    elif trailing:
        sentence = "a comma stands before a closing bracket, which this client does not read; remove it"
    else:
        sentence = _FAULTS.get(message, "this is no JSON; correct it")
    fault(source, raw, offset, sentence)


def _back(text: str, end: int) -> int:
    """Where the white space in front of `end` begins."""
    while end and text[end - 1] in WHITE:
        end -= 1
    return end
