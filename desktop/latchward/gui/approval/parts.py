"""The smaller parts of the approval window."""

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextOption,
)
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from latchward.gui import icons, tokens
from latchward.gui.code import Marks
from latchward.gui.theme import Theme
from latchward.gui.tokens import ToneName
from latchward.gui.widgets import PlainLabel

from .present import time_left

_URGENT: Final = 15
"""Seconds from which on the time left is shown as a warning."""
_QUOTE_LINES: Final = 4
_SHIELD: Final = 40


class Strip(QWidget):
    """A line across the top of the window in the tone of the risk."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tone: ToneName = "quiet"
        self.setFixedHeight(4)
        theme.changed.connect(self.update)

    def dress(self, tone: ToneName) -> None:
        """Take another tone."""
        self._tone = tone
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour(self._tone))
        painter.end()


class Shield(QWidget):
    """The shield that asks, in the tone of the risk."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone: ToneName = "quiet"
        self.setFixedSize(_SHIELD, _SHIELD)
        theme.changed.connect(self.update)

    def dress(self, tone: ToneName) -> None:
        """Take another tone."""
        self._tone = tone
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        ground = tokens.SHIELDS.get(self._tone, tokens.SHIELDS["quiet"])
        painter.drawPixmap(0, 0, icons.pixmap("shield-ask", ground, _SHIELD, self.devicePixelRatioF()))
        painter.end()


class Countdown(PlainLabel):
    """The time left, as words and as a pie that empties."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, size="small", colour="muted", parent=parent)
        self._share = 1.0
        self._pad_x = 18
        self.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def tick(self, seconds: float, whole: float) -> None:
        """Show what is left of the whole."""
        share = max(0.0, min(1.0, seconds / whole)) if whole > 0 else 0.0
        text = time_left(seconds)
        if text != self.text():
            self._strong = seconds <= _URGENT
            self.colour_with("danger" if seconds <= _URGENT else "muted")
            self.say(text)
        if abs(share - self._share) > 0.002:
            self._share = share
            self.update()

    def sizeHint(self) -> QSize:
        """Room for the longest time, so that nothing moves while it runs."""
        metrics = QFontMetrics(self._theme.font("small", strong=True))
        wide = metrics.horizontalAdvance(f"{time_left(600)} ")
        return QSize(wide + self._side(), max(18, metrics.height()))

    def _side(self) -> int:
        return 2 * self._pad_x

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint pie and text."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(0, (self.height() - 12) / 2, 12, 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("edge"))
        painter.drawEllipse(box)
        painter.setBrush(self._theme.colour(self._colour))
        painter.drawPie(box, 90 * 16, int(self._share * 360 * 16))
        painter.end()


class Bar(QWidget):
    """The line beside a quotation."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedWidth(3)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("edge"))
        painter.end()


class Quote(QPlainTextEdit):
    """What somebody else says: plain text, scrolling where it is long."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._marks = Marks(self, theme)
        theme.changed.connect(self._dress)
        self._dress()

    def say(self, text: str) -> None:
        """Quote this."""
        self.setPlainText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the height to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        rows = min(_QUOTE_LINES, max(1, int(self.document().size().height())))
        margin = 2 * int(self.document().documentMargin())
        height = rows * self.fontMetrics().lineSpacing() + margin + 2
        if height != self.minimumHeight():
            self.setFixedHeight(height)

    def _dress(self) -> None:
        self.setFont(self._theme.font("small"))
        self._marks.rehighlight()
        muted = self._theme.colours.muted
        self.setStyleSheet(
            f"QPlainTextEdit {{ background: transparent; border: 0; color: {muted}; }}"
            f"QPlainTextEdit:focus {{ border: 1px solid {self._theme.colours.accent}; }}"
        )
