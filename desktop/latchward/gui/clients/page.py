"""The page of clients: a card for each that is here, and one line for those that are not."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from latchward.control.messages import Clients, ClientView, ConnectClient
from latchward.gui import tokens
from latchward.gui.link import Link
from latchward.gui.parts import Banner, Empty, Notes, Scrolled, button, column, row
from latchward.gui.policy.words import sentence
from latchward.gui.setup.undoing import Undoing
from latchward.gui.theme import Theme
from latchward.gui.tokens import ToneName
from latchward.gui.widgets import PlainLabel, emptied

from . import words
from .card import ClientCard


class ClientsPage(QWidget):
    """Every known client once. `setup_wanted` asks for the conversation that takes servers in."""

    setup_wanted = Signal()

    def __init__(self, theme: Theme, link: Link, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._link = theme, link
        self._empty: Empty | None = None
        self._told: Clients | None = None
        self._back: ClientView | None = None
        self.undoing = Undoing(theme, link, self)
        self.undoing.undone.connect(self._given_back)
        self._list = Scrolled("Clients")
        self._pages = QStackedWidget()
        self._build()
        self._say_empty(words.LOOKING, words.LOOKING_MEANS)

    def _build(self) -> None:
        self._pages.addWidget(self._list)
        column(self, 0).addWidget(self._pages)
        title = PlainLabel(self._theme, words.TITLE, size="title", strong=True)
        self.set_up = button("Set up…", self.setup_wanted.emit, look="primary")
        self.set_up.setAccessibleDescription("Take the servers of your clients in")
        self._summary = PlainLabel(self._theme, colour="muted")
        head = QWidget()
        top = column(head, 2)
        line = row(title, self.set_up)
        line.setStretch(0, 1)
        top.addLayout(line)
        top.addWidget(self._summary)
        self._notes, self._cards = Notes(self._theme), QVBoxLayout()
        self._notes.setSpacing(tokens.S)
        self._cards.setSpacing(tokens.M)
        self._keyring = QVBoxLayout()
        self._absent = PlainLabel(self._theme, colour="muted")
        self._list.column.addWidget(head)
        for part in (self._notes, self._keyring, self._cards):
            self._list.column.addLayout(part)
        self._list.column.addWidget(self._absent)

    # What the gateway says

    def take(self, told: Clients) -> None:
        """The clients are other than before; the scroll position is kept."""
        self._told = told
        bar = self._list.verticalScrollBar()
        at = bar.value()
        here = words.ordered(told.clients)
        emptied(self._cards)
        for client in here:
            card = self._card(client)
            self._cards.addWidget(card)
            card.show()
        emptied(self._keyring)
        if told.keyring:
            self._keyring.addWidget(Banner(self._theme, "caution", "warning", sentence(told.keyring)))
        self._summary.say(words.summary(told.clients))
        absent = words.absent(told.clients)
        self._absent.say(absent)
        self._absent.setVisible(bool(absent))
        self.set_up.setVisible(bool(told.found))
        if here:
            self._pages.setCurrentWidget(self._list)
        else:
            self._say_empty(words.NONE_FOUND, words.looked_for(told.clients))
        self._list.settle()
        bar.setValue(at)

    def _card(self, client: ClientView) -> ClientCard:
        card = ClientCard(self._theme, client)
        card.protect_wanted.connect(self.setup_wanted)
        card.connect_wanted.connect(self._connect_client)
        card.back_wanted.connect(self.open_give_back)
        return card

    def _say_empty(self, title: str, text: str) -> None:
        if self._empty is not None:
            self._pages.removeWidget(self._empty)
            self._empty.deleteLater()
        self._empty = Empty(self._theme, "client", title, text)
        self._pages.addWidget(self._empty)
        self._pages.setCurrentWidget(self._empty)

    # What the person does

    def _connect_client(self, client: ClientView) -> None:
        self._link.request(
            ConnectClient(self._link.serial(), client.id),
            lambda: self._say(words.connected(client), "good"),
            lambda error: self._say(words.not_connected(client, error), "danger"),
        )

    def open_give_back(self, client: ClientView) -> None:
        """Show what giving a client's file back would do; it is done only after a yes."""
        self._back = client
        self.undoing.ask(self._told, (client.title,))

    def _given_back(self) -> None:
        if self._back is not None:
            self._say(words.given_back(self._back), "good")

    def _say(self, text: str, tone: ToneName) -> None:
        self._notes.say(text, tone)
        self._list.verticalScrollBar().setValue(0)
