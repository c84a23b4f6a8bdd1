"""One server that was found: its tick, its whole command line, what it needs, and where it stands."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QSizePolicy, QWidget

from latchward.control.messages import FoundServer
from latchward.gui import tokens
from latchward.gui.code import Code
from latchward.gui.parts import Banner, Picture, button, column, heading, row, runs
from latchward.gui.policy.words import sentence
from latchward.gui.servers.words import loose
from latchward.gui.theme import Theme
from latchward.gui.widgets import Flow, PlainLabel
from latchward.model.plain import visible

from . import present, words
from .page import LINE, Tick, Word
from .picks import Picks, disguised

_INDENT: Final = 32
"""Where names and command lines begin, beside the ticks."""
_MARGIN: Final = 5
"""Around a command line: eight of them are to be seen at a glance."""


class FoundRow(QWidget):
    """Shows what `Picks` says of it. `grew` comes when it is higher than before.

    `anyway_wanted` comes in place of `ticked` where the command line is disguised.
    """

    ticked = Signal(object, bool)
    anyway_wanted = Signal(object)
    given = Signal(str, str)
    grew = Signal()

    def __init__(self, theme: Theme, found: FoundServer, picks: Picks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self.found, self._picks = theme, found, picks
        self.box = Tick(theme)
        self.details = button("", self._turn_details, look="quiet")
        self.fields: dict[str, QLineEdit] = {}
        self._why_not = PlainLabel(theme, size="small")
        self._why_not.dress("caution", "key", chip=True)
        self._more = QWidget()
        self._inner = column(self, tokens.XS)
        self._build()
        self.show_pick()
        theme.changed.connect(self._dress)
        self._dress()

    def show_pick(self) -> None:
        """The tick, and why it cannot be set."""
        if self.found.refused:
            return
        why_not = self._picks.why_not(self.found)
        self.box.blockSignals(True)
        self.box.setEnabled(not why_not)
        self.box.setChecked(self._picks.is_ticked(self.found))
        self.box.blockSignals(False)
        self.box.setAccessibleDescription(". ".join(filter(None, (visible(self.found.command), why_not))))
        self._why_not.say(why_not)
        if bool(why_not) == self._why_not.isHidden():
            self._why_not.setVisible(bool(why_not))
            self.grew.emit()

    def show_value(self, name: str, text: str) -> None:
        """A value was typed beside another server that needs the same one, or is forgotten."""
        field = self.fields.get(name)
        if field is not None and field.text() != text:
            field.setText(text)

    # Building

    def _build(self) -> None:
        found, name = self.found, present.name_of(self.found.name)
        self.setAccessibleName(f"Server {name}{', stays as it is' if found.refused else ''}")
        self._inner.addLayout(self._head(name))
        parts: list[QWidget] = []
        if disguised(found):
            parts.append(Banner(self._theme, "danger", "invisible", words.DISGUISED))
        self.command = Code(self._theme, found.command, f"Command line of {name}")
        self.command.document().setDocumentMargin(_MARGIN)
        parts.append(self.command)
        if found.refused:
            parts.append(self._small(found.refused))
        else:
            parts += [self._field(need) for need in found.needs]
        parts += [self._small(note) for note in found.notes]
        self._details()
        for part in (*parts, self._more):
            self._inner.addLayout(self._indented(part))

    def _head(self, name: str) -> QHBoxLayout:
        """The tick, and in one line that wraps: name, clients, and what else a glance should tell."""
        found = self.found
        holder = QWidget()
        # The words stand at the height of the tick.
        holder.setContentsMargins(0, (self.box.height() - LINE) // 2, 0, 0)
        flow = Flow(parent=holder)
        self.name = _Name(self._theme, visible(found.name), quiet=bool(found.refused))
        self.name.clicked.connect(self.box.click)
        flow.addWidget(self.name)
        flow.addWidget(Word(self._theme, present.users(found), size="small", colour="muted"))
        for fact in present.facts(found):
            chip = PlainLabel(self._theme, fact.text, size="small")
            chip.dress(fact.tone, fact.icon, chip=True)
            flow.addWidget(chip)
        flow.addWidget(self._why_not)
        self._why_not.hide()
        first: QWidget = self.box
        if found.refused:
            self.box.hide()
            first = QWidget()
            first.setFixedSize(self.box.size())
            sign = column(first, 0)
            sign.addWidget(Picture(self._theme, "hide", "edge_strong", 16), 0, Qt.AlignmentFlag.AlignCenter)
        self.box.setAccessibleName(f"Protect {name}")
        self.box.toggled.connect(self._toggled)
        self.details.setAccessibleName(f"Details of {name}")
        self.details.setCheckable(True)
        line = row(first, holder, self.details, gap=tokens.S - 2)
        line.setStretch(1, 1)
        for part in (first, self.details):
            line.setAlignment(part, Qt.AlignmentFlag.AlignTop)
        return line

    def _small(self, text: str) -> PlainLabel:
        return PlainLabel(self._theme, runs(sentence(text)), size="small", colour="muted")

    def _field(self, name: str) -> QWidget:
        shown = present.name_of(name)
        field = QLineEdit(self._picks.value(name))
        field.setEchoMode(QLineEdit.EchoMode.Password)
        field.setPlaceholderText("Paste the value: it goes into your keyring")
        field.setAccessibleName(f"Value of {shown}")
        field.textEdited.connect(lambda text: self.given.emit(name, text))
        self.fields[name] = field
        look = button("Show", lambda: self._show_value(field, look), look="quiet")
        look.setCheckable(True)
        look.setAccessibleName(f"Show the value of {shown}")
        label = PlainLabel(self._theme, shown, size="small", mono=True)
        label.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        holder = QWidget()
        line = row(Picture(self._theme, "key", "caution", 16), label, field, look)
        line.setStretch(2, 1)
        holder.setLayout(line)
        return holder

    def _details(self) -> None:
        inner = column(self._more, tokens.XS)
        found = self.found
        if fact := loose(found.command):
            inner.addWidget(PlainLabel(self._theme, fact, size="small"))
        if found.places:
            inner.addWidget(heading(self._theme, "Stands in"))
            places = present.visible_lines(found.places)
            inner.addWidget(PlainLabel(self._theme, places, size="small", mono=True))
        if len(found.moved) > present.MOST_MOVED:
            inner.addWidget(heading(self._theme, "Goes into your keyring"))
            inner.addWidget(
                PlainLabel(self._theme, present.visible_lines(found.moved), size="small", mono=True)
            )
        if len(found.clients) > present.MOST_USERS:
            inner.addWidget(heading(self._theme, "Used by"))
            inner.addWidget(PlainLabel(self._theme, present.users(found, 99), size="small"))
        self._more.hide()

    def _indented(self, part: QWidget) -> QHBoxLayout:
        line = row(part)
        line.setContentsMargins(_INDENT, 0, 0, 0)
        return line

    # What the person does

    def _toggled(self, on: bool) -> None:
        if on and disguised(self.found):
            self.show_pick()
            self.anyway_wanted.emit(self.found)
            return
        self.ticked.emit(self.found, on)

    def _turn_details(self) -> None:
        self._more.setVisible(self.details.isChecked())
        self._dress()
        self.grew.emit()

    def _show_value(self, field: QLineEdit, look: QPushButton) -> None:
        shown = look.isChecked()
        field.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)

    def _dress(self) -> None:
        """Colours that the sheet of the application does not know."""
        colours = self._theme.colours
        self.details.setIcon(self._theme.icon("down" if self.details.isChecked() else "right", "muted", 16))
        self.command.setStyleSheet(
            f"QPlainTextEdit {{ background: {colours.window}; border: 1px solid transparent; }}"
            f"QPlainTextEdit:focus {{ border-color: {colours.accent}; }}"
        )


class _Name(Word):
    """The name of a server; a click on it ticks its box."""

    clicked = Signal()

    def __init__(self, theme: Theme, text: str, *, quiet: bool) -> None:
        super().__init__(theme, text, strong=True, colour="muted" if quiet else "text")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click that ends on it."""
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()
        super().mouseReleaseEvent(event)
