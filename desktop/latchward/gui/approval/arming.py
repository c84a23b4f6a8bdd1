"""Why a button that has just appeared cannot be pressed: a click or a key that was meant for another window.

After showing, activation, move, resize and new content every button that answers is off for a while; it fills
visibly until then. What a person deliberately presses a second later costs them nothing.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final

from PySide6.QtCore import QObject, QRectF, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPainterPath, QPaintEvent, Qt
from PySide6.QtWidgets import QPushButton, QWidget

from latchward.gui import tokens
from latchward.gui.theme import Theme

ARM_MS: Final = 800
"""Milliseconds for which every answer is off."""
_TICK_MS: Final = 33


class ArmButton(QPushButton):
    """A button that only Space, a click or an assistive press can press; Return never, a mnemonic never.

    `&` in its text underlines a letter; the shortcut of that letter is the window's, and moves focus only.
    """

    def __init__(self, theme: Theme, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._theme = theme
        self._filled = 0.0
        self.setShortcut(QKeySequence())
        self.setAutoDefault(False)
        self.setDefault(False)
        self.setEnabled(False)

    def say(self, text: str) -> None:
        """Another text; it gives the button no shortcut."""
        self.setText(text)
        self.setShortcut(QKeySequence())

    def fill(self, share: float) -> None:
        """How much of the waiting time is over: 0 to 1."""
        if share != self._filled:
            self._filled = share
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Some desktops let Return press the focused button; ours does not."""
        if event.key() == Qt.Key.Key_Space:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The button, and along its foot how far it is armed."""
        super().paintEvent(event)
        if self.isEnabled() or not 0 < self._filled < 1:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(box.adjusted(1, 1, -1, -1), tokens.RADIUS, tokens.RADIUS)
        painter.setClipPath(shape)
        painter.fillRect(
            QRectF(0, box.height() - 4, box.width() * self._filled, 4), self._theme.colour("accent")
        )
        painter.end()


class Arming(QObject):
    """Turns buttons on when their time is over and they are permitted."""

    def __init__(self, parent: QObject, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(parent)
        self._clock = clock
        self._started = 0.0
        self._waits: dict[ArmButton, int] = {}
        self._permitted: dict[ArmButton, bool] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.refresh)

    def watch(self, button: ArmButton, wait_ms: int = ARM_MS) -> None:
        """Let a button be off for `wait_ms`, never for less than `ARM_MS`."""
        self._waits[button] = max(ARM_MS, wait_ms)
        self._permitted.setdefault(button, False)

    def permit(self, button: ArmButton, yes: bool) -> None:
        """Whether the button may be pressed at all."""
        self._permitted[button] = yes
        self.refresh()

    def start(self) -> None:
        """Begin to wait anew."""
        self._started = self._clock()
        for button in self._waits:
            button.setEnabled(False)
        self._timer.start()
        self.refresh()

    def is_armed(self, button: ArmButton) -> bool:
        """Whether a press of the button counts now."""
        return self._permitted[button] and self._elapsed() >= self._waits[button]

    def refresh(self) -> None:
        """Turn on what may be on, and off what may not."""
        elapsed = self._elapsed()
        for button, wait in self._waits.items():
            button.fill(min(1.0, elapsed / wait) if self._permitted[button] else 0.0)
            if button.isEnabled() != self.is_armed(button):
                button.setEnabled(self.is_armed(button))
        if all(elapsed >= wait for wait in self._waits.values()):
            self._timer.stop()

    def _elapsed(self) -> float:
        return (self._clock() - self._started) * 1000
