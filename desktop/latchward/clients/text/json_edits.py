"""Edits of a JSON text: each is a few splices at one member, in the file's own style."""

import json
import re
from typing import Any, Final

from latchward.model.errors import ClientFileError

from .braces import (
    WHITE,
    Layout,
    Slot,
    Splice,
    comments_above,
    has_comma,
    insertion,
    layout,
    layout_in,
    lead_of,
    removal,
    spliced,
)
from .edits import At, Dialect, Put, PutText, Remove
from .faults import bytewise, fault, quoted, utf8
from .jsons import key_of, object_at, read, seen, slot_after, slot_of

_UNIT: Final = re.compile(r'[\r\n]([ \t]+)"')
_BELOW: Final = re.compile(r"/\* below ([0-9]{1,6}) \*/")
_COLON: Final = re.compile(r'[{,][ \t\r\n]*+"[^"\\]*+(?:\\.[^"\\]*+)*+"([ \t]*+:[ \t]*+)', re.DOTALL)


class JsonEditing:
    """A JSON text under edit. Raises `ClientFileError` for what cannot be read or edited."""

    def __init__(self, data: bytes, dialect: Dialect, source: str) -> None:
        self._dialect = dialect
        self._source = source
        self._text, self.value = read(data, dialect, source)
        unit = _UNIT.search(self._text.plain)
        self._unit = unit[1] if unit else "  "
        colon = _COLON.search(self._text.plain)
        self._colon = colon[1] if colon else ": "
        self._opens: dict[At, int] = {(): self._text.root}

    @property
    def raw(self) -> str:
        """The text as it stands now."""
        return self._text.raw

    def apply(self, edit: Put | Remove | PutText) -> None:
        """Make one edit."""
        match edit:
            case Put(at, value):
                self._put(at, value)
            case Remove(at):
                _, slot, _ = self._deepest(at)
                if slot.this is not None:
                    self._splice(removal(self._text.raw, slot, slot.this))
            case PutText(at, text, after):
                self._put_text(at, text, after)

    def source_of(self, at: At) -> tuple[str, str | None]:
        """The text of a member, and the name of the one before it."""
        _, slot, _ = self._deepest(at)
        if slot.this is None:
            fault(self._source, self._text.raw, 0, f"there is no member {quoted(at[-1])}; read the file anew")
        text = utf8(self._text.raw[slot.this.start : slot.this.end])
        if slot.after is None and has_comma(self._text.raw, slot, slot.this):
            text += ","
        if slot.before is None:
            text = lead_of(self._text.raw, slot.this) + text
        if above := comments_above(self._text.raw, slot.this):
            text = f"/* below {above} */{text}"
        return text, None if slot.before is None else key_of(self._text, slot.before)

    def value_of_text(self, edit: PutText) -> Any:
        """What the text of a member means. Raises `ClientFileError` where it is not that member."""
        name = edit.at[-1]
        try:
            _, value = read(f"{{{_member_text(edit.text)[0]}\n}}".encode(), self._dialect, self._source)
        except ClientFileError:
            value = {}
        if list(value) != [name]:
            fault(self._source, "", 0, f"the kept text is not that of {quoted(name)}; edit the file by hand")
        return value[name]

    def _put(self, at: At, value: Any) -> None:
        name, slot, parents = self._deepest(at)
        for parent in reversed(parents):
            value = {parent: value}
        raw = self._text.raw
        if slot.this is not None:
            this = slot.this
            text = _written(value, layout_in(raw, slot, this, self._unit, self._colon))
            self._splice([(this.value, this.end, text)])
        else:
            style = layout(raw, slot, self._unit, self._colon)
            text = _name(name) + style.colon + _written(value, style)
            self._splice(insertion(raw, slot, text, style.lead))

    def _put_text(self, at: At, text: str, after: str | None) -> None:
        self.value_of_text(PutText(at, text, after))
        while True:
            name, slot, parents = self._deepest(at)
            style = layout(self._text.raw, slot, self._unit, self._colon)
            if not parents:
                break
            empty = f"{{{style.newline}{style.indent}}}"
            self._splice(insertion(self._text.raw, slot, _name(name) + style.colon + empty, style.lead))
        if slot.this is not None:
            wrong = f"there is a member {quoted(name)} already; remove it"
            fault(self._source, self._text.raw, slot.this.start, wrong)
        slot = slot_after(self._text, slot, after, self._source)
        style = layout(self._text.raw, slot, self._unit, self._colon)
        kept, above = _member_text(text)
        lead, text = style.lead, kept.lstrip(WHITE)
        own = kept.removesuffix(text)
        if slot.before is None and (own.strip(" \t") or (own and slot.after is None)):
            lead = own
        if slot.after or (slot.before and has_comma(self._text.raw, slot, slot.before)):
            text = text.removesuffix(",")
        self._splice(insertion(self._text.raw, slot, bytewise(text), lead, above))

    def _deepest(self, at: At) -> tuple[str, Slot, At]:
        """The last key of the path that can be looked for, its slot, and the keys below it that cannot."""
        depth = len(at) - 1
        while at[:depth] not in self._opens:
            depth -= 1
        while True:
            slot = slot_of(self._text, self._opens[at[:depth]], at[depth], self._source)
            if slot.this is None or depth == len(at) - 1:
                return at[depth], slot, at[depth + 1 :]
            self._opens[at[: depth + 1]] = object_at(self._text, slot.this, at[depth], self._source)
            depth += 1

    def _splice(self, splices: list[Splice]) -> None:
        start = min(splices)[0]
        self._text = seen(spliced(self._text.raw, splices), self._dialect, self._source)
        self._opens = {at: opened for at, opened in self._opens.items() if opened < start}


def _written(value: Any, style: Layout) -> str:
    """A value as the file's own style has it."""
    if style.newline:
        text = _dumped(value, style.unit, (",", style.colon))
        return text.replace("\n", style.newline + style.indent)
    return _dumped(value, None, (style.comma, style.colon))


def _member_text(text: str) -> tuple[str, int]:
    """The kept text of a member without the note in front of it, and the number there."""
    below = _BELOW.match(text)
    return (text[below.end() :], int(below[1])) if below else (text, 0)


def _name(key: str) -> str:
    return _dumped(key, None, None)


def _dumped(value: Any, indent: str | None, separators: tuple[str, str] | None) -> str:
    made = json.dumps(value, indent=indent, separators=separators, ensure_ascii=False, allow_nan=False)
    try:
        return bytewise(made)
    except UnicodeEncodeError:  # half of a pair, which stands in files as an escape
        return json.dumps(value, indent=indent, separators=separators, allow_nan=False)
