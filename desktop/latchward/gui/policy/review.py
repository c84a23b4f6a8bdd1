"""What saving would change, in words and as JSON, server by server; then it is saved.

The words come from the gateway, which works them out from the documents. A server that
cannot be saved shows why and keeps its changes; the others are saved all the same.
"""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLayout, QTabBar, QVBoxLayout, QWidget

from latchward.control.messages import Preview, Save
from latchward.gui import tokens
from latchward.gui.difference import Difference
from latchward.gui.link import Link
from latchward.gui.parts import Banner, Card, Scrolled, button, column, runs
from latchward.gui.text import counted
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel
from latchward.model.plain import visible

from . import moves, words
from .draft import Draft, Key
from .move_table import MoveTable
from .moves import Move

SIZE: Final = (720, 560)
JSON: Final = "Difference of the policy as JSON"
MOST_LINES: Final = 16
"""Of a difference before it scrolls, so that the next server stays in sight."""


class Review(QDialog):
    """Asks for previews, shows them, and saves. `saved` comes for each server that was written."""

    saved = Signal(object)

    def __init__(self, theme: Theme, link: Link, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Review and save")
        self.resize(*SIZE)
        self._theme, self._link, self._draft = theme, link, draft
        self._cards: dict[Key, _ServerCard] = {}
        self._asked: dict[int, Key] = {}
        self._saving: set[Key] = set()
        self._list = Scrolled("Changes by server", edge=tokens.L)
        self._save = button("Save", self.save, look="primary")
        self._cancel = button("Keep editing", self.reject)
        self._build()
        link.preview.connect(self._take_preview)
        link.failed.connect(self._take_failure)
        link.lost.connect(self._take_loss)
        self.ask()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        head = QWidget()
        top = column(head, 2, tokens.L)
        self._head = PlainLabel(self._theme, size="title", strong=True)
        self._total = PlainLabel(self._theme, strong=True)
        top.addWidget(self._head)
        top.addWidget(self._total)
        top.addWidget(PlainLabel(self._theme, "Nothing is in force until you save.", colour="muted"))
        layout.addWidget(head)
        layout.addWidget(self._list, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.L)
        foot.setSpacing(tokens.S)
        foot.addStretch(1)
        foot.addWidget(self._cancel)
        foot.addWidget(self._save)
        layout.addLayout(foot)

    @property
    def busy(self) -> bool:
        """Whether the gateway has not answered a save yet: the dialog is needed until then."""
        return bool(self._saving)

    def ask(self) -> None:
        """Ask for a preview of everything that is unsaved now."""
        changed = self._draft.changed()
        for key in [key for key in self._cards if key not in changed]:
            self._forget(key)
        self._asked.clear()
        for key in changed:
            if key not in self._cards:
                self._cards[key] = _ServerCard(self._theme)
                self._list.column.addWidget(self._cards[key])
            self._cards[key].wait(*self._title(key))
            serial = self._link.serial()
            self._asked[serial] = key
            self._link.send(self._draft.propose(key, serial))
        self._update()

    def save(self) -> None:
        """Save every server that has a preview."""
        for key, card in list(self._cards.items()):
            if card.ready:
                sent = self._draft.save(key, self._link.serial())
                self._saving.add(key)
                card.say("")
                self._link.request(sent, self._saved(sent), self._not_saved(key))
        self._update()

    def _title(self, key: Key) -> tuple[str, str]:
        count = len(self._draft.changes(key))
        preset = self._draft.preset(key)
        told = counted(count, "change") if count else "rates and limits only"
        return visible(key[0]), f"{told} · policy {words.name_of(key[1])}" + (
            f" · preset {preset}" if preset else ""
        )

    def _saved(self, sent: Save) -> Callable[[], None]:
        def done() -> None:
            key = (sent.server, sent.policy)
            self._saving.discard(key)
            self._draft.saved(sent)
            self._forget(key)
            self.saved.emit(sent)
            self._update()
            if not self._cards and not self._saving:
                self.accept()

        return done

    def _not_saved(self, key: Key) -> Callable[[str], None]:
        def failed(error: str) -> None:
            self._saving.discard(key)
            if key in self._cards:
                self._cards[key].say(f"Not saved; your changes are still here. {words.sentence(error)}")
            self._update()

        return failed

    def _take_preview(self, preview: Preview) -> None:
        key = self._asked.pop(preview.serial, None)
        if key in self._cards:
            card = self._cards[key]
            card.show_preview(preview)
            if any(move.opens for move in card.moves):
                self._list.column.removeWidget(card)
                self._list.column.insertWidget(0, card)
            self._update()

    def _take_failure(self, serial: int, error: str) -> None:
        key = self._asked.pop(serial, None)
        if key in self._cards:
            self._cards[key].say(f"This cannot be saved as it is. {words.sentence(error)}")
            self._update()

    def _take_loss(self, _why: str) -> None:
        self._saving.clear()
        for card in self._cards.values():
            card.say("The gateway is gone, so nothing more can be saved. Your changes are still here.")
            card.ready = False
        self._update()

    def _forget(self, key: Key) -> None:
        card = self._cards.pop(key, None)
        if card is not None:
            card.hide()
            card.deleteLater()

    def _update(self) -> None:
        ready = [key for key, card in self._cards.items() if card.ready]
        count = sum(max(1, len(self._draft.changes(key))) for key in ready)
        changes = self._draft.count
        self._head.say(f"Review {counted(changes, 'change')}")
        shown = [move for card in self._cards.values() for move in card.moves]
        self._total.say(moves.total(shown, len(ready)) if ready else "")
        self._save.setText(f"Save {counted(count, 'change')}" if count else "Save")
        self._save.setEnabled(bool(ready) and not self._saving)


class _ServerCard(Card):
    """One server's part of the review."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.ready = False
        self.tabs: QTabBar | None = None
        self.moves: tuple[Move, ...] = ()
        self._name = PlainLabel(theme, size="lead", strong=True)
        self._about = PlainLabel(theme, colour="muted")
        self._banner: Banner | None = None
        self._body: QWidget | None = None
        self.column.addWidget(self._name)
        self.column.addWidget(self._about)

    def wait(self, name: str, about: str) -> None:
        """Nothing is known yet."""
        self.moves = ()
        self._name.say(name)
        self._about.say(about)
        self.ready = False
        self.say("")
        self._put(PlainLabel(self._theme, "Asking the gateway what this means…", colour="muted"))

    def show_preview(self, preview: Preview) -> None:
        """Show what the gateway worked out."""
        self.ready = True
        body = QWidget()
        inner = column(body, tokens.S)
        tabs = QTabBar()
        tabs.setAccessibleName("How it is shown")
        tabs.setExpanding(False)
        tabs.setDrawBase(False)
        difference = Difference(self._theme, preview.difference, JSON, MOST_LINES)
        shown = (self._words(preview), difference)
        tabs.addTab("In words")
        tabs.addTab("As JSON")
        difference.hide()
        inner.addWidget(tabs)
        for page in shown:
            inner.addWidget(page)

        def turn(at: int) -> None:
            for page in shown:
                page.setVisible(page is shown[at])

        tabs.currentChanged.connect(turn)
        self.tabs = tabs
        self._put(body)

    def say(self, error: str) -> None:
        """Show what went wrong, or nothing."""
        if self._banner is not None:
            self._banner.hide()
            self._banner.deleteLater()
            self._banner = None
        if error:
            self._banner = Banner(self._theme, "danger", "warning", error)
            self.column.insertWidget(2, self._banner)

    def _words(self, preview: Preview) -> QWidget:
        page = QWidget()
        inner = column(page, tokens.XS)
        inner.setContentsMargins(0, tokens.S, 0, 0)
        self.moves, rest = moves.read(preview.words)
        if self.moves:
            inner.addWidget(MoveTable(self._theme, self.moves))
        for word in rest or (() if self.moves else ("Nothing changes for agents.",)):
            inner.addWidget(PlainLabel(self._theme, runs(f"•  {visible(word)}")))
        inner.addStretch(1)
        return page

    def _put(self, body: QWidget) -> None:
        if self._body is not None:
            self._body.hide()
            self._body.deleteLater()
        self._body = body
        self.column.addWidget(body)
