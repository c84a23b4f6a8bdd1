"""One server in the list: its state, its whole command line, what went wrong, and what can be done."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from latchward.control.messages import ServerView
from latchward.gui.code import Code
from latchward.gui.parts import Banner, Card, button, heading, row
from latchward.gui.policy.words import sentence
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel
from latchward.model.plain import visible

from . import words


class ServerCard(Card):
    """Says what the person wants by signals; each carries the view that was shown."""

    start_wanted = Signal(object)
    anyway_wanted = Signal(object)
    retry_wanted = Signal(object)
    remove_wanted = Signal(object)
    tools_wanted = Signal(object)

    def __init__(self, theme: Theme, views: tuple[ServerView, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._view = views[0]
        self.setAccessibleName(f"Server {visible(self._view.name)}, {words.LOOKS[self._view.state].word}")
        self._head(views)
        if self._view.state == "consent":
            self._consent()
            return
        if self._view.error:
            self.column.addWidget(Banner(theme, "danger", "warning", sentence(self._view.error)))
        self.column.addWidget(Code(theme, self._view.command, "Command line"))
        self._foot()

    def _head(self, views: tuple[ServerView, ...]) -> None:
        look = words.LOOKS[self._view.state]
        state = PlainLabel(self._theme, look.word, size="small")
        state.dress(look.tone, look.icon, chip=True)
        name = PlainLabel(self._theme, visible(self._view.name), size="lead", strong=True)
        line = row(name, state)
        line.setStretch(0, 1)
        self.column.addLayout(line)
        if self._view.state != "consent":
            about = (
                f"{words.tools(self._view)} · {words.clients(views)}"
                if self._view.tools
                else words.clients(views)
            )
            self.column.addWidget(PlainLabel(self._theme, about, colour="muted"))

    def _consent(self) -> None:
        far = words.is_url(self._view)
        title = (
            "This address would be connected to:"
            if far
            else "This command line would be started, letter for letter:"
        )
        disguised = visible(self._view.command) != self._view.command
        if disguised:
            told = f"{words.DISGUISED} {words.INVISIBLE}"
            self.column.addWidget(Banner(self._theme, "danger", "warning", told))
        self.column.addWidget(heading(self._theme, title))
        self.column.addWidget(Code(self._theme, self._view.command, "Command line"))
        if loose := words.loose(self._view.command):
            self.column.addWidget(Banner(self._theme, "caution", "changed", loose))
        self.column.addWidget(PlainLabel(self._theme, words.CONSENT_URL if far else words.CONSENT))
        self.column.addWidget(PlainLabel(self._theme, words.CHANGED, colour="muted"))
        if self._view.error:
            self.column.addWidget(Banner(self._theme, "danger", "warning", sentence(self._view.error)))
        said = f"Start the server {visible(self._view.name)}"
        if disguised:
            anyway = button("Start anyway…", lambda: self.anyway_wanted.emit(self._view), said=said)
            self.column.addLayout(row(anyway, None, self._remove_button("primary")))
            return
        text = "Approve and connect" if far else "Approve and start"
        start = button(text, lambda: self.start_wanted.emit(self._view), said=said)
        self.column.addLayout(row(start, None, self._remove_button()))

    def _foot(self) -> None:
        name = visible(self._view.name)
        tools = button("Its tools…", lambda: self.tools_wanted.emit(self._view), said=f"Tools of {name}")
        tools.setEnabled(bool(self._view.tools))
        parts: list[QWidget | None] = [tools, None, self._remove_button()]
        if self._view.state == "failed":
            again = button(
                "Try again", lambda: self.retry_wanted.emit(self._view), said=f"Start {name} again"
            )
            parts.insert(0, again)
        self.column.addLayout(row(*parts))

    def _remove_button(self, look: str = "quiet") -> QWidget:
        said = f"Remove the server {visible(self._view.name)}"
        return button("Remove…", lambda: self.remove_wanted.emit(self._view), look=look, said=said)
