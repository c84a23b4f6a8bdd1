"""Shows a page of arguments as plain text: numbered lines, names on a tinted ground, marks that stand out."""

from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextBlock,
    QTextCharFormat,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from latchward.gui import tokens
from latchward.gui.text import counted
from latchward.gui.theme import Theme

from .pages import NAME, Line, Page

LINES: Final = 7
"""Lines that are always in sight."""
_CORNER: Final = tokens.RADIUS - 1
MOST_LINES: Final = 20
"""Lines that the window grows for."""


class _Highlighter(QSyntaxHighlighter):
    """Gives the spans of a line their looks."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._theme = theme
        self.lines: tuple[Line, ...] = ()
        self._formats: dict[str, QTextCharFormat] = {}
        self.dress()

    def dress(self) -> None:
        """Take the colours from the theme."""
        for kind, tone in (("mark", "danger"), ("host", "danger"), ("note", "caution")):
            look = self._theme.tone(tone)  # type: ignore[arg-type]
            self._formats[kind] = _format(look.text, look.fill, bold=True)
        self._formats["changed"] = _format(self._theme.tone("caution").text)
        self._formats["bar"] = _format(self._theme.colours.accent)
        self._formats["thin"] = _format(self._theme.colours.accent)
        self._formats["thin"].setFontPointSize(1)
        self._formats["quiet"] = _format(self._theme.colours.muted)
        self._formats["name"] = _format(self._theme.colours.text, bold=True)

    def highlightBlock(self, text: str) -> None:
        """Called by Qt for each line."""
        at = self.currentBlock().blockNumber()
        if at >= len(self.lines):
            return
        line = self.lines[at]
        units = _Units(text)
        if line.kind == "name" and text.startswith(NAME):
            first = min(
                (span.start for span in line.spans if span.kind in ("quiet", "changed")), default=len(text)
            )
            self.setFormat(0, units.of(first), self._formats["name"])
            self.setFormat(0, 1, self._formats["bar"])
            self.setFormat(1, 1, self._formats["thin"])
        for span in line.spans:
            start = units.of(span.start)
            self.setFormat(start, units.of(span.start + span.length) - start, self._formats[span.kind])


class _Units:
    """Characters of Python counted as Qt counts them: in units of UTF-16."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._same = text.isascii() or max(text, default="") < "\U00010000"

    def of(self, characters: int) -> int:
        if self._same:
            return characters
        return len(self._text[:characters].encode("utf-16-le", "surrogatepass")) // 2


