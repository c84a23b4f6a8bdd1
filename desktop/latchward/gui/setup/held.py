"""A program that comes in for the first time: it gets nothing until the person has looked at it."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QWidget

from latchward.control.messages import Clients, Held
from latchward.gui import tokens
from latchward.gui.approval.arming import ArmButton, Arming
from latchward.gui.code import Code
from latchward.gui.parts import Banner, Tinted, button, column, row
from latchward.gui.policy.words import sentence
from latchward.gui.theme import Theme
from latchward.gui.waiting.words import ACCEPT, BACK, MEANING, SORTS, newcomer
from latchward.gui.widgets import PlainLabel
from latchward.model.plain import visible

from . import present, words


class HeldCard(Tinted):
    """`answered` carries what was shown, and whether it is let in. A yes arms late: it comes unasked."""

    answered = Signal(object, bool)

    def __init__(
        self, theme: Theme, held: Held, told: Clients | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, "caution", parent)
        self.held = held
        self._error: Banner | None = None
        self._inner = column(self, tokens.S, tokens.M)
        look = SORTS[held.sort]
        self.setAccessibleName(f"{look.word}: {visible(held.what)}")
        chip = PlainLabel(theme, look.word, size="small")
        chip.dress(look.tone, look.icon, chip=True)
        self._inner.addLayout(row(chip, None))
        self._inner.addWidget(PlainLabel(theme, present.held_title(held, told), strong=True))
        if who := newcomer(held):
            self._inner.addWidget(PlainLabel(theme, f"Program: {visible(who.program)}"))
        self._inner.addWidget(PlainLabel(theme, MEANING[held.sort]))
        if held.lines:
            self._inner.addWidget(Code(theme, "\n".join(held.lines), "Program"))
        self.accept = _LateButton(theme, ACCEPT[held.sort])
        self.accept.clicked.connect(lambda: self._answer(True))
        self.accept.turned.connect(self._tell_arming)
        self._moment = PlainLabel(theme, words.MOMENT, size="small", colour="muted")
        self._moment.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self.back = button(BACK[held.sort], lambda: self._answer(False))
        self.back.setAccessibleDescription(visible(held.what))
        self._inner.addLayout(row(self.accept, self.back, self._moment, None))
        self._tell_arming()
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

    def _tell_arming(self) -> None:
        """Why the yes is off, while it is."""
        armed, what = self.accept.isEnabled(), visible(self.held.what)
        self._moment.setVisible(not armed)
        self.accept.setAccessibleDescription(what if armed else f"{words.MOMENT_WHY} {what}")

    def _answer(self, accept: bool) -> None:
        self.arming.permit(self.accept, False)
        self.back.setEnabled(False)
        self.answered.emit(self.held, accept)


class _LateButton(ArmButton):
    """`turned` comes when it went on or off."""

    turned = Signal()

    def changeEvent(self, event: QEvent) -> None:
        """Tell."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.EnabledChange:
            self.turned.emit()
