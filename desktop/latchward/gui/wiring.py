"""Everything that the tray process holds, wired together by hand."""

import sys
from collections.abc import Callable
from time import monotonic
from typing import Final

from PySide6.QtCore import QObject, QSettings, Qt, QTimer
from PySide6.QtWidgets import QMessageBox, QWidget

from latchward import program
from latchward.control.messages import Clients, Status, TemporaryList
from latchward.model.plain import visible

from . import autostart
from .approval.asking import Asking
from .approval.notification import Notifications
from .link import Link
from .preferences import SETUP_SHOWN, for_the_first_time
from .text import counted
from .theme import Theme
from .tray.icon import Tray
from .tray.menu import TrayMenu

MakeWindow = Callable[[Link, Theme], QWidget]
"""How the main window is made; it is made when it is first opened."""

SETTLED: Final = 10.0
"""Seconds that a gateway must have run to be started anew at its end: one that cannot run is left alone."""
QUIT_MS: Final = 6_000
"""Milliseconds that the gateway has to say `Stop` after the person quit."""
NO_TRAY: Final = (
    "This desktop shows no tray icons, so this window is where you find Latchward. "
    "Start Latchward again to bring it back."
)


class App(QObject):
    """Everything that the tray process holds. `leave` ends the process with a status.

    `saved` remembers that the first run was offered; without it, it is not offered.
    """

    def __init__(
        self,
        link: Link,
        theme: Theme,
        make_window: MakeWindow,
        restart: Callable[[], None],
        leave: Callable[[int], None],
        saved: QSettings | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._link = link
        self._theme = theme
        self._make_window = make_window
        self._restart = restart
        self._leave = leave
        self._saved = saved
        self._greeted_at = 0.0
        self._window: QWidget | None = None
        self._asking_to_quit: QMessageBox | None = None
        self._asking_to_unblock: QMessageBox | None = None
        self._told: QMessageBox | None = None
        self.asking = Asking(link, theme, Notifications(self), self)
        self.menu = TrayMenu(self)
        self.tray = Tray(self.menu, self)
        self._wire()

    def start(self) -> None:
        """Show the icon."""
        self.menu.show_login(autostart.is_on(autostart.place()))
        self.tray.start()

    def open_window(self) -> QWidget:
        """Show the main window in front of all others."""
        if self._window is None:
            self._window = self._make_window(self._link, self._theme)
        window = self._window
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.show()
        window.raise_()
        window.activateWindow()
        return window

    def tell(self, text: str) -> None:
        """Say one sentence in a small window of its own, in place of the one said before."""
        self._told = self._box(text)
        self._told.open()

    def _wire(self) -> None:
        link, menu, tray = self._link, self.menu, self.tray
        link.greeted.connect(self._greeted)
        link.status.connect(self._status)
        link.temporary.connect(self._temporary)
        link.clients.connect(self._offer_first_run)
        link.show_window.connect(self.open_window)
        link.lost.connect(self._lost)
        self.asking.count_changed.connect(tray.show_questions)
        menu.opened.connect(self.open_window)
        menu.reviewed.connect(self.asking.review)
        menu.looked.connect(self._look)
        menu.block_chosen.connect(self._block)
        menu.login_chosen.connect(self._start_at_login)
        menu.ended.connect(link.end_temporary)
        menu.quit_chosen.connect(self._wants_to_quit)
        tray.activated.connect(self._clicked)
        tray.missing.connect(self._no_tray)

    def _greeted(self, _hello: object) -> None:
        self._greeted_at = monotonic()

    def _status(self, status: Status) -> None:
        self.tray.show_status(status)

    def _temporary(self, answers: TemporaryList) -> None:
        self.menu.show_temporary(answers.answers)

    def _offer_first_run(self, told: Clients) -> None:
        """Where nothing was ever set up, and there is something to set up: once, without being asked."""
        if not (told.first and told.found) or self._saved is None:
            return
        if for_the_first_time(self._saved, SETUP_SHOWN):
            show = getattr(self.open_window(), "show_setup", None)
            if callable(show):
                show()

    def _clicked(self) -> None:
        if len(self.asking):
            self.asking.review()
        else:
            self.open_window()

    def _no_tray(self) -> None:
        window = self.open_window()
        say = getattr(window, "say", None)
        if callable(say):
            say(NO_TRAY)

    def _look(self) -> None:
        show = getattr(self.open_window(), "show_waiting", None)
        if callable(show):
            show()

    def _block(self, on: bool) -> None:
        if on:
            self._link.block(True, self.tell)
            return
        box = self._asking_to_unblock = self._box(
            self.tr("Let calls through again? Each call is then decided by your rules.")
        )
        stay = box.addButton(self.tr("Stay blocked"), QMessageBox.ButtonRole.RejectRole)
        unblock = box.addButton(self.tr("Unblock"), QMessageBox.ButtonRole.DestructiveRole)
        unblock.clicked.connect(lambda: self._link.block(False, self.tell))
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.open()

    def _start_at_login(self, on: bool) -> None:
        path = autostart.place()
        try:
            if on:
                autostart.turn_on(path, program.command())
            else:
                autostart.turn_off(path)
        except OSError as error:
            self.tell(self.tr("`{0}` cannot be written: {1}.").format(path, error.strerror))
        self.menu.show_login(autostart.is_on(path))

    def _wants_to_quit(self) -> None:
        if not len(self.asking):
            self._quit()
            return
        waiting = counted(len(self.asking), "question")
        box = self._asking_to_quit = self._box(
            self.tr("{0} still waiting. Quit Latchward and refuse what waits?").format(waiting)
        )
        stay = box.addButton(self.tr("Stay"), QMessageBox.ButtonRole.RejectRole)
        box.addButton(self.tr("Quit and refuse"), QMessageBox.ButtonRole.DestructiveRole).clicked.connect(
            self._quit
        )
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.open()

    def _quit(self) -> None:
        self._link.quit()
        QTimer.singleShot(QUIT_MS, self, self._gone)

    def _gone(self) -> None:
        self._leave(0)

    def _lost(self, why: str) -> None:
        self.asking.end()
        self.tray.hide()
        if self._window is not None:
            self._window.hide()
        if not why:
            self._leave(0)
            return
        print(f"latchward: the tray ends: {why}", file=sys.stderr, flush=True)
        if self._greeted_at and monotonic() - self._greeted_at >= SETTLED:
            self._restart()
        self._leave(1)

    def _box(self, text: str) -> QMessageBox:
        box = QMessageBox()
        box.setWindowTitle("Latchward")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(visible(text))
        return box
