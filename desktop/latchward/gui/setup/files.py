"""What files would become, before they are written: a difference for each, secrets masked by the gateway."""

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from latchward.control.messages import FilePlan
from latchward.gui import tokens
from latchward.gui.difference import FileChanges
from latchward.gui.parts import Banner, Rule, button, column, row, runs
from latchward.gui.policy.words import sentence
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel, emptied

from . import present, words
from .page import Page
from .stages import Busy

SIZE: Final = (720, 560)
LEAST: Final = (480, 360)
AROUND: Final = 60
"""Pixels of a small screen that the frame of the window needs."""


class FilesDialog(QDialog):
    """Shows a plan when it has come. `done_wanted` carries that plan; whoever does it closes the dialog."""

    done_wanted = Signal(object)

    def __init__(
        self,
        theme: Theme,
        title: str,
        about: str,
        *,
        keep: str,
        do: str,
        look: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._theme = theme
        self.plan: FilePlan | None = None
        self._list = Page("Files that would change")
        self._title = PlainLabel(theme, title, size="title", strong=True)
        self._means = PlainLabel(theme, colour="muted")
        self._about = about
        self._notes = QVBoxLayout()
        self.keep = button(keep, self.reject)
        self.do = button(do, self._do, look=look)
        self.setMinimumSize(*LEAST)
        room = self.screen().availableSize()
        self.resize(min(SIZE[0], room.width() - AROUND), min(SIZE[1], room.height() - AROUND))
        self._build()
        self.wait()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        head = QWidget()
        top = column(head, tokens.XS)
        top.setContentsMargins(tokens.XL, tokens.L, tokens.XL, tokens.M)
        top.addWidget(self._title)
        top.addWidget(self._means)
        top.addLayout(self._notes)
        layout.addWidget(head)
        layout.addWidget(Rule(self._theme))
        layout.addWidget(self._list, 1)
        layout.addWidget(Rule(self._theme))
        foot = QHBoxLayout()
        foot.setContentsMargins(tokens.XL, tokens.M, tokens.XL, tokens.M)
        foot.setSpacing(tokens.S)
        foot.addStretch(1)
        foot.addWidget(self.keep)
        foot.addWidget(self.do)
        layout.addLayout(foot)
        self.keep.setFocus()

    def wait(self) -> None:
        """Nothing is known yet."""
        self.plan = None
        self.do.setEnabled(False)
        self._means.say(words.ASKING)
        emptied(self._list.column)
        line = QWidget()
        line.setLayout(row(Busy(self._theme), None))
        self._list.column.addWidget(line)

    def show_plan(self, plan: FilePlan) -> None:
        """This is what the files would become."""
        self.plan = plan
        self.do.setEnabled(True)
        emptied(self._list.column)
        self._tell_count(plan)
        if plan.words:
            said = QWidget()
            lines = column(said, tokens.XS)
            for word in plan.words:
                lines.addWidget(PlainLabel(self._theme, runs(f"•  {sentence(word)}")))
            self._list.column.addWidget(said)
            self._list.column.addSpacing(tokens.S)
        self._list.column.addWidget(FileChanges(self._theme, plan.files))
        self._list.settle()

    def fail(self, error: str) -> None:
        """It was not done, or cannot be told: say why. What is shown is no longer offered."""
        if self.plan is None:
            self._means.say("")
            emptied(self._list.column)
        else:
            self._tell_count(self.plan)
        self.do.setEnabled(False)
        self.say(error)

    def say(self, error: str) -> None:
        """Say a sentence below the title; "" takes it away."""
        emptied(self._notes)
        if error:
            self._notes.addWidget(Banner(self._theme, "danger", "warning", sentence(error)))

    def _tell_count(self, plan: FilePlan) -> None:
        self._means.say(f"{present.file_count(len(plan.files))}. {self._about}")

    def _do(self) -> None:
        if self.plan is not None:
            self.do.setEnabled(False)
            self.say("")
            self._means.say(words.DOING)
            self.done_wanted.emit(self.plan)
