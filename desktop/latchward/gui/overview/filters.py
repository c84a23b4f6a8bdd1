"""The search field and the choices above the overview."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from latchward.gui import tokens
from latchward.gui.parts import row
from latchward.gui.search import Choice, Search
from latchward.gui.theme import Theme
from latchward.model.plain import one_line

from . import words
from .rows import Filter


class Filters(QWidget):
    """`changed` carries the new `Filter`."""

    changed = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = Search(theme, "Search tools, titles, descriptions and servers", "Search everything")
        self.client = Choice("Client", {}, several="clients")
        self.decision = Choice("Decision", {word: look.word for word, look in words.DECISIONS.items()})
        self.risk = Choice("Risk", words.LEAST, one=True)
        layout = row(self.search, self.client, self.decision, self.risk)
        layout.setStretch(0, 1)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        self.setLayout(layout)
        self.search.sought.connect(self._changed)
        for choice in (self.client, self.decision, self.risk):
            choice.changed.connect(self._changed)

    @property
    def wanted(self) -> Filter:
        """What is asked for now."""
        least = next(iter(self.risk.ticked), "")
        return Filter(self.search.text(), self.client.ticked, self.decision.ticked, least)

    def offer(self, clients: Sequence[str]) -> None:
        """The clients that can be asked for."""
        self.client.offer({client: one_line(client, 40) for client in clients})

    def clear(self) -> None:
        """Show everything."""
        choices = (self.client, self.decision, self.risk)
        for choice in choices:
            choice.blockSignals(True)
            choice.clear()
            choice.blockSignals(False)
        self.search.empty()
        self._changed()

    def _changed(self) -> None:
        self.search.known()
        self.changed.emit(self.wanted)
