"""The builder's page: filters, table, panel and the unsaved bar; it talks with the gateway."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from latchward.control.messages import AcceptTools, EffectWord, Save, Servers, ToolView
from latchward.gui import tokens
from latchward.gui.link import Link
from latchward.gui.parts import Banner, Empty, announce, button, row
from latchward.gui.text import counted, listed
from latchward.gui.theme import Theme
from latchward.gui.tokens import ToneName
from latchward.gui.widgets import PlainLabel

from . import words
from .definition import AcceptDialog
from .draft import Draft, Key, Target
from .filters import Filters
from .model import ToolModel
from .review import Review
from .rows import Filter
from .side import WIDTH, Side
from .tree import ToolTree

MAX_BANNERS: Final = 3
_ICONS: Final[dict[ToneName, str]] = {"info": "info", "caution": "changed", "danger": "warning"}


class BuilderPage(QWidget):
    """What each tool may do. `add_wanted` comes from the empty page."""

    add_wanted = Signal()

    def __init__(self, theme: Theme, link: Link, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._link = theme, link
        self.draft = Draft()
        self.model = ToolModel(self.draft, self)
        self.filters = Filters(theme)
        self.tree = ToolTree(theme, self.model)
        self.side = Side(theme, self.draft)
        self.bar = UnsavedBar(theme)
        self.review: Review | None = None
        self.definition: AcceptDialog | None = None
        self._first = True
        self._banners: list[Banner] = []
        self._build()
        self._connect()
        self._refresh()

    # Building

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._notes = QVBoxLayout()
        self._notes.setContentsMargins(tokens.L, 0, tokens.L, 0)
        self._notes.setSpacing(tokens.S)
        self._no_match = Empty(
            self._theme,
            "search",
            "No tool matches",
            "Search for fewer words, or show everything again.",
            button("Show all tools", self.filters.clear),
        )
        self._table = QStackedWidget()
        self._table.addWidget(self.tree)
        self._table.addWidget(self._no_match)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._table)
        split.addWidget(self.side)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 0)
        split.setSizes([700, WIDTH])
        split.setChildrenCollapsible(False)
        split.setHandleWidth(1)
        inner = QWidget()
        page = QVBoxLayout(inner)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        for part in (self.filters, split, self.bar):
            page.addWidget(part, 1 if part is split else 0)
        page.insertLayout(1, self._notes)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._no_servers())
        self._pages.addWidget(inner)
        layout.addWidget(self._pages)

    def _no_servers(self) -> Empty:
        return Empty(
            self._theme,
            "tool",
            "No servers yet",
            "Latchward stands between your agents and their tools: it lets through, asks you, or refuses. "
            "Add a server first: its tools appear here, and you choose what agents may do with each.",
            button("Add a server…", self.add_wanted.emit, look="primary"),
        )

    def _connect(self) -> None:
        self.filters.changed.connect(self._filter)
        self.filters.search.down.connect(self._to_tree)
        self.tree.looked_at.connect(self._show_selected)
        self.tree.pointed.connect(self.bar.hint)
        self.model.chosen.connect(self._said)
        self.side.chosen.connect(self._choose)
        self.side.preset_used.connect(self.use_preset)
        self.side.accept_wanted.connect(self._look_at)
        self.side.kept.connect(self._keep_refusing)
        self.bar.undo.clicked.connect(self.undo)
        self.bar.redo.clicked.connect(self.redo)
        self.bar.discard.clicked.connect(self.discard)
        self.bar.save.clicked.connect(self.open_review)
        for keys, done in (
            (QKeySequence.StandardKey.Find, self._to_search),
            (QKeySequence.StandardKey.Undo, self.undo),
            (QKeySequence.StandardKey.Redo, self.redo),
            (QKeySequence.StandardKey.Save, self.open_review),
        ):
            shortcut = QShortcut(self)
            shortcut.setKeys(keys)
            shortcut.activated.connect(done)

    # What the gateway says

    def take(self, told: Servers) -> None:
        """The servers are other than before."""
        with self.tree.kept():
            moved = self.draft.take(told.servers)
            self.model.set_servers(self.draft.views)
        if self._first and told.servers:
            self._first = False
            self.tree.open_first()
        for one in moved:
            self.tell(one.sentence, "caution" if one.dropped else "info")
        if moved and self.review is not None and self.review.isVisible():
            self.review.ask()
        self._pages.setCurrentIndex(1 if told.servers else 0)
        self._refresh()
        self.side.refresh()

    def tell(self, sentence: str, tone: ToneName) -> None:
        """Show a sentence above the table until the person closes it."""
        banner = Banner(self._theme, tone, _ICONS.get(tone, "info"), sentence, closable=True)
        banner.dismissed.connect(lambda: self._drop(banner))
        self._notes.addWidget(banner)
        announce(banner, sentence)
        self._banners.append(banner)
        self._notes.setContentsMargins(tokens.L, 0, tokens.L, tokens.M)
        while len(self._banners) > MAX_BANNERS:
            self._drop(self._banners[0])

    def _drop(self, banner: Banner) -> None:
        if banner in self._banners:
            self._banners.remove(banner)
            banner.hide()
            banner.deleteLater()
        if not self._banners:
            self._notes.setContentsMargins(tokens.L, 0, tokens.L, 0)

    # What the person does

    def show_held(self) -> None:
        """Show the definitions that wait for a look, the first of them opened."""
        self.filters.show_held()
        for section in self.model.sections:
            if section.shown:
                self.tree.show_place(section.key, section.shown[0].tool.name)
                break
        self.tree.setFocus()

    def show_server(self, key: Key, tool: str = "") -> None:
        """Show one server with its tools and presets, or one tool of it."""
        self.filters.clear()
        self.tree.show_place(key, tool)
        self.tree.expand(self.model.find(key))
        self.tree.setFocus()

    def undo(self) -> None:
        """Take the last choice back."""
        step = self.draft.undo()
        if step is not None:
            self._said(f"Undone: {step.words}")

    def redo(self) -> None:
        """Choose again what was undone."""
        step = self.draft.redo()
        if step is not None:
            self._said(f"Done again: {step.words}")

    def discard(self) -> None:
        """Go back to what is in force; undo brings the changes back."""
        count = self.draft.count
        self.draft.discard()
        self._said(f"Discarded {counted(count, 'change')}; Undo brings {'it' if count == 1 else 'them'} back")

    def open_review(self) -> None:
        """Show what saving would change."""
        if not self.draft.count or (self.review is not None and self.review.isVisible()):
            return
        if self.review is not None and self.review.busy:
            self.review.ask()
            self.review.open()
            return
        if self.review is not None:
            self.review.deleteLater()
        self.review = Review(self._theme, self._link, self.draft, self)
        self.review.saved.connect(self.take_saved)
        self.review.open()

    def _choose(self, targets: Sequence[Target], effect: EffectWord) -> None:
        count = self.draft.set([(key, name) for key, name in targets], effect)
        one = words.name_of(targets[0][1]) if len(targets) == 1 else counted(count, "tool")
        self._said(f"{words.EFFECT[effect]} for {one}")

    def use_preset(self, key: Key, preset: str) -> None:
        """Choose a preset for one server."""
        count = self.draft.apply((key[0], key[1]), preset)
        self._said(f"{counted(count, 'decision')} changed in {words.name_of(key[0])}")

    def _look_at(self, key: Key, tool: ToolView) -> None:
        """Show a definition in full before it is accepted; what is gone is forgotten at once."""
        if tool.held == "gone":
            self._accept(key, tool)
            return
        if self.definition is not None:
            self.definition.deleteLater()
        self.definition = AcceptDialog(self._theme, key[0], tool, self)
        self.definition.accepted.connect(lambda: self._accept(key, tool))
        self.definition.open()

    def _keep_refusing(self, target: Target) -> None:
        """Nothing changes: the definition is held on, and the next one is shown."""
        held = [
            (section.key, row.tool.name)
            for section in self.model.sections
            for row in section.shown
            if row.tool.held
        ]
        at = held.index(target) + 1 if target in held else 0
        if len(held) > 1:
            self.tree.show_place(*held[at % len(held)])
        self._said(f"{words.name_of(target[1])} stays refused; nothing was changed")

    def set_blocked(self, blocked: bool) -> None:
        """Whether everything is blocked: the decisions are dimmed then."""
        self.model.set_blocked(blocked)

    def _accept(self, key: Key, tool: ToolView) -> None:
        named = words.name_of(tool.name)
        message = AcceptTools(self._link.serial(), key[0], (tool.name,), (tool.digest,))
        done = "is forgotten" if tool.held == "gone" else "goes to agents as the server defines it now"
        self._link.request(
            message,
            lambda: self._said(f"{named} {done}"),
            lambda error: self.tell(f"{named} was not accepted. {words.sentence(error)}", "danger"),
        )

    def take_saved(self, sent: Save) -> None:
        """A policy was written, here or in the first run."""
        with self.tree.kept():
            self.model.set_servers(self.draft.views)
        self._said(f"Saved the policy of {words.name_of(sent.server)}")

    # Keeping it all in step

    def _filter(self, wanted: Filter) -> None:
        with self.tree.kept():
            self.model.set_filter(wanted)
        self._refresh()

    def _said(self, text: str) -> None:
        self.model.repaint()
        self.bar.say(text)
        self._refresh()
        self.side.refresh()

    def _refresh(self) -> None:
        held = sum(1 for view in self.draft.views for tool in view.tools if tool.held)
        unsaved = sum(len(self.draft.changes(key)) for key in self.draft.changed())
        self.filters.tell(held, unsaved)
        self._table.setCurrentIndex(0 if self.model.sections or not self.model.filter else 1)
        self.bar.show_draft(self.draft)

    def _show_selected(self) -> None:
        selected = self.tree.selected()
        targets = list(dict.fromkeys(target for index in selected for target in self.model.targets(index)))
        section = self.model.section(selected[0]) if len(selected) == 1 else None
        if section is not None and self.model.row(selected[0]) is None:
            self.side.show_server(section.key, len(section.rows) - len(section.shown))
        else:
            self.side.show_tools(targets)

    def _to_search(self) -> None:
        self.filters.search.setFocus()
        self.filters.search.selectAll()

    def _to_tree(self) -> None:
        if not self.tree.currentIndex().isValid():
            self.tree.setCurrentIndex(self.model.index(0, 0))
        self.tree.setFocus()


class UnsavedBar(QFrame):
    """What is not saved, and what can be done about it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "footer")
        self.count = PlainLabel(theme, strong=True)
        self.where = PlainLabel(theme, size="small", colour="muted")
        self.note = PlainLabel(theme, colour="muted")
        nothing = _nothing
        self.undo = button("Undo", nothing, look="quiet")
        self.redo = button("Redo", nothing, look="quiet")
        self.discard = button("Discard", nothing, look="quiet")
        self.save = button("Review and save…", nothing, look="primary")
        layout = row(self.count, self.where, self.note, self.undo, self.redo, self.discard, self.save)
        layout.setStretch(2, 1)
        layout.setContentsMargins(tokens.L, tokens.S, tokens.L, tokens.S)
        self.setLayout(layout)
        for label in (self.count, self.where, self.note):
            label.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self._last = ""

    def show_draft(self, draft: Draft) -> None:
        """How many changes there are."""
        self.count.say(
            f"{counted(draft.count, 'change')} not saved" if draft.count else "Everything is saved"
        )
        changed = draft.changed()
        per = [f"{len(draft.changes(key)) or 1:,} in {words.name_of(key[0])}" for key in changed]
        self.where.say(listed(per, 3) if len(changed) > 1 else "")
        self.undo.setEnabled(bool(draft.undo_words))
        self.redo.setEnabled(bool(draft.redo_words))
        self.undo.setAccessibleDescription(draft.undo_words)
        self.redo.setAccessibleDescription(draft.redo_words)
        self.discard.setEnabled(bool(draft.count))
        self.save.setEnabled(bool(draft.count))

    def say(self, text: str) -> None:
        """What was done last."""
        self._last = text
        self.note.say(text)
        if text:
            announce(self.note, text)

    def hint(self, text: str) -> None:
        """What a click under the mouse would do; "" goes back to what was done last."""
        self.note.say(text or self._last)


def _nothing() -> None:
    """The page connects what these buttons do."""
