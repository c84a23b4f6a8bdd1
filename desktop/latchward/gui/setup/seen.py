"""Step 3: how each client notices, programs that come in for the first time, and the first calls."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from latchward.control.messages import Call, Calls, Clients, ClientView, Held, HeldList
from latchward.gui import tokens
from latchward.gui.parts import (
    Card,
    Picture,
    Rule,
    Tinted,
    announce,
    column,
    heading,
    row,
    runs,
)
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel, emptied
from latchward.model.plain import visible

from . import present, words
from .held import HeldCard
from .page import Page
from .stages import Busy

MAX_SHOWN: Final = 6
"""Calls that are listed; all of them are under Activity."""


class SeenPage(QWidget):
    """Counts the calls that came after `begin`. `answered` carries what is held, and whether it is let in."""

    answered = Signal(object, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._clients: Clients | None = None
        self._calls: tuple[Call, ...] = ()
        self._after = 0
        self.first: Call | None = None
        self.cards: dict[tuple[str, str], HeldCard] = {}
        self._list = Page("See it happen")
        self._hero = _Hero(theme)
        self._held = QVBoxLayout()
        self._held.setContentsMargins(0, tokens.XS, 0, 0)
        self._held.setSpacing(tokens.S)
        self._card = Card(gap=tokens.M)
        self._feed = Card(gap=tokens.S)
        self._clients_title = heading(theme, "Your clients")
        self._calls_title = heading(theme, "Calls")
        inner = self._list.column
        inner.addWidget(self._hero)
        inner.addLayout(self._held)
        for title, card in ((self._clients_title, self._card), (self._calls_title, self._feed)):
            inner.addSpacing(tokens.M)
            inner.addWidget(title)
            inner.addWidget(card)
        column(self, 0).addWidget(self._list)
        self._show()

    def begin(self, after: int) -> None:
        """From now on only calls with a greater number count."""
        self._after, self.first = after, None
        self._show()

    # What the gateway says

    def take_clients(self, told: Clients) -> None:
        """Other clients reach Latchward than before."""
        self._clients = told
        self._show()

    def take_calls(self, told: Calls) -> None:
        """Another call was decided."""
        self._calls = told.calls
        before = self.first
        for call in sorted(self._new(), key=lambda one: one.number):
            if self.first is None or (self.first.verdict == "refused" and call.verdict == "allowed"):
                self.first = call
        self._show()
        if self.first is not None and self.first != before:
            announce(self, self._hero.accessibleName())

    def take_held(self, told: HeldList) -> None:
        """Other programs wait than before. A card that stays is not moved, but for those above it that go."""
        peers = {(one.key, one.digest): one for one in told.held if one.sort == "peer"}
        gone = [key for key in self.cards if key not in peers]
        for key in gone:
            card = self.cards.pop(key)
            card.hide()
            card.deleteLater()
        for key, held in peers.items():
            if key not in self.cards:
                self.cards[key] = self._held_card(held)
        if gone:
            # What is below has moved up, under the pointer perhaps.
            for card in self.cards.values():
                card.arm()
        self._list.settle()

    def fail(self, held: Held, error: str) -> None:
        """An answer was not taken."""
        card = self.cards.get((held.key, held.digest))
        if card is not None:
            card.fail(error)

    # Inside

    def _held_card(self, held: Held) -> HeldCard:
        card = HeldCard(self._theme, held, self._clients)
        card.answered.connect(self.answered.emit)
        self._held.addWidget(card)
        announce(self, card.accessibleName())
        return card

    def _new(self) -> tuple[Call, ...]:
        return tuple(call for call in self._calls if call.number > self._after)

    def _show(self) -> None:
        clients, calls = present.connected(self._clients), self._new()
        came = {call.client for call in calls}
        quiet = [one for one in clients if not {one.id, one.title} & came]
        self._hero.show_call(self.first, self._clients, connected=bool(clients), silent=len(quiet))
        emptied(self._card.column)
        for client in clients:
            if self._card.column.count():
                self._card.column.addWidget(Rule(self._theme))
            self._card.column.addWidget(self._client(client, client not in quiet))
        for part in (self._clients_title, self._card):
            part.setVisible(bool(clients))
        emptied(self._feed.column)
        for call in calls[:MAX_SHOWN]:
            if self._feed.column.count():
                self._feed.column.addWidget(Rule(self._theme))
            self._feed.column.addWidget(self._call(call))
        for part in (self._calls_title, self._feed):
            part.setVisible(bool(calls))
        self._list.settle()

    def _client(self, client: ClientView, came: bool) -> QWidget:
        look = words.CAME if came else words.SILENT
        chip = PlainLabel(self._theme, look.word, size="small")
        chip.dress(look.tone, look.icon, chip=True)
        body = QWidget()
        inner = column(body, 2)
        inner.addWidget(PlainLabel(self._theme, visible(client.title), strong=True))
        if not came:
            inner.addWidget(
                PlainLabel(self._theme, runs(present.notice(client)), size="small", colour="muted")
            )
        holder = QWidget()
        holder.setAccessibleName(f"{present.name_of(client.title)}: {look.word}")
        line = row(body, chip)
        line.setStretch(0, 1)
        line.setAlignment(chip, Qt.AlignmentFlag.AlignVCenter)
        holder.setLayout(line)
        return holder

    def _call(self, call: Call) -> QWidget:
        look = words.VERDICTS[call.verdict]
        chip = PlainLabel(self._theme, look.word, size="small")
        chip.dress(look.tone, look.icon, chip=True)
        when = PlainLabel(self._theme, present.clock(call), size="small", colour="muted", mono=True)
        said = present.called(call, self._clients)
        body = QWidget()
        inner = column(body, 2)
        inner.addWidget(PlainLabel(self._theme, said))
        if why := present.why(call):
            inner.addWidget(PlainLabel(self._theme, runs(why), size="small", colour="muted"))
        holder = QWidget()
        holder.setAccessibleName(f"{present.text_of(said)}: {look.word}. {why}")
        line = row(when, body, chip, gap=tokens.M)
        line.setStretch(1, 1)
        line.setAlignment(chip, Qt.AlignmentFlag.AlignVCenter)
        holder.setLayout(line)
        return holder


class _Hero(Tinted):
    """Whether the first call has come, in large."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "info", parent)
        self._busy = Busy(theme, 32)
        self._pictures = {
            "allowed": Picture(theme, "check", "good", 32),
            "refused": Picture(theme, "shield", "caution", 32),
        }
        self._title = PlainLabel(theme, size="title", strong=True)
        self._text = PlainLabel(theme)
        self._why = PlainLabel(theme, size="small")
        self._silent = PlainLabel(theme, size="small")
        signs = QWidget()
        place = column(signs, 0)
        for one in (self._busy, *self._pictures.values()):
            place.addWidget(one)
        body = QWidget()
        inner = column(body, 2)
        for part in (self._title, self._text, self._why, self._silent):
            inner.addWidget(part)
        line = row(signs, body, gap=tokens.L)
        line.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        line.setStretch(1, 1)
        line.setAlignment(signs, Qt.AlignmentFlag.AlignVCenter)
        self.setLayout(line)

    def show_call(self, call: Call | None, told: Clients | None, *, connected: bool, silent: int) -> None:
        """The first call, or what to do until it comes."""
        self._busy.setVisible(call is None)
        for verdict, picture in self._pictures.items():
            picture.setVisible(call is not None and call.verdict == verdict)
        if call is None:
            self.tone = "info"
            self._title.say(words.WAITS)
            self._text.say(words.WAITS_NEXT if connected else words.WAITS_NO_CLIENT)
            self._why.hide()
        else:
            allowed = call.verdict == "allowed"
            self.tone = "good" if allowed else "caution"
            self._title.say(present.works(call, told) if allowed else words.REFUSED)
            self._text.say(present.called(call, told))
            self._why.say(runs(present.why(call)))
            self._why.setVisible(bool(call.why))
        quiet = present.silent(silent) if call is not None else ""
        self._silent.say(quiet)
        self._silent.setVisible(bool(quiet))
        self._title.colour_with("text" if call is None else self.tone)
        self.setAccessibleName(" ".join(f"{part.text()}." for part in (self._title, self._text)))
        self.update()
