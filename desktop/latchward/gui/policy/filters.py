"""The search field and the choices beside it: which tools are shown."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from latchward.control.messages import EffectWord
from latchward.gui import tokens
from latchward.gui.parts import row
from latchward.gui.search import Choice, Search
from latchward.gui.theme import Theme

from . import words
from .rows import Filter, Only


class Filters(QWidget):
    """The row above the table. `changed` carries the new `Filter`."""

    changed = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = Search(theme, "Search tools, titles, descriptions and servers", "Search tools")
        self.risk = Choice("Risk", {word: word for word in words.CATEGORIES})
        self.effect = Choice("Decision", {effect: words.EFFECT[effect] for effect in words.EFFECTS})
        self.held = self._toggle("To look at")
        self.unsaved = self._toggle("Not saved")
        layout = row(self.search, self.risk, self.effect, self.held, self.unsaved)
        layout.setStretch(0, 1)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        self.setLayout(layout)
        self.search.sought.connect(self._changed)
        for choice in (self.risk, self.effect):
            choice.changed.connect(self._changed)
        self.tell(0, 0)

    def _toggle(self, text: str) -> QPushButton:
        made = QPushButton(text)
        made.setCheckable(True)
        made.setAutoDefault(False)
        made.toggled.connect(lambda on: self._only(made, on))
        return made

    def _only(self, pressed: QPushButton, on: bool) -> None:
        """The two toggles exclude each other."""
        other = self.unsaved if pressed is self.held else self.held
        if on and other.isChecked():
            _quietly(other, lambda: other.setChecked(False))
        self._changed()

    @property
    def wanted(self) -> Filter:
        """What is asked for now."""
        only: Only = "held" if self.held.isChecked() else "changed" if self.unsaved.isChecked() else ""
        effects: frozenset[EffectWord] = frozenset(one for one in words.EFFECTS if one in self.effect.ticked)
        return Filter(self.search.text(), self.risk.ticked, effects, only)

    def clear(self) -> None:
        """Show everything."""
        parts = (self.risk, self.effect, self.held, self.unsaved)
        for part in parts:
            part.blockSignals(True)
        self.risk.clear()
        self.effect.clear()
        self.held.setChecked(False)
        self.unsaved.setChecked(False)
        for part in parts:
            part.blockSignals(False)
        self.search.empty()
        self._changed()

    def show_held(self) -> None:
        """Show what waits for a look, whatever was filtered before."""
        self.clear()
        self.held.setChecked(True)

    def tell(self, held: int, unsaved: int) -> None:
        """How many there are of what the toggles show; a toggle without any is off."""
        for toggle, text, count in ((self.held, "To look at", held), (self.unsaved, "Not saved", unsaved)):
            toggle.setText(f"{text} ({count:,})" if count else text)
            toggle.setEnabled(bool(count) or toggle.isChecked())

    def _changed(self) -> None:
        self.search.known()
        self.changed.emit(self.wanted)


def _quietly(widget: QWidget, change: Callable[[], None]) -> None:
    widget.blockSignals(True)
    change()
    widget.blockSignals(False)
