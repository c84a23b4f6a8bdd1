"""A map in braces as text: where a member is put in, and what is taken out with one.

The same for a JSON object and a TOML inline table. Whatever stands in a gap stays, but for the white space in
front of a member and one comma: so taking out what was put in gives the first bytes again.

    {  /* gap */ "a": 1  /* gap */ ,  /* gap */ "b": 2  /* tail */  }
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

Splice = tuple[int, int, str]
"""Start, end, and what shall stand there instead."""

WHITE: Final = " \t\r\n"

_TOKEN: Final = re.compile(r"[ \t\r\n]++|//[^\r\n]*+|/\*.*?\*/|,", re.DOTALL)
_LINE_ENDS: Final = re.compile(r"\r\n|\n|\r")


class Member(NamedTuple):
    """Offsets. `gap` is where the member or the brace before it ended."""

    gap: int
    start: int
    key_end: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a map: the member that is there or None, its neighbours, and where the braces stand."""

    open: int
    close: int
    before: Member | None
    this: Member | None
    after: Member | None


@dataclass(frozen=True, slots=True)
class Layout:
    """How a new member is set: what goes in front of it, and the separators. `newline` is "" on one line."""

    lead: str
    newline: str
    indent: str
    unit: str
    colon: str
    comma: str


def spliced(raw: str, splices: list[Splice]) -> str:
    """The text with these replacements, which do not overlap."""
    parts: list[str] = []
    done = 0
    for start, end, text in sorted(splices):
        parts += (raw[done:start], text)
        done = end
    return "".join((*parts, raw[done:]))


def layout(raw: str, slot: Slot, unit: str, colon: str) -> Layout:
    """How a member that is new in this slot is set. `unit` and `colon` are those of the file."""
    pattern = slot.after or slot.before
    if pattern is None:
        return _layout_of_first(raw, slot, unit, colon)
    between = raw[pattern.key_end : pattern.value]
    if between.strip(" \t") in (":", "="):
        colon = between
    space = " " if colon.endswith((" ", "\t")) else ""
    for member in filter(None, (slot.after, slot.before)):
        lead = lead_of(raw, member)
        if not (ends := list(_LINE_ENDS.finditer(lead))):
            lead = _line_lead(raw, member)
            ends = list(_LINE_ENDS.finditer(lead))
        if ends:
            return Layout(lead, ends[-1][0], lead[ends[-1].end() :], unit, colon, "," + space)
    for member in filter(None, (slot.after, slot.before)):
        if member.gap != slot.open + 1:
            space = lead_of(raw, member)
            break
    return Layout(space, "", "", unit, colon, "," + space)


def layout_in(raw: str, slot: Slot, member: Member, unit: str, colon: str) -> Layout:
    """How the value of the member in this slot is set when it is replaced."""
    made = layout(raw, Slot(slot.open, slot.close, None, None, member), unit, colon)
    old = raw[member.value : member.end]
    if old[:1] in ("{", "[") and not _LINE_ENDS.search(old):
        return Layout(made.lead, "", "", unit, made.colon, made.comma)
    return made


def insertion(raw: str, slot: Slot, text: str, lead: str, skip: int | None = None) -> list[Splice]:
    """The splices that put a member's text into an empty slot.

    It goes behind the first `skip` comments of the gap; None: behind those on the line of the member before.
    """
    if slot.before is None:
        high = slot.close if slot.after is None else slot.after.start
        at = _lead(raw, slot.open + 1, high) if skip is None else _comments(raw, slot.open + 1, high, skip)
        if slot.after is None:
            return [(at, at, _line_end_after_comment(raw, slot.open + 1, at, lead) + lead + text)]
        if _LINE_ENDS.search(lead):
            return [(at, at, lead + text + ",")]
        at = past(raw, at)
        return [(at, at, text + "," + lead)]
    end = slot.before.end
    high = slot.after.start if slot.after else slot.close
    comma = _comma(raw, end, high)
    start = end if comma is None else comma + 1
    at = _line_comments(raw, start) if skip is None else max(start, _comments(raw, end, high, skip))
    lead = _line_end_after_comment(raw, end, at, lead) + lead
    if comma is not None:
        return [(at, at, lead + text + ",")]
    return [(end, end, "," + lead + text)] if at == end else [(end, end, ","), (at, at, lead + text)]


