"""The sidebar: one entry for each page, with a count where something waits."""

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from . import tokens
from .theme import Theme

WIDTH: Final = 150
_ROW: Final = 40
_ICON: Final = 18
_ICON_ROLE: Final = Qt.ItemDataRole.UserRole
_COUNT_ROLE: Final = Qt.ItemDataRole.UserRole + 1


class Sidebar(QListWidget):
    """The pages by name."""

    def __init__(
        self, theme: Theme, pages: tuple[tuple[str, str], ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName("Pages")
        self.setFixedWidth(WIDTH)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setObjectName("sidebar")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_Painter(theme, self))
        self.setMouseTracking(True)
        for title, icon in pages:
            item = QListWidgetItem(title)
            item.setData(_ICON_ROLE, icon)
            self.addItem(item)
        self.setCurrentRow(0)
        self.by_keys = False
        theme.changed.connect(self.viewport().update)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The ring is shown to those who came by keyboard."""
        self.by_keys = event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        )
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Whoever presses a key here sees where they are."""
        self.by_keys = True
        super().keyPressEvent(event)

    def tell(self, row: int, count: int, what: str = "waiting") -> None:
        """How many things a page has for the person; `what` they are, for a screen reader."""
        item = self.item(row)
        item.setData(_COUNT_ROLE, count)
        spoken = f"{item.text()}, {count} {what}" if count else item.text()
        item.setData(Qt.ItemDataRole.AccessibleTextRole, spoken)


class _Painter(QStyledItemDelegate):
    def __init__(self, theme: Theme, view: Sidebar) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """One row."""
        return QSize(WIDTH - 2 * tokens.S, _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Icon, name, count."""
        colours = self._theme.colours
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect).adjusted(tokens.S, 2, -tokens.S, -2)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        ink = colours.on_selection if chosen else colours.text
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selection if chosen else colours.hover))
            painter.drawRoundedRect(box, tokens.RADIUS, tokens.RADIUS)
        if option.state & QStyle.StateFlag.State_HasFocus and self._view.hasFocus() and self._view.by_keys:
            painter.setPen(QPen(QColor(colours.accent), tokens.FOCUS))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), tokens.RADIUS, tokens.RADIUS)
        dpr = painter.device().devicePixelRatioF()
        tint = "on_selection" if chosen else "muted"
        picture = self._theme.pixmap(str(index.data(_ICON_ROLE)), tint, _ICON, dpr)
        painter.drawPixmap(round(box.x()) + 10, option.rect.center().y() - _ICON // 2 + 1, picture)
        painter.setFont(self._theme.font("body", strong=chosen))
        painter.setPen(QColor(ink))
        text = QRect(round(box.x()) + 38, option.rect.y(), round(box.width()) - 44, option.rect.height())
        painter.drawText(
            text, int(Qt.AlignmentFlag.AlignVCenter), str(index.data(Qt.ItemDataRole.DisplayRole))
        )
        if count := index.data(_COUNT_ROLE):
            self._count(painter, box, str(count))
        painter.restore()

    def _count(self, painter: QPainter, box: QRectF, text: str) -> None:
        font = self._theme.font("small", strong=True)
        metrics = QFontMetrics(font)
        wide = max(20, metrics.horizontalAdvance(text) + 12)
        pill = QRectF(box.right() - wide - 8, box.center().y() - 10, wide, 20)
        tone = self._theme.tone("caution")
        painter.setPen(QPen(QColor(tone.edge), 1))
        painter.setBrush(QColor(tone.fill))
        painter.drawRoundedRect(pill, 10, 10)
        painter.setFont(font)
        painter.setPen(QColor(tone.text))
        painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), text)
