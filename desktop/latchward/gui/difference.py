"""A difference as text: lines that come are green with a plus, lines that go are red with a minus."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QTextBlock, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QWidget

from latchward.control.messages import FileChange
from latchward.model.plain import visible

from . import tokens
from .code import Code
from .parts import column
from .theme import Theme
from .widgets import PlainLabel

_HEAD: Final = ("--- ", "+++ ")
"""How the two lines begin that name the sides of a unified difference: they are no change."""


class Difference(Code):
    """A unified difference: whole, selectable, the invisible spelled out. `most` lines, then it scrolls."""

    def __init__(
        self, theme: Theme, text: str, name: str = "Difference", most: int = 0, parent: QWidget | None = None
    ) -> None:
        self._most = most
        super().__init__(theme, text, name, parent)
        if most:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        first, second = (self.document().findBlockByNumber(at).text() for at in range(2))
        self._head = 2 if first.startswith(_HEAD[0]) and second.startswith(_HEAD[1]) else 0
        self._tint()
        theme.changed.connect(self._tint)

    def _fit(self) -> None:
        if not self._most:
            super()._fit()
            return
        height = self._high(min(self.document().blockCount(), self._most))
        if height != self.minimumHeight():
            self.setFixedHeight(height)

    def _tint(self) -> None:
        """Tint each line by its sign, from edge to edge."""
        block = self.document().firstBlock()
        while block.isValid():
            line, letters = self._look(block)
            cursor = QTextCursor(block)
            cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
            cursor.mergeCharFormat(letters)
            QTextCursor(block).setBlockFormat(line)
            block = block.next()

    def _look(self, block: QTextBlock) -> tuple[QTextBlockFormat, QTextCharFormat]:
        line, letters = QTextBlockFormat(), QTextCharFormat()
        text = block.text()
        if text.startswith("@@") or block.blockNumber() < self._head:
            letters.setForeground(self._theme.colour("muted"))
        elif text.startswith(("+", "-")):
            tone = self._theme.tone("good" if text.startswith("+") else "danger")
            line.setBackground(QColor(tone.fill))
            letters.setForeground(QColor(tone.text))
        else:
            letters.setForeground(self._theme.colour("text"))
        return line, letters


class FileChanges(QWidget):
    """What would become of files: the path of each, and its whole difference."""

    def __init__(self, theme: Theme, files: Sequence[FileChange], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        inner = column(self, tokens.L)
        for change in files:
            one = QWidget()
            part = column(one, tokens.XS)
            part.addWidget(PlainLabel(theme, visible(change.path), mono=True, strong=True))
            part.addWidget(PlainLabel(theme, visible(change.client), size="small", colour="muted"))
            part.addWidget(Difference(theme, change.difference, f"Difference of {visible(change.path)}"))
            inner.addWidget(one)
