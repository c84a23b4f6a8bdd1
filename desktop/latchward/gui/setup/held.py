"""A program that comes in for the first time: it gets nothing until the person has looked at it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from latchward.control.messages import Held
from latchward.gui import tokens
from latchward.gui.approval.arming import ArmButton, Arming
from latchward.gui.code import Code
from latchward.gui.parts import Banner, Tinted, button, column, row, runs
from latchward.gui.policy.words import sentence
from latchward.gui.theme import Theme
from latchward.gui.waiting.words import ACCEPT, BACK, MEANING, SORTS
from latchward.gui.widgets import PlainLabel
from latchward.model.plain import visible


class HeldCard(Tinted):
    """`answered` carries what was shown, and whether it is let in. A yes arms late: it comes unasked."""

    answered = Signal(object, bool)

    def __init__(self, theme: Theme, held: Held, parent: QWidget | None = None) -> None:
        super().__init__(theme, "caution", parent)
        self.held = held
        self._error: Banner | None = None
        self._inner = column(self, tokens.S, tokens.M)
        look = SORTS[held.sort]
        self.setAccessibleName(f"{look.word}: {visible(held.what)}")
        chip = PlainLabel(theme, look.word, size="small")
        chip.dress(look.tone, look.icon, chip=True)
        self._inner.addLayout(row(chip, None))
        self._inner.addWidget(PlainLabel(theme, runs(sentence(held.what)), strong=True))
        self._inner.addWidget(PlainLabel(theme, MEANING[held.sort]))
        if held.lines:
            self._inner.addWidget(Code(theme, "\n".join(held.lines), "Program"))
        self.accept = ArmButton(theme, ACCEPT[held.sort])
        self.accept.clicked.connect(lambda: self._answer(True))
        self.back = button(BACK[held.sort], lambda: self._answer(False))
        for one in (self.accept, self.back):
            one.setAccessibleDescription(visible(held.what))
        self._inner.addLayout(row(self.accept, self.back, None))
        self.arming = Arming(self)
        self.arming.watch(self.accept)
        self.arm()

    def arm(self) -> None:
        """It has just come, or moved: a press counts only after a while."""
        self.arming.permit(self.accept, True)
        self.arming.start()
        self.back.setEnabled(True)

    def fail(self, error: str) -> None:
        """The answer was not taken: say why, and offer it again."""
        if self._error is not None:
            self._error.hide()
            self._error.deleteLater()
        self._error = Banner(self._theme, "danger", "warning", f"This was not done. {sentence(error)}")
        self._inner.insertWidget(self._inner.count() - 1, self._error)
        self.arm()

    def _answer(self, accept: bool) -> None:
        self.arming.permit(self.accept, False)
        self.back.setEnabled(False)
        self.answered.emit(self.held, accept)
