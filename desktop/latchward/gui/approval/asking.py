"""Questions on their way: from the link to the window, one at a time, and the answers back."""

from collections import deque
from time import monotonic
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from latchward.control.messages import Answered, Asked, Closed
from latchward.gui.link import Link
from latchward.gui.theme import Theme

from . import present
from .dialog import ApprovalDialog
from .notification import Notifications
from .waiting import Waiting

MOST_SENT: Final = 256
"""Answers that are remembered, to say so when one of them came too late."""
OVER_MS: Final = 4_000
"""How long the window says that a question is over before it goes."""


class Asking(QObject):
    """Owns the queue and the window. `count_changed` carries how many questions wait."""

    count_changed = Signal(int)

    def __init__(
        self,
        link: Link,
        theme: Theme,
        notifications: Notifications,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._link = link
        self._notifications = notifications
        self._waiting = Waiting()
        self._sent: deque[str] = deque(maxlen=MOST_SENT)
        self.dialog = ApprovalDialog(theme)
        self._over = QTimer(self)
        self._over.setSingleShot(True)
        self._over.setInterval(OVER_MS)
        self._over.timeout.connect(self.dialog.hide)
        link.asked.connect(self._asked)
        link.closed.connect(self._closed)
        self.dialog.answered.connect(self._answered)
        self.dialog.deny_all.connect(self.deny_all)
        notifications.reviewed.connect(self._review)
        notifications.denied.connect(self._denied_there)

    def __len__(self) -> int:
        return len(self._waiting)

    def review(self) -> None:
        """The person wants to see what waits."""
        if self._waiting.current is not None:
            self.dialog.open_for_person()

    def deny_all(self, client: str) -> None:
        """Deny everything that this client asks now."""
        for question in self._waiting.of(client):
            self._send(Answered(question.nonce, question.binding, False))
            self._waiting.remove(question.nonce)
        self._go_on()

    def end(self) -> None:
        """The link is gone: nothing can be answered any more."""
        self._over.stop()
        self._notifications.end()
        self.dialog.clear()

    def _asked(self, asked: Asked) -> None:
        self._waiting.add(asked.question, monotonic())
        self._go_on()

    def _closed(self, closed: Closed) -> None:
        if self._waiting.remove(closed.nonce) is None:
            if closed.why and closed.nonce in self._sent:
                self._came_too_late(closed.why)
            return
        if closed.nonce != self.dialog.nonce or not closed.why:
            self._go_on()
        elif self._waiting.current is not None:
            self._go_on(present.over_before(closed.why))
        else:
            self._notifications.close_question()
            self.count_changed.emit(0)
            self.dialog.withdraw(present.over(closed.why))
            self._over.start()

    def _came_too_late(self, why: str) -> None:
        """An answer did nothing, and the person is told."""
        if self._waiting.current is not None:
            self.dialog.content.show_banner(present.too_late(why))
        elif self.dialog.was_shown:
            self.dialog.withdraw(present.too_late(why))
            self.dialog.open_without_focus()
            self._over.start()

    def _answered(self, nonce: str, allowed: bool, scope: str, reason: str) -> None:
        question = self._waiting.remove(nonce)
        if question is not None:
            session = scope == "session" and "session" in question.scopes
            answer = Answered(nonce, question.binding, allowed, "session" if session else "call", reason)
            self._send(answer)
        self._go_on()

    def _send(self, answer: Answered) -> None:
        self._sent.append(answer.nonce)
        self._link.send(answer)

    def _denied_there(self, nonce: str) -> None:
        if self._waiting.find(nonce) is not None:
            self._answered(nonce, False, "call", "")

    def _review(self, nonce: str) -> None:
        if self._waiting.find(nonce) is not None:
            self.review()

    def _go_on(self, banner: str = "") -> None:
        """Show the question whose turn it is, unless it is shown already."""
        self.count_changed.emit(len(self._waiting))
        current = self._waiting.current
        if current is None:
            self._notifications.close_question()
            self.dialog.clear()
            return
        question = current.question
        total = len(self._waiting)
        self.dialog.set_queue(total, len(self._waiting.of(question.client)))
        if question.nonce != self.dialog.nonce:
            self._over.stop()
            self.dialog.ask(question, current.until, banner)
            self.dialog.open_without_focus()
            self._notifications.show_question(question.nonce, present.notification(question, total))
