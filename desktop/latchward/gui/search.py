"""What a page with a table is filtered by: a search field, and choices that open a menu."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QIcon, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton, QWidget

from .theme import Theme

WAIT_MS: Final = 60
"""Between the last key and the search: a word that is typed quickly is searched for once."""

MOST: Final = 30
"""Characters of two words on a button; where they are longer, they are counted."""


class Search(QLineEdit):
    """The search field. Escape empties it, Down goes to the table. `sought` comes when the typing pauses."""

    down = Signal()
    sought = Signal()

    def __init__(self, theme: Theme, hint: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setPlaceholderText(hint)
        self.setAccessibleName(name)
        self._glass = self.addAction(QIcon(), QLineEdit.ActionPosition.LeadingPosition)
        self._cross = self.addAction(QIcon(), QLineEdit.ActionPosition.TrailingPosition)
        self._glass.setText("Search")
        self._cross.setText("Empty the search")
        self._cross.triggered.connect(self.clear)
        self._timer = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._timer.timeout.connect(self.sought)
        self.textChanged.connect(self._typed)
        self.returnPressed.connect(self._at_once)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._cross.setVisible(False)

    def known(self) -> None:
        """What was typed is looked for already."""
        self._timer.stop()

    def empty(self) -> None:
        """Empty it without a word."""
        self.clear()
        self.known()

    def _typed(self, text: str) -> None:
        self._cross.setVisible(bool(text))
        self._timer.start()

    def _at_once(self) -> None:
        self.known()
        self.sought.emit()

    def _restyle(self) -> None:
        self._glass.setIcon(self._theme.icon("search", "muted"))
        self._cross.setIcon(self._theme.icon("close", "muted", 14))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape and Down leave."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Down:
            self.down.emit()
        else:
            super().keyPressEvent(event)


class Choice(QPushButton):
    """A button with a menu in which several words can be ticked, or `one` of them; none means any."""

    changed = Signal()

    def __init__(
        self,
        title: str,
        options: Mapping[str, str],
        *,
        one: bool = False,
        several: str = "kinds",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._title, self._one, self._several = title, one, several
        self._actions: dict[str, QAction] = {}
        self._words: dict[str, str] = {}
        self.setMenu(QMenu(self))
        self._group = self._new_group()
        self.setAutoDefault(False)
        self.offer(options)

    def offer(self, options: Mapping[str, str]) -> None:
        """Offer other words; what is ticked and still offered stays so."""
        if self._actions and options == self._words:
            return
        kept = self.ticked
        self._words = dict(options)
        self._actions.clear()
        menu = self.menu()
        menu.clear()
        self._group.deleteLater()
        self._group = self._new_group()
        for key, word in options.items():
            action = self._group.addAction(menu.addAction(word.replace("&", "&&")))
            action.setCheckable(True)
            action.setChecked(key in kept)
            action.toggled.connect(self._toggled)
            self._actions[key] = action
        menu.addSeparator()
        menu.addAction("Any").triggered.connect(self.clear)
        self._label()
        if self.ticked != kept:
            self.changed.emit()

    def _new_group(self) -> QActionGroup:
        group = QActionGroup(self)
        policy = QActionGroup.ExclusionPolicy
        group.setExclusionPolicy(policy.ExclusiveOptional if self._one else policy.None_)
        return group

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
        chosen = [word for key, word in self._words.items() if key in self.ticked]
        told = ", ".join(chosen) or "any"
        if len(chosen) > 2 or (len(chosen) == 2 and len(told) > MOST):
            told = f"{len(chosen)} {self._several}"
        self.setText(f"{self._title}: {told}  ▾".replace("&", "&&"))
        self.setAccessibleName(f"{self._title}: {told}")
        self.setProperty("on", bool(chosen))
        self.style().unpolish(self)
        self.style().polish(self)
