"""What stands above the buttons: who, what, why, facts, warnings, arguments, what the server says."""

from typing import Final

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QGraphicsOpacityEffect, QHBoxLayout, QPushButton, QTabBar, QVBoxLayout, QWidget

from latchward.gui import tokens
from latchward.gui.text import Run
from latchward.gui.theme import Theme
from latchward.gui.tokens import ToneName
from latchward.gui.widgets import Flow, PlainLabel, emptied

from .argument_view import ArgumentView
from .pages import Page
from .parts import Bar, Quote, Shield
from .present import Shown, not_shown

_FADED: Final = 0.5
"""Opacity of what is over."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("Approval", text)


def _faded(owner: QWidget) -> QGraphicsOpacityEffect:
    effect = QGraphicsOpacityEffect(owner)
    effect.setOpacity(_FADED)
    return effect


class Content(QWidget):
    """One question in full. `everything_seen` comes when a long page was opened and its end was in sight."""

    everything_seen = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "page")
        self._theme = theme
        self._shown: Shown | None = None
        self._opened = False
        self._seen = False
        self.banner = PlainLabel(theme)
        self.sentence = PlainLabel(theme, size="title")
        self.shield = Shield(theme)
        self.by = PlainLabel(theme, colour="muted")
        self.process = PlainLabel(theme, size="small", colour="muted")
        self.place = PlainLabel(theme, size="small", colour="muted")
        self.reason = PlainLabel(theme)
        self.rule = PlainLabel(theme, size="small", colour="muted", mono=True)
        self.chips = QWidget()
        self.notices = QWidget()
        self.tabs = QTabBar()
        self.amount = PlainLabel(theme, size="small", colour="muted")
        self.view = ArgumentView(theme)
        self.gate = PlainLabel(theme)
        self.open_all = QPushButton()
        self.says = PlainLabel(theme, size="small", colour="muted")
        self.said = Quote(theme)
        self.bar = Bar(theme)
        self._build()
        self._name()

    def show_question(self, shown: Shown) -> None:
        """Show another question from its beginning."""
        self.setGraphicsEffect(None)  # type: ignore[arg-type]
        self._shown = shown
        self._opened = not shown.cut
        self._seen = False
        self.sentence.say(shown.sentence)
        self.by.say(shown.by)
        self.shield.dress("danger" if shown.disguised else shown.tone)
        self.process.say(_tr("Process: {0}").format(shown.process))
        self.process.setVisible(bool(shown.process))
        self.reason.say(shown.reason)
        self.rule.say(_tr("Rule {0}").format(shown.rule))
        self._fill_chips(shown)
        self._fill_notices(shown)
        self.tabs.setTabText(0, _tr(shown.view))
        self.tabs.setCurrentIndex(0)
        self.amount.say(shown.size)
        self._show_page(0)
        self.said.say(shown.said)
        self.says.say(_tr(shown.said_by))
        self.said.setVisible(bool(shown.said))
        self.says.setVisible(bool(shown.said))
        self.bar.setVisible(bool(shown.said))

    def height_in(self, width: int) -> int:
        """The height that the whole of it takes, with as much of the arguments as the window grows for."""
        more = (
            self.view.height_of(self.view.wanted_lines(width - 2 * tokens.XL)) - self.view.sizeHint().height()
        )
        return self._column.totalHeightForWidth(width) + max(0, more)

    def show_banner(self, text: str, tone: ToneName = "info") -> None:
        """A sentence above everything; "" takes it away."""
        self.banner.dress(tone, "info")
        self.banner.say(text)
        self.banner.setVisible(bool(text))

    def close_question(self) -> None:
        """The question is over: told as past, and grey; everything stays where it was."""
        if self._shown is not None:
            self.sentence.say(self._shown.was)
        self.shield.dress("quiet")
        self.setGraphicsEffect(_faded(self))

    def clear_focus(self) -> None:
        """Put the focus where no key answers."""
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _build(self) -> None:
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(tokens.XL, tokens.L, tokens.XL, tokens.L)
        column.setSpacing(tokens.M)
        self.banner.hide()
        column.addWidget(self.banner)
        column.addLayout(self._head())
        why = QVBoxLayout()
        why.setSpacing(2)
        why.addWidget(self.reason)
        why.addWidget(self.rule)
        column.addLayout(why)
        self._chips = Flow(parent=self.chips)
        column.addWidget(self.chips)
        self._notices = QVBoxLayout(self.notices)
        self._notices.setContentsMargins(0, 0, 0, 0)
        self._notices.setSpacing(tokens.S)
        column.addWidget(self.notices)
        column.addLayout(self._arguments(), 1)
        quote = QVBoxLayout()
        quote.setSpacing(tokens.XS)
        quote.addWidget(self.says)
        said = QHBoxLayout()
        said.setSpacing(tokens.S)
        said.addWidget(self.bar)
        said.addWidget(self.said, 1)
        quote.addLayout(said)
        column.addLayout(quote)

    def _head(self) -> QHBoxLayout:
        first = QHBoxLayout()
        first.setSpacing(tokens.M)
        first.addWidget(self.sentence, 1)
        first.addWidget(self.place, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(first)
        words.addWidget(self.by)
        words.addWidget(self.process)
        words.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(tokens.L)
        head.addWidget(self.shield, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        return head

    def _arguments(self) -> QVBoxLayout:
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self.tabs.addTab("")
        self.tabs.addTab(_tr("Exact JSON"))
        self.tabs.currentChanged.connect(self._show_page)
        self.view.end_seen.connect(self._saw_end)
        self.gate.dress("caution", "more-below")
        self.open_all.setAutoDefault(False)
        self.open_all.clicked.connect(self._open)
        row = QHBoxLayout()
        row.addWidget(self.tabs)
        row.addStretch(1)
        row.addWidget(self.amount)
        gate = QHBoxLayout()
        gate.setSpacing(tokens.S)
        gate.addWidget(self.gate, 1)
        gate.addWidget(self.open_all)
        column = QVBoxLayout()
        column.setSpacing(tokens.S - 2)
        column.addLayout(row)
        column.addWidget(self.view, 1)
        column.addLayout(gate)
        return column

    def _name(self) -> None:
        self.view.setAccessibleName(_tr("Arguments"))
        self.tabs.setAccessibleName(_tr("Ways to look at the arguments"))
        self.said.setAccessibleName(_tr("The server's own description"))

    def _fill_chips(self, shown: Shown) -> None:
        layout = emptied(self._chips)
        for chip in shown.chips:
            risk = chip is shown.chips[0] and chip.icon.startswith("level")
            label = PlainLabel(self._theme, chip.text, size="body" if risk else "small", strong=risk)
            label.dress(chip.tone, chip.icon, chip=True)
            layout.addWidget(label)
        self.chips.setVisible(bool(shown.chips))
        self.chips.updateGeometry()

    def _fill_notices(self, shown: Shown) -> None:
        layout = emptied(self._notices)
        for notice in shown.notices:
            head = (Run(notice.head, "strong"), Run("\n")) if notice.head else ()
            label = PlainLabel(self._theme, (*head, Run(notice.text)))
            label.dress(notice.tone, notice.icon)
            layout.addWidget(label)
        self.notices.setVisible(bool(shown.notices))

    def _page_of(self, index: int) -> Page:
        shown = self._shown
        if shown is None:
            return Page(())
        if self._opened:
            return (shown.readable, shown.exact)[index]
        return (shown.readable_short, shown.exact_short)[index]

    def _show_page(self, index: int) -> None:
        self.view.show_page(self._page_of(index))
        self._look_at_gate()

    def _open(self) -> None:
        if not self._opened:
            self._opened = True
            self._show_page(self.tabs.currentIndex())
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.view.to_end()

    def _saw_end(self) -> None:
        if self._shown is not None and self._shown.cut and self._opened and not self._seen:
            self._seen = True
            self._look_at_gate()
            self.everything_seen.emit()

    def _look_at_gate(self) -> None:
        shown = self._shown
        if shown is None:
            return
        if shown.never:
            self.gate.say(shown.never)
        elif not self._opened:
            self.gate.say(not_shown(self._page_of(self.tabs.currentIndex()).hidden))
            self.open_all.setText(_tr("Show everything"))
        else:
            self.gate.say(_tr("All of it is open. Allow stays off until you reached the end."))
            self.open_all.setText(_tr("Go to the end"))
        pending = shown.cut and not self._seen
        self.gate.setVisible(pending)
        self.open_all.setVisible(pending and (not shown.never or not self._opened))
