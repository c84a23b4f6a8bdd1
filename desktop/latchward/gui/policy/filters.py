"""The search field and the choices beside it: which tools are shown."""

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton, QWidget

from latchward.control.messages import EffectWord
from latchward.gui import tokens
from latchward.gui.parts import row
from latchward.gui.theme import Theme

from . import words
from .rows import Filter, Only

WAIT_MS: Final = 60
"""Between the last key and the search: a word that is typed quickly is searched for once."""


class Search(QLineEdit):
    """The search field. Escape empties it, Down goes to the table."""

    down = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape and Down leave."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Down:
            self.down.emit()
        else:
            super().keyPressEvent(event)


class Choice(QPushButton):
    """A button with a menu in which several words can be ticked; none means any."""

    changed = Signal()

    def __init__(self, title: str, options: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._actions: dict[str, QAction] = {}
        menu = QMenu(self)
        for key, word in options.items():
            action = menu.addAction(word)
            action.setCheckable(True)
            action.toggled.connect(self._toggled)
            self._actions[key] = action
        menu.addSeparator()
        menu.addAction("Any").triggered.connect(self.clear)
        self.setMenu(menu)
        self.setAutoDefault(False)
        self._label()

    @property
    def ticked(self) -> frozenset[str]:
        """The words that are asked for."""
        return frozenset(key for key, action in self._actions.items() if action.isChecked())

    def clear(self) -> None:
        """Ask for any."""
        for action in self._actions.values():
            action.setChecked(False)

    def tick(self, key: str) -> None:
        """Ask for one of them."""
        self._actions[key].setChecked(True)

    def _toggled(self) -> None:
        self._label()
        self.changed.emit()

    def _label(self) -> None:
        chosen = [action.text() for action in self._actions.values() if action.isChecked()]
        told = ", ".join(chosen) if 0 < len(chosen) <= 2 else f"{len(chosen)} kinds" if chosen else "any"
        self.setText(f"{self._title}: {told}  ▾")
        self.setAccessibleName(f"{self._title}: {told}")
        self.setProperty("on", bool(chosen))
        self.style().unpolish(self)
        self.style().polish(self)


class Filters(QWidget):
    """The row above the table. `changed` carries the new `Filter`."""

    changed = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.search = Search()
        self.search.setPlaceholderText("Search tools, titles, descriptions and servers")
        self.search.setAccessibleName("Search tools")
        self._glass = self.search.addAction(
            theme.icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition
        )
        self._cross = self.search.addAction(
            theme.icon("close", "muted", 14), QLineEdit.ActionPosition.TrailingPosition
        )
        self._glass.setText("Search")
        self._cross.setText("Empty the search")
        self._cross.setVisible(False)
        self._cross.triggered.connect(self.search.clear)
        self.risk = Choice("Risk", {word: word for word in words.CATEGORIES})
        self.effect = Choice("Decision", {effect: words.EFFECT[effect] for effect in words.EFFECTS})
        self.held = self._toggle("To look at")
        self.unsaved = self._toggle("Not saved")
        layout = row(self.search, self.risk, self.effect, self.held, self.unsaved)
        layout.setStretch(0, 1)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        self.setLayout(layout)
        self._timer = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._timer.timeout.connect(self._changed)
        self.search.textChanged.connect(self._typed)
        self.search.returnPressed.connect(self._changed)
        for choice in (self.risk, self.effect):
            choice.changed.connect(self._changed)
        theme.changed.connect(self._restyle)
        self.tell(0, 0)

    def _restyle(self) -> None:
        self._glass.setIcon(self._theme.icon("search", "muted"))
        self._cross.setIcon(self._theme.icon("close", "muted", 14))

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
        for part in (self.risk, self.effect, self.held, self.unsaved, self.search):
            part.blockSignals(True)
        self.risk.clear()
        self.effect.clear()
        self.held.setChecked(False)
        self.unsaved.setChecked(False)
        self.search.clear()
        self._cross.setVisible(False)
        for part in (self.risk, self.effect, self.held, self.unsaved, self.search):
            part.blockSignals(False)
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

    def _typed(self, text: str) -> None:
        self._cross.setVisible(bool(text))
        self._timer.start()

    def _changed(self) -> None:
        self._timer.stop()
        self.changed.emit(self.wanted)


def _quietly(widget: QWidget, change: Callable[[], None]) -> None:
    widget.blockSignals(True)
    change()
    widget.blockSignals(False)
