"""The window of the first run: three steps, each of which can be skipped and taken back."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QLayout, QStackedWidget, QVBoxLayout, QWidget

from latchward.control.messages import (
    AdoptionProgress,
    AnswerHeld,
    Calls,
    Clients,
    Held,
    HeldList,
    Servers,
    ServerView,
)
from latchward.gui import tokens
from latchward.gui.link import Link
from latchward.gui.parts import Banner, Rule, column
from latchward.gui.policy import presets
from latchward.gui.policy.draft import Draft, key_of
from latchward.gui.theme import Theme

from . import present, words
from .adopting import Adopting
from .choose import ChoosePage
from .footer import Footer
from .found import FoundPage
from .saving import Saving
from .seen import SeenPage
from .stages import Stages
from .taking import TakingPage
from .undoing import Undoing

SIZE: Final = (760, 860)
LEAST: Final = (600, 440)
AROUND: Final = (24, 60)
"""Pixels of a small screen that the frame of the window needs, across and down."""
FOUND, TAKING, CHOOSE, SEEN = range(4)
_STAGE: Final = (0, 0, 1, 2)


class SetupDialog(QDialog):
    """Closing asks nothing and ends nothing: shown again, it is where it was.

    `draft` is the window's: whoever owns it takes the servers before this dialog does. `saved` carries each
    `Save` that was written; `add_wanted` asks for the dialog that adds a server.
    """

    saved = Signal(object)
    add_wanted = Signal()

    def __init__(self, theme: Theme, link: Link, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._link, self._draft = theme, link, draft
        self._clients: Clients | None = None
        self._progress: AdoptionProgress | None = None
        self._newest_call = 0
        self._placed = False
        self._lost = False
        self.stages = Stages(theme)
        self.pages = QStackedWidget()
        self.found, self.taking = FoundPage(theme), TakingPage(theme)
        self.choose, self.seen = ChoosePage(theme), SeenPage(theme)
        self.foot = Footer(theme)
        self.adopting = Adopting(theme, link, self.found, self)
        self.undoing = Undoing(theme, link, self)
        self.saving = Saving(link, draft, self)
        self.setWindowTitle(words.TITLE)
        self.setMinimumSize(*LEAST)
        room = self.screen().availableSize()
        self.resize(min(SIZE[0], room.width() - AROUND[0]), min(SIZE[1], room.height() - AROUND[1]))
        self._build()
        self._connect()
        self._take_latest()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        head = QWidget()
        top = column(head, 0)
        top.setContentsMargins(tokens.XL, tokens.M, tokens.XL, tokens.M)
        top.addWidget(self.stages)
        self._notes = QVBoxLayout()
        for page in (self.found, self.taking, self.choose, self.seen):
            self.pages.addWidget(page)
        layout.addWidget(head)
        layout.addWidget(Rule(self._theme))
        layout.addLayout(self._notes)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.foot)

    def _connect(self) -> None:
        link, foot = self._link, self.foot
        link.clients.connect(self._take_clients)
        link.adoption.connect(self._take_progress)
        link.servers.connect(self._take_servers)
        link.held.connect(self._take_held)
        link.calls.connect(self._take_calls)
        link.lost.connect(self._take_loss)
        self.found.changed.connect(self._offer)
        self.found.add_wanted.connect(self.add_wanted.emit)
        self.choose.changed.connect(self._offer)
        self.seen.answered.connect(self._answer)
        self.adopting.changed.connect(self._offer)
        self.adopting.began.connect(self._began)
        self.undoing.undone.connect(self._undone)
        self.saving.saved.connect(self.saved.emit)
        self.saving.over.connect(self._saved_all)
        foot.preview.clicked.connect(self.adopting.show_changes)
        foot.undo.clicked.connect(lambda: self.undoing.ask(self._clients, self.adopting.titles))
        foot.back.clicked.connect(self._go_back)
        foot.skip.clicked.connect(self._skip)
        foot.primary.clicked.connect(self._go_on)

    def _take_latest(self) -> None:
        """What the gateway said before this dialog was there."""
        clients, held, calls, progress = (
            self._link.latest(kind) for kind in (Clients, HeldList, Calls, AdoptionProgress)
        )
        if isinstance(progress, AdoptionProgress):
            self._take_progress(progress)
        if isinstance(clients, Clients):
            self._take_clients(clients)
        if isinstance(held, HeldList):
            self.seen.take_held(held)
        if isinstance(calls, Calls):
            self._take_calls(calls)
        self._offer()

    # What the gateway says

    def _take_clients(self, told: Clients) -> None:
        self._clients = told
        self.found.take(told)
        self._show_progress()
        self.seen.take_clients(told)
        self._offer()
        if self.isVisible() and self.page == FOUND and self.focusWidget() in (None, self.foot.skip):
            self._focus()

    def _take_progress(self, progress: AdoptionProgress) -> None:
        before, self._progress = self._progress, progress
        self._show_progress()
        self._show_choices()
        if not progress.over and (before is None or before.over):
            self._turn_to(TAKING)
        could_go_on = not self.foot.primary.isHidden()
        self._offer()
        if self.page == TAKING and not could_go_on and not self.foot.primary.isHidden():
            self._focus()

    def _show_progress(self) -> None:
        if self._progress is not None:
            offered, taken = self.found.picks.offered, self.adopting.taken
            self.taking.take(self._progress, present.others(self._progress, offered, taken))

    def _take_servers(self, _told: Servers) -> None:
        if self.saving.busy:  # each policy that is written tells all servers anew
            return
        self._show_choices()
        self._offer()

    def _take_calls(self, told: Calls) -> None:
        self._newest_call = max((call.number for call in told.calls), default=0)
        self.seen.take_calls(told)

    def _take_held(self, told: HeldList) -> None:
        self.seen.take_held(told)
        self._offer()

    def _take_loss(self, _why: str) -> None:
        self._lost = True
        self._notes.setContentsMargins(tokens.XL, tokens.M, tokens.XL, 0)
        self._notes.addWidget(Banner(self._theme, "danger", "warning", words.LOST))
        self._offer()

    def _moved(self) -> tuple[ServerView, ...]:
        names_of_moved = present.moved(self._progress)
        return tuple(view for view in self._draft.views if view.name in names_of_moved)

    def _show_choices(self) -> None:
        self.choose.take(self._moved())

    # Where one is

    @property
    def page(self) -> int:
        """The page that is shown."""
        return self.pages.currentIndex()

    def _turn_to(self, page: int) -> None:
        self.pages.setCurrentIndex(page)
        self._offer()
        self._focus()

    def _place(self) -> None:
        """Begin where it stands: what is under way first, then what can be taken in, then what was."""
        self._placed = True
        if self._progress is not None and not self._progress.over:
            self._turn_to(TAKING)
        elif self.found.is_empty and self._moved():
            self._turn_to(CHOOSE)
        else:
            self._turn_to(FOUND)

    def _offer(self) -> None:
        """The buttons of the page, and its step, as things stand."""
        over = self.page == TAKING and self.taking.over and bool(present.moved(self._progress))
        self.stages.show_stage(_STAGE[self.page], over=over)
        lost = "The gateway is gone" if self._lost else ""
        if self.page == FOUND:
            self._offer_found(lost)
        elif self.page == TAKING:
            self._offer_taking(lost)
        elif self.page == CHOOSE:
            use = next((one.title for one in presets.PRESETS if one.key == self.choose.preset), "")
            self.foot.offer(
                "Continue" if self.choose.keeps else f"Use {use}",
                skip="" if self.choose.keeps else words.DECIDE_LATER,
                note=words.LATER if not self.choose.keeps and self.choose.in_force == presets.ASK else "",
                why_off=lost or ("Saving…" if self.saving.busy else ""),
                undo=self._can_undo,
            )
        else:
            held = len(self.seen.cards)
            self.foot.offer(
                "Finish",
                note=present.left_out(held),
                undo=self._can_undo,
                back=bool(self._moved()) or not self.found.is_empty,
                plain=bool(held),
            )

    def _offer_found(self, lost: str) -> None:
        taken = self.found.picks.taken
        if self.found.is_empty:
            connected = bool(present.connected(self._clients))
            self.foot.offer("See it happen" if connected else "", skip="Close", undo=self._can_undo)
            return
        why_off = lost or self.adopting.busy or ("" if taken else words.TICK_FIRST)
        self.foot.offer(
            present.protect(len(taken)),
            skip="Skip" if self._next() else "Not now",
            note=present.yes(taken),
            why_off=why_off,
            preview=bool(taken) and not lost,
            undo=self._can_undo,
            by_return=False,
        )

    def _offer_taking(self, lost: str) -> None:
        some = bool(present.moved(self._progress))
        if not self.taking.over:
            self.foot.offer("Continue" if some else "", skip="Close", why_off=lost)
            return
        self.foot.offer(
            "Continue" if some else "Back to what was found",
            why_off=lost,
            undo=some and self._can_undo,
            back=some and not self.found.is_empty,
        )

    @property
    def _can_undo(self) -> bool:
        return bool(present.undoable(self._clients, self.adopting.titles)) and not self._lost

    def _focus(self) -> None:
        if self.page == FOUND and not self.found.is_empty:
            self.found.focus_first()
        elif self.page == CHOOSE and self.choose.known:
            self.choose.focus_first()
        else:
            first = self.foot.primary if not self.foot.primary.isHidden() else self.foot.skip
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin where it stands; what was left in between is as it was left."""
        super().showEvent(event)
        if self._placed:
            self._focus()
        else:
            self._place()

    # What the person does

    def _go_on(self) -> None:
        if self.page == FOUND:
            if self.found.is_empty:
                self._turn_to(SEEN)
            else:
                self.adopting.protect()
        elif self.page == TAKING:
            self._turn_to(CHOOSE if present.moved(self._progress) else FOUND)
        elif self.page == CHOOSE:
            self._use_preset()
        else:
            self._end()

    def _go_back(self) -> None:
        self._turn_to(CHOOSE if self.page == SEEN and self._moved() else FOUND)

    def _next(self) -> int:
        """The step that a skip of the first one leads to; 0 where nothing is left to show."""
        return CHOOSE if self._moved() else SEEN if present.connected(self._clients) else 0

    def _skip(self) -> None:
        if self.page == CHOOSE:
            self._turn_to(SEEN)
        elif self.page == FOUND and not self.found.is_empty and self._next():
            self._turn_to(self._next())
        elif self.page == TAKING:
            self.close()
        else:
            self._end()

    def _end(self) -> None:
        self._placed = False
        self.close()

    def _began(self) -> None:
        """The gateway has begun to take them in."""
        self.seen.begin(self._newest_call)
        if self._progress is None or self.adopting.waits_for_progress:
            self._take_progress(present.waiting_for(self.adopting.taken))
        self._turn_to(TAKING)

    def _undone(self) -> None:
        self._progress = None
        self._show_choices()
        self.found.say(words.UNDONE, "good")
        self._turn_to(FOUND)

    def _answer(self, held: Held, accept: bool) -> None:
        message = AnswerHeld(self._link.serial(), held.key, held.digest, accept)
        self._link.request(message, failed=lambda error: self.seen.fail(held, error))
        self._focus()  # the pressed button is off: else the focus would go on to the next one, which undoes

    # Saving a preset

    def _use_preset(self) -> None:
        if self.choose.keeps:
            self._turn_to(SEEN)
            return
        self.choose.say("")
        self.saving.use(self.choose.preset, [key_of(view) for view in self.choose.known])
        self._offer()

    def _saved_all(self) -> None:
        self._show_choices()
        if self.saving.failed or self._lost:
            self.choose.say(present.not_saved(self.saving.failed))
            self._offer()
        else:
            self._turn_to(SEEN)
