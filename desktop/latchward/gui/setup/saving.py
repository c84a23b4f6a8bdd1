"""Saves one preset for several servers, one after the other."""

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from latchward.control.messages import Save
from latchward.gui.link import Link
from latchward.gui.policy.draft import Draft, Key, key_of


class Saving(QObject):
    """`saved` carries each `Save` that was written; `over` comes at the end. What failed is in `failed`.

    Servers may share a policy, and each save makes a new revision of it: so the next one waits for the last.
    """

    saved = Signal(object)
    over = Signal()

    def __init__(self, link: Link, draft: Draft, parent: QObject) -> None:
        super().__init__(parent)
        self._link, self._draft = link, draft
        self._left: list[Key] = []
        self._preset = ""
        self.busy = False
        self.failed: dict[str, str] = {}
        link.lost.connect(self._end)

    def use(self, preset: str, keys: Iterable[Key]) -> None:
        """Choose a preset for these servers, and save it."""
        if not self.busy:
            self._preset, self._left = preset, list(keys)
            self.busy, self.failed = True, {}
            self._next()

    def _next(self) -> None:
        here = {key_of(view) for view in self._draft.views}
        self._left = [key for key in self._left if key in here]
        if not self._left:
            self._end()
            return
        key = self._left.pop(0)
        self._draft.apply(key, self._preset)
        sent = self._draft.save(key, self._link.serial())
        self._link.request(sent, lambda: self._done(sent), lambda error: self._fail(key, error))

    def _done(self, sent: Save) -> None:
        self._draft.saved(sent)
        self.saved.emit(sent)
        self._next()

    def _fail(self, key: Key, error: str) -> None:
        self.failed[key[0]] = error
        self._next()

    def _end(self, _why: str = "") -> None:
        if self.busy:
            self.busy, self._left = False, []
            self.over.emit()
