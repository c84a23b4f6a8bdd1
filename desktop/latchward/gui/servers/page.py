"""The page of servers: the list, adding, consent and removing."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from latchward.control.messages import AcceptServer, RemoveServer, RetryServer, Servers, ServerView
from latchward.gui import tokens
from latchward.gui.link import Link
from latchward.gui.parts import Confirmation, Empty, Notes, Scrolled, button, column, row
from latchward.gui.policy.draft import Draft, Key, key_of
from latchward.gui.policy.words import sentence
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel, emptied
from latchward.model.plain import visible

from . import words
from .add import AddDialog
from .card import ServerCard
from .welcome import Welcome


class ServersPage(QWidget):
    """Every server once. `tools_wanted` carries a server and policy; `preset_used` a preset besides."""

    tools_wanted = Signal(object)
    preset_used = Signal(object, str)

    def __init__(self, theme: Theme, link: Link, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._link, self._draft = theme, link, draft
        self._servers: tuple[ServerView, ...] = ()
        self._stale = False
        self._fresh: set[Key] = set()
        self._started: set[str] = set()
        self.add_dialog: AddDialog | None = None
        self.confirmation: Confirmation | None = None
        self._list = Scrolled("Servers")
        self._pages = QStackedWidget()
        self._build()

    def _build(self) -> None:
        self._pages.addWidget(
            Empty(
                self._theme,
                "server",
                "No servers yet",
                "Latchward stands between your agents and their tools: it lets calls through, asks you, "
                "or refuses them. Begin with a server: its command line, its URL, or the text that its "
                "page tells you to give a client.",
                button("Add a server…", self.open_add, look="primary"),
            )
        )
        self._pages.addWidget(self._list)
        column(self, 0).addWidget(self._pages)
        title = PlainLabel(self._theme, "Servers", size="title", strong=True)
        self.add_button = button("Add a server…", self.open_add)
        line = row(title, None, self.add_button)
        self._list.column.addLayout(line)
        self._notes = Notes(self._theme)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(tokens.M)
        self._list.column.addLayout(self._notes)
        self._list.column.addLayout(self._cards)

    # What the gateway says

    def take(self, told: Servers) -> None:
        """The servers are other than before."""
        for view in told.servers:
            if view.name in self._started and view.state == "running" and view.tools:
                self._fresh.add(key_of(view))
                self._list.verticalScrollBar().setValue(0)
        running = {view.name for view in told.servers if view.state == "running"}
        self._started -= running
        self._servers = told.servers
        self._stale = True
        if self.isVisible():
            self.rebuild()

    def showEvent(self, event: QShowEvent) -> None:
        """What was told while nobody saw it is built now: a first run tells all servers again and again."""
        super().showEvent(event)
        if self._stale:
            self.rebuild()

    def rebuild(self) -> None:
        """Show every server anew, the scroll position kept."""
        self._stale = False
        bar = self._list.verticalScrollBar()
        at = bar.value()
        emptied(self._cards)
        listed = words.one_each(self._servers)
        fresh = [one for views in listed for one in views if key_of(one) in self._fresh]
        for card in (*map(self._welcome, fresh), *map(self._card, listed)):
            self._cards.addWidget(card)
            card.show()
        self._pages.setCurrentIndex(1 if self._servers else 0)
        self._list.settle()
        bar.setValue(at)

    def _card(self, views: tuple[ServerView, ...]) -> ServerCard:
        card = ServerCard(self._theme, views)
        card.start_wanted.connect(self._start)
        card.anyway_wanted.connect(self._confirm_start)
        card.retry_wanted.connect(self._retry)
        card.remove_wanted.connect(self._confirm_removal)
        card.tools_wanted.connect(lambda shown: self.tools_wanted.emit(key_of(shown)))
        return card

    def _welcome(self, view: ServerView) -> Welcome:
        welcome = Welcome(self._theme, self._draft, view)
        welcome.used.connect(self._use_preset)
        welcome.closed.connect(self._choose_later)
        return welcome

    # What the person does

    def open_add(self) -> None:
        """Open the dialog that adds a server."""
        if self.add_dialog is not None and self.add_dialog.busy:
            self.add_dialog.open()
            return
        if self.add_dialog is not None:
            self.add_dialog.deleteLater()
        self.add_dialog = AddDialog(self._theme, self._link, [view.name for view in self._servers], self)
        self.add_dialog.added.connect(self._added)
        self.add_dialog.open()

    def _added(self, names: list[str]) -> None:
        told = ", ".join(names)
        self._notes.say(
            f"Added {told}. It was not started: look at the command below and approve it.", "good"
        )
        self._list.verticalScrollBar().setValue(0)

    def _start(self, view: ServerView) -> None:
        self._started.add(view.name)
        message = AcceptServer(self._link.serial(), view.name, view.digest)
        self._link.request(message, failed=lambda error: self._not_started(view, error))

    def _retry(self, view: ServerView) -> None:
        message = RetryServer(self._link.serial(), view.name)
        self._link.request(message, failed=lambda error: self._not_started(view, error))

    def _not_started(self, view: ServerView, error: str) -> None:
        self._started.discard(view.name)
        self._notes.say(f"{visible(view.name)} was not started. {sentence(error)}", "danger")

    def _confirm_removal(self, view: ServerView) -> None:
        self._confirm(
            "Remove a server",
            f"Remove {visible(view.name)}?",
            words.REMOVED,
            "Remove",
            lambda: self._remove(view),
        )

    def _confirm_start(self, view: ServerView) -> None:
        name = visible(view.name)
        done = lambda: self._start(view)  # noqa: E731
        self._confirm("Start a server", f"Start {name} all the same?", words.START_ANYWAY, "Start it", done)

    def _confirm(self, title: str, question: str, means: str, do: str, done: Callable[[], None]) -> None:
        if self.confirmation is not None:
            self.confirmation.deleteLater()
        keep = "Keep it" if do == "Remove" else "Do not start it"
        self.confirmation = Confirmation(self._theme, title, question, means, keep=keep, do=do, parent=self)
        self.confirmation.accepted.connect(done)
        self.confirmation.open()

    def _remove(self, view: ServerView) -> None:
        name = visible(view.name)
        self._link.request(
            RemoveServer(self._link.serial(), view.name),
            lambda: self._notes.say(
                f"Removed {name}. Its policy was kept: add it again and your decisions are back.", "good"
            ),
            lambda error: self._notes.say(f"{name} was not removed. {sentence(error)}", "danger"),
        )

    def _use_preset(self, key: Key, preset: str) -> None:
        self._fresh.discard(key)
        self.preset_used.emit(key, preset)
        self.rebuild()

    def _choose_later(self, key: Key) -> None:
        self._fresh.discard(key)
        self.rebuild()
