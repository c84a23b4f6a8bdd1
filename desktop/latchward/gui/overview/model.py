"""The rows as a Qt model that holds the visible ones itself: a proxy in Python would take a second."""

from collections.abc import Iterable
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from . import rows, words
from .rows import Filter, Order, Row

TOOL: Final = 0
SERVER: Final = 1
CAN: Final = 2
RISK: Final = 3
DECISION: Final = 4
CLIENTS: Final = 5
ORDERS: Final[tuple[Order, ...]] = ("tool", "server", "can", "risk", "decision", "clients")

Index = QModelIndex | QPersistentModelIndex
_NOWHERE: Final = QModelIndex()


class OverviewModel(QAbstractTableModel):
    """What the table shows, in its order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[Row] = []
        self._shown: list[Row] = []
        self._filter = Filter()
        self._order: Order = "risk"
        self._descending = True
        self._tools = (0, 0)

    @property
    def filter(self) -> Filter:
        """What is filtered by."""
        return self._filter

    @property
    def all(self) -> list[Row]:
        """Every row, whatever is filtered."""
        return self._all

    @property
    def shown(self) -> list[Row]:
        """The rows of the table, from top to bottom."""
        return self._shown

    @property
    def tools(self) -> tuple[int, int]:
        """How many tools are shown, and how many there are."""
        return self._tools

    def set_rows(self, found: Iterable[Row]) -> None:
        """Show other rows."""
        self._all = list(found)
        rows.sort(self._all, self._order, self._descending)
        self._choose()

    def set_filter(self, wanted: Filter) -> None:
        """Show some of them."""
        self._filter = wanted
        self._choose()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Show them in another order."""
        self._order = ORDERS[max(0, column)]
        self._descending = order == Qt.SortOrder.DescendingOrder
        rows.sort(self._all, self._order, self._descending)
        self._choose()

    def _choose(self) -> None:
        self.beginResetModel()
        self._shown = rows.choose(self._all, self._filter)
        self._tools = (rows.tools(self._shown), rows.tools(self._all))
        self.endResetModel()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, TOOL, TOOL)

    def row(self, index: Index) -> Row | None:
        """The row of an index."""
        return self._shown[index.row()] if index.isValid() and index.row() < len(self._shown) else None

    def find(self, wanted: Row) -> QModelIndex:
        """Where a row stands now, though it was made anew; an invalid index where it is not shown."""
        for at, row in enumerate(self._shown):
            if (row.tool, row.server, row.key) == (wanted.tool, wanted.server, wanted.key):
                return self.index(at, TOOL)
        return QModelIndex()

    # The model, as Qt asks for it

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """The rows that are shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """Tool, server, what it can do, risk, decision, clients."""
        return 0 if parent.isValid() else len(words.COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The titles of the columns."""
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return words.shown(*self._tools) if section == TOOL else words.COLUMNS[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts for people and screen readers; the delegate paints from `row`."""
        row = self.row(index)
        if row is None or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == TOOL:
            return words.spoken(row)
        return words.cell(row, index.column())
