"""Takes the ticked servers in: asks what that means for the files, shows it, and does it as it was shown."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from latchward.control.messages import Adopt, AdoptionProgress, FilePlan, FoundServer
from latchward.gui.link import Link
from latchward.gui.policy.words import sentence
from latchward.gui.theme import Theme

from . import present, words
from .files import FilesDialog
from .found import FoundPage
from .plans import Plans


class Adopting(QObject):
    """`changed` comes when `busy` is another; `began` when the gateway said that it began."""

    changed = Signal()
    began = Signal()

    def __init__(self, theme: Theme, link: Link, page: FoundPage, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._link, self._page, self._window = theme, link, page, parent
        self._plans = Plans(link, self)
        self._plan: tuple[tuple[FoundServer, ...], FilePlan] | None = None
        self._asked: tuple[FoundServer, ...] = ()
        self._titles: dict[str, None] = {}
        self.busy = ""
        self.taken: tuple[FoundServer, ...] = ()
        self.waits_for_progress = False
        self.preview: FilesDialog | None = None
        page.changed.connect(self._look)
        link.adoption.connect(self._take_progress)

    @property
    def titles(self) -> tuple[str, ...]:
        """The clients that everything that was taken in here belongs to."""
        return tuple(self._titles)

    def protect(self) -> None:
        """Take in what is ticked. The files are looked at first, unless they were just shown."""
        taken = self._page.picks.taken
        if not taken or self.busy:
            return
        self._page.say("")
        if self._plan is not None and self._plan[0] == taken:
            self._adopt(taken, self._plan[1])
            return
        self._say("Looking at the files…")
        self._ask(taken, then_adopt=True)

    def show_changes(self) -> None:
        """Show what would become of the files."""
        taken = self._page.picks.taken
        if self.preview is not None:
            self.preview.deleteLater()
        self.preview = FilesDialog(
            self._theme,
            words.PREVIEW,
            words.PREVIEW_ABOUT,
            keep="Close",
            do=present.protect(len(taken)),
            look="primary",
            parent=self._window,
        )
        self.preview.done_wanted.connect(lambda plan: self._adopt(taken, plan))
        self._ask(taken, then_adopt=False)
        self.preview.open()

    # Inside

    def _ask(self, taken: tuple[FoundServer, ...], *, then_adopt: bool) -> None:
        """Ask for the plan, and keep it for as long as the same servers are ticked."""
        self._asked = taken
        self._plan = None

        def took(plan: FilePlan) -> None:
            self._plan = (taken, plan)
            if then_adopt:
                self._adopt(taken, plan)
            elif self.preview is not None:
                self.preview.show_plan(plan)

        self._plans.of_adoption(tuple(found.key for found in taken), took, self._refused)

    def _adopt(self, taken: tuple[FoundServer, ...], plan: FilePlan) -> None:
        picks = self._page.picks
        if picks.taken != taken:
            self._look_again()
            return
        keys = tuple(found.key for found in taken)
        message = Adopt(self._link.serial(), keys, plan.revision, picks.values())
        self.waits_for_progress = True
        self._say("Beginning…")
        self._link.request(message, lambda: self._begun(taken), self._not_begun)

    def _begun(self, taken: tuple[FoundServer, ...]) -> None:
        self.taken, self._plan, self.busy = taken, None, ""
        self._titles.update(dict.fromkeys(client for found in taken for client in found.clients))
        self._close_preview()
        self._page.say("")
        self._page.forget_values()
        self.began.emit()

    def _not_begun(self, error: str) -> None:
        """Nothing was done: say why, and ask again what it would mean now."""
        self.waits_for_progress = False
        self._refused(error)
        self._ask(self._page.picks.taken, then_adopt=False)

    def _refused(self, error: str) -> None:
        self._plan = None
        told = f"Nothing was changed. {sentence(error)}"
        if self.preview is not None and self.preview.isVisible():
            self.preview.fail(told)
        self._page.say(told)
        self._say("")

    def _take_progress(self, _told: AdoptionProgress) -> None:
        self.waits_for_progress = False

    def _look(self) -> None:
        """The ticks changed while the files are looked at: a yes to others is none to these."""
        if self._plans.asking and self._page.picks.taken != self._asked:
            self._plans.forget()
            self._look_again()

    def _look_again(self) -> None:
        self.busy = ""
        self._close_preview()
        self._page.say(words.CHANGED)
        self.changed.emit()

    def _close_preview(self) -> None:
        if self.preview is not None:
            self.preview.close()

    def _say(self, busy: str) -> None:
        self.busy = busy
        self.changed.emit()
