"""Which tools are shown, and in which order. No Qt.

Every word of the search must occur somewhere in a tool's name, title, description
or server. Five thousand tools take a few milliseconds: their texts are folded once.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from latchward.control.messages import EffectWord, ServerView, ToolView

from . import words
from .draft import Draft, Key, key_of

Only = Literal["", "held", "changed"]
Order = Literal["name", "risk", "effect"]


@dataclass(frozen=True, slots=True)
class Filter:
    """What the person asked to see; empty fields ask for nothing."""

    text: str = ""
    categories: frozenset[str] = frozenset()
    effects: frozenset[EffectWord] = frozenset()
    only: Only = ""

    def __bool__(self) -> bool:
        return bool(self.text.strip() or self.categories or self.effects or self.only)


@dataclass(slots=True)
class Row:
    """One tool, with its text to search in."""

    tool: ToolView
    text: str


@dataclass(slots=True)
class Section:
    """One server with all its tools, and those of them that are shown."""

    key: Key
    view: ServerView
    rows: list[Row]
    shown: list[Row] = field(default_factory=list)
    shared: bool = False
    """Whether another policy has the same server, so that its clients must be told beside the name."""


def sections(views: Iterable[ServerView]) -> list[Section]:
    """The servers with their tools made ready for searching."""
    made = [
        Section(key_of(view), view, [Row(tool, _text(view, tool)) for tool in view.tools]) for view in views
    ]
    names = [section.view.name for section in made]
    for section in made:
        section.shared = names.count(section.view.name) > 1
    return made


def choose(all_sections: Iterable[Section], wanted: Filter, draft: Draft) -> list[Section]:
    """The sections that have something to show, their `shown` rows set anew.

    A server whose own name is all that was searched for stays, with all its tools.
    """
    found = []
    sought = wanted.text.casefold().split()
    for section in all_sections:
        section.shown = _matching(section, sought, wanted, draft)
        if (
            section.shown
            or not wanted
            or (not section.rows and _only_text(wanted) and _names(section, sought))
        ):
            found.append(section)
    return found


def sort(found: Iterable[Section], order: Order, descending: bool, draft: Draft) -> None:
    """Sort the shown tools of each server; the servers stay where they are."""
    for section in found:
        section.shown.sort(key=_sort_key(order, section.key, draft), reverse=descending)


def counts(section: Section, draft: Draft, shown: bool = True) -> dict[EffectWord, int]:
    """How many tools of a server have which effect, as the draft has it; held ones have none."""
    counted: dict[EffectWord, int] = dict.fromkeys(words.EFFECTS, 0)
    for row in section.shown if shown else section.rows:
        if row.tool.held:
            continue  # whatever is decided, it is refused
        counted[draft.effect(section.key, row.tool)] += 1
    return counted


def _text(view: ServerView, tool: ToolView) -> str:
    return "\n".join((tool.name, tool.title, tool.description, view.name)).casefold()


def _matching(section: Section, sought: list[str], wanted: Filter, draft: Draft) -> list[Row]:
    rows: list[Row] = section.rows
    for word in sought:
        rows = [row for row in rows if word in row.text]
    if wanted.categories:
        rows = [row for row in rows if row.tool.category in wanted.categories]
    if wanted.effects:
        rows = [row for row in rows if draft.effect(section.key, row.tool) in wanted.effects]
    if wanted.only == "held":
        rows = [row for row in rows if row.tool.held]
    elif wanted.only == "changed":
        chosen: Collection[str] = draft.changes(section.key)
        rows = [row for row in rows if row.tool.name in chosen]
    return list(rows)


def _only_text(wanted: Filter) -> bool:
    return not (wanted.categories or wanted.effects or wanted.only)


def _names(section: Section, sought: list[str]) -> bool:
    return all(word in section.view.name.casefold() for word in sought)


_CATEGORY_RANK: Final = {word: rank for rank, word in enumerate(words.CATEGORIES)}
_LEVEL_RANK: Final = {word: rank for rank, word in enumerate(words.LEVELS)}


def _sort_key(order: Order, key: Key, draft: Draft) -> Callable[[Row], tuple[int, int, str]]:
    def by_name(row: Row) -> tuple[int, int, str]:
        return (0, 0, row.tool.name.casefold())

    def by_risk(row: Row) -> tuple[int, int, str]:
        tool = row.tool
        return (
            _LEVEL_RANK.get(tool.class_risk, 0),
            _CATEGORY_RANK.get(tool.category, 0),
            tool.name.casefold(),
        )

    def by_effect(row: Row) -> tuple[int, int, str]:
        return (words.EFFECTS.index(draft.effect(key, row.tool)), 0, row.tool.name.casefold())

    return {"name": by_name, "risk": by_risk, "effect": by_effect}[order]
