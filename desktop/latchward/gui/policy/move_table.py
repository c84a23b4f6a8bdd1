"""The changes of a preview in three aligned columns: the tool, what was, what becomes."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from latchward.gui import tokens
from latchward.gui.parts import heading
from latchward.gui.text import counted
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel
from latchward.model.plain import visible

from . import words
from .moves import Move


class MoveTable(QWidget):
    """What becomes more open stands first, under a heading of its own."""

    def __init__(self, theme: Theme, moves: Sequence[Move], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(tokens.L)
        self._grid.setVerticalSpacing(tokens.XS)
        self._grid.setColumnStretch(0, 1)
        opens = [move for move in moves if move.opens]
        closes = [move for move in moves if not move.opens]
        for title, part, colour in (("More open", opens, "caution"), ("Stricter", closes, "muted")):
            if part:
                self._part(f"{title} ({counted(len(part), 'tool')})", part, colour)

    def _part(self, title: str, moves: Sequence[Move], colour: str) -> None:
        at = self._grid.rowCount()
        head = heading(self._theme, title)
        head.colour_with(colour)
        for column, label in enumerate((head, heading(self._theme, "was"), heading(self._theme, "becomes"))):
            self._grid.addWidget(label, at, column)
        for row, move in enumerate(moves, start=at + 1):
            was, becomes = words.EFFECT[move.was], words.EFFECT[move.becomes]
            tool = PlainLabel(self._theme, visible(move.tool))
            tool.setAccessibleName(f"{visible(move.tool)}: {was} becomes {becomes}")
            look = tokens.EFFECTS[move.becomes]
            after = PlainLabel(self._theme, look.word, size="small")
            after.dress("caution" if move.opens else look.tone, look.icon, chip=True)
            self._grid.addWidget(tool, row, 0)
            self._grid.addWidget(PlainLabel(self._theme, was, colour="muted"), row, 1)
            self._grid.addWidget(after, row, 2, Qt.AlignmentFlag.AlignLeft)