class ArgumentView(QPlainTextEdit):
    """One page. `end_seen` comes when the last line is in sight."""

    end_seen = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._lines: tuple[Line, ...] = ()
        self._gutter = _Gutter(self)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option = self.document().defaultTextOption()
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        self.document().setDefaultTextOption(option)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._highlighter = _Highlighter(self.document(), theme)
        self.updateRequest.connect(self._gutter_with)
        self.verticalScrollBar().valueChanged.connect(self._look_for_end)
        self.verticalScrollBar().valueChanged.connect(self.viewport().update)
        self.verticalScrollBar().rangeChanged.connect(self._look_for_end)
        theme.changed.connect(self._dress)
        self._dress()

    def show_page(self, page: Page) -> None:
        """Show another page from its beginning."""
        self._lines = ()  # while the text is exchanged it is empty for a moment, and nobody saw its end
        self._highlighter.lines = page.lines
        self.setPlainText(page.text)
        self.verticalScrollBar().setValue(0)
        self._lines = page.lines
        self._fit_gutter()
        self._look_for_end()

    @property
    def at_end(self) -> bool:
        """Whether the last line is in sight, to its last row; scroll bars are told too late to be asked."""
        block = self.firstVisibleBlock()
        offset = self.contentOffset()
        bottom = self.viewport().height()
        below = 0.0
        while block.isValid() and below <= bottom:
            below = self.blockBoundingGeometry(block).translated(offset).bottom()
            block = block.next()
        return self.isVisible() and not block.isValid() and below <= bottom + 1

    def to_end(self) -> None:
        """Go to the last line."""
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def wanted_lines(self, width: int) -> int:
        """Lines that the whole page takes in this width, as far as the window grows for it."""
        room = width - self._gutter.wide() - 2 * tokens.L
        across = max(20, room // max(1, self.fontMetrics().averageCharWidth()))
        rows = 0
        for line in self._lines:
            rows += 1 + max(0, len(line.text) - 1) // across
            if rows >= MOST_LINES:
                return MOST_LINES
        return rows

    def height_of(self, lines: int) -> int:
        """The height in which so many lines are seen."""
        margins = 2 * int(self.document().documentMargin()) + tokens.S
        return (self.fontMetrics().lineSpacing() + 1) * lines + margins

    def sizeHint(self) -> QSize:
        """A few lines; the layout gives it what is left."""
        return QSize(400, self.height_of(LINES))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return QSize(200, self.height_of(LINES))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the gutter beside the text."""
        super().resizeEvent(event)
        self._place_gutter()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground of names below the text."""
        painter = QPainter(self.viewport())
        ground = self._theme.colour("window")
        gap = QColor(self._theme.tone("caution").fill)
        for line, rect in self.visible_lines():
            if line.kind in ("name", "gap"):
                painter.fillRect(rect, ground if line.kind == "name" else gap)
        painter.end()
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        whole = self.whole_rows()
        painter.fillRect(
            0, whole, self.viewport().width(), self.viewport().height(), self._theme.colour("surface")
        )
        painter.end()
        self._paint_rest()

    def whole_rows(self) -> int:
        """Where the last row ends that is seen whole: what is below it would be cut through its letters."""
        bottom, end = self.viewport().height(), 0
        block, offset = self.firstVisibleBlock(), self.contentOffset()
        while block.isValid():
            top = self.blockBoundingGeometry(block).translated(offset).top()
            layout = block.layout()
            for at in range(layout.lineCount()):
                line = layout.lineAt(at)
                if top + line.y() + line.height() > bottom + 1:
                    return end
                end = int(top + line.y() + line.height() + 0.999)
            block = block.next()
        return bottom

    def _paint_rest(self) -> None:
        """Over the last row, how much is below it."""
        bar = self.verticalScrollBar()
        rest = bar.maximum() - bar.value()
        if rest <= 0:
            return
        text = f"\u2193 {counted(rest, 'more row')}"
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font("small"))
        wide = painter.fontMetrics().horizontalAdvance(text) + 2 * tokens.S
        high = painter.fontMetrics().height() + tokens.XS
        box = QRectF(
            self.viewport().width() - wide - tokens.S,
            self.viewport().height() - high - tokens.S + 2,
            wide,
            high,
        )
        tone = self._theme.tone("quiet")
        painter.setPen(QColor(tone.edge))
        painter.setBrush(QColor(tone.fill))
        painter.drawRoundedRect(box, high / 2, high / 2)
        painter.setPen(QColor(tone.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()

    def visible_lines(self) -> list[tuple[Line, QRect]]:
        """The lines in sight and where they are."""
        found = []
        block: QTextBlock = self.firstVisibleBlock()
        offset = self.contentOffset()
        bottom = self.viewport().height()
        while block.isValid():
            rect = self.blockBoundingGeometry(block).translated(offset).toRect()
            if rect.top() > bottom:
                break
            if block.blockNumber() < len(self._lines):
                rect.setWidth(self.viewport().width())
                found.append((self._lines[block.blockNumber()], rect))
            block = block.next()
        return found

    @property
    def theme(self) -> Theme:
        """For the gutter."""
        return self._theme

    @property
    def last_number(self) -> int:
        """The greatest line number on the page."""
        return max((line.number for line in self._lines), default=0)

    def _dress(self) -> None:
        self.setFont(self._theme.font("body", mono=True))
        self._highlighter.dress()
        self._highlighter.rehighlight()
        self._fit_gutter()

    def _fit_gutter(self) -> None:
        self._gutter.fit()
        self._place_gutter()
        self._gutter.update()

    def _place_gutter(self) -> None:
        inside = self.contentsRect()
        if self.viewportMargins().left() != self._gutter.wide():
            self.setViewportMargins(self._gutter.wide(), 0, 0, 0)
        self._gutter.setGeometry(QRect(inside.left(), inside.top(), self._gutter.wide(), inside.height()))

    def _gutter_with(self, rect: QRect, dy: int) -> None:
        if dy:
            self._gutter.scroll(0, dy)
        else:
            self._gutter.update(0, rect.y(), self._gutter.width(), rect.height())

    def _look_for_end(self) -> None:
        if self._lines and self.at_end:
            self.end_seen.emit()


class _Gutter(QWidget):
    """Line numbers beside the text, where no foreign text can stand."""

    def __init__(self, view: ArgumentView) -> None:
        super().__init__(view)
        self._view = view
        self._wide = 0

    def fit(self) -> None:
        """Be as wide as the greatest number needs."""
        last = self._view.last_number
        digits = self._view.fontMetrics().horizontalAdvance("9" * max(2, len(str(last))))
        self._wide = digits + tokens.L if last else tokens.S

    def wide(self) -> int:
        """The width."""
        return self._wide

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the numbers in sight, and a bar beside what differs."""
        painter = QPainter(self)
        theme = self._view.theme
        ground = QPainterPath()
        ground.addRoundedRect(QRectF(self.rect()).adjusted(0, 0, tokens.RADIUS, 0), _CORNER, _CORNER)
        painter.setClipPath(ground)
        painter.fillRect(self.rect(), theme.colour("window" if self._view.last_number else "surface"))
        painter.setFont(QFont(self._view.font()))
        changed = theme.colour("caution")
        marked = False
        for line, rect in self._view.visible_lines():
            if line.kind == "name":
                marked = any(span.kind == "changed" for span in line.spans)
            if marked:
                painter.fillRect(0, rect.top(), 3, rect.height(), changed)
            if line.number and rect.top() + self._view.fontMetrics().height() <= self._view.whole_rows() + 1:
                painter.setPen(theme.colour("muted"))
                place = QRect(0, rect.top(), self._wide - tokens.S, self._view.fontMetrics().height())
                painter.drawText(
                    place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(line.number)
                )
        painter.end()


def _format(colour: str, ground: str = "", *, bold: bool = False) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QColor(colour))
    if ground:
        made.setBackground(QColor(ground))
    if bold:
        made.setFontWeight(QFont.Weight.DemiBold)
    return made
