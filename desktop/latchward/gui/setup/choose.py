"""Step 2: one preset for all servers that were taken in, with what it does to their tools."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QStackedWidget, QVBoxLayout, QWidget

from latchward.control.messages import EffectWord, ServerView
from latchward.gui import tokens
from latchward.gui.parts import Banner, Card, Empty, Picture, Rule, Tinted, column, heading, row
from latchward.gui.policy import presets
from latchward.gui.policy.words import EFFECTS
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel, emptied
from latchward.model.plain import visible

from . import present, words
from .page import Page

_BAR: Final = 8
_SMALL: Final = 120


class ChoosePage(QWidget):
    """`preset` is the chosen one, at first that in force, or "". `changed` comes with another one."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._views: tuple[ServerView, ...] = ()
        self.preset = ""
        self._chose = False
        self.options: dict[str, Option] = {}
        self._group = QButtonGroup(self)
        self._pages = QStackedWidget()
        self._list = Page("What they may do")
        self._title = PlainLabel(theme, size="title", strong=True)
        self._notes = QVBoxLayout()
        self._servers = Card(gap=tokens.S)
        self._build()

    def _build(self) -> None:
        self._pages.addWidget(Empty(self._theme, "tool", words.NO_SERVERS, words.NO_SERVERS_NEXT))
        self._pages.addWidget(self._list)
        column(self, 0).addWidget(self._pages)
        inner = self._list.column
        inner.addLayout(self._notes)
        inner.addWidget(self._title)
        inner.addWidget(PlainLabel(self._theme, words.CHOOSE_ABOUT, colour="muted"))
        # The strictest first, as for every server that has just come.
        for preset in reversed(presets.PRESETS):
            option = self.options[preset.key] = Option(self._theme, preset)
            self._group.addButton(option.radio)
            option.radio.toggled.connect(lambda on, key=preset.key: self._toggled(key, on))
            inner.addSpacing(tokens.XS)
            inner.addWidget(option)
        inner.addSpacing(tokens.M)
        inner.addWidget(heading(self._theme, "Server by server"))
        inner.addWidget(self._servers)

    def take(self, views: tuple[ServerView, ...]) -> None:
        """These were taken in, and stand like this."""
        self._views = views
        self._pages.setCurrentIndex(1 if views else 0)
        if not views:
            return
        self._title.say(present.choose_title(views))
        if not self._chose:
            self.preset = self.in_force
        for key, option in self.options.items():
            option.show_tally(present.tally(key, views), in_force=key == self.in_force)
        self._show_choice()

    @property
    def in_force(self) -> str:
        """The preset whose decisions are in force for all of them, or ""."""
        known = [view for view in self._views if view.tools]
        for preset in reversed(presets.PRESETS):
            if known and all(presets.in_force(preset.key, view) for view in known):
                return preset.key
        return ""

    @property
    def known(self) -> tuple[ServerView, ...]:
        """The servers whose tools are known: a preset can be saved for them."""
        return tuple(view for view in self._views if view.tools)

    @property
    def keeps(self) -> bool:
        """Whether the choice changes nothing."""
        return not self.known or self.preset == self.in_force

    def say(self, error: str) -> None:
        """Say above the choice what went wrong; "" takes it away."""
        emptied(self._notes)
        if error:
            self._notes.addWidget(Banner(self._theme, "danger", "warning", error))

    def focus_first(self) -> None:
        """The focus goes to the choice."""
        first = self.options[self.preset] if self.preset else next(iter(self.options.values()))
        first.radio.setFocus(Qt.FocusReason.OtherFocusReason)

    def _toggled(self, key: str, on: bool) -> None:
        if on and key != self.preset:
            self.preset, self._chose = key, True
            self._show_choice()
            self.changed.emit()

    def _show_choice(self) -> None:
        for key, option in self.options.items():
            option.choose(key == self.preset)
        emptied(self._servers.column)
        for view in present.one_of_each(self._views):
            if self._servers.column.count():
                self._servers.column.addWidget(Rule(self._theme))
            self._servers.column.addWidget(self._server(view))
        self._list.settle()

    def _server(self, view: ServerView) -> QWidget:
        counts = present.tally(self.preset, (view,))
        name = PlainLabel(self._theme, visible(view.name), strong=True)
        told = present.told_tally(counts) if view.tools else words.NO_TOOLS
        label = PlainLabel(self._theme, told, size="small", colour="muted")
        shares = Shares(self._theme)
        shares.show_counts(counts)
        shares.setFixedWidth(_SMALL)
        holder = QWidget()
        holder.setAccessibleName(f"{present.name_of(view.name)}: {told}")
        line = row(name, label, shares, gap=tokens.M)
        line.setStretch(0, 1)
        for one in (name, label):
            one.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        holder.setLayout(line)
        return holder


