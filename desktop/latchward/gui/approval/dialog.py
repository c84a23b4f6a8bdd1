"""The approval window: shows one question exactly, and is never answered by accident.

Nothing is a default. Return does nothing; Esc and closing deny once; Alt+A and Alt+D move the focus and Space
presses. It does not activate itself, and every answer is off for a while after whatever changed (`arming`).
Latchward's own promise ends here: a program of the same user can click for the person, and Qt cannot tell.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QCursor,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMoveEvent,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QDialog, QScrollArea, QVBoxLayout, QWidget

from latchward.control.messages import Question
from latchward.gui import tokens
from latchward.gui.theme import Theme

from . import present
from .arming import Arming
from .content import Content
from .footer import Footer
from .parts import Strip

WIDTH: Final = 720
_LEAST: Final = QSize(480, 340)
_SHARE_OF_SCREEN: Final = 0.88
_CLOSE_BY: Final = 48
"""Pixels around a button where the pointer must not be when the window opens."""
_TITLE_BAR: Final = 40
"""Pixels that the frame of a window may take above it."""
_TICK_MS: Final = 200


class ApprovalDialog(QDialog):
    """One window for all questions. `answered` carries nonce, allowed, scope and reason."""

    answered = Signal(str, bool, str, str)
    deny_all = Signal(str)

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, now: Callable[[], float] = monotonic
    ) -> None:
        super().__init__(parent)
        self._now = now
        self.setWindowFlags(
            Qt.WindowType.Dialog
            | Qt.WindowType.WindowTitleHint
            | Qt.WindowType.WindowCloseButtonHint
            | Qt.WindowType.WindowStaysOnTopHint
        )
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setWindowTitle(self.tr("Latchward asks"))
        self.setMinimumSize(_LEAST)
        self._theme = theme
        self._question: Question | None = None
        self._until = 0.0
        self._can_allow = False
        self._never = False
        self.strip = Strip(theme)
        self.content = Content(theme)
        self.foot = Footer(theme)
        self.allow, self.deny, self.reason = self.foot.allow, self.foot.deny, self.foot.reason
        self._arming = Arming(self, now)
        self._clock = QTimer(self)
        self._clock.setInterval(_TICK_MS)
        self._clock.timeout.connect(self._tick)
        self._build()
        self._wire()

    @property
    def nonce(self) -> str:
        """The question that can be answered here, or ""."""
        return self._question.nonce if self._question is not None else ""

    def ask(self, question: Question, until: float, banner: str = "") -> None:
        """Put a question, with a sentence above it where there is something to say."""
        shown = present.present(question)
        self._question = question
        self._until = until
        self._never = bool(shown.never)
        self._can_allow = not shown.cut and not shown.never
        self.setAccessibleName(shown.sentence_text)
        self.strip.dress("danger" if shown.disguised else shown.tone)
        self.content.show_question(shown)
        self.content.show_banner(banner)
        self.foot.offer(shown)
        self.content.clear_focus()
        self._arming.watch(self.allow, question.arm_ms)
        self._permit()
        self._tick()
        self._clock.start()
        self._arming.start()

    def set_queue(self, total: int, same_client: int) -> None:
        """How many questions wait, and how many of them are of the same client."""
        self.content.place.say(present.place_in_queue(total))
        self.content.place.setVisible(total > 1)
        self.foot.deny_all.say(present.deny_all(same_client))
        self.foot.deny_all.setVisible(same_client > 1)

    @property
    def was_shown(self) -> bool:
        """Whether there is a question in the window, answered or not."""
        return bool(self.accessibleName())

    def withdraw(self, says: str) -> None:
        """The shown question is over: nothing can be answered any more, and the window says why."""
        self._question = None
        self._clock.stop()
        self.content.place.hide()
        self.content.clear_focus()
        self._permit()
        self.strip.dress("quiet")
        self.content.show_banner("")
        self.content.close_question()
        self.foot.show_over(says)

    def clear(self) -> None:
        """Nothing waits: the window goes."""
        self._question = None
        self._clock.stop()
        self._permit()
        self.hide()

    def open_without_focus(self) -> None:
        """Show on the pointer's screen, in the middle, with no button under the pointer.

        A window that is open already grows upwards for a longer question: its buttons stay where they are.
        One that was minimised is shown anew.
        """
        if self.isMinimized():
            self.hide()
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        if self.isVisible():
            self._grow()
        else:
            self.setGeometry(self._place())
            self.show()
        self.raise_()

    def open_for_person(self) -> None:
        """Show because the person asked to see it: here the window may take the focus."""
        self.open_without_focus()
        self.activateWindow()

    def reject(self) -> None:
        """Esc: deny this question, once."""
        self._answer(False, scope="call", reason="")

    def accept(self) -> None:
        """Nothing accepts this window."""

    def closeEvent(self, event: QCloseEvent) -> None:
        """The close box: the same as Esc. Whoever shows the window hides it when nothing waits."""
        event.ignore()
        if self._question is None:
            self.hide()
        self._answer(False, scope="call", reason="")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return never answers; Esc that is held down denies one question, not all of them."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
        elif event.key() == Qt.Key.Key_Escape:
            event.accept()
            if not event.isAutoRepeat():
                self.close()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Activation arms anew."""
        if event.type() == QEvent.Type.WindowActivate:
            self._arming.start()
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Showing arms anew."""
        super().showEvent(event)
        self.content.clear_focus()
        self._arming.start()

    def moveEvent(self, event: QMoveEvent) -> None:
        """Moving arms anew."""
        super().moveEvent(event)
        self._arming.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Resizing arms anew."""
        super().resizeEvent(event)
        self._arming.start()

    def _build(self) -> None:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.content)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(area, 1)
        column.addWidget(self.foot)

    def _wire(self) -> None:
        self._arming.watch(self.allow)
        self._arming.watch(self.deny)
        self._arming.watch(self.foot.deny_all)
        self.allow.clicked.connect(self._allowed)
        self.deny.clicked.connect(self._denied)
        self.foot.deny_all.clicked.connect(self._denied_all)
        self.content.everything_seen.connect(self._saw_everything)
        self.foot.closed.connect(self.hide)
        for letters, button in (("Alt+A", self.allow), ("Alt+D", self.deny)):
            QShortcut(QKeySequence(letters), self, button.setFocus)

    def _permit(self) -> None:
        why = present.NEVER if self._never else "" if self._can_allow else present.NOT_SEEN
        self.foot.say_why_off(why)
        open_still = self._question is not None and self._now() < self._until
        self._arming.permit(self.allow, open_still and self._can_allow)
        self._arming.permit(self.deny, open_still)
        self._arming.permit(self.foot.deny_all, open_still)

    def _saw_everything(self) -> None:
        if self._question is not None and not self._can_allow and not self._never:
            self._can_allow = True
            self._permit()
            self._arming.start()

    def _tick(self) -> None:
        if self._question is None:
            return
        left = self._until - self._now()
        self.foot.countdown.show()
        self.foot.countdown.tick(left, self._question.seconds)
        if left <= 0:
            self._permit()

    def _allowed(self) -> None:
        if self._arming.is_armed(self.allow):
            self._answer(True, scope=self.foot.scope, reason="")

    def _denied(self) -> None:
        if self._arming.is_armed(self.deny):
            self._answer(False, scope=self.foot.scope, reason=self.reason.text().strip())

    def _denied_all(self) -> None:
        if self._question is not None and self._arming.is_armed(self.foot.deny_all):
            self.deny_all.emit(self._question.client)

    def _answer(self, allowed: bool, *, scope: str, reason: str) -> None:
        question, self._question = self._question, None
        if question is None:
            return
        self._permit()
        self.answered.emit(question.nonce, allowed, scope, reason)

    def _place(self) -> QRect:
        screen = QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        width = min(WIDTH, room.width() - 2 * tokens.S)
        height = min(self._wanted_height(width), int(room.height() * _SHARE_OF_SCREEN))
        place = QRect(0, 0, max(width, _LEAST.width()), max(height, _LEAST.height()))
        place.moveCenter(room.center())
        return self._off_the_pointer(place, room, QCursor.pos())

    def _wanted_height(self, width: int) -> int:
        self.ensurePolished()
        return self.content.height_in(width) + self.foot.sizeHint().height() + self.strip.height()

    def _grow(self) -> None:
        place = self.geometry()
        room = self.screen().availableGeometry()
        most = min(int(room.height() * _SHARE_OF_SCREEN), place.bottom() - room.top() - _TITLE_BAR)
        wanted = min(self._wanted_height(place.width()), most)
        if wanted > place.height() and not (self.isMaximized() or self.isFullScreen()):
            place.setTop(place.bottom() - wanted + 1)
            self.setGeometry(place)

    def _off_the_pointer(self, place: QRect, room: QRect, pointer: QPoint) -> QRect:
        """Move the window so that the row of buttons is not where the person may be clicking."""
        row = QRect(place.left(), place.bottom() - 80, place.width(), 80)
        row.adjust(-_CLOSE_BY, -_CLOSE_BY, _CLOSE_BY, _CLOSE_BY)
        if not row.contains(pointer):
            return place
        up = QRect(place)
        up.moveBottom(pointer.y() - _CLOSE_BY)
        down = QRect(place)
        down.moveBottom(min(pointer.y() + 80 + _CLOSE_BY, room.bottom()))
        for moved in (down, up):
            if room.contains(moved) and not moved.adjusted(0, moved.height() - 80, 0, 0).contains(pointer):
                return moved
        return place
