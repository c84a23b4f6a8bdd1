"""Gives the clients their files back: asks what that means, shows it, and does it as it was shown."""

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from latchward.control.messages import Clients, FilePlan, Restore
from latchward.gui.link import Link
from latchward.gui.policy.words import sentence
from latchward.gui.theme import Theme

from . import present, words
from .files import FilesDialog
from .plans import Plans


class Undoing(QObject):
    """`undone` comes when the files were given back."""

    undone = Signal()

    def __init__(self, theme: Theme, link: Link, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._link, self._window = theme, link, parent
        self._plans = Plans(link, self)
        self._ids: tuple[str, ...] = ()
        self.dialog: FilesDialog | None = None

    def ask(self, told: Clients | None, titles: Iterable[str] = ()) -> None:
        """Show what giving the files of these clients back would do; nothing is done before a yes."""
        self._ids = present.undoable(told, titles)
        if not self._ids:
            return
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = FilesDialog(
            self._theme,
            words.UNDO_TITLE,
            words.UNDO_ABOUT,
            keep=words.UNDO_KEEP,
            do=words.UNDO_DO,
            parent=self._window,
        )
        self.dialog.done_wanted.connect(self._do)
        self._propose()
        self.dialog.open()

    def _propose(self, left: str = "") -> None:
        """Ask what would be done now. `left` is said as well where that cannot be told."""
        dialog = self.dialog
        if dialog is not None:
            self._plans.of_restore(
                self._ids, dialog.show_plan, lambda error: dialog.fail(f"{left} {sentence(error)}".strip())
            )

    def _do(self, plan: FilePlan) -> None:
        message = Restore(self._link.serial(), self._ids, plan.revision)
        self._link.request(message, self._done, self._not_done)

    def _done(self) -> None:
        if self.dialog is not None:
            self.dialog.close()
        self.undone.emit()

    def _not_done(self, error: str) -> None:
        """Not all was done: say why, and show what is still to be done."""
        if self.dialog is not None:
            left = f"{words.NOT_ALL} {sentence(error)}"
            self.dialog.fail(left)
            self._propose(left)