class Option(Tinted):
    """One preset: a click anywhere on it chooses it."""

    def __init__(self, theme: Theme, preset: presets.Preset, parent: QWidget | None = None) -> None:
        super().__init__(theme, "plain", parent)
        self._preset = preset
        self.radio = _Radio(preset.title)
        self.radio.setFont(theme.font("body", strong=True))
        self._now = PlainLabel(theme, "in force now", size="small")
        self._now.dress("good", "check", chip=True)
        self._shares = Shares(theme)
        self._told = Counts(theme)
        inner = column(self, tokens.XS, tokens.M)
        line = row(self.radio, None)
        line.addWidget(self._now, 0, Qt.AlignmentFlag.AlignVCenter)
        inner.addLayout(line)
        body = QWidget()
        below = column(body, tokens.XS + 2)
        below.setContentsMargins(28, 0, 0, 0)
        below.addWidget(PlainLabel(theme, preset.meaning))
        below.addWidget(self._shares)
        below.addWidget(self._told)
        inner.addWidget(body)

    def show_tally(self, counts: Mapping[EffectWord, int], *, in_force: bool) -> None:
        """How many tools it allows, asks about, denies and hides."""
        told = present.told_tally(counts)
        self._shares.show_counts(counts)
        self._told.show_counts(counts)
        self._now.setVisible(in_force)
        self.radio.setAccessibleDescription(f"{self._preset.meaning}. {told}")

    def choose(self, on: bool) -> None:
        """Whether it is the chosen one."""
        self.radio.setChecked(on)
        self.tone = "info" if on else "plain"
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click that ends on it."""
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.radio.setFocus(Qt.FocusReason.MouseFocusReason)
            self.radio.setChecked(True)
        super().mouseReleaseEvent(event)


class _Radio(QRadioButton):
    """Some desktops let Return press the focused button; here it is for the button of the dialog."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Return through."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()
        else:
            super().keyPressEvent(event)


class Counts(QWidget):
    """The numbers below a bar, each with the sign and the word of its effect."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._line = row(None, gap=tokens.L)
        self.setLayout(self._line)

    def show_counts(self, counts: Mapping[EffectWord, int]) -> None:
        """Other numbers."""
        emptied(self._line)
        for effect in EFFECTS:
            if counts.get(effect):
                look = tokens.EFFECTS[effect]
                one = QWidget()
                label = PlainLabel(self._theme, present.told_tally({effect: counts[effect]}), size="small")
                label.setAlignment(Qt.AlignmentFlag.AlignVCenter)
                one.setLayout(row(Picture(self._theme, look.icon, look.tone, 14), label, gap=tokens.XS + 1))
                self._line.addWidget(one)
        self._line.addStretch(1)


class Shares(QWidget):
    """How the effects share the tools, as one bar. The words beside it say the same to a screen reader."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts: dict[EffectWord, int] = {}
        self.setFixedHeight(_BAR)
        theme.changed.connect(self.update)

    def show_counts(self, counts: Mapping[EffectWord, int]) -> None:
        """Other numbers."""
        self._counts = dict(counts)
        self.update()

    def _colour(self, effect: EffectWord) -> str:
        """That of the chips; on a dark ground their edges are too dark, and their text is bright."""
        colours, tone = self._theme.colours, self._theme.tone(tokens.EFFECTS[effect].tone)
        if not colours.dark:
            return tone.edge
        return {"deny": colours.muted, "hide": colours.edge_strong}.get(effect, tone.text)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the parts in the order of the segments, within round ends."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(0, (self.height() - _BAR) / 2, self.width(), _BAR)
        shape = QPainterPath()
        shape.addRoundedRect(box, _BAR / 2, _BAR / 2)
        painter.setClipPath(shape)
        painter.fillRect(box, self._theme.colour("hover"))
        total, left = sum(self._counts.values()), 0.0
        for effect in EFFECTS:
            wide = box.width() * self._counts.get(effect, 0) / total if total else 0.0
            if wide:
                part = QRectF(left, box.top(), max(1.0, wide - 1), _BAR)
                painter.fillRect(part, QColor(self._colour(effect)))
            left += wide
        painter.end()
