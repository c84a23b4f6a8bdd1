"""The card after a first start: what came with the server, by risk, and the choice of a preset."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from latchward.control.messages import ServerView
from latchward.gui import tokens
from latchward.gui.parts import Tinted, button, column, row
from latchward.gui.policy.choice import PresetChoice
from latchward.gui.policy.draft import Draft, key_of
from latchward.gui.policy.side import risk_chips
from latchward.gui.text import counted
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel
from latchward.model.plain import visible


class Welcome(Tinted):
    """`used` carries a preset; `closed` comes when the person wants to choose later."""

    used = Signal(object, str)
    closed = Signal(object)

    def __init__(self, theme: Theme, draft: Draft, view: ServerView, parent: QWidget | None = None) -> None:
        super().__init__(theme, "info", parent)
        key = key_of(view)
        name = visible(view.name)
        self.setAccessibleName(f"{name} runs: choose what its tools may do")
        inner = column(self, tokens.M, tokens.L)
        title = f"{name} runs and offers {counted(len(view.tools), 'tool')}"
        inner.addWidget(PlainLabel(theme, title, size="lead", strong=True))
        inner.addWidget(PlainLabel(theme, "You are asked about each call until you choose otherwise."))
        inner.addWidget(risk_chips(theme, view))
        choice = PresetChoice(theme, draft, key, fresh=True)
        choice.used.connect(lambda preset: self.used.emit(key, preset))
        inner.addWidget(choice)
        inner.addLayout(row(None, button("Choose later", lambda: self.closed.emit(key), look="quiet")))
