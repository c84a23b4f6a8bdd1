"""Edits of a TOML text: whole lines go in and out, or a member of an inline table does.

A member may be written as tables, as dotted lines, as one line, or inside braces; what is new is written as
its neighbours are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from . import toml_lines as lines
from . import toml_written as written
from .braces import Slot, Splice, insertion, layout, removal, spliced
from .edits import At, Dialect, Put, PutText, Remove
from .faults import bytewise, fault, quoted, utf8
from .toml_kept import kept_of, place, text_of
from .tomls import ROOT, Inner, Statement, brace_of, inner, read, statements

_EQUALS: Final = (" = ", "=", "= ", " =")


@dataclass(frozen=True, slots=True)
class _Braces:
    """An inline table on the path, with its members, and the path from there."""

    opened: int
    close: int
    members: list[Inner]
    path: At

    def slot(self, index: int) -> Slot:
        """The slot of a member, or the one behind the last."""
        members = [item.member for item in self.members]
        this = members[index] if index < len(members) else None
        before = members[index - 1] if index else None
        after = members[index + 1] if index + 1 < len(members) else None
        return Slot(self.opened, self.close, before, this, after)

    def behind(self, name: str | None) -> Slot:
        """The slot behind the member of that name, or in front of all (None); else behind the last."""
        last = len(self.members) - 1
        if name is not None:
            last = next((n for n in range(last, -1, -1) if self.members[n].path[0] == name), last)
            before = self.members[last].member if self.members else None
        else:
            last, before = -1, None
        after = self.members[last + 1].member if last + 1 < len(self.members) else None
        return Slot(self.opened, self.close, before, None, after)


class TomlEditing:
    """A TOML text under edit. Raises `ClientFileError` for what cannot be read or edited."""

    def __init__(self, data: bytes, dialect: Dialect, source: str) -> None:
        self._source = source
        self.raw, self.value = read(data, source)
        self._statements = statements(self.raw, source)

    def apply(self, edit: Put | Remove | PutText) -> None:
        """Make one edit."""
        match edit:
            case Put(at, value):
                try:
                    self._put(at, value)
                except ValueError as error:
                    fault(self._source, "", 0, f"{quoted(at[-1])} cannot be written: {error}")
            case Remove(at):
                self._remove(at)
            case PutText(at, text, after):
                self._put_text(at, text, after)

    def source_of(self, at: At) -> tuple[str, str | None]:
        """The text of a member with the blank lines above it, and the name of the one before it."""
        if braces := self._braces(at):
            mine = [item.member for item in braces.members if item.path[: len(braces.path)] == braces.path]
            text = ", ".join(self.raw[member.start : member.end] for member in mine)
        else:
            text = text_of(self.raw, self._statements, at)
        if not text:
            fault(self._source, self.raw, 0, f"there is no member {quoted(at[-1])}; read the file anew")
        names = self._names(at)
        index = names.index(at[-1])
        return utf8(text), names[index - 1] if index else None

    def value_of_text(self, edit: PutText) -> Any:
        """What the text of a member means. Raises `ClientFileError` where it is not that member."""
        return kept_of(edit.at, edit.text, self._source).value

    def _braces(self, at: At) -> _Braces | None:
        """The inline table in which this member stands or would stand, or None."""
        for statement in self._statements:
            path = statement.path
            if len(path) < len(at) and path == at[: len(path)]:
                if statement.kind == "tables":
                    wrong = f"{quoted(path[-1])} is a list of tables here; write one table for it"
                    fault(self._source, self.raw, statement.key, wrong)
                if statement.kind == "pair":
                    return self._inside(statement.value, at, len(path))
        return None

    def _inside(self, value: int, at: At, depth: int) -> _Braces:
        opened = brace_of(self.raw, value, at[depth - 1], self._source)
        members, close = inner(self.raw, opened)
        for item in members:
            below = depth + len(item.path)
            if below < len(at) and item.path == at[depth:below]:
                return self._inside(item.member.value, at, below)
        return _Braces(opened, close, members, at[depth:])

    def _remove(self, at: At) -> None:
        if self._braces(at) is None:
            self._splice([(*lines.span(self.raw, run), "") for run in lines.runs(self._statements, at)])
            return
        while braces := self._braces(at):
            mine = (
                n for n, item in enumerate(braces.members) if item.path[: len(braces.path)] == braces.path
            )
            if (index := next(mine, None)) is None:
                return
            slot = braces.slot(index)
            self._splice(removal(self.raw, slot, braces.members[index].member))

    def _put(self, at: At, value: Any) -> None:
        if braces := self._braces(at):
            self._put_inside(braces, at, value)
        elif found := lines.runs(self._statements, at):
            self._replace(found, at, value)
        else:
            self._add(at, value)

    def _put_inside(self, braces: _Braces, at: At, value: Any) -> None:
        path = braces.path
        mine = [item for item in braces.members if item.path[: len(path)] == path]
        if mine and mine[0].path == path:
            self._splice([(mine[0].member.value, mine[0].member.end, written.inline(value))])
        elif mine:
            self._replace_inside(at, value)
        else:
            shared = max((_shared(item.path, path) for item in braces.members), default=0)
            value = _nested(path[shared + 1 :], value)
            slot = braces.slot(len(braces.members))
            style = layout(self.raw, slot, "", " = ")
            text = written.key(path[: shared + 1]) + style.colon + written.inline(value)
            self._splice(insertion(self.raw, slot, text, style.lead))

    def _replace_inside(self, at: At, value: Any) -> None:
        """Put one member in the place of several dotted ones."""
        while braces := self._braces(at):
            path = braces.path
            mine = [n for n, item in enumerate(braces.members) if item.path[: len(path)] == path]
            member = braces.members[mine[-1]].member
            if len(mine) == 1:
                text = written.key(path) + self.raw[member.key_end : member.value] + written.inline(value)
                self._splice([(member.start, member.end, text)])
                return
            self._splice(removal(self.raw, braces.slot(mine[-1]), member))

    def _replace(self, found: list[list[Statement]], at: At, value: Any) -> None:
        first = found[0][0]
        if first.path == at and first.kind == "pair":
            self._splice([(first.value, first.value_end, written.inline(value))])
            return
        own = first.kind != "pair" or first.section[: len(at)] == at
        if own and not isinstance(value, dict):
            self._remove(at)
            self._put(at, value)
            return
        everything = [item for run in found for item in run]
        if own:
            text = self._tables(at, value, everything, first.start)
        else:
            text = self._pairs(at[len(first.section) :], value, everything, first.start)
        start, stop = first.start, found[0][-1].end
        if not self.raw.endswith("\n", start, stop):
            text = text.rstrip("\r\n")
        self._splice([(start, stop, text), *((*lines.span(self.raw, run), "") for run in found[1:])])

    def _add(self, at: At, value: Any) -> None:
        depth = max((min(_shared(item.path, at), len(at) - 1) for item in self._statements), default=0)
        parent, at, value = at[:depth], at[: depth + 1], _nested(at[depth + 1 :], value)
        kin = [item for item in self._statements if item.path[:depth] == parent]
        outside = [item for item in kin if item.kind == "pair" and len(item.section) < depth]
        header = next((item for item in kin if item.kind == "table" and item.path == parent), None)
        tables = [item for item in kin if item.kind != "pair" and item != header]
        if outside:
            self._add_pairs(outside[-1].section, at, value, outside)
        elif header and (not isinstance(value, dict) or (self._has_inline(kin, at) and not tables)):
            body = [item for item in kin if item.section == parent]
            self._add_pairs(parent, at, value, body, flat=True)
        elif isinstance(value, dict):
            self._add_tables(at, value, kin if depth else [])
        else:
            self._add_pairs((), at, value, [item for item in self._statements if not item.section])

    def _add_pairs(
        self, section: At, at: At, value: Any, kin: list[Statement], *, flat: bool = False
    ) -> None:
        """New lines behind the last of `kin`, which is in this section; with none, above all tables."""
        offset = kin[-1].end if kin else lines.top(self.raw, self._statements)
        text = self._pairs(at[len(section) :], value, kin, offset, flat=flat)
        self._splice([lines.inserted(self.raw, offset, text)])

    def _add_tables(self, at: At, value: dict[str, Any], kin: list[Statement]) -> None:
        """New tables behind the last of `kin`, or at the end."""
        offset = kin[-1].end if kin else lines.end_of_text(self.raw)
        above = self._blank(offset) if offset > lines.begin_of(self.raw) else ""
        self._splice([lines.inserted(self.raw, offset, above + self._tables(at, value, kin, offset))])

    def _put_text(self, at: At, text: str, after: str | None) -> None:
        kept = kept_of(at, text, self._source)
        if at[-1] in self._names(at):
            fault(self._source, self.raw, 0, f"there is a member {quoted(at[-1])} already; remove it")
        if braces := self._braces(at):
            inside = kept.inside or ("" if kept.tables or kept.section != at[:-1] else kept.pairs.strip())
            if inside and len(braces.path) == 1:
                slot = braces.behind(after)
                lead = layout(self.raw, slot, "", " = ").lead
                self._splice(insertion(self.raw, slot, bytewise(inside), lead))
                return
        elif not kept.inside and any(
            s.path == kept.section and s.kind == "table" for s in (*self._statements, ROOT)
        ):
            for piece, tables in ((kept.pairs, False), (kept.tables, True)):
                if piece:
                    offset = place(self.raw, self._statements, at, kept, after, tables=tables)
                    self._splice([lines.inserted(self.raw, offset, bytewise(piece))])
            return
        self._put(at, kept.value)  # the file is laid out in another way now

    def _names(self, at: At) -> list[str]:
        """The names of a member and those beside it, as they follow one another."""
        if braces := self._braces(at):
            paths = [item.path for item in braces.members]
            at = braces.path
        else:
            paths = [statement.path for statement in self._statements]
        depth = len(at) - 1
        beside = (path[depth] for path in paths if len(path) > depth and path[:depth] == at[:depth])
        return list(dict.fromkeys(beside))

    def _has_inline(self, kin: list[Statement], at: At) -> bool:
        return any(len(item.path) == len(at) and self.raw[item.value : item.value + 1] == "{" for item in kin)

    def _pairs(self, path: At, value: Any, kin: list[Statement], offset: int, *, flat: bool = False) -> str:
        """Lines for a member, laid out as `kin`; `flat` puts all of it on one."""
        end = lines.newline(self.raw, offset)
        indent = self.raw[kin[-1].start : kin[-1].key] if kin else ""
        equals = self._equals(kin)
        made = (
            [written.key(path) + equals + written.inline(value)]
            if flat
            else written.dotted(path, value, equals)
        )
        return "".join(indent + line + end for line in made)

    def _tables(self, at: At, value: dict[str, Any], kin: list[Statement], offset: int) -> str:
        """Tables for a member, laid out as `kin`."""
        end = lines.newline(self.raw, offset)
        headers = [self.raw[item.start : item.key] for item in kin if item.kind != "pair"]
        pairs = [self.raw[item.start : item.key] for item in kin if item.kind == "pair"]
        outer = headers[-1] if headers else ""
        inside = pairs[-1] if pairs else outer
        made = [
            end.join([outer + header, *(inside + line for line in body)]) + end
            for header, *body in written.tables(at, value, self._equals(kin))
        ]
        return self._blank(offset).join(made)

    def _blank(self, offset: int) -> str:
        headers = (item for item in self._statements if item.kind != "pair")
        return lines.newline(self.raw, offset) if lines.airy(self.raw, headers) else ""

    def _equals(self, kin: Iterable[Statement]) -> str:
        """How a key and its value are set apart: as by these, or as elsewhere in the file."""
        pairs = [item for item in (*self._statements, *kin) if item.kind == "pair"]
        between = self.raw[pairs[-1].key_end : pairs[-1].value] if pairs else " = "
        return between if between in _EQUALS else " = "

    def _splice(self, splices: list[Splice]) -> None:
        self.raw = spliced(self.raw, splices)
        self._statements = statements(self.raw, self._source)


def _shared(one: At, other: At) -> int:
    """How many keys two paths have in common."""
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _nested(path: At, value: Any) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value
