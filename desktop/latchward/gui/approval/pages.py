"""The arguments of a question as numbered lines: once readable, once as the exact JSON.

A foreign text cannot pass for a line of ours: a name stands behind `NAME`, and where a foreign line begins
with that sign, the sign is spelled out. A very long line is continued on the next, without a number. Nothing
is left out but what `shortened` leaves out, and that says how much.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

from latchward.gui.text import counted, size

from .marks import Host, Marker, Span

SHOWN_WHOLE: Final = 64 * 1024
"""Bytes of arguments that are shown at once; of more, head and tail."""
HEAD: Final = 32 * 1024
TAIL: Final = 16 * 1024
"""Characters shown of a long page, from its beginning and before its end."""
CHUNK: Final = 2_000
"""Characters of one line; a longer one is continued on the next."""

NAME: Final = "\u258c "
"""What stands before the name of an argument, and at the beginning of no other line."""

_SPELLED: Final = f"<U+{ord(NAME[0]):04X}>"
_CHANGED: Final = "differs from the last allowed call"

LineKind = Literal["name", "value", "json", "gap"]


class Line(NamedTuple):
    """One line as it is shown. `number` counts the lines of a value that has several; 0 is shown as none."""

    text: str
    kind: LineKind
    number: int = 0
    spans: tuple[Span, ...] = ()


class Section(NamedTuple):
    """A name and what stands below it: `raw` is JSON as it came. `note` stands beside the name, quietly."""

    name: str
    raw: bytes
    note: str = ""
    changed: bool = False


class Page(NamedTuple):
    """One way to look at the arguments."""

    lines: tuple[Line, ...]
    hidden: int = 0

    @property
    def text(self) -> str:
        """All of it as plain text."""
        return "\n".join(line.text for line in self.lines)


def readable(
    arguments: str,
    changed: Sequence[str],
    marker: Marker,
    hosts: Sequence[Host],
    empty: str = "This call has no arguments.",
) -> Page:
    """Each argument under its name, text with its own line breaks; `empty` is said where there is none."""
    parts = members(arguments)
    if parts is None:
        return exact(arguments, marker, hosts)
    if not parts:
        return Page((Line(empty, "value", 0, (Span(0, len(empty), "quiet"),)),))
    sections = (Section(name, raw, sort(raw), name in changed) for name, raw in parts.items())
    return Page(tuple(in_sections(sections, marker, hosts)))


def in_sections(sections: Iterable[Section], marker: Marker, hosts: Sequence[Host]) -> Iterator[Line]:
    """The lines of these, one below the other."""
    for section in sections:
        yield from _name(section, marker)
        yield from _value(section.raw, marker, hosts)


def exact(arguments: str, marker: Marker, hosts: Sequence[Host]) -> Page:
    """What will be sent, letter for letter; only blanks between its parts are added."""
    try:
        text = msgspec.json.format(arguments.encode("utf-8", "surrogatepass"), indent=2).decode()
    except (msgspec.DecodeError, UnicodeError):
        text = arguments
    return Page(tuple(_lines(text, "json", marker, hosts)))


def shortened(page: Page) -> Page:
    """Head and tail of a page, with a line in between that says what is not shown; `hidden` says how much."""
    lines = page.lines
    head = _fitting(lines, HEAD)
    tail = _fitting(lines[head:][::-1], TAIL)
    hidden = lines[head : len(lines) - tail]
    if not hidden:
        return page
    bytes_hidden = sum(len(line.text.encode("utf-8", "replace")) + 1 for line in hidden)
    numbered = sum(1 for line in hidden if line.number)
    what = size(bytes_hidden) + (f" in {counted(numbered, 'line')}" if numbered else "")
    says = f"\u2014 {what} not shown \u2014"
    gap = Line(says, "gap", 0, (Span(0, len(says), "note"),))
    return Page((*lines[:head], gap, *lines[len(lines) - tail :]), bytes_hidden)


def texts(value: object) -> Iterator[str]:
    """Every text in a JSON value, names of members included."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            yield from one.keys()
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def decoded(arguments: str) -> Any:
    """The value of the arguments, for looking through its texts; None where it is not JSON."""
    try:
        return json.loads(arguments, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None


def members(arguments: str | bytes) -> dict[str, bytes] | None:
    """The members of an object, each as the bytes that it is written with; None where it is no object."""
    try:
        parts = msgspec.json.decode(arguments, type=dict[str, msgspec.Raw])
        return {name: bytes(raw) for name, raw in parts.items()}
    except (msgspec.MsgspecError, UnicodeError):
        return None


def _name(section: Section, marker: Marker) -> Iterator[Line]:
    shown, spans = marker.mark(section.name.replace("\n", "<U+000A>").replace("\t", "<U+0009>"))
    shown = NAME + (shown or "(empty name)")
    *whole, last = [shown[at : at + CHUNK] for at in range(0, len(shown), CHUNK)]
    for part in whole:
        yield Line(part, "name")
    found = list(_moved(spans, len(NAME))) if not whole else []
    for note, kind in ((section.note, "quiet"), (_CHANGED if section.changed else "", "changed")):
        if note:
            found.append(Span(len(last) + 3, len(note), kind))  # type: ignore[arg-type]
            last += f"   {note}"
    yield Line(last, "name", 0, tuple(found))


def sort(raw: bytes) -> str:
    """What a value is, where it is no text."""
    first = raw[:1]
    if first == b'"':
        return ""
    return {b"{": "object", b"[": "list", b"t": "", b"f": "", b"n": "nothing"}.get(first, "number")


def _value(raw: bytes, marker: Marker, hosts: Sequence[Host]) -> Iterable[Line]:
    if raw[:1] == b'"':
        text = _text(raw)
        if not text:
            return (Line("(empty text)", "value", 0, (Span(0, 12, "quiet"),)),)
        return _lines(text, "value", marker, hosts)
    return _lines(msgspec.json.format(raw, indent=2).decode(), "value", marker, hosts)


def _text(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=str)
    except msgspec.MsgspecError:
        return str(json.loads(raw))  # an unpaired surrogate: msgspec refuses it, and it is shown as a mark


def _lines(text: str, kind: LineKind, marker: Marker, hosts: Sequence[Host]) -> Iterator[Line]:
    whole = text.split("\n")
    for number, line in enumerate(whole, start=1 if len(whole) > 1 else 0):
        for at in range(0, max(1, len(line)), CHUNK):
            shown, spans = marker.mark(line[at : at + CHUNK])
            if shown[:1] == NAME[0]:
                shown, spans = (
                    _SPELLED + shown[1:],
                    (Span(0, len(_SPELLED), "mark"), *_moved(spans, len(_SPELLED) - 1)),
                )
            if hosts:
                spans = (*spans, *_hosts(shown, hosts))
            yield Line(shown, kind, number if not at else 0, spans)


def _moved(spans: Iterable[Span], by: int) -> tuple[Span, ...]:
    return tuple(Span(span.start + by, span.length, span.kind) for span in spans)


def _hosts(shown: str, hosts: Sequence[Host]) -> Iterator[Span]:
    for host in hosts:
        for found in re.finditer(re.escape(host.text), shown):
            yield Span(found.start(), len(host.text), "host")


def _fitting(lines: Sequence[Line], room: int) -> int:
    """How many of the first lines fit into so many characters."""
    for count, line in enumerate(lines):
        room -= len(line.text) + 1
        if room < 0:
            return count
    return len(lines)
