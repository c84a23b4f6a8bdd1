"""The icon. Without a panel that shows icons it says so, for then the window is the only way in."""

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QSystemTrayIcon

from latchward.control.messages import Status

from .menu import TrayMenu
from .picture import tray_icon
from .states import State, badge, state, tooltip

GRACE_MS: Final = 4_000
"""How long a panel may take to come up, as at login, before it counts as missing."""
_SOON_MS: Final = 500
_LATER_MS: Final = 10_000


class Tray(QObject):
    """Shows a state. `activated` is a click on the icon; `missing` comes once where no panel shows it."""

    activated = Signal()
    missing = Signal()

    def __init__(self, menu: TrayMenu, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._icon = QSystemTrayIcon(self)
        self._icon.setContextMenu(menu.menu)
        self._icon.activated.connect(self._clicked)
        self._menu = menu
        self._status = Status("normal")
        self._questions = 0
        self._drawn: tuple[State, str] | None = None
        self._available = False
        self._waited = 0
        self._told = False
        self._poll = QTimer(self)
        self._poll.timeout.connect(self._look_for_panel)

    @property
    def state(self) -> State:
        """What is shown."""
        return state(self._status.mode, self._questions)

    def start(self) -> None:
        """Show the icon as soon as there is a place for it."""
        self._draw()
        self._look_for_panel()

    def show_status(self, status: Status) -> None:
        """The gateway's own state."""
        self._status = status
        self._menu.show_mode(status.mode)
        self._menu.show_waiting(status.waiting)
        self._draw()

    def show_questions(self, count: int) -> None:
        """How many questions wait."""
        self._questions = count
        self._menu.show_questions(count)
        self._draw()

    def hide(self) -> None:
        """Take the icon away."""
        self._poll.stop()
        self._icon.hide()

    def _draw(self) -> None:
        drawn = (self.state, badge(self._questions, self._status.waiting))
        if drawn != self._drawn:
            self._drawn = drawn
            self._icon.setIcon(tray_icon(*drawn))
        self._icon.setToolTip(tooltip(self.state, self._questions, self._status.waiting))

    def _look_for_panel(self) -> None:
        available = QSystemTrayIcon.isSystemTrayAvailable()
        if available and not self._available:
            self._icon.hide()  # an icon that was shown to no panel does not come by itself
            self._icon.show()
        self._available = available
        if not available and not self._told:
            self._waited += _SOON_MS
            if self._waited > GRACE_MS:
                self._told = True
                self.missing.emit()
        self._poll.start(_LATER_MS if available or self._told else _SOON_MS)

    def _clicked(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.activated.emit()
