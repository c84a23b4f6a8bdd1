"""Lines of a TOML text: which go out with a member, and behind which line new ones go in.

Blank lines above a member go with it, comments above it stay. New lines go behind a line that is not blank,
with a blank one of their own; so what was put in comes out whole.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from .braces import WHITE, Splice
from .edits import At
from .faults import BOM
from .tomls import Statement

_LINE_END: Final = re.compile(r"\r?\n")
_COMMENT: Final = re.compile(r"[ \t]*+#")
_BLANKS: Final = re.compile(r"(?:[ \t]*+\r?\n)*")


def begin_of(raw: str) -> int:
    """Where the first line begins."""
    return len(BOM) if raw.startswith(BOM) else 0


def runs(found: Sequence[Statement], at: At) -> list[list[Statement]]:
    """The statements of a member, those in one that nothing parts.

    A table's run goes on through the tables in it; a comment in between is the member's own.
    """
    made: list[list[Statement]] = []
    before = None
    for statement in found:
        if within(statement.path, at):
            turns = before is not None and statement.kind != "pair" and not within(before.section, at)
            if before is None or turns:
                made.append([])
            made[-1].append(statement)
            before = statement
        else:
            before = None
    return made


def span(raw: str, run: list[Statement]) -> tuple[int, int]:
    """What goes out with a run: blank lines above; at the top of the file, those below."""
    start, end = blank_above(raw, run[0].start), run[-1].end
    if end == len(raw) and not raw.endswith("\n") and start > begin_of(raw):
        # The file goes on without a last line end.
        return start - (2 if raw[start - 2 : start] == "\r\n" else 1), end
    return start, _text_end(raw, run)


def text_of(raw: str, run: list[Statement]) -> str:
    """What goes out with a run. If it has no line end at its end, it begins with that of the line before."""
    start, end = span(raw, run)
    return raw[start:end]


def inserted(raw: str, offset: int, text: str) -> Splice:
    """Lines put in at the start of a line, or at the end of the file."""
    torn = not text.endswith("\n")
    if offset == len(raw) and offset > begin_of(raw) and not raw.endswith("\n"):
        if not torn:
            text = newline(raw, offset) + text.removesuffix("\n").removesuffix("\r")
    elif torn and len(raw) > begin_of(raw):
        text = text.removeprefix("\r").removeprefix("\n") + newline(raw, offset)
    return offset, offset, text


def newline(raw: str, offset: int) -> str:
    """The line end in use here."""
    if raw.endswith("\r\n", 0, offset):
        return "\r\n"
    first = _LINE_END.search(raw)
    return "\n" if raw.endswith("\n", 0, offset) or first is None else first[0]


def blank_above(raw: str, start: int) -> int:
    """Where the blank lines directly above a line begin."""
    while start > begin_of(raw):
        line = max(raw.rfind("\n", 0, start - 1) + 1, begin_of(raw))
        if raw[line:start].strip(WHITE):
            break
        start = line
    return start


def end_of_text(raw: str) -> int:
    """The end of the last line that is not blank."""
    last = len(raw.rstrip(WHITE))
    if last <= begin_of(raw):
        return begin_of(raw)
    return raw.find("\n", last) + 1 or len(raw)


def top(raw: str, found: Sequence[Statement]) -> int:
    """Where a first pair goes in: above all tables and their comments, behind what stands for itself."""
    return blank_above(raw, above(raw, found[0].start)) if found else end_of_text(raw)


def above(raw: str, start: int) -> int:
    """Where the comments directly above a line begin."""
    while (line := raw.rfind("\n", 0, max(start - 1, 0)) + 1) < start and _COMMENT.match(raw, line):
        start = line
    return start


def airy(raw: str, headers: Iterable[Statement]) -> bool:
    """Whether tables are set apart by blank lines in this file."""
    judged = False
    for header in headers:
        start = above(raw, header.start)
        if start > begin_of(raw):
            judged = True
            if blank_above(raw, start) != start:
                return True
    return not judged


def _text_end(raw: str, run: list[Statement]) -> int:
    start, end = run[0].start, run[-1].end
    if start != begin_of(raw) or run[0].kind == "pair":
        return end
    blank = _BLANKS.match(raw, end)
    return blank.end() if blank and blank.end() < len(raw) else end


def within(path: At, at: At) -> bool:
    """Whether a path is that of a member, or leads into it."""
    return path[: len(at)] == at
