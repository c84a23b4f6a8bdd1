"""Servers and their tools as a Qt model that holds the visible subset itself.

A proxy model in Python takes a second for five thousand rows; choosing the rows here and
resetting takes milliseconds. The internal id of an index is 0 for a server, and the
server's row + 1 for a tool.
"""

from collections.abc import Iterable
from typing import Any, Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from latchward.control.messages import EffectWord, ServerView
from latchward.gui.text import counted

from . import rows, words
from .draft import Draft, Key, Target
from .rows import Filter, Order, Row, Section

NAME: Final = 0
RISK: Final = 1
EFFECT: Final = 2
TITLES: Final = ("Tool", "Risk", "Decision")
ORDERS: Final[tuple[Order, ...]] = ("name", "risk", "effect")

Index = QModelIndex | QPersistentModelIndex
_NOWHERE: Final = QModelIndex()


def as_index(index: Index) -> QModelIndex:
    """The same place as a plain index, which Qt's own views want."""
    if isinstance(index, QModelIndex):
        return index
    return index.model().index(index.row(), index.column(), index.parent())


class ToolModel(QAbstractItemModel):
    """What the tree shows. `chosen` comes after a person changed effects by way of the model."""

    chosen = Signal(str)

    def __init__(self, draft: Draft, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.draft = draft
        self._all: list[Section] = []
        self._sections: list[Section] = []
        self._filter = Filter()
        self._order: Order = "name"
        self._descending = False
        self.blocked = False

    def set_blocked(self, blocked: bool) -> None:
        """Whether everything is blocked, whatever is decided here."""
        self.blocked = blocked
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, EFFECT, EFFECT)
        self.repaint()

    # Filling and filtering

    @property
    def filter(self) -> Filter:
        """What is filtered by."""
        return self._filter

    @property
    def sections(self) -> tuple[Section, ...]:
        """The servers that are shown, from top to bottom."""
        return tuple(self._sections)

    @property
    def totals(self) -> tuple[int, int]:
        """How many tools are shown, and how many there are."""
        return sum(len(one.shown) for one in self._sections), sum(len(one.rows) for one in self._all)

    def set_servers(self, views: Iterable[ServerView]) -> None:
        """Show other servers."""
        self._all = rows.sections(views)
        self._choose()

    def set_filter(self, wanted: Filter) -> None:
        """Show other tools of them."""
        self._filter = wanted
        self._choose()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the tools within each server."""
        self._order = ORDERS[max(0, column)]
        self._descending = order == Qt.SortOrder.DescendingOrder
        self._choose()

    def _choose(self) -> None:
        self.beginResetModel()
        self._sections = rows.choose(self._all, self._filter, self.draft)
        rows.sort(self._sections, self._order, self._descending, self.draft)
        self.endResetModel()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, NAME, NAME)

    # What an index means

    def section(self, index: Index) -> Section | None:
        """The server of a row, its own or that of its tool."""
        if not index.isValid():
            return None
        at = index.internalId()
        return self._sections[index.row() if at == 0 else at - 1]

    def row(self, index: Index) -> Row | None:
        """The tool of a row; None for a server."""
        if not index.isValid() or index.internalId() == 0:
            return None
        return self._sections[index.internalId() - 1].shown[index.row()]

    def targets(self, index: Index) -> list[Target]:
        """The tools that a choice on this row reaches: itself, or all that are shown of the server."""
        section, row = self.section(index), self.row(index)
        if section is None:
            return []
        return [(section.key, one.tool.name) for one in ([row] if row else section.shown)]

    def effect(self, index: Index) -> EffectWord | None:
        """The effect that a row shows; None for a server."""
        section, row = self.section(index), self.row(index)
        return self.draft.effect(section.key, row.tool) if section and row else None

    def find(self, key: Key, tool: str = "") -> QModelIndex:
        """Where a server or a tool stands now; an invalid index where it is not shown."""
        for at, section in enumerate(self._sections):
            if section.key == key:
                if not tool:
                    return self.createIndex(at, 0, 0)
                for row, one in enumerate(section.shown):
                    if one.tool.name == tool:
                        return self.createIndex(row, 0, at + 1)
        return QModelIndex()

    def choose(self, indexes: Iterable[Index], effect: EffectWord) -> int:
        """Choose an effect for these rows; says how many tools changed, and emits `chosen`."""
        listed = list(indexes)
        targets = dict.fromkeys(target for index in listed for target in self.targets(index))
        changed = self.draft.set(targets, effect)
        self.repaint()
        self.chosen.emit(self._said(listed, targets, effect, changed))
        return changed

    def _said(
        self, indexes: list[Index], targets: dict[Target, None], effect: EffectWord, changed: int
    ) -> str:
        """What was chosen, for the line below: `Ask for the 8 shown of 125 tools of github`."""
        word = words.EFFECT[effect]
        section = self.section(indexes[0]) if indexes else None
        if section is None:
            return ""
        if len(indexes) == 1 and self.row(indexes[0]) is None:
            reach = words.applies_to(len(section.shown), len(section.rows))
            said = f"{word} for {reach} of {words.name_of(section.view.name)}"
        elif len(targets) == 1:
            said = f"{word} for {words.name_of(next(iter(targets))[1])}"
        else:
            said = f"{word} for {counted(len(targets), 'tool')}"
        fixed = sum(1 for target in targets if (tool := self.draft.tool(target)) is not None and tool.fixed)
        return (
            said
            + (f"; {fixed} cannot be set here" if fixed else "")
            + ("" if changed else ": nothing changed")
        )

    def repaint(self) -> None:
        """The draft changed: every effect that is shown may be another."""
        for at, section in enumerate(self._sections):
            parent = self.createIndex(at, 0, 0)
            self.dataChanged.emit(parent, self.createIndex(at, EFFECT, 0))
            if section.shown:
                last = self.createIndex(len(section.shown) - 1, EFFECT, at + 1)
                self.dataChanged.emit(self.createIndex(0, 0, at + 1), last)

    # The model, as Qt asks for it

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        """The index of a child."""
        if not parent.isValid():
            return self.createIndex(row, column, 0) if row < len(self._sections) else QModelIndex()
        if parent.internalId() != 0 or row >= len(self._sections[parent.row()].shown):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1)

    def parent(self, index: Index = _NOWHERE) -> QModelIndex:  # type: ignore[override]
        """The server of a tool."""
        if not index.isValid() or index.internalId() == 0:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, 0)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Servers at the top, shown tools below one, nothing below a tool."""
        if not parent.isValid():
            return len(self._sections)
        if parent.internalId() != 0 or parent.column() > 0:
            return 0
        return len(self._sections[parent.row()].shown)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """Name, risk, effect."""
        return len(TITLES)

    def hasChildren(self, parent: Index = _NOWHERE) -> bool:
        """Whether a row can be opened."""
        return self.rowCount(parent) > 0

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Every row can be selected; the effect of a tool can be edited unless it is fixed."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        row = self.row(index)
        if row is None:
            return flags
        flags |= Qt.ItemFlag.ItemNeverHasChildren
        if index.column() == EFFECT and not row.tool.fixed:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            if section == NAME:
                return f"{TITLES[NAME]} · {words.tally(*self.totals)}"
            return f"{TITLES[section]} (blocked)" if section == EFFECT and self.blocked else TITLES[section]
        if role == Qt.ItemDataRole.ToolTipRole and section == EFFECT:
            return words.meanings()
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts for people and screen readers; the delegate paints from `section` and `row`."""
        section, row = self.section(index), self.row(index)
        if section is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(index.column(), section, row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(index.column(), section, row)
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == EFFECT and row is not None:
            return words.CUSTOM if row.tool.custom else None
        if role == Qt.ItemDataRole.EditRole and index.column() == EFFECT and row is not None:
            return self.draft.effect(section.key, row.tool)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Choose an effect, as the editor does."""
        if role != Qt.ItemDataRole.EditRole or index.column() != EFFECT or value not in words.EFFECT:
            return False
        self.choose([index], value)
        return True

    def _text(self, column: int, section: Section, row: Row | None) -> str:
        if row is None:
            return words.name_of(section.view.name) if column == NAME else ""
        if column == NAME:
            return words.name_of(row.tool.name)
        if column == RISK:
            return words.risk(row.tool)
        return words.EFFECT[self.draft.effect(section.key, row.tool)]

    def _spoken(self, column: int, section: Section, row: Row | None) -> str:
        if row is None:
            shown = rows.counts(section, self.draft)
            return words.spoken_server(section.view, len(section.shown), shown) if column == NAME else ""
        effect = self.draft.effect(section.key, row.tool)
        if column == NAME:
            return words.spoken(row.tool, effect, row.tool.effect)
        if column == RISK:
            return f"risk {row.tool.category} {row.tool.class_risk.lower()}"
        return words.decision(row.tool, effect)
