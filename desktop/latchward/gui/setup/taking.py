"""Step 1, once it began: how far each server has come."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from latchward.control.messages import AdoptionProgress, AdoptionStep
from latchward.gui import tokens
from latchward.gui.parts import Banner, Card, Picture, Rule, announce, column, row, runs
from latchward.gui.policy.words import sentence
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel
from latchward.model.plain import visible

from . import present, words
from .page import Page
from .stages import Busy


class TakingPage(QWidget):
    """Shows the last progress that was told. `changed` comes with each."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.progress: AdoptionProgress | None = None
        self._besides: tuple[str, ...] = ()
        self._rows: dict[str, _StepRow] = {}
        self._problem: Banner | None = None
        self._list = Page("Servers that are taken in")
        self._title = PlainLabel(theme, size="title", strong=True)
        self._about = PlainLabel(theme, colour="muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self._card = Card(gap=tokens.M)
        inner = self._list.column
        for part in (self._title, self._about):
            inner.addWidget(part)
        inner.addSpacing(tokens.S)
        inner.addWidget(self.bar)
        inner.addSpacing(tokens.S)
        inner.addWidget(self._card)
        column(self, 0).addWidget(self._list)
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self.progress is not None and self.progress.over

    def take(self, progress: AdoptionProgress, besides: tuple[str, ...] = ()) -> None:
        """It has come further; the servers `besides` were found too, and not chosen."""
        if (progress, besides) == (self.progress, self._besides):
            return
        before, self.progress = self.progress, progress
        self._besides = besides
        names = tuple(step.name for step in progress.steps)
        if tuple(self._rows) != names:
            self._begin(progress.steps)
        for step in progress.steps:
            self._rows[step.name].show_step(step, over=progress.over)
        title = present.progress_title(progress, len(besides))
        self._title.say(title)
        self._about.say(present.progress_about(progress, besides))
        self.bar.setRange(0, max(1, len(progress.steps)))
        self.bar.setValue(present.settled(progress))
        self.bar.setAccessibleName(f"{present.settled(progress)} of {len(progress.steps)} servers done")
        self.bar.setVisible(not progress.over)
        self._tell_problem(progress.problem)
        if progress.over and (before is None or not before.over):
            announce(self, title)
        self.changed.emit()

    def _begin(self, steps: tuple[AdoptionStep, ...]) -> None:
        while (item := self._card.column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._rows = {}
        for step in steps:
            if self._rows:
                self._card.column.addWidget(Rule(self._theme))
            self._rows[step.name] = _StepRow(self._theme, step.name)
            self._card.column.addWidget(self._rows[step.name])
        self._card.setVisible(bool(steps))

    def _tell_problem(self, problem: str) -> None:
        if self._problem is not None:
            self._problem.hide()
            self._problem.deleteLater()
            self._problem = None
        if problem:
            self._problem = Banner(self._theme, "caution", "warning", sentence(problem))
            self._list.column.insertWidget(2, self._problem)

    def _dress(self) -> None:
        colours = self._theme.colours
        self.bar.setStyleSheet(
            f"QProgressBar {{ background: {colours.edge}; border: 0; border-radius: 3px; }}"
            f"QProgressBar::chunk {{ background: {colours.accent}; border-radius: 3px; }}"
        )


class _StepRow(QWidget):
    """One server: its name, its sentence, and its state as a word."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._name = theme, name
        self._busy = Busy(theme, 16)
        self._picture: Picture | None = None
        self._place = QWidget()
        self._place.setFixedWidth(18)
        self._signs = column(self._place, 0)
        self._signs.addWidget(self._busy)
        self._chip = PlainLabel(theme, size="small")
        self._text = PlainLabel(theme, size="small", colour="muted")
        title = PlainLabel(theme, visible(name), strong=True)
        body = QWidget()
        inner = column(body, 2)
        inner.addWidget(title)
        inner.addWidget(self._text)
        line = row(self._place, body, self._chip)
        line.setStretch(1, 1)
        for part in (self._place, self._chip):
            line.setAlignment(part, Qt.AlignmentFlag.AlignVCenter)
        self.setLayout(line)

    def show_step(self, step: AdoptionStep, *, over: bool) -> None:
        """How far it is."""
        look = words.STEPS["left" if over and step.state in ("waiting", "starting") else step.state]
        text = present.step_text(step)
        self._text.say(runs(text))
        self._text.setVisible(bool(text))
        self._chip.say(look.word)
        self._chip.dress(look.tone, chip=True)
        busy = step.state == "starting" and not over
        self._busy.setVisible(busy)
        if self._picture is not None:
            self._picture.hide()
            self._picture.deleteLater()
            self._picture = None
        if not busy:
            self._picture = Picture(self._theme, look.icon, look.tone, 16)
            self._signs.addWidget(self._picture)
        self.setAccessibleName(f"{present.name_of(self._name)}: {look.word}. {text}")
