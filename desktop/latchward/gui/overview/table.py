"""The table: one line for each row, the keyboard, and a selection that outlives a reset."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PySide6.QtCore import QModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from latchward.gui import tokens
from latchward.gui.theme import Theme

from .delegate import OverviewDelegate
from .model import CAN, CLIENTS, DECISION, RISK, SERVER, TOOL, OverviewModel
from .rows import Row
from .words import UNKNOWN_DEED

LEAST_TOOL: Final = 210
"""Width of the names below which the clients leave the table."""
_ICON: Final = 22
_AROUND: Final = 20
_BADGE: Final = 12


class OverviewTable(QTableView):
    """`looked_at` comes when another row is selected, `opened` when one is to be acted on; `left` goes up."""

    looked_at = Signal()
    opened = Signal(object)
    left = Signal()

    def __init__(self, theme: Theme, model: OverviewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows = model
        self._delegate = OverviewDelegate(theme, self)
        self._quiet = False
        self._set_up()
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self._set_columns()
        self.selectionModel().selectionChanged.connect(self._selection_changed)
        self.doubleClicked.connect(self._open)
        theme.changed.connect(self._restyle)

    def _set_up(self) -> None:
        self.setObjectName("overview")
        self.setAccessibleName("Tools of all servers, the riskiest first")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def _set_columns(self) -> None:
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(TOOL, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicator(RISK, Qt.SortOrder.DescendingOrder)
        self._fit()
        self.setSortingEnabled(True)

    def _restyle(self) -> None:
        self._fit()
        self.viewport().update()

    def _fit(self) -> None:
        """Each column as wide as its widest words; a narrow table leaves the clients to the line below."""
        self.verticalHeader().setDefaultSectionSize(self._delegate.height)
        wide = self.fontMetrics().horizontalAdvance
        header = self.horizontalHeader()
        columns = {
            SERVER: wide("m" * 9) + _AROUND,
            CAN: wide(UNKNOWN_DEED.word) + _ICON + _AROUND,
            RISK: wide("Unknown") + _ICON + _AROUND + _BADGE,
            DECISION: wide("Not guarded") + _ICON + _AROUND + _BADGE,
            CLIENTS: wide("Claude Code and 2 others") + _AROUND,
        }
        self.setColumnHidden(CLIENTS, self.viewport().width() - sum(columns.values()) < LEAST_TOOL)
        for column, width in columns.items():
            header.resizeSection(column, width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns to the new width."""
        super().resizeEvent(event)
        self._fit()

    # Rows, whatever the model did to them

    def selected(self) -> Row | None:
        """The row that is looked at."""
        chosen = self.selectionModel().selectedRows(TOOL)
        return self.rows.row(chosen[0]) if chosen else None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the selected row over a reset of the model; a selection that is filtered away is none."""
        before = self.selected()
        at = self.verticalScrollBar().value()
        self._quiet = True
        try:
            yield
            again = self.rows.find(before) if before is not None else QModelIndex()
            if again.isValid():
                self.setCurrentIndex(again)
            else:
                self.verticalScrollBar().setValue(at)
        finally:
            self._quiet = False
        self.looked_at.emit()

    def _selection_changed(self) -> None:
        if not self._quiet:
            self.looked_at.emit()

    # Keys, mouse and the ring

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return opens the row; Up on the first one goes back to the search."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex())
        elif event.key() == Qt.Key.Key_Up and self.currentIndex().row() == 0:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _open(self, index: QModelIndex) -> None:
        row = self.rows.row(index)
        if row is not None:
            self.opened.emit(row)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A ring around the current row while the keyboard is here."""
        super().paintEvent(event)
        current = self.currentIndex()
        if not self.hasFocus() or not current.isValid():
            return
        row = self.visualRect(current)
        painter = QPainter(self.viewport())
        painter.setPen(QPen(self._theme.colour("accent"), tokens.FOCUS))
        painter.drawRect(QRect(1, row.top() + 1, self.viewport().width() - 3, row.height() - 3))
        painter.end()
