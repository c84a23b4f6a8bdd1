"""The overview as a document of the person's own: CSV, JSON or Markdown. No Qt.

Names come from servers and files of others: what cannot be seen in them is spelled out, a spreadsheet
takes none of them for a formula, and Markdown none for a link or a picture.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Final

from latchward.gui.text import counted
from latchward.model.plain import one_line, visible

from . import words
from .rows import Row, routes, tools

_FORMULA: Final = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet may take for the beginning of a formula, in both widths."""
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_NAME: Final = 500
"""Characters of a foreign name in one line."""
_COLUMNS: Final = (
    "kind",
    "tool",
    "title",
    "server",
    "what it can do",
    "category",
    "severity",
    "decision",
    "conditions",
    "clients",
    "date",
    "profile",
)


@dataclass(frozen=True, slots=True)
class Report:
    """What is written: all rows, and the clients whose files could not be read, with the reason."""

    made: datetime
    profile: str
    rows: Sequence[Row]
    unreadable: Sequence[tuple[str, str]] = ()

    @property
    def date(self) -> str:
        """With the offset from UTC, to the second."""
        return self.made.isoformat(timespec="seconds")

    @property
    def tools(self) -> list[Row]:
        """The rows of tools that somebody decides about."""
        return [row for row in self.rows if row.key is not None]


def as_csv(report: Report) -> str:
    """One line for each row, each cell quoted; the date and the profile stand in every line."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in report.rows:
        kind = "tool" if row.key is not None else "not guarded"
        facts = (words.deed(row).word, row.category, row.severity, words.decision(row))
        conditions = "yes" if row.custom else ""
        cells = (kind, row.tool, row.title, row.server, *facts, conditions, "; ".join(row.clients))
        writer.writerow([_cell(cell) for cell in (*cells, report.date, report.profile)])
    for title, problem in report.unreadable:
        cells = ("client that cannot be read", "", "", "", problem, "", "", "", "", title)
        writer.writerow([_cell(cell) for cell in (*cells, report.date, report.profile)])
    return out.getvalue()


def as_json(report: Report) -> str:
    """One document; names are made visible, and nothing else is done to them."""
    document = {
        "date": report.date,
        "profile": visible(report.profile),
        "tools": [
            {
                "tool": visible(row.tool),
                "title": visible(row.title),
                "server": visible(row.server),
                "category": visible(row.category),
                "severity": visible(row.severity),
                "decision": row.decision,
                "held": row.held,
                "conditions": row.custom,
                "clients": [visible(client) for client in row.clients],
            }
            for row in report.tools
        ],
        "routes": [
            {"server": visible(row.server), "clients": [visible(client) for client in row.clients]}
            for row in routes(report.rows)
        ],
        "unreadable": [
            {"client": visible(title), "problem": visible(problem)} for title, problem in report.unreadable
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def as_markdown(report: Report) -> str:
    """A page to read: what goes round Latchward first, then the tools as a table."""
    lines = [f"# {words.TITLE}", "", f"- Date: {report.date}", f"- Profile: {_mark(report.profile)}"]
    lines.append(f"- {counted(tools(report.rows), 'tool')}")
    round_about = routes(report.rows)
    if round_about or report.unreadable:
        lines += ["", "## Not guarded", ""]
        for row in round_about:
            lines.append(f"- {_mark(row.server)}, directly from {', '.join(map(_mark, row.clients))}")
        for title, problem in report.unreadable:
            lines.append(f"- {_mark(title)} cannot be read: {_mark(problem)}")
    lines += ["", "## Tools", "", f"| {' | '.join(words.COLUMNS)} |", "|---" * len(words.COLUMNS) + "|"]
    for row in report.tools:
        conditions = ", with conditions" if row.custom else ""
        clients = ", ".join(map(_mark, row.clients)) or words.NO_CLIENT
        decision = f"{words.decision(row)}{conditions}"
        risk = words.level(row).word
        cells = (_mark(row.tool), _mark(row.server), words.deed(row).word, risk, decision, clients)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


FORMS: Final[Mapping[str, Callable[[Report], str]]] = {".csv": as_csv, ".json": as_json, ".md": as_markdown}
"""By how a name ends."""


def form(name: str) -> Callable[[Report], str] | None:
    """How a file of this name is written; None where the name does not tell."""
    return FORMS.get(PurePath(name).suffix.lower())


def _cell(text: str) -> str:
    """One cell of a spreadsheet: on one line, and never a formula."""
    shown = one_line(text, _NAME)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown


def _mark(text: str) -> str:
    """A foreign text on one line of Markdown, as itself."""
    return _MARKUP.sub(r"\\\1", one_line(text, _NAME))
