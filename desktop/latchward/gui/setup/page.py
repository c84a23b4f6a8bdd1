"""What the steps share: a page that scrolls without its edge moving, a box to tick, and a line of words."""

from typing import Final

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QWidget

from latchward.gui import tokens
from latchward.gui.parts import Scrolled
from latchward.gui.theme import Theme
from latchward.gui.tokens import Size
from latchward.gui.widgets import PlainLabel

_BOX: Final = 18
_TICK: Final = 26
LINE: Final = 22
"""Height of a line in which chips stand beside words."""


class Page(Scrolled):
    """A step: its right edge stays where it is when the scroll bar comes and goes."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent, edge=tokens.XL, gap=tokens.XS)
        self.verticalScrollBar().rangeChanged.connect(self._keep_edge)
        self._keep_edge()

    def _keep_edge(self) -> None:
        bar = self.verticalScrollBar()
        taken = bar.sizeHint().width() if bar.maximum() > 0 else 0
        self.column.setContentsMargins(tokens.XL, tokens.L, max(0, tokens.XL - taken), tokens.L)


class Tick(QCheckBox):
    """A box to tick, painted in the theme: the style's own is hard to see on dark ground."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedSize(_TICK, _TICK)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Square."""
        return QSize(_TICK, _TICK)

    def hitButton(self, pos: QPoint) -> bool:
        """All of it can be clicked."""
        return self.rect().contains(pos)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the box, its tick, and the ring of the focus."""
        colours, on = self._theme.colours, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = (_TICK - _BOX) / 2
        box = QRectF(room + 0.5, room + 0.5, _BOX - 1, _BOX - 1)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), tokens.FOCUS))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 7, 7)
        edge = colours.accent if on else colours.edge_strong
        ground = colours.accent if on else colours.surface
        if not self.isEnabled():
            edge, ground = colours.edge, colours.window
        painter.setPen(QPen(QColor(edge), 1))
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(box, 4, 4)
        if on:
            picture = self._theme.pixmap("check", "on_accent", 14, self.devicePixelRatioF())
            painter.drawPixmap((_TICK - 14) // 2, (_TICK - 14) // 2, picture)
        painter.end()


class Word(PlainLabel):
    """A label as high as a chip beside it, its text in the middle."""

    def __init__(
        self, theme: Theme, text: str = "", *, size: Size = "body", colour: str = "text", strong: bool = False
    ) -> None:
        super().__init__(theme, text, size=size, colour=colour, strong=strong)
        self.setAlignment(Qt.AlignmentFlag.AlignVCenter)

    def heightForWidth(self, width: int) -> int:
        """No less than a chip."""
        return max(LINE, super().heightForWidth(width))
