"""Small parts that every window uses. What is foreign is shown by a `PlainLabel`: as plain text, whole."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QPainter,
    QPaintEvent,
    QPen,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QApplication, QLabel, QLayout, QLayoutItem, QSizePolicy, QWidget

from . import tokens
from .text import Run
from .theme import Theme
from .tokens import Size, ToneName

_ICON: Final = 16
_NATURAL: Final = 560
"""Width at which a long text likes to wrap, in logical pixels."""
_MEASURED: Final = 16
"""Widths for which a label remembers its size: layouts within layouts ask again and again."""


class PlainLabel(QLabel):
    """Text that is never anything but text: no markup, no mnemonics, nothing cut.

    It wraps anywhere, so that a long word is seen to its end. A sentence may be made of runs in several
    fonts; to a screen reader it is one text. With a tone it becomes a tinted box, with an icon a chip.
    """

    def __init__(
        self,
        theme: Theme,
        text: str | Sequence[Run] = "",
        *,
        size: Size = "body",
        colour: str = "text",
        strong: bool = False,
        mono: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._theme = theme
        self._size: Size = size
        self._colour = colour
        self._strong = strong
        self._mono = mono
        self._runs: tuple[Run, ...] = ()
        self._measured: dict[tuple[int, str], QRectF] = {}
        self._tone: ToneName | None = None
        self._icon = ""
        self._pad_x = self._pad_y = 0
        self._radius = 0
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self.update)
        self.say(text)

    def say(self, text: str | Sequence[Run]) -> None:
        """Show another text."""
        self._measured.clear()
        self._runs = (Run(text),) if isinstance(text, str) else tuple(text)
        self.setText("".join(run.text for run in self._runs))
        self.setFont(self._font())
        self.updateGeometry()
        self.update()

    def colour_with(self, colour: str) -> None:
        """Another colour, by its name in the theme."""
        self._colour = colour
        self.update()

    def dress(self, tone: ToneName, icon: str = "", *, chip: bool = False) -> None:
        """Make it a tinted box, or a chip."""
        self._tone, self._icon = tone, icon
        self._pad_x, self._pad_y = (tokens.S, 3) if chip else (tokens.M, tokens.S)
        self._radius = 999 if chip else tokens.RADIUS
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the text, up to a comfortable line."""
        wide = self._measure(1 << 20).width()
        width = min(int(wide) + 1, _NATURAL)
        return QSize(width + self._side(), self.heightForWidth(width + self._side()))

    def minimumSizeHint(self) -> QSize:
        """Narrow: the text wraps anywhere."""
        smallest = self.fontMetrics().averageCharWidth() * 8 + self._side()
        return QSize(min(smallest, self.sizeHint().width()), self.fontMetrics().height() + 2 * self._pad_y)

    def hasHeightForWidth(self) -> bool:
        """Always: it wraps."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of the whole text at this width."""
        laid = self._measure(max(1, width - self._side()))
        return int(laid.height() + 0.999) + 2 * self._pad_y

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint box, icon and text."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_box(painter)
        layout, bounds = self._lay_out(max(1, self.width() - self._side()))
        spare = max(0.0, self.height() - 2 * self._pad_y - bounds.height())
        top = self._pad_y + (spare / 2 if self.alignment() & Qt.AlignmentFlag.AlignVCenter else 0)
        painter.setPen(self._theme.colour(self._tone or self._colour))
        left = float(self._side() - self._pad_x)
        layout.draw(painter, QPoint(int(left), int(top)).toPointF())
        painter.end()

    def _paint_box(self, painter: QPainter) -> None:
        if self._tone is None:
            return
        tone = self._theme.tone(self._tone)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        radius = min(self._radius, box.height() / 2)
        painter.setPen(QPen(QColor(tone.edge), 1))
        painter.setBrush(QColor(tone.fill))
        painter.drawRoundedRect(box, radius, radius)
        if self._icon:
            line = self.fontMetrics().height()
            picture = self._theme.pixmap(self._icon, self._tone, _ICON, self.devicePixelRatioF())
            painter.drawPixmap(self._pad_x, self._pad_y + (line - _ICON) // 2, picture)

    def _side(self) -> int:
        """What the box takes of the width."""
        return 2 * self._pad_x + (_ICON + 6 if self._icon else 0)

    def _font(self, style: str = "plain") -> QFont:
        return self._theme.font(
            self._size,
            strong=self._strong or style in ("strong", "code", "mark"),
            mono=self._mono or style == "code",
        )

    def _measure(self, width: int) -> QRectF:
        """The bounds of the text at this width, in the font that the person has now."""
        key = (width, QApplication.font().key())
        if key not in self._measured:
            if len(self._measured) >= _MEASURED:
                self._measured.clear()
            self._measured[key] = self._lay_out(width)[1]
        return self._measured[key]

    def _lay_out(self, width: int) -> tuple[QTextLayout, QRectF]:
        layout = QTextLayout(self.text().replace("\n", "\u2028"), self._font())
        option = QTextOption(Qt.AlignmentFlag.AlignLeft)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        layout.setTextOption(option)
        layout.setFormats(self._formats())
        layout.beginLayout()
        height = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            line.setPosition(QPoint(0, int(height)).toPointF())
            height += line.height()
        layout.endLayout()
        wide = max((layout.lineAt(at).naturalTextWidth() for at in range(layout.lineCount())), default=0.0)
        return layout, QRectF(0, 0, wide, height)

    def _formats(self) -> list[QTextLayout.FormatRange]:
        formats = []
        start = 0
        for run in self._runs:
            length = len(run.text.encode("utf-16-le")) // 2
            if run.style != "plain":
                form = QTextCharFormat()
                form.setFont(self._font(run.style))
                if run.style == "mark":
                    form.setBackground(QColor(self._theme.tone("caution").fill))
                    form.setForeground(QColor(self._theme.tone("caution").text))
                found = QTextLayout.FormatRange()
                found.start, found.length, found.format = start, length, form
                formats.append(found)
            start += length
        return formats


class Flow(QLayout):
    """Widgets beside one another, wrapping to the next row: for chips."""

    def __init__(self, gap: int = tokens.S - 2, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Take up an item at the end."""
        self._items.append(item)

    def count(self) -> int:
        """How many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """One of them."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Give one of them up."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It takes what it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Always: it wraps."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of all rows."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Place every item."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        """All in one row."""
        wide = sum(item.sizeHint().width() + self._gap for item in self._items) - self._gap
        return QSize(max(0, min(wide, _NATURAL)), self.heightForWidth(_NATURAL))

    def minimumSize(self) -> QSize:
        """The widest item."""
        return QSize(max((item.minimumSize().width() for item in self._items), default=0), 0)

    def _place(self, rect: QRect, *, move: bool) -> int:
        x, y, row = rect.x(), rect.y(), 0
        for item in self._items:
            width = min(item.sizeHint().width(), rect.width())
            if x > rect.x() and x + width > rect.x() + rect.width():
                x, y, row = rect.x(), y + row + self._gap, 0
            height = item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
            if move:
                item.setGeometry(QRect(x, y, width, height))
            x, row = x + width + self._gap, max(row, height)
        return y + row - rect.y()


def emptied(layout: QLayout) -> QLayout:
    """The layout, after every widget in it is gone."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
    return layout
