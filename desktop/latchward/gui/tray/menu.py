"""The tray's menu: the window, what waits, what still holds, the emergency brake."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from latchward.control.messages import Mode, Temporary

from .states import menu_text, temporary_line


class TrayMenu(QObject):
    """Says what was chosen. A checked entry shows what is so, not what was clicked."""

    opened = Signal()
    reviewed = Signal()
    looked = Signal()
    block_chosen = Signal(bool)
    login_chosen = Signal(bool)
    ended = Signal(str)
    """The key of a temporary answer."""
    quit_chosen = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.menu = QMenu()
        self.open = self._add(self.tr("Open Latchward"), self.opened.emit)
        self.questions = self._add("", self.reviewed.emit)
        self.waiting = self._add("", self.looked.emit)
        self.temporary = self.menu.addMenu("")
        self.menu.addSeparator()
        self.blocked = self.menu.addAction(self.tr("All calls are blocked"))
        self.blocked.setEnabled(False)
        self.block = self._add("", self._block)
        self.login = self._add(self.tr("Start at login"), self._login)
        self.login.setCheckable(True)
        self.menu.addSeparator()
        self.quit = self._add(self.tr("Quit Latchward (agents lose their tools)"), self.quit_chosen.emit)
        self._blocked = False
        self._at_login = False
        self.show_questions(0)
        self.show_waiting(0)
        self.show_temporary(())
        self.show_mode("normal")

    def show_questions(self, count: int) -> None:
        """How many questions wait."""
        self.questions.setText(self.tr("Questions waiting ({0})").format(count))
        self.questions.setEnabled(count > 0)

    def show_temporary(self, answers: tuple[Temporary, ...]) -> None:
        """The answers that still hold, each with its end."""
        self.temporary.clear()
        for answer in answers:
            action = self.temporary.addAction(menu_text(temporary_line(answer)))
            action.triggered.connect(self._ending(answer.key))
        self.temporary.setTitle(self.tr("Remembered answers ({0})").format(len(answers)))
        self.temporary.menuAction().setVisible(bool(answers))

    def show_waiting(self, count: int) -> None:
        """How many other things wait for a look: the number in the icon."""
        self.waiting.setText(self.tr("Waiting for your look ({0})").format(count))
        self.waiting.setVisible(count > 0)

    def show_mode(self, mode: Mode) -> None:
        """Whether everything is blocked."""
        self._blocked = mode == "blocked"
        self.blocked.setVisible(self._blocked)
        self.block.setText(self.tr("Unblock…") if self._blocked else self.tr("Block everything"))

    def show_login(self, on: bool) -> None:
        """Whether Latchward starts at login."""
        self._at_login = on
        self.login.setChecked(on)

    def _add(self, text: str, chosen: Callable[[], None]) -> QAction:
        action = self.menu.addAction(text)
        action.triggered.connect(lambda _checked=False: chosen())
        return action

    def _ending(self, key: str) -> Callable[[], None]:
        return lambda: self.ended.emit(key)

    def _block(self) -> None:
        self.block_chosen.emit(not self._blocked)

    def _login(self) -> None:
        wanted = not self._at_login
        self.login.setChecked(self._at_login)
        self.login_chosen.emit(wanted)
