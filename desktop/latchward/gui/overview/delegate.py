"""Paints the rows of the overview; pictures of badges are kept, so that a frame only copies them."""

from typing import Final

from PySide6.QtCore import QObject, QRect, QSize
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from latchward.gui import tokens
from latchward.gui.painting import write
from latchward.gui.policy.segments import Pictures
from latchward.gui.policy.words import name_of
from latchward.gui.theme import Theme

from . import words
from .model import CAN, CLIENTS, DECISION, RISK, SERVER, TOOL, Index, OverviewModel
from .rows import Row

ROW: Final = 34
_ICON: Final = 16


class OverviewDelegate(QStyledItemDelegate):
    """One cell at a time."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.pictures = Pictures(theme)

    @property
    def height(self) -> int:
        """Of every row."""
        return max(ROW, self.pictures.height + 8)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One height for all rows."""
        return QSize(0, self.height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, then the cell."""
        model = index.model()
        row = model.row(index) if isinstance(model, OverviewModel) else None
        if row is None:
            return
        colours = self._theme.colours
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(option.rect, QColor(colours.selection))
        elif row.decision == "direct":
            painter.fillRect(option.rect, QColor(self._theme.tone("danger").fill))
        bottom = option.rect.bottom()
        painter.setPen(QPen(QColor(colours.edge), 1))
        painter.drawLine(option.rect.left(), bottom, option.rect.right(), bottom)
        painter.save()
        painter.setClipRect(option.rect)
        self._cell(painter, option.rect.adjusted(tokens.S, 0, -tokens.XS, 0), row, index.column(), chosen)
        painter.restore()

    def _cell(self, painter: QPainter, box: QRect, row: Row, column: int, chosen: bool) -> None:
        colours = self._theme.colours
        dpr = painter.device().devicePixelRatioF()
        ink = colours.on_selection if chosen else colours.text
        muted = colours.on_selection if chosen else colours.muted
        if column == TOOL:
            self._tool(painter, box.adjusted(tokens.S, 0, 0, 0), row, ink, muted)
        elif column == SERVER:
            write(painter, self._theme, box, name_of(row.server), ink)
        elif column == CAN:
            look = words.deed(row)
            at = self._picture(painter, box, self._theme.pixmap(look.icon, look.tone, _ICON, dpr))
            write(painter, self._theme, box.adjusted(at + 6, 0, 0, 0), look.word, ink)
        elif column == RISK:
            self._picture(painter, box, self.pictures.badge(words.level(row), dpr))
        elif column == DECISION:
            self._decision(painter, box, row, muted, dpr)
        elif column == CLIENTS:
            faint = row.decision in ("deny", "hide", "held") or not row.clients
            write(painter, self._theme, box, self._clients(row, box.width()), muted if faint else ink)

    def _tool(self, painter: QPainter, box: QRect, row: Row, ink: str, muted: str) -> None:
        left = write(painter, self._theme, box, words.tool(row), ink, strong=True)
        box.setLeft(left + tokens.S)
        write(painter, self._theme, box, words.beside(row), muted)

    def _clients(self, row: Row, wide: int) -> str:
        """As many of them as there is room for."""
        metrics = QFontMetrics(self._theme.font("body"))
        told = words.NO_CLIENT
        for told in words.shorter(row):
            if metrics.horizontalAdvance(told) <= wide:
                break
        return told

    def _decision(self, painter: QPainter, box: QRect, row: Row, muted: str, dpr: float) -> None:
        at = self._picture(painter, box, self.pictures.badge(words.badge(row), dpr))
        if row.custom:
            more = box.adjusted(at + 6, 0, 0, 0)
            self._picture(painter, more, self._theme.pixmap("settings", "muted", _ICON - 2, dpr))

    def _picture(self, painter: QPainter, box: QRect, picture: QPixmap) -> int:
        """Paint it at the left, in the middle; says how wide it is."""
        scale = picture.devicePixelRatio()
        top = box.top() + (box.height() - round(picture.height() / scale)) // 2
        painter.drawPixmap(box.left(), top, picture)
        return round(picture.width() / scale)
