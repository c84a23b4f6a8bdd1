"""What stands in the overview, in plain English. No Qt; foreign text is made visible here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from latchward.control.messages import ClientView
from latchward.gui import tokens
from latchward.gui.policy.words import name_of, sentence, tally
from latchward.gui.text import Run, counted, listed
from latchward.gui.tokens import Look
from latchward.model.plain import one_line

from .rows import GRAVE, Row, Totals

TITLE: Final = "Everything my agents can do"
DECISIONS: Final[Mapping[str, Look]] = {
    "direct": Look("Not guarded", "warning", "danger"),
    "allow": tokens.EFFECTS["allow"],
    "approve": tokens.EFFECTS["approve"],
    "held": Look("Held", "pause", "caution"),
    "deny": tokens.EFFECTS["deny"],
    "hide": tokens.EFFECTS["hide"],
}
MEANING: Final[Mapping[str, str]] = {
    "direct": "it does not go through Latchward: nobody decides, nobody is asked, nothing is recorded",
    "allow": "goes through",
    "approve": "you are asked about each call",
    "held": "refused until you have looked at its definition",
    "deny": "agents see it, and each call is refused",
    "hide": "agents do not see it",
}
UNKNOWN: Final = Look("Unknown", "ask", "danger")
UNKNOWN_DEED: Final = Look("Whatever it offers", "ask", "danger")
LEAST: Final[Mapping[str, str]] = {
    "Medium": "Medium and above",
    "High": "High and above",
    "Critical": "Critical",
}
COLUMNS: Final = ("Tool", "Server", "What it can do", "Risk", "Decision", "Clients")
NO_CLIENT: Final = "No client"
HINT: Final = "Select a line to read it in full. Return opens the tool where its decision is made."
NAMED: Final = 3
"""Routes that the band names; the table has them all."""
_CLIENTS: Final = 2
"""Clients that a cell names."""
_WHOLE: Final = 500
"""Characters of a name in the line that leaves nothing out: longer than any that is meant to be read."""


def deed(row: Row) -> Look:
    """What a tool can do at worst."""
    return tokens.CATEGORIES.get(row.category.lower(), UNKNOWN_DEED)


def level(row: Row) -> Look:
    """How far the harm may reach."""
    return tokens.SEVERITIES.get(row.severity.lower(), UNKNOWN)


def tool(row: Row) -> str:
    """The name, or what stands for the tools that nobody has seen."""
    return name_of(row.tool) if row.key is not None else f"Unknown tools of {name_of(row.server)}"


def beside(row: Row) -> str:
    """What stands beside the name, quietly."""
    return row.title if row.key is not None else "reached directly"


def decision(row: Row) -> str:
    """`Ask`, `Held: changed`."""
    word = DECISIONS[row.decision].word
    return f"{word}: {row.held}" if row.held else word


def badge(row: Row) -> Look:
    """The decision, as it is painted: where something is destroyed or paid unasked, it stands out."""
    look = DECISIONS[row.decision]
    grave = row.decision == "allow" and row.category in GRAVE
    return Look(look.word, look.icon, "danger") if grave else look


def clients(row: Row, most: int = _CLIENTS) -> str:
    """Who reaches it: `Claude Code and Cursor`."""
    return listed([one_line(client, 60) for client in row.clients], most) if row.clients else NO_CLIENT


def shorter(row: Row) -> Iterable[str]:
    """The same, shorter and shorter."""
    count = len(row.clients)
    for most in range(count, 0, -1):
        yield clients(row, most)
    if count > 1:
        yield counted(count, "client")


def spoken(row: Row) -> str:
    """A whole row for a screen reader."""
    everyone = clients(row, len(row.clients))
    if row.key is None:
        return f"{tool(row)}, directly from {everyone}, not guarded"
    risk = f"{deed(row).word.lower()}, {level(row).word.lower()} risk"
    conditions = ", with conditions" if row.custom else ""
    seen = f"seen by {everyone}" if row.clients else "seen by no client"
    return f"{tool(row)} of {name_of(row.server)}, {risk}, decision {decision(row)}{conditions}, {seen}"


def whole(row: Row) -> tuple[Run, ...]:
    """The selected row below the table, nothing left out."""
    name = Run(one_line(row.tool, _WHOLE) if row.key is not None else tool(row), "strong")
    everyone = clients(row, len(row.clients))
    if row.key is None:
        return (name, Run(f": {MEANING['direct']}. Reached by {everyone}."))
    conditions = ", within conditions or limits" if row.custom else ""
    what = f"{deed(row).word}, {level(row).word.lower()} risk"
    meaning = f"{decision(row)}: {MEANING[row.decision]}{conditions}"
    who = f"Seen by {everyone}." if row.clients else "No client sees it."
    return (name, Run(f" of {one_line(row.server, _WHOLE)}. {what}. {meaning}. {who}"))


def summary(totals: Totals) -> str:
    """`412 tools · 37 can destroy or pay, 4 of them without asking you · 3 servers go round Latchward`."""
    told = [counted(totals.tools, "tool")]
    if totals.grave:
        told_of = "all of them " if totals.unasked == totals.grave else f"{totals.unasked:,} of them "
        unasked = f", {told_of if totals.grave > 1 else ''}without asking you" if totals.unasked else ""
        told.append(f"{totals.grave:,} can destroy or pay{unasked}")
    if totals.routes:
        verb = "goes" if totals.routes == 1 else "go"
        told.append(f"{counted(totals.routes, 'server')} {verb} round Latchward")
    if totals.silent:
        verb = "has" if totals.silent == 1 else "have"
        told.append(f"{counted(totals.silent, 'server')} {verb} told no tools yet")
    return " · ".join(told)


def shown(found: int, every: int) -> str:
    """`Tool · 37 of 412 tools shown`."""
    return f"{COLUMNS[0]} · {tally(found, every)}"


def round_about(found: Sequence[Row]) -> str:
    """The band: `2 servers are reached without Latchward: github by Cursor and notion by Cursor.`"""
    verb = "is" if len(found) == 1 else "are"
    named = [f"{_quiet(row.server)} by {listed([_quiet(one) for one in row.clients])}" for row in found]
    return f"{counted(len(found), 'server')} {verb} reached without Latchward: {listed(named, NAMED)}."


def unreadable(clients: Iterable[ClientView]) -> str:
    """What is not known, for a file could not be read; "" where there is none."""
    names = [_quiet(client.title) for client in clients if client.state == "unreadable"]
    if not names:
        return ""
    whose = "The file of" if len(names) == 1 else "The files of"
    it = "it reaches" if len(names) == 1 else "they reach"
    return f"{whose} {listed(names)} cannot be read: what {it} without Latchward is not known."


def _quiet(text: str) -> str:
    """A foreign name within a sentence whose backticks are ours."""
    return name_of(text).replace("`", "<U+0060>")


def exported(name: str, tools: int, filtered: bool) -> str:
    """After an export."""
    aside = " The filter was left aside." if filtered else ""
    return f"Wrote {counted(tools, 'tool')} to `{one_line(name, 200)}`.{aside}"


def not_exported(name: str, why: str) -> str:
    """After an export that failed."""
    return f"`{one_line(name, 200)}` was not written. {sentence(why)}"


def cell(row: Row, column: int) -> str:
    """A cell as text, in the order of `COLUMNS`."""
    return (
        tool(row),
        name_of(row.server),
        deed(row).word,
        level(row).word,
        decision(row),
        clients(row),
    )[column]
