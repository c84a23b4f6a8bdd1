"""The tree of servers and tools: keys, the mouse over segments, and a selection that outlives a reset."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyleOptionViewItem, QTreeView, QWidget

from latchward.control.messages import EffectWord
from latchward.gui import tokens
from latchward.gui.theme import Theme

from . import words
from .delegate import ToolDelegate
from .draft import Key
from .model import EFFECT, NAME, RISK, Index, ToolModel, as_index
from .segments import Pictures

OPEN_UP_TO: Final = 400
"""Tools that are shown opened without being asked: opening thousands takes a tenth of a second."""

ARROW: Final = 14
LEAST_NAME: Final = 150
"""Width of the names below which the risk leaves the table; the panel tells it too."""
ROOMY: Final = 860
"""Width from which there is room for words beside the decision."""

Place = tuple[Key, str]
"""A row by name: the tool is "" for a server."""


class ToolTree(QTreeView):
    """`looked_at` comes when other rows are selected, `pointed` when the mouse is over a segment."""

    looked_at = Signal()
    pointed = Signal(str)

    def __init__(self, theme: Theme, model: ToolModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.tools = model
        self.pictures = Pictures(theme)
        self._delegate = ToolDelegate(theme, self.pictures, self)
        self._opened: set[Key] = set()
        self._quiet = False
        self._set_up()
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self._set_columns()
        self.selectionModel().selectionChanged.connect(self._selection_changed)
        self.expanded.connect(lambda index: self._note(index, True))
        self.collapsed.connect(lambda index: self._note(index, False))
        theme.changed.connect(self._restyle)

    def _set_up(self) -> None:
        self.setAccessibleName("Tools by server")
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setExpandsOnDoubleClick(True)
        self.setIndentation(16)
        self.setObjectName("tools")
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setTabKeyNavigation(False)
        self.setMinimumWidth(self.pictures.size.width() + LEAST_NAME + 60)

    def _set_columns(self) -> None:
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(RISK, QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(EFFECT, QHeaderView.ResizeMode.Fixed)
        header.setSectionsMovable(False)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicator(NAME, Qt.SortOrder.AscendingOrder)
        self._fit_columns()
        self.setSortingEnabled(True)

    def _fit_columns(self) -> None:
        """Risk and effect take what they need; words beside the decision come with room."""
        metrics = self.fontMetrics()
        self._delegate.spell_custom = self.viewport().width() >= ROOMY
        extra = metrics.horizontalAdvance("Custom") + 52 if self._delegate.spell_custom else 42
        rest = self.viewport().width() - self.pictures.size.width() - extra
        risk = metrics.horizontalAdvance("Destructive · Critical") + 50
        self.setColumnHidden(RISK, rest - risk < LEAST_NAME)
        self.header().resizeSection(RISK, risk)
        self.header().resizeSection(EFFECT, self.pictures.size.width() + extra)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns to the new width."""
        super().resizeEvent(event)
        self._fit_columns()

    def _restyle(self) -> None:
        self._fit_columns()
        self.viewport().update()

    # Rows by name

    def place(self, index: QModelIndex) -> Place | None:
        """What a row is called, whatever is shown."""
        section, row = self.tools.section(index), self.tools.row(index)
        return (section.key, row.tool.name if row else "") if section else None

    def selected(self) -> list[QModelIndex]:
        """The selected rows, from top to bottom of the selection."""
        return self.selectionModel().selectedRows(NAME)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep selection, current row, opened servers and the place scrolled to over a reset of the model."""
        places = [place for index in self.selected() if (place := self.place(index))]
        current = self.place(self.currentIndex())
        top = self.place(self.indexAt(QRect(0, 0, 1, 1).topLeft()))
        self._quiet = True
        try:
            yield
            self.open_servers()
            self._select(places, current)
            if top and (at := self.tools.find(*top)).isValid():
                self.scrollTo(at, QAbstractItemView.ScrollHint.PositionAtTop)
        finally:
            self._quiet = False
        self.looked_at.emit()

    def open_servers(self) -> None:
        """Open what was open; and everything, where a filter left few enough tools."""
        shown, _ = self.tools.totals
        everything = bool(self.tools.filter) and shown <= OPEN_UP_TO
        quiet, self._quiet = self._quiet, True
        for at, section in enumerate(self.tools.sections):
            if everything or section.key in self._opened:
                self.setExpanded(self.tools.index(at, 0), True)
        self._quiet = quiet

    def open_first(self) -> None:
        """For the first servers that come: open them all where they are few tools."""
        if self.tools.totals[1] <= OPEN_UP_TO:
            self._opened.update(section.key for section in self.tools.sections)
        elif self.tools.sections:
            self._opened.add(self.tools.sections[0].key)
        self.open_servers()

    def show_place(self, key: Key, tool: str = "") -> None:
        """Select one row and bring it into sight."""
        at = self.tools.find(key, tool)
        if at.isValid():
            self.setCurrentIndex(at)
            self.scrollTo(at, QAbstractItemView.ScrollHint.PositionAtCenter)

    def _select(self, places: Iterable[Place], current: Place | None) -> None:
        selection = QItemSelection()
        for place in places:
            at = self.tools.find(*place)
            if at.isValid():
                selection.select(at, at)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        if current and (at := self.tools.find(*current)).isValid():
            self.selectionModel().setCurrentIndex(at, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.selectionModel().select(selection, flags)

    def _note(self, index: QModelIndex, opened: bool) -> None:
        """Remember which servers the person opened, but not what a filter opened."""
        section = self.tools.section(index)
        if section is not None and not self._quiet and not self.tools.filter:
            (self._opened.add if opened else self._opened.discard)(section.key)

    def _selection_changed(self) -> None:
        if not self._quiet:
            self.looked_at.emit()

    # Keys and mouse

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """1 to 4 choose for the selection, F2 opens the list of effects, Space opens a server."""
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        digit = event.key() - Qt.Key.Key_1
        if plain and 0 <= digit < len(words.EFFECTS) and self.selected():
            self.tools.choose(self.selected(), words.EFFECTS[digit])
        elif event.key() == Qt.Key.Key_F2 and self.currentIndex().isValid():
            self.edit_current()
        elif plain and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            index = self.currentIndex().siblingAtColumn(NAME)
            self.setExpanded(index, not self.isExpanded(index))
        else:
            super().keyPressEvent(event)

    def edit_current(self) -> None:
        """Open the list of effects on the current row, and drop it down."""
        index = self.currentIndex().siblingAtColumn(EFFECT)
        if index.isValid() and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)
            editor = self.indexWidget(index)
            if editor is not None:
                editor.setFocus()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light the segment under the mouse."""
        super().mouseMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        effect = None
        if index.isValid() and index.column() == EFFECT:
            row = self.tools.row(index)
            if row is None or not row.tool.held:
                effect = self.pictures.hit(self.visualRect(index), event.position())
        self._hover(index if effect else QModelIndex(), effect)

    def leaveEvent(self, event: QEvent) -> None:
        """No segment is under the mouse any more."""
        super().leaveEvent(event)
        self._hover(QModelIndex(), None)

    def _hover(self, index: QModelIndex, effect: EffectWord | None) -> None:
        before = self._delegate.hover
        after = (QPersistentModelIndex(index), effect) if effect else None
        if (before and (before[0], before[1])) == (after and (after[0], after[1])):
            return
        self._delegate.hover = after
        self.viewport().update()
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if effect else Qt.CursorShape.ArrowCursor)
        self.pointed.emit(self._would(index, effect) if effect else "")

    def _would(self, index: QModelIndex, effect: EffectWord) -> str:
        """What a click here would do, in words of ours."""
        section, row = self.tools.section(index), self.tools.row(index)
        if section is None or not section.rows:
            return ""
        if row is not None:
            if row.tool.fixed:
                return "This cannot be set here; the panel says why"
            return f"{words.EFFECT[effect]}: {words.MEANING[effect].lower()}"
        return f"{words.EFFECT[effect]} for {words.applies_to(len(section.shown), len(section.rows))}"

    def drawRow(self, painter: QPainter, options: QStyleOptionViewItem, index: Index) -> None:
        """A ring around the current row while the keyboard is here."""
        super().drawRow(painter, options, index)
        here = as_index(index)
        current = self.currentIndex()
        if not self.hasFocus() or (current.row(), current.internalId()) != (index.row(), index.internalId()):
            return
        if not current.isValid():
            return
        rect = self.visualRect(here.siblingAtColumn(NAME)).united(
            self.visualRect(here.siblingAtColumn(EFFECT))
        )
        ring = QRect(1, rect.top() + 1, self.viewport().width() - 3, rect.height() - 3)
        painter.save()
        painter.setPen(QPen(self._theme.colour("accent"), tokens.FOCUS))
        painter.drawRect(ring)
        painter.restore()

    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """The ground left of a row, and the arrow of a server."""
        colours = self._theme.colours
        server = self.tools.row(index) is None
        if self.selectionModel().isSelected(as_index(index)):
            painter.fillRect(rect, QColor(colours.selection))
        elif server:
            painter.fillRect(rect, QColor(colours.window))
        painter.setPen(QPen(QColor(colours.edge), 1))
        painter.drawLine(rect.left(), rect.bottom(), rect.right(), rect.bottom())
        if server and self.tools.hasChildren(index):
            name = "down" if self.isExpanded(as_index(index)) else "right"
            picture = self._theme.pixmap(name, "muted", ARROW, self.devicePixelRatioF())
            painter.drawPixmap(rect.right() - ARROW + 1, rect.center().y() - ARROW // 2 + 1, picture)
