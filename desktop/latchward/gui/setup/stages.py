"""Where in the three steps one is, and the sign that something is under way."""

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from latchward.gui import tokens
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel

from . import words

_MARK: Final = 24
_TICK_MS: Final = 60
_TURN: Final = 30
"""Degrees that the sign turns with each tick."""


class Stages(QWidget):
    """The steps as a line: done ones with a check, the one of now in the accent, those to come quiet."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._marks: list[_Mark] = []
        self._labels: list[PlainLabel] = []
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(tokens.S)
        for at, title in enumerate(words.STAGES):
            if at:
                layout.addWidget(_Line(theme), 1)
            mark, label = _Mark(theme, at), PlainLabel(theme, title)
            label.setAlignment(Qt.AlignmentFlag.AlignVCenter)
            layout.addWidget(mark)
            layout.addWidget(label)
            self._marks.append(mark)
            self._labels.append(label)
        self.show_stage(0)

    def show_stage(self, now: int, *, over: bool = False) -> None:
        """Turn to a step; `over`: its work is done, and it is shown still."""
        for at, (mark, label) in enumerate(zip(self._marks, self._labels, strict=True)):
            mark.show_stage(now, over=over)
            label.colour_with("text" if at == now else "muted")
        done = ", done" if over else ""
        self.setAccessibleName(f"Step {now + 1} of {len(words.STAGES)}: {words.STAGES[now]}{done}")


class _Mark(QWidget):
    def __init__(self, theme: Theme, at: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._at, self._now, self._over = theme, at, 0, False
        self.setFixedSize(_MARK, _MARK)
        theme.changed.connect(self.update)

    def show_stage(self, now: int, *, over: bool = False) -> None:
        self._now, self._over = now, over
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        here = self._at == self._now
        done = self._at < self._now or (here and self._over)
        tone = self._theme.tone("good")
        edge = tone.edge if done else colours.accent if here else colours.edge_strong
        painter.setPen(QPen(QColor(edge), 1))
        painter.setBrush(QColor(tone.fill if done else colours.accent if here else colours.surface))
        painter.drawEllipse(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        if done:
            picture = self._theme.pixmap("check", "good", 14, self.devicePixelRatioF())
            painter.drawPixmap((_MARK - 14) // 2, (_MARK - 14) // 2, picture)
        else:
            painter.setFont(self._theme.font("small", strong=True))
            painter.setPen(QColor(colours.on_accent if here else colours.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._at + 1))
        painter.end()


class _Line(QWidget):
    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setMinimumWidth(tokens.L)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(0, self.height() // 2, self.width(), 1, self._theme.colour("edge"))
        painter.end()


class Busy(QWidget):
    """A turning arc; it turns only while it is seen. To a screen reader the sentence beside it speaks."""

    def __init__(self, theme: Theme, size: int = 18, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._size, self._turned = theme, size, 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._turn)

    def sizeHint(self) -> QSize:
        """Square."""
        return QSize(self._size, self._size)

    def showEvent(self, event: QShowEvent) -> None:
        """Turn."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stand still."""
        super().hideEvent(event)
        self._timer.stop()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ring and the arc on it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide = max(2.0, self._size / 9)
        box = QRectF(self.rect()).adjusted(wide, wide, -wide, -wide)
        pen = QPen(self._theme.colour("edge"), wide)
        painter.setPen(pen)
        painter.drawEllipse(box)
        pen.setColor(self._theme.colour("accent"))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(box, -self._turned * 16, 100 * 16)
        painter.end()

    def _turn(self) -> None:
        self._turned = (self._turned + _TURN) % 360
        self.update()
