"""The dialog that adds servers: a command line as typed, a URL, or the JSON of any client."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from latchward.control.messages import AddServer
from latchward.gui import tokens
from latchward.gui.link import Link
from latchward.gui.parts import Dialog, button, row
from latchward.gui.policy.words import sentence
from latchward.gui.text import counted
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel
from latchward.model.plain import one_line

from .entry import Entry, EntryError, read, suggest

_EXAMPLES: Final = (
    "npx -y @modelcontextprotocol/server-filesystem@2026.7.1 ~/projects",
    "https://mcp.example.com/mcp",
    '{"mcpServers": {…}}',
)
_LINES: Final = 5
WIDTH: Final = 580


class AddDialog(Dialog):
    """Reads, asks the gateway, and stays open with the reason where that fails. `added` carries the names."""

    added = Signal(list)

    def __init__(self, theme: Theme, link: Link, taken: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__("Add a server", WIDTH, parent)
        self._theme, self._link = theme, link
        self._taken = list(taken)
        self._left: list[Entry] = []
        self._done: list[str] = []
        self._asking = False
        self.what = QPlainTextEdit()
        self.what.setAccessibleName("Command line, URL or JSON")
        self.what.setTabChangesFocus(True)
        self.what.setFont(theme.font("body", mono=True))
        self.what.setFixedHeight(self.what.fontMetrics().lineSpacing() * _LINES + 20)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name")
        self.what_error = self._error()
        self.name_error = self._error()
        self.add = button("Add", self.submit, look="primary")
        self.add.setDefault(True)
        self._build()
        self.what.textChanged.connect(self._typed)
        self.name.textChanged.connect(lambda _: self._tell("name", ""))
        self.name.returnPressed.connect(self.submit)
        self._typed()

    def _build(self) -> None:
        layout = self.column
        what = PlainLabel(self._theme, "What to start, or where to connect", strong=True)
        about = "Type it as in a terminal, or paste what a server's page tells you to put into a client."
        layout.addWidget(what)
        layout.addWidget(PlainLabel(self._theme, about, colour="muted"))
        layout.addWidget(self.what)
        layout.addWidget(self.what_error)
        examples = "For example\n" + "\n".join(_EXAMPLES)
        layout.addWidget(PlainLabel(self._theme, examples, size="small", colour="muted", mono=True))
        layout.addSpacing(tokens.S)
        layout.addWidget(PlainLabel(self._theme, "Name", strong=True))
        layout.addWidget(self.name)
        layout.addWidget(self.name_error)
        layout.addSpacing(tokens.S)
        note = "Adding does not start it: you approve the command next."
        layout.addWidget(PlainLabel(self._theme, note, colour="muted"))
        layout.addStretch(1)
        self.why_off = PlainLabel(self._theme, "Type or paste something first", size="small", colour="muted")
        self.why_off.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        layout.addLayout(row(None, self.why_off, button("Cancel", self.reject), self.add))

    def _error(self) -> PlainLabel:
        label = PlainLabel(self._theme, colour="danger")
        label.hide()
        return label

    def submit(self) -> None:
        """Add what is meant, or say what is wrong with it."""
        self._tell("what", "")
        self._tell("name", "")
        try:
            taken = [name for name in self._taken if name not in self._done]
            entries = read(self.name.text(), self.what.toPlainText(), taken)
        except EntryError as error:
            self._tell(error.at, str(error))
            (self.name if error.at == "name" else self.what).setFocus()
            return
        self._left = [entry for entry in entries if entry.name not in self._done]
        self.add.setEnabled(False)
        self._next()

    def _next(self) -> None:
        """Add the next server; they go one after the other, so that a failure names the right one."""
        if not self._left:
            self.added.emit(self._done)
            self.accept()
            return
        entry = self._left[0]
        message = AddServer(
            self._link.serial(), entry.name, entry.command, entry.url, dict(entry.env), dict(entry.headers)
        )
        self._asking = True
        self._link.request(message, self._took(entry), self._refused(entry))

    @property
    def busy(self) -> bool:
        """Whether the gateway has not answered yet: the dialog is needed until then."""
        return self._asking

    def reject(self) -> None:
        """Leave; what was not sent yet is not added."""
        del self._left[1:]
        super().reject()

    def _took(self, entry: Entry) -> Callable[[], None]:
        def done() -> None:
            self._asking = False
            del self._left[:1]
            self._done.append(entry.name)
            self._taken.append(entry.name)
            self._next()

        return done

    def _refused(self, entry: Entry) -> Callable[[str], None]:
        def failed(error: str) -> None:
            self._asking = False
            self.add.setEnabled(True)
            before = f"{', '.join(self._done)} was added. " if self._done else ""
            which = f"{one_line(entry.name, 40)}: " if self._done or len(self._left) > 1 else ""
            self._tell("what", f"{before}{which}{sentence(error)}")

        return failed

    def _typed(self) -> None:
        """Suggest a name for what stands there, and say how many servers a paste holds."""
        self._tell("what", "")
        text = self.what.toPlainText().strip()
        several = 0
        hint = suggest(text)
        if text.startswith(("{", '"')):
            several, hint = self._pasted(text)
        self.name.setPlaceholderText(hint)
        self.name.setEnabled(several <= 1)
        self.add.setEnabled(bool(text) and not self._asking)
        self.why_off.setVisible(not text)
        self.add.setText(f"Add {counted(several, 'server')}" if several > 1 else "Add")

    def _pasted(self, text: str) -> tuple[int, str]:
        try:
            entries = read(self.name.text(), text)
        except EntryError:
            return 0, ""
        names = ", ".join(entry.name for entry in entries)
        return len(entries), one_line(names, 80)

    def _tell(self, at: str, text: str) -> None:
        label = self.name_error if at == "name" else self.what_error
        label.say(text)
        label.setVisible(bool(text))
        if self.isVisible():
            self.fit()
