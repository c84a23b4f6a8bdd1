"""One client: its state, its files, what it reaches without Latchward, and what can be done."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QGridLayout, QWidget

from latchward.control.messages import ClientView
from latchward.gui import tokens
from latchward.gui.parts import Banner, Card, button, row, runs
from latchward.gui.policy.words import sentence
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel
from latchward.model.plain import visible

from . import words


class ClientCard(Card):
    """Says what the person wants by signals; each carries the client that was shown."""

    protect_wanted = Signal()
    connect_wanted = Signal(object)
    back_wanted = Signal(object)

    def __init__(self, theme: Theme, client: ClientView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._client = client
        self._name = visible(client.title)
        self.setAccessibleName(f"{self._name}, {words.LOOKS[client.state].word}")
        self._head()
        if client.problem:
            self.column.addWidget(Banner(theme, "caution", "warning", sentence(client.problem)))
        if meaning := words.meaning(client):
            self.column.addWidget(PlainLabel(theme, meaning))
        self._facts()
        self._foot()

    def _head(self) -> None:
        look = words.LOOKS[self._client.state]
        state = PlainLabel(self._theme, look.word, size="small")
        state.dress(look.tone, look.icon, chip=True)
        line = row(PlainLabel(self._theme, self._name, size="lead", strong=True), state)
        line.setStretch(0, 1)
        self.column.addLayout(line)

    def _facts(self) -> None:
        """Files, restart and check, each with its name at the left."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(tokens.L)
        grid.setVerticalSpacing(tokens.XS)
        grid.setColumnStretch(1, 1)
        names = self._theme.font("body")
        grid.setColumnMinimumWidth(0, QFontMetrics(names).horizontalAdvance(words.TAKES_EFFECT) + 1)
        several = len(self._client.files) > 1
        if self._client.files:
            self._fact(grid, "Files" if several else "File", "\n".join(self._client.files), code=True)
        if self._client.state in ("protected", "partly"):
            self._fact(grid, words.TAKES_EFFECT, sentence(self._client.restart))
            self._fact(grid, "To check", sentence(self._client.check))
        if grid.count():
            self.column.addLayout(grid)

    def _fact(self, grid: QGridLayout, name: str, text: str, code: bool = False) -> None:
        if not text:
            return
        at = grid.rowCount()
        label = PlainLabel(self._theme, name, colour="muted")
        said = PlainLabel(self._theme, visible(text) if code else runs(text), mono=code)
        said.setAccessibleName(f"{name}: {said.text()}")
        grid.addWidget(label, at, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(said, at, 1)

    def _foot(self) -> None:
        client = self._client
        does = None
        if client.state in words.ROUND:
            said = f"Protect {self._name}"
            does = button("Protect…", self.protect_wanted.emit, said=said)
        elif client.state == "empty":
            said = f"Connect {self._name}"
            does = button("Connect", lambda: self.connect_wanted.emit(client), said=said)
        back = None
        if client.undo:
            said = f"Give the {words.files_of(client)} of {self._name} back"
            asks = words.give_back(client)
            back = button(asks, lambda: self.back_wanted.emit(client), look="quiet", said=said)
        line = [part for part in (does, back) if part is not None]
        if line:
            self.column.addLayout(row(*line[:1], None, *line[1:]) if does else row(None, *line))
