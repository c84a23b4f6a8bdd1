"""Below the question: how long an answer holds, the time left, the buttons, and the reason beside Deny.

When a question is over, one sentence and one button stand in the same room, so that nothing moves.
"""

from typing import Final

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from latchward.gui import tokens
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel

from . import present
from .arming import ArmButton
from .parts import Countdown

MAX_REASON: Final = 500
"""Characters of the reason that reaches the agent."""
_ASKS, _OVER = range(2)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Approval", text)


class Footer(QStackedWidget):
    """Everything that answers. Nothing in it is a default. `closed` comes from the button of an end."""

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.allow = ArmButton(theme, _tr("&Allow"))
        self.deny = ArmButton(theme, _tr("&Deny"))
        self.deny_all = ArmButton(theme, "")
        self.countdown = Countdown(theme)
        self.reason = QLineEdit()
        self.why_off = PlainLabel(theme, size="small", colour="caution")
        self.scope_title = PlainLabel(theme, _tr("Your answer holds for"), colour="muted")
        self.scope_note = PlainLabel(theme, size="small", colour="muted")
        self.scopes = QButtonGroup(self)
        self.radios = {"call": QRadioButton(), "session": QRadioButton()}
        self.over = PlainLabel(theme)
        self.close_over = QPushButton(_tr("Close"))
        self._notes: dict[str, str] = {}
        self.addWidget(self._asks())
        self.addWidget(self._ends())
        self._name()
        self._dress()
        theme.changed.connect(self._dress)

    def offer(self, shown: present.Shown) -> None:
        """Begin anew with the scopes of this question."""
        offered = {choice.scope: choice for choice in shown.choices}
        several = len(offered) > 1
        for scope, radio in self.radios.items():
            choice = offered.get(scope)  # type: ignore[call-overload]
            radio.setVisible(several and choice is not None)
            radio.setText(choice.text if choice is not None else "")
            radio.setAccessibleDescription(choice.explained if choice is not None else "")
        self._notes = {choice.scope: choice.explained for choice in shown.choices}
        self.radios["call"].setChecked(True)
        self.scope_title.setVisible(several)
        self.scope_note.say(self._notes["call"] if several else shown.only_call)
        self.reason.clear()
        self.reason.setPlaceholderText(_tr("If you deny: what the {0} should know").format(shown.hears_why))
        self.reason.setAccessibleName(_tr("Reason for the {0}, if you deny").format(shown.hears_why))
        self._say_allow("call")
        self.setCurrentIndex(_ASKS)

    def show_over(self, says: str) -> None:
        """The question is over, and nothing can be answered any more."""
        self.over.say(says)
        self.setCurrentIndex(_OVER)

    def say_why_off(self, why: str) -> None:
        """Beside Allow: why it stays off; "" where it does not."""
        self.why_off.say(why)
        self.why_off.setVisible(bool(why))

    @property
    def scope(self) -> str:
        """How long the answer shall hold."""
        chosen = self.scopes.checkedButton()
        return str(chosen.property("scope")) if chosen is not None and chosen.isVisible() else "call"

    def _asks(self) -> QFrame:
        page, column = _page()
        scope = QHBoxLayout()
        scope.setSpacing(tokens.M)
        scope.addWidget(self.scope_title)
        for name, radio in self.radios.items():
            radio.setProperty("scope", name)
            self.scopes.addButton(radio)
            scope.addWidget(radio)
        scope.addStretch(1)
        column.addLayout(scope)
        column.addWidget(self.scope_note)
        self.scopes.buttonToggled.connect(self._explain)
        time = QHBoxLayout()
        time.setSpacing(tokens.M)
        time.addWidget(self.countdown)
        time.addStretch(1)
        self.deny_all.setProperty("look", "quiet")
        time.addWidget(self.deny_all)
        column.addLayout(time)
        self.reason.setMaxLength(MAX_REASON)
        buttons = QHBoxLayout()
        buttons.setSpacing(tokens.M)
        for one in (self.allow, self.deny, self.close_over):
            one.setMinimumSize(132, 40)
        self.why_off.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self.why_off.hide()
        buttons.addWidget(self.allow)
        buttons.addWidget(self.why_off)
        buttons.addStretch(1)
        buttons.addWidget(self.reason, 3)
        buttons.addWidget(self.deny)
        column.addLayout(buttons)
        return page

    def _ends(self) -> QFrame:
        page, column = _page()
        self.over.dress("caution", "info")
        column.addWidget(self.over)
        column.addStretch(1)
        self.close_over.setAutoDefault(False)
        self.close_over.clicked.connect(self.closed)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.close_over)
        column.addLayout(buttons)
        return page

    def _name(self) -> None:
        self.allow.setAccessibleDescription(_tr("Alt+A moves here, Space presses"))
        self.deny.setAccessibleName(_tr("Deny"))
        self.deny.setAccessibleDescription(_tr("Alt+D moves here, Space presses; Esc denies too"))
        self.deny_all.setAccessibleDescription(_tr("Refuses every question of this client that waits now"))

    def _dress(self) -> None:
        self.allow.setIcon(self._theme.icon("check", "good"))
        self.deny.setIcon(self._theme.icon("deny", "text"))
        for one in (self.allow, self.deny, self.close_over):
            one.setFont(self._theme.font("lead", strong=True))
        wide = QFontMetrics(self.deny.font()).horizontalAdvance(_tr("Deny")) + 80
        self.deny.setMinimumWidth(max(132, wide))

    def _say_allow(self, scope: str) -> None:
        text = _tr("&Allow") if scope == "call" else _tr("&Allow for this session")
        self.allow.say(text)
        self.allow.setAccessibleName(text.replace("&", ""))

    def _explain(self, radio: QRadioButton, on: bool) -> None:
        if on:
            scope = str(radio.property("scope"))
            self.scope_note.say(self._notes.get(scope, ""))
            self._say_allow(scope)


def _page() -> tuple[QFrame, QVBoxLayout]:
    page = QFrame()
    page.setProperty("look", "footer")
    column = QVBoxLayout(page)
    column.setContentsMargins(tokens.XL, tokens.M, tokens.XL, tokens.L)
    column.setSpacing(tokens.S)
    return page, column
