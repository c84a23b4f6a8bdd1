"""A definition that waits: what changed in it, word by word, and the question whether agents get it."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from latchward.control.messages import ToolView
from latchward.gui import tokens
from latchward.gui.parts import Scrolled, Tinted, button, column, row
from latchward.gui.theme import Theme
from latchward.gui.tokens import Size
from latchward.gui.widgets import PlainLabel
from latchward.model.plain import visible

from .marking import marked_lines

SIZE: Final = (820, 560)
TEXT: Final = {
    "new": "This tool is new. Calls are refused until you accept its definition.",
    "changed": "The server changed this definition. Calls are refused until you accept it; "
    "until then agents see the old one.",
    "gone": "The server does not offer this tool any more. Calls are refused.",
}


class Lines(Tinted):
    """The lines that changed, each with its sign; the words that changed are marked."""

    def __init__(
        self, theme: Theme, difference: Sequence[str], size: Size = "small", parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, "plain", parent)
        inner = column(self, 2, tokens.S)
        for line in marked_lines(difference):
            colour = {"+": "caution", "-": "muted"}.get(line.sign, "text")
            inner.addWidget(PlainLabel(theme, line.runs, mono=True, size=size, colour=colour))


class AcceptDialog(QDialog):
    """Shows the whole definition or its difference; accepted when the person accepts it."""

    def __init__(self, theme: Theme, server: str, tool: ToolView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Accept a definition")
        self.resize(*SIZE)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        head = QWidget()
        top = column(head, tokens.XS, tokens.L)
        title = f"{visible(tool.name)} on {visible(server)}"
        top.addWidget(PlainLabel(theme, title, size="title", strong=True))
        top.addWidget(PlainLabel(theme, TEXT[tool.held]))
        how = "Lines with - go, lines with + come; the words that differ are marked."
        top.addWidget(PlainLabel(theme, how, size="small", colour="muted"))
        layout.addWidget(head)
        body = Scrolled("Definition", edge=tokens.L)
        if tool.difference:
            body.column.addWidget(Lines(theme, tool.difference, "body"))
        else:
            said = PlainLabel(theme, visible(tool.description) or "It has no description.", mono=True)
            said.dress("plain")
            body.column.addWidget(said)
        layout.addWidget(body, 1)
        self.keep = button("Keep refusing", self.reject, look="primary")
        self.take = button("Accept this definition", self.accept)
        foot = row(self.take, None, self.keep)
        foot.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.L)
        layout.addLayout(foot)
        self.keep.setFocus()
