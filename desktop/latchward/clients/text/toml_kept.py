"""The text of a TOML member that is taken out: made, read again, and where it goes back.

A first line says where it stood, for comments and tables of others may be around it:

    # 1 lines below projects."/home/me"

    [mcp_servers.files]
    command = "npx"
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from latchward.model.errors import ClientFileError

from .edits import At
from .faults import bytewise, fault, quoted, utf8
from .toml_lines import begin_of, blank_above, runs, within
from .toml_lines import text_of as run_text
from .toml_written import key
from .tomls import Statement, idle_lines, path_of, read, statements

_OTHER: Final = "the text holds something else"
_STOOD: Final = re.compile(r"# ([0-9]{1,6}) lines below ?([^\r\n]*+)\r?\n")


@dataclass(frozen=True, slots=True)
class Kept:
    """What the text means: pairs of one section and then tables, or a piece of an inline table.

    It stood so many lines below the table or the pair `followed`, which is () at the top.
    """

    value: Any
    section: At = ()
    pairs: str = ""
    tables: str = ""
    inside: str = ""
    followed: At | None = None
    lines: int = 0


def text_of(raw: str, found: Sequence[Statement], at: At) -> str:
    """The lines of a member, or "" where there are none."""
    made = runs(found, at)
    if not made:
        return ""
    first = made[0][0]
    index = found.index(first) - 1
    above: At = ()
    end = begin_of(raw)
    if index >= 0:
        above, end = (found[index].path if first.kind == "pair" else found[index].section), found[index].end
    lines = len(idle_lines(raw, end, blank_above(raw, first.start)))
    return f"# {lines} lines below {key(above)}\n" + "".join(run_text(raw, run) for run in made)


def kept_of(at: At, text: str, source: str) -> Kept:
    """Read the text of a member. Raises `ClientFileError` where it is not that of this member."""
    try:
        return _kept(at, text, source)
    except (ClientFileError, tomllib.TOMLDecodeError):
        fault(source, "", 0, f"the kept text is not that of {quoted(at[-1])}; edit the file by hand")


def _kept(at: At, text: str, source: str) -> Kept:
    stood = _STOOD.match(text)
    if stood is None:
        followed, lines = None, 0
    else:
        followed, lines = path_of(bytewise(stood[2])) if stood[2] else (), int(stood[1])
        text = text[stood.end() :]
    try:
        raw, _ = read(text.encode(), source)
    except ClientFileError:
        return Kept(_only(text.join(("x = { ", " }")), ("x", at[-1]), source), inside=text)
    found = statements(raw, source)
    section: At = ()
    parted = 0
    if found and found[0].kind == "pair":
        # A pair says only the rest of its path: the section is what is missing at the front.
        path = found[0].path
        depth = next((n for n in range(len(at)) if path[: len(at) - n] == at[n:]), None)
        if depth is None:
            raise ClientFileError(_OTHER)
        section = at[:depth]
        parted = blank_above(raw, next((item.start for item in found if item.kind != "pair"), len(raw)))
    head = f"[{utf8(key(section))}]\n" if section else ""
    value = _only(head + text, at, source)
    return Kept(value, section, utf8(raw[:parted]), utf8(raw[parted:]), followed=followed, lines=lines)


def _only(text: str, at: At, source: str) -> Any:
    """The member at this path, which must be all that the text holds."""
    _, value = read(text.encode(), source)
    inside: Any = value
    for name in at:
        if not isinstance(inside, dict) or list(inside) != [name]:
            raise ClientFileError(_OTHER)
        inside = inside[name]
    return inside


def place(
    raw: str, found: Sequence[Statement], at: At, kept: Kept, after: str | None, *, tables: bool
) -> int:
    """Where the tables or the pairs of a member go back: where they stood, else behind the member `after`."""
    if tables:
        own = [n for n, item in enumerate(found) if item.kind != "pair"]
    else:
        own = [n for n, item in enumerate(found) if item.section == kept.section and item.kind != "tables"]
    known = _known(found, own, kept, tables=tables)
    low = _beside(found, own, at, after, tables=tables) if known is None else known
    while tables and low + 1 < len(found) and found[low + 1].kind == "pair":
        low += 1
    low_end = found[low].end if low >= 0 else begin_of(raw)
    high = found[low + 1].start if low + 1 < len(found) else len(raw)
    ends = [low_end, *idle_lines(raw, low_end, high)]
    return ends[min(kept.lines, len(ends) - 1)] if known is not None else low_end


def _known(found: Sequence[Statement], own: list[int], kept: Kept, *, tables: bool) -> int | None:
    if kept.followed is None or (tables and kept.pairs):
        return None
    if not kept.followed:
        return -1 if tables or not kept.section else None
    return next((n for n in reversed(own) if found[n].path == kept.followed), None)


def _beside(found: Sequence[Statement], own: list[int], at: At, after: str | None, *, tables: bool) -> int:
    beside = [n for n in own if len(found[n].path) >= len(at) and within(found[n].path, at[:-1])]
    if after is None:
        return beside[0] - 1 if beside else own[-1] if own else -1
    among = range(len(found)) if tables else own
    before = [n for n in among if within(found[n].path, (*at[:-1], after))]
    return (before or beside or own or [-1])[-1]
