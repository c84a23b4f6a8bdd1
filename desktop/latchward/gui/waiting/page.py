"""The page of what waits: edits on disk that loosen, new programs, and definitions of tools."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from latchward.control.messages import AnswerHeld, Held, HeldList, Servers, ServerView
from latchward.gui import tokens
from latchward.gui.code import Code
from latchward.gui.link import Link
from latchward.gui.parts import Banner, Card, Empty, Scrolled, button, column, row, runs
from latchward.gui.policy.words import names, sentence
from latchward.gui.text import counted
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel, emptied
from latchward.model.plain import visible

from . import words


class WaitingPage(QWidget):
    """Shows all of it. Two signals ask for the pages where definitions and servers are answered."""

    definitions_wanted = Signal()
    servers_wanted = Signal()
    counted = Signal(int)

    def __init__(self, theme: Theme, link: Link, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._link = theme, link
        self._held: tuple[Held, ...] = ()
        self._servers: tuple[ServerView, ...] = ()
        self._errors: dict[str, str] = {}
        self._list = Scrolled("Waiting")
        self._pages = QStackedWidget()
        nothing = "What could loosen your rules comes here first: edits on disk, new programs, changed tools."
        self._pages.addWidget(Empty(theme, "check", "Nothing waits", nothing))
        self._pages.addWidget(self._list)
        column(self, 0).addWidget(self._pages)
        self._list.column.addWidget(PlainLabel(theme, "Waiting for you", size="title", strong=True))
        self._cards = QVBoxLayout()
        self._cards.setSpacing(tokens.M)
        self._list.column.addLayout(self._cards)

    def take_held(self, told: HeldList) -> None:
        """Other things are held than before."""
        self._held = told.held
        self._errors = {
            key: error for key, error in self._errors.items() if key in {one.key for one in told.held}
        }
        self._rebuild()

    def take_servers(self, told: Servers) -> None:
        """Servers that wait for a yes, and definitions that are held."""
        self._servers = told.servers
        self._rebuild()

    def _rebuild(self) -> None:
        emptied(self._cards)
        for held in self._held:
            self._cards.addWidget(self._card(held))
        consent = list(dict.fromkeys(view.name for view in self._servers if view.state == "consent"))
        if consent:
            self._cards.addWidget(self._consent(consent))
        tools = self._held_tools()
        if tools:
            self._cards.addWidget(self._definitions(tools))
        count = len(self._held) + len(consent) + sum(tools.values())
        self._pages.setCurrentIndex(1 if count else 0)
        self.counted.emit(count)

    def _held_tools(self) -> dict[str, int]:
        """How many definitions wait, by server; a server under two policies counts once."""
        found: dict[str, int] = {}
        for view in self._servers:
            count = sum(1 for tool in view.tools if tool.held)
            if count:
                found[view.name] = max(count, found.get(view.name, 0))
        return found

    def _card(self, held: Held) -> Card:
        card = Card()
        look = words.SORTS[held.sort]
        card.setAccessibleName(f"{look.word}: {visible(held.what)}")
        chip = PlainLabel(self._theme, look.word, size="small")
        chip.dress(look.tone, look.icon, chip=True)
        card.column.addLayout(row(chip, None))
        card.column.addWidget(PlainLabel(self._theme, runs(sentence(held.what)), size="lead", strong=True))
        card.column.addWidget(PlainLabel(self._theme, words.MEANING[held.sort], colour="muted"))
        if held.lines and held.sort == "peer":
            card.column.addWidget(Code(self._theme, "\n".join(held.lines), "Program"))
        else:
            for line in held.lines:
                card.column.addWidget(PlainLabel(self._theme, runs(f"•  {visible(line)}")))
        if held.key in self._errors:
            card.column.addWidget(Banner(self._theme, "danger", "warning", self._errors[held.key]))
        accept = button(words.ACCEPT[held.sort], lambda: self._answer(held, True))
        back = button(words.BACK[held.sort], lambda: self._answer(held, False))
        for one in (accept, back):
            one.setAccessibleDescription(visible(held.what))
        card.column.addLayout(row(accept, back, None))
        return card

    def _consent(self, servers: list[str]) -> Card:
        card = Card()
        verb = "needs" if len(servers) == 1 else "need"
        title = f"{counted(len(servers), 'server')} {verb} your approval: {names(servers)}"
        card.column.addWidget(PlainLabel(self._theme, title, size="lead", strong=True))
        card.column.addWidget(PlainLabel(self._theme, "Nothing was started yet.", colour="muted"))
        look = button("Look at the command line…", self.servers_wanted.emit)
        card.column.addLayout(row(look, None))
        return card

    def _definitions(self, tools: dict[str, int]) -> Card:
        card = Card()
        count = sum(tools.values())
        verb = "is" if count == 1 else "are"
        title = f"{counted(count, 'tool')} {verb} new or changed: {names(tools)}"
        card.column.addWidget(PlainLabel(self._theme, title, size="lead", strong=True))
        about = "Agents get a new or changed definition only after you have looked at it."
        card.column.addWidget(PlainLabel(self._theme, about, colour="muted"))
        card.column.addLayout(row(button("Look at them…", self.definitions_wanted.emit), None))
        return card

    def _answer(self, held: Held, accept: bool) -> None:
        self._errors.pop(held.key, None)
        message = AnswerHeld(self._link.serial(), held.key, held.digest, accept)
        self._link.request(message, failed=lambda error: self._failed(held, error))

    def _failed(self, held: Held, error: str) -> None:
        self._errors[held.key] = f"This was not done. {sentence(error)}"
        self._rebuild()
