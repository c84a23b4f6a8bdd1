"""Paints the rows of the builder, and turns a click on a segment into a choice."""

from typing import Final

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QComboBox, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from latchward.control.messages import EffectWord
from latchward.gui import tokens
from latchward.gui.painting import write
from latchward.gui.theme import Theme
from latchward.gui.tokens import Look

from . import rows, words
from .model import EFFECT, NAME, RISK, Index, ToolModel, as_index
from .rows import Row, Section
from .segments import ICON, Pictures

ROW: Final = 36
SERVER_ROW: Final = 40
_CUSTOM: Final = "Custom"
_DIMMED: Final = 0.4
"""Opacity of decisions while everything is blocked."""
_STATES: Final = {
    "consent": Look("Needs your approval", "ask", "caution"),
    "starting": Look("Starting", "clock", "info"),
    "failed": Look("Failed", "warning", "danger"),
    "disabled": Look("Off", "pause", "quiet"),
}


class ToolDelegate(QStyledItemDelegate):
    """One row of the tree. `hover` is kept by the view: a row and the segment under the mouse."""

    def __init__(self, theme: Theme, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.pictures = pictures
        self.hover: tuple[QPersistentModelIndex, EffectWord] | None = None
        self.spell_custom = True

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One height for all rows, so that the view need not ask for each."""
        return QSize(0, max(ROW, self.pictures.height + 10))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, then the cell."""
        model = index.model()
        if not isinstance(model, ToolModel):
            return
        section, row = model.section(index), model.row(index)
        if section is None:
            return
        self._ground(painter, option, row)
        painter.save()
        painter.setClipRect(option.rect)
        dpr = painter.device().devicePixelRatioF()
        if index.column() == NAME:
            self._name(painter, option, section, row, model, dpr)
        elif index.column() == RISK and row is not None:
            self._at(painter, option.rect, self.pictures.risk(row.tool, dpr), tokens.S)
        elif index.column() == RISK:
            self._state(painter, option, section, dpr)
        elif section.rows:
            self._effect(painter, option, section, row, model, index, dpr)
        painter.restore()

    # The ground and its focus

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, row: Row | None) -> None:
        colours = self._theme.colours
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(colours.selection))
        elif row is None:
            painter.fillRect(option.rect, QColor(colours.window))
        bottom = option.rect.bottom()
        painter.setPen(QPen(QColor(colours.edge), 1))
        painter.drawLine(option.rect.left(), bottom, option.rect.right(), bottom)

    # The name

    def _name(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        section: Section,
        row: Row | None,
        model: ToolModel,
        dpr: float,
    ) -> None:
        box = option.rect.adjusted(tokens.XS, 0, -tokens.S, 0)
        if row is None:
            self._server_name(painter, box, section, self._ink(option))
            return
        tool = row.tool
        if tool.held:
            mark = self.pictures.held(tool.held, dpr)
            box = self._right(painter, box, mark)
        if model.draft.effect(section.key, tool) != tool.effect:
            self._dot(painter, box)
        box.setLeft(box.left() + 12)
        left = write(painter, self._theme, box, words.name_of(tool.name), self._ink(option), strong=True)
        title = words.title_of(tool)
        if title:
            box.setLeft(left + tokens.S)
            write(painter, self._theme, box, title, self._ink(option, muted=True))

    def _server_name(self, painter: QPainter, box: QRect, section: Section, ink: str) -> None:
        left = write(painter, self._theme, box, words.name_of(section.view.name), ink, strong=True)
        note = words.tally(len(section.shown), len(section.rows)) if section.rows else "no tools yet"
        if section.shared:
            note = f"{note} · for {words.names(section.view.clients) or 'no client'}"
        box.setLeft(left + tokens.S)
        write(
            painter,
            self._theme,
            box,
            note,
            self._theme.colours.muted if ink == self._theme.colours.text else ink,
        )

    def _state(self, painter: QPainter, option: QStyleOptionViewItem, section: Section, dpr: float) -> None:
        look = _STATES.get(section.view.state)
        held = sum(1 for row in section.rows if row.tool.held)
        if look is None and held:
            look = Look(f"{held} to look at", "eye", "caution")
        if look is not None:
            self._at(painter, option.rect, self.pictures.badge(look, dpr), tokens.S)

    # The effect

    def _effect(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        section: Section,
        row: Row | None,
        model: ToolModel,
        index: Index,
        dpr: float,
    ) -> None:
        over = self._over(index)
        where = self.pictures.control_in(option.rect)
        if row is None:
            self._totals(painter, where, section, model, over, self._ink(option, muted=True), dpr)
            return
        tool = row.tool
        if tool.held:
            left = where.adjusted(tokens.XS, 0, 0, 0)
            self._at(painter, left, self._theme.pixmap("pause", "caution", ICON, dpr), 0)
            ink = self._ink(option) if option.state & QStyle.StateFlag.State_Selected else self._caution
            write(painter, self._theme, left.adjusted(ICON + 6, 0, 0, 0), words.HELD_EFFECTS[tool.held], ink)
            return
        if model.blocked:
            painter.setOpacity(_DIMMED)
        effect = model.draft.effect(section.key, tool)
        painter.drawPixmap(
            where.topLeft(), self.pictures.control(effect, tool.effect, over, bool(tool.fixed), dpr)
        )
        box = QRect(option.rect)
        box.setLeft(where.right() + tokens.M)
        if tool.custom:
            self._at(painter, box, self._theme.pixmap("settings", "muted", ICON, dpr), 0)
            box.setLeft(box.left() + ICON + 5)
        ink = self._ink(option, muted=True)
        if (tool.custom or tool.fixed) and self.spell_custom:
            write(painter, self._theme, box, _CUSTOM if tool.custom else "Fixed", ink)

    def _totals(
        self,
        painter: QPainter,
        where: QRect,
        section: Section,
        model: ToolModel,
        over: EffectWord | None,
        ink: str,
        dpr: float,
    ) -> None:
        """How many tools have which effect; under the mouse, the buttons that set all of them."""
        if over is not None:
            painter.drawPixmap(where.topLeft(), self.pictures.for_all(over, dpr))
            return
        held = sum(1 for row in section.shown if row.tool.held)
        told = words.totals(rows.counts(section, model.draft), held)
        write(painter, self._theme, where.adjusted(tokens.XS, 0, 60, 0), told, ink)

    @property
    def _caution(self) -> str:
        return self._theme.tone("caution").text

    def _over(self, index: Index) -> EffectWord | None:
        if self.hover is None:
            return None
        kept, effect = self.hover
        same = kept.row() == index.row() and kept.internalId() == index.internalId()
        return effect if kept.isValid() and same else None

    # Small strokes

    def _ink(self, option: QStyleOptionViewItem, muted: bool = False) -> str:
        colours = self._theme.colours
        if option.state & QStyle.StateFlag.State_Selected:
            return colours.on_selection
        return colours.muted if muted else colours.text

    def _dot(self, painter: QPainter, box: QRect) -> None:
        """The mark of a row that is not saved."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.colours.accent))
        painter.drawEllipse(box.left() + 1, box.center().y() - 3, 7, 7)

    def _at(self, painter: QPainter, box: QRect, picture: QPixmap, left: int) -> None:
        height = round(picture.height() / picture.devicePixelRatio())
        painter.drawPixmap(box.left() + left, box.top() + (box.height() - height) // 2, picture)

    def _right(self, painter: QPainter, box: QRect, picture: QPixmap) -> QRect:
        wide = round(picture.width() / picture.devicePixelRatio())
        if box.width() < wide + 80:
            return box
        self._at(painter, box, picture, box.width() - wide)
        return box.adjusted(0, 0, -wide - tokens.S, 0)

    # Choosing

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """A click on a segment chooses it."""
        if index.column() != EFFECT or not isinstance(event, QMouseEvent) or not isinstance(model, ToolModel):
            return False
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        effect = self.pictures.hit(option.rect, event.position())
        section = model.section(index)
        row = model.row(index)
        if effect is None or section is None or not section.rows or (row is not None and row.tool.held):
            return False
        if event.type() == QEvent.Type.MouseButtonRelease:
            model.choose([index], effect)
        return event.type() in (QEvent.Type.MouseButtonRelease, QEvent.Type.MouseButtonDblClick)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """The four effects as a list, for the keyboard."""
        box = _EffectBox(self._theme, parent)
        for effect in words.EFFECTS:
            look = tokens.EFFECTS[effect]
            box.addItem(self._theme.icon(look.icon, look.tone, 16), look.word, effect)
        box.activated.connect(lambda _: self._commit(box))
        return box

    def _commit(self, box: QComboBox) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Show the effect of the row."""
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(max(0, editor.findData(index.data(Qt.ItemDataRole.EditRole))))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Choose what the list says."""
        if isinstance(editor, QComboBox) and editor.currentData() != index.data(Qt.ItemDataRole.EditRole):
            model.setData(as_index(index), editor.currentData())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Over the control."""
        where = self.pictures.control_in(option.rect)
        editor.setGeometry(where.adjusted(0, -1, 0, 1))


class _EffectBox(QComboBox):
    """The list of effects, with the theme's own arrow."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName("Decision")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the box, then the arrow."""
        super().paintEvent(event)
        painter = QPainter(self)
        picture = self._theme.pixmap("down", "muted", ICON, self.devicePixelRatioF())
        painter.drawPixmap(self.width() - ICON - tokens.S, (self.height() - ICON) // 2, picture)
        painter.end()
