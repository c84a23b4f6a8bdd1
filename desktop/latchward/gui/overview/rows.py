"""Everything that agents can do, as rows, the riskiest first. No Qt.

A row is a tool with one decision, and the clients for whom it is so: a tool that two policies judge alike is
one row, and two where they differ. What clients reach without Latchward stands above all of it, for
nothing is known of those tools. Texts are folded once, so that five thousand tools for four clients
are filtered in milliseconds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from latchward.control.messages import ClientView, ServerView, ToolView
from latchward.gui.policy.draft import Key, key_of
from latchward.gui.policy.words import CATEGORIES, LEVELS, title_of

DecisionWord = Literal["direct", "allow", "approve", "deny", "hide", "held"]
"""An effect; or `held`: refused until the definition was looked at; or `direct`: nobody decides."""
Order = Literal["tool", "server", "can", "risk", "decision", "clients"]

DECISIONS: Final[tuple[DecisionWord, ...]] = ("direct", "allow", "approve", "held", "deny", "hide")
"""The most open first."""
GRAVE: Final = ("Destructive", "Financial")

_CATEGORY_RANK: Final = {word: rank for rank, word in enumerate(CATEGORIES)}
_LEVEL_RANK: Final = {word: rank for rank, word in enumerate(LEVELS)}
_DECISION_RANK: Final = {word: rank for rank, word in enumerate(DECISIONS)}


@dataclass(frozen=True, slots=True)
class Row:
    """One tool with one decision. `tool` is "" for whatever a server offers that is reached directly.

    `title` is "" where it says no more than the name. `clients` are titles. `key` is the server and policy
    where the decision is made; None where nobody decides.
    `number` is the same for all rows of one tool.
    """

    tool: str
    title: str
    server: str
    category: str
    severity: str
    decision: DecisionWord
    held: str
    custom: bool
    clients: tuple[str, ...]
    key: Key | None
    number: int
    text: str
    risk: tuple[int, int, int, str, str]
    """Sorts the riskiest first."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What the person asked to see; empty fields ask for nothing."""

    text: str = ""
    clients: frozenset[str] = frozenset()
    decisions: frozenset[str] = frozenset()
    least: str = ""
    """The least severity; what is unknown may be worse than any."""

    def __bool__(self) -> bool:
        return bool(self.text.strip() or self.clients or self.decisions or self.least)


@dataclass(frozen=True, slots=True)
class Totals:
    """What is counted above the table: `unasked` are grave ones that some client may use without a question.

    `silent` servers have not told their tools.
    """

    tools: int = 0
    grave: int = 0
    unasked: int = 0
    routes: int = 0
    silent: int = 0


def build(servers: Iterable[ServerView], clients: Iterable[ClientView]) -> list[Row]:
    """Every row, the riskiest first."""
    known = list(clients)
    titles = {client.id: client.title for client in known}
    seen: dict[tuple[str, str, DecisionWord, bool], tuple[ServerView, ToolView, set[str]]] = {}
    for view in servers:
        seen_by = {titles.get(client, client) for client in view.clients}
        for tool in view.tools:
            decision: DecisionWord = "held" if tool.held else tool.effect
            found = seen.setdefault((view.name, tool.name, decision, tool.custom), (view, tool, set()))
            found[2].update(seen_by)
    numbers: dict[tuple[str, str], int] = {}
    texts: dict[tuple[str, str], tuple[str, str]] = {}
    made = list(_routes(known))
    for (server, name, decision, custom), (view, tool, seen_by) in seen.items():
        at = (server, name)
        if at not in texts:
            numbers[at] = len(numbers) + 1
            texts[at] = (title_of(tool), _searched(view, tool))
        risk = (
            -_LEVEL_RANK.get(tool.severity, len(LEVELS)),
            -_CATEGORY_RANK.get(tool.category, len(CATEGORIES)),
            _DECISION_RANK[decision],
            server.casefold(),
            name.casefold(),
        )
        made.append(
            Row(
                tool=name,
                title=texts[at][0],
                server=server,
                category=tool.category,
                severity=tool.severity,
                decision=decision,
                held=tool.held,
                custom=custom,
                clients=_by_name(seen_by),
                key=key_of(view),
                number=numbers[at],
                text=texts[at][1],
                risk=risk,
            )
        )
    made.sort(key=lambda row: row.risk)
    return made


def _searched(view: ServerView, tool: ToolView) -> str:
    return "\n".join((tool.name, tool.title, tool.description, view.name)).casefold()


def _by_name(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names), key=str.casefold))


def _routes(clients: Sequence[ClientView]) -> Iterable[Row]:
    """What clients reach without Latchward, each server once."""
    found: dict[str, list[str]] = {}
    for client in clients:
        for name in client.routes:
            found.setdefault(name, []).append(client.title)
    for name, titles in found.items():
        yield Row(
            tool="",
            title="",
            server=name,
            category="",
            severity="",
            decision="direct",
            held="",
            custom=False,
            clients=_by_name(titles),
            key=None,
            number=0,
            text=name.casefold(),
            risk=(-len(LEVELS) - 1, 0, 0, name.casefold(), ""),
        )


def routes(rows: Iterable[Row]) -> list[Row]:
    """The rows of what goes round Latchward."""
    return [row for row in rows if row.decision == "direct"]


def clients_of(rows: Iterable[Row]) -> list[str]:
    """The clients that any row names, by name."""
    return sorted({client for row in rows for client in row.clients}, key=str.casefold)


def choose(rows: Iterable[Row], wanted: Filter) -> list[Row]:
    """The rows that are asked for, in their order."""
    found = list(rows)
    for word in wanted.text.casefold().split():
        found = [row for row in found if word in row.text]
    if wanted.decisions:
        found = [row for row in found if row.decision in wanted.decisions]
    if wanted.least:
        least = _LEVEL_RANK[wanted.least]
        found = [row for row in found if _LEVEL_RANK.get(row.severity, len(LEVELS)) >= least]
    if wanted.clients:
        found = [row for row in found if not wanted.clients.isdisjoint(row.clients)]
    return found


def sort(rows: list[Row], order: Order, descending: bool) -> None:
    """Sort by a column, the riskiest first among equals; what goes round Latchward stays on top.

    By risk, descending is the riskiest first.
    """
    rows.sort(key=lambda row: row.risk)
    if order != "risk":
        rows.sort(key=_KEYS[order], reverse=descending)
    elif not descending:
        rows.reverse()
    rows.sort(key=lambda row: row.decision != "direct")


_KEYS: Final[dict[Order, Callable[[Row], Any]]] = {
    "tool": lambda row: row.tool.casefold(),
    "server": lambda row: row.server.casefold(),
    "can": lambda row: _CATEGORY_RANK.get(row.category, len(CATEGORIES)),
    "decision": lambda row: _DECISION_RANK[row.decision],
    "clients": lambda row: [client.casefold() for client in row.clients],
}


def tools(rows: Iterable[Row]) -> int:
    """How many tools these rows are of."""
    return len({row.number for row in rows if row.key is not None})


def count(rows: Sequence[Row], servers: Iterable[ServerView]) -> Totals:
    """What is said above the table."""
    grave = [row for row in rows if row.category in GRAVE]
    return Totals(
        tools=tools(rows),
        grave=tools(grave),
        unasked=tools(row for row in grave if row.decision == "allow" and row.clients),
        routes=len(routes(rows)),
        silent=len({view.name for view in servers if not view.tools and view.state != "disabled"}),
    )
