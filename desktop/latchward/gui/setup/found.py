"""Step 1: the servers that clients use without us, and which of them are to be taken in."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from latchward.control.messages import Clients, FoundServer
from latchward.gui import tokens
from latchward.gui.parts import (
    Banner,
    Card,
    Confirmation,
    Empty,
    Rule,
    button,
    column,
    heading,
    row,
)
from latchward.gui.theme import Theme
from latchward.gui.tokens import ToneName
from latchward.gui.widgets import PlainLabel, emptied

from . import present, words
from .found_row import FoundRow
from .page import Page
from .picks import Picks
from .stages import Busy

_LOOKING, _NOTHING, _LIST = range(3)


class FoundPage(QWidget):
    """Keeps the ticks in `picks`. `changed` comes when they are others; `add_wanted` from the empty page."""

    changed = Signal()
    add_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.picks = Picks()
        self.rows: dict[str, FoundRow] = {}
        self.confirmation: Confirmation | None = None
        self._told: Clients | None = None
        self._said: tuple[ToneName, str] = ("info", "")
        self._pages = QStackedWidget()
        self._list = Page("Servers that were found")
        self._title = PlainLabel(theme, size="title", strong=True)
        self._about = PlainLabel(theme, colour="muted")
        self._count = PlainLabel(theme, size="small", colour="muted", strong=True)
        self._all = button("Untick all", self._turn_all, look="quiet")
        self._over = QWidget()
        self._over.setLayout(row(self._count, None, self._all))
        self._build()

    def _build(self) -> None:
        looking = QWidget()
        line = row(None, Busy(self._theme), PlainLabel(self._theme, words.LOOKING, colour="muted"), None)
        column(looking, 0).addLayout(line)
        self._pages.addWidget(looking)
        self._nothing = QWidget()
        column(self._nothing, 0)
        self._pages.addWidget(self._nothing)
        self._pages.addWidget(self._list)
        self._notes = QVBoxLayout()
        self._notes.setSpacing(tokens.S)
        self._notes.setContentsMargins(tokens.XL, 0, tokens.XL, 0)
        layout = column(self, 0)
        layout.addLayout(self._notes)
        layout.addWidget(self._pages, 1)
        self._count.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self._offered, self._refused = Card(gap=tokens.S), Card(gap=tokens.S)
        self._stays = heading(self._theme, words.KEEPS)
        for card in (self._offered, self._refused):
            card.column.setContentsMargins(tokens.M - 2, tokens.M, tokens.M, tokens.M)
        inner = self._list.column
        inner.addWidget(self._title)
        inner.addWidget(self._about)
        inner.addWidget(self._over)
        inner.addWidget(self._offered)
        inner.addSpacing(tokens.M)
        inner.addWidget(self._stays)
        inner.addWidget(self._refused)

    # What the gateway says

    def take(self, told: Clients) -> None:
        """There are other clients or servers than before; ticks, values and the place in the list stay."""
        same = self._told is not None and self._told.found == told.found
        self._told = told
        self.picks.take(told)
        self._tell_problems()
        if not same:
            self._put_all()
        self._title.say(present.found_title(len(self.picks.offered)))
        self._about.say(present.found_about(self.picks.offered))
        self._stays.setVisible(bool(self.picks.refused))
        self._refused.setVisible(bool(self.picks.refused))
        self._over.setVisible(bool(self.picks.offered))
        self._offered.setVisible(bool(self.picks.offered))
        if not told.found:
            self._tell_nothing(told)
        self._pages.setCurrentIndex(_LIST if told.found else _NOTHING)
        self._update()

    def say(self, text: str, tone: ToneName = "danger") -> None:
        """Say one sentence above the list; "" takes it away."""
        self._said = (tone, text)
        self._tell_problems()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that could be taken in."""
        return not self.picks.offered

    def focus_first(self) -> None:
        """The focus goes to the first server that can be ticked or filled."""
        for found in self.picks.offered:
            shown = self.rows[found.key]
            for widget in (*shown.fields.values(), shown.box):
                if widget.isEnabled():
                    widget.setFocus(Qt.FocusReason.OtherFocusReason)
                    return

    def forget_values(self) -> None:
        """The gateway has the values: no field holds them any more."""
        self.picks.forget_values()
        for shown in self.rows.values():
            for name in shown.fields:
                shown.show_value(name, "")
        self._update()

    # Inside

    def _put_all(self) -> None:
        self._put(self._offered, self.picks.offered)
        self._put(self._refused, self.picks.refused)
        keys = {found.key for found in (*self.picks.offered, *self.picks.refused)}
        for key in [key for key in self.rows if key not in keys]:
            self._drop(self.rows.pop(key))

    def _put(self, card: Card, servers: tuple[FoundServer, ...]) -> None:
        """Show these servers in a card; a row that says the same as before stays as it is."""
        while (item := card.column.takeAt(0)) is not None:
            widget = item.widget()
            if isinstance(widget, Rule):
                self._drop(widget)
        for found in servers:
            shown = self.rows.get(found.key)
            if shown is None or shown.found != found:
                if shown is not None:
                    self._drop(shown)
                shown = self.rows[found.key] = self._row(found)
            if card.column.count():
                card.column.addWidget(Rule(self._theme))
            card.column.addWidget(shown)
            shown.show()

    def _row(self, found: FoundServer) -> FoundRow:
        made = FoundRow(self._theme, found, self.picks)
        made.ticked.connect(self._tick)
        made.anyway_wanted.connect(self._confirm)
        made.given.connect(self._give)
        made.grew.connect(self._list.settle)
        return made

    def _drop(self, widget: QWidget) -> None:
        widget.hide()
        widget.deleteLater()

    def _tell_problems(self) -> None:
        emptied(self._notes)
        tone, said = self._said
        told = [(tone, said)] if said else []
        told += [("caution", one) for one in present.problems(self._told)] if self._told else []
        for at, text in told:
            icon = "check" if at == "good" else "warning"
            self._notes.addWidget(Banner(self._theme, at, icon, text))
        self._notes.setContentsMargins(tokens.XL, tokens.M if told else 0, tokens.XL, 0)

    def _tell_nothing(self, told: Clients) -> None:
        layout = self._nothing.layout()
        if layout is not None:
            title, next_ = present.nothing_found(told)
            add = button("Add a server…", self.add_wanted.emit, look="primary")
            emptied(layout).addWidget(Empty(self._theme, "client", title, next_, add))

    def _update(self) -> None:
        for shown in self.rows.values():
            shown.show_pick()
        taken, offered = len(self.picks.taken), len(self.picks.offered)
        self._count.say(f"{taken:,} of {offered:,} ticked")
        self._all.setText("Untick all" if taken else "Tick all")
        self.changed.emit()

    def _tick(self, found: FoundServer, on: bool) -> None:
        self.picks.choose(found, on)
        self._update()

    def _turn_all(self) -> None:
        self.picks.choose_all(not self.picks.taken)
        self._update()

    def _give(self, name: str, text: str) -> None:
        self.picks.give(name, text)
        for shown in self.rows.values():
            shown.show_value(name, text)
        self._update()

    def _confirm(self, found: FoundServer) -> None:
        if self.confirmation is not None:
            self.confirmation.deleteLater()
        self.confirmation = Confirmation(
            self._theme,
            "Take in a server",
            f"Take {present.name_of(found.name)} in all the same?",
            words.TAKE_ANYWAY,
            keep="Leave it as it is",
            do="Take it in",
            parent=self,
        )
        self.confirmation.accepted.connect(lambda: self._tick(found, True))
        self.confirmation.open()
