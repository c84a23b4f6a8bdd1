"""A foreign text letter for letter: monospaced, wrapped, whole, selectable, the invisible spelled out."""

import re
from math import ceil
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QResizeEvent, QSyntaxHighlighter, QTextCharFormat, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from latchward.model.plain import visible

from .theme import Theme

_SPELLED: Final = re.compile(r"<U\\+[0-9A-F]{4,6}>")


class Marks(QSyntaxHighlighter):
    """What is spelled out stands out."""

    def __init__(self, shown: QPlainTextEdit, theme: Theme) -> None:
        super().__init__(shown.document())
        self._theme = theme

    def highlightBlock(self, text: str) -> None:
        """Called by Qt for each line."""
        look, tone = QTextCharFormat(), self._theme.tone("danger")
        look.setForeground(QColor(tone.text))
        look.setBackground(QColor(tone.fill))
        look.setFontWeight(QFont.Weight.DemiBold)
        for found in _SPELLED.finditer(text):
            units = len(text[: found.start()].encode("utf-16-le")) // 2
            self.setFormat(units, len(found[0]), look)


class Code(QPlainTextEdit):
    """As high as its text. The mouse selects in it; Tab passes it by."""

    def __init__(self, theme: Theme, text: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(name)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option = self.document().defaultTextOption()
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        self.document().setDefaultTextOption(option)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(8)
        self._marks = Marks(self, theme)
        theme.changed.connect(self._dress)
        self._dress()
        self.setPlainText(visible(text))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the height to the new width."""
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        """One line, until the width is known."""
        return QSize(400, self._high(1))

    def _high(self, rows: int) -> int:
        return rows * self.fontMetrics().lineSpacing() + 2 * int(self.document().documentMargin()) + 4

    def _fit(self) -> None:
        # Line by line: one with letters that our font does not have is higher than the rest.
        block, tall = self.document().firstBlock(), 0.0
        while block.isValid():
            tall += self.blockBoundingRect(block).height()
            block = block.next()
        # The last line comes with the margin below it.
        height = max(self._high(1), ceil(tall) + int(self.document().documentMargin()) + 4)
        if height != self.minimumHeight():
            self.setFixedHeight(height)

    def _dress(self) -> None:
        self.setFont(self._theme.font("body", mono=True))
        self._marks.rehighlight()