def removal(raw: str, slot: Slot, this: Member) -> list[Splice]:
    """The splices that take a member out of its slot."""
    start, end = _lead(raw, this.gap, this.start), this.end
    splices = []
    comma = _comma(raw, end, slot.after.start if slot.after else slot.close)
    tail = end
    if comma is not None:
        tail = comma + 1
        splices.append((comma, tail, ""))
    elif slot.before is not None and (earlier := _comma(raw, this.gap, this.start)) is not None:
        splices.append((earlier, earlier + 1, ""))
    if _line_comments(raw, tail) != tail and _LINE_ENDS.search(raw, start, this.start):
        # What was noted behind the member keeps a line of its own.
        start = this.start
        splices.append((tail, past(raw, tail, " \t"), ""))
    elif slot.before is None and slot.after is not None and not _LINE_ENDS.search(raw, start, this.start):
        start = this.start
        splices.append((tail, past(raw, tail), ""))
    elif _ends_in_line_comment(raw, this.gap, start) and not _ends_line(raw, end, comma):
        start = past(raw, past(raw, start, " \t"), "\r\n")
    return [*splices, (start, end, "")]


def lead_of(raw: str, member: Member) -> str:
    """The white space in front of a member."""
    return raw[_lead(raw, member.gap, member.start) : member.start]


def comments_above(raw: str, member: Member) -> int:
    """How many comments stand in the gap in front of a member."""
    return sum(token[0][0] == "/" for token in _tokens(raw, member.gap, member.start))


def has_comma(raw: str, slot: Slot, member: Member) -> bool:
    """Whether a comma follows the member."""
    return _comma(raw, member.end, slot.after.start if slot.after else slot.close) is not None


def past(raw: str, start: int, signs: str = WHITE) -> int:
    """The first place from `start` on where none of these signs stands."""
    while start < len(raw) and raw[start] in signs:
        start += 1
    return start


def _layout_of_first(raw: str, slot: Slot, unit: str, colon: str) -> Layout:
    lead = raw[_lead(raw, slot.open + 1, slot.close) : slot.close]
    ends = list(_LINE_ENDS.finditer(lead))
    space = " " if colon.endswith((" ", "\t")) else ""
    if not ends:
        return Layout(lead, "", "", unit, colon, "," + space)
    newline, indent = ends[-1][0], lead[ends[-1].end() :] + unit
    return Layout(newline + indent, newline, indent, unit, colon, "," + space)


def _tokens(raw: str, start: int, end: int) -> Iterator[re.Match[str]]:
    while start < end and (token := _TOKEN.match(raw, start)):
        yield token
        start = token.end()


def _lead(raw: str, gap: int, start: int) -> int:
    """Where the white space in front of `start` begins."""
    end = gap
    for token in _tokens(raw, gap, start):
        if not token[0].isspace():
            end = token.end()
    return end


def _comments(raw: str, start: int, end: int, count: int) -> int:
    """The end of the last of so many comments, or as many as there are."""
    found = [token.end() for token in _tokens(raw, start, end) if token[0][0] == "/"]
    return [start, *found][min(count, len(found))]


def _comma(raw: str, start: int, end: int) -> int | None:
    return next((token.start() for token in _tokens(raw, start, end) if token[0] == ","), None)


def _line_lead(raw: str, member: Member) -> str:
    """The line end and the indentation of the line on which a member begins, or ""."""
    found = ""
    for token in _tokens(raw, member.gap, member.start):
        if token[0].isspace() and (ends := list(_LINE_ENDS.finditer(token[0]))):
            found = token[0][ends[-1].start() :]
    return found


def _line_comments(raw: str, start: int) -> int:
    """The end of the comments that follow on the same line, or `start`."""
    end = start
    for token in _tokens(raw, start, len(raw)):
        if token[0] == "," or _LINE_ENDS.search(token[0]):
            break
        if not token[0].isspace():
            end = token.end()
    return end


def _line_end_after_comment(raw: str, start: int, end: int, lead: str) -> str:
    """The line end without which what comes next would be part of a comment, or ""."""
    if not _ends_in_line_comment(raw, start, end) or _LINE_ENDS.search(lead):
        return ""
    found = _LINE_ENDS.match(raw, end)
    return found[0] if found else "\n"


def _ends_line(raw: str, end: int, comma: int | None) -> bool:
    """Whether nothing else follows on the line, but for a comma that goes as well."""
    rest = past(raw, end, " \t")
    if rest == comma:
        rest = past(raw, rest + 1, " \t")
    return raw[rest] in "\r\n"


def _ends_in_line_comment(raw: str, start: int, end: int) -> bool:
    last = ""
    for token in _tokens(raw, start, end):
        if not token[0].isspace():
            last = token[0]
    return last.startswith("//")
