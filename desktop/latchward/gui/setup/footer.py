"""The buttons below every step, and what a yes means above them."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QWidget

from latchward.gui import tokens
from latchward.gui.parts import button, column, row
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel

from . import words

_ROOM: Final = 9
"""Left and right of the text of a quiet button."""


class Footer(QFrame):
    """Every step shows those buttons that it needs; the dialog connects them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "footer")
        self.note = PlainLabel(theme, size="small")
        self.preview = button("Show what changes…", _nothing, look="quiet")
        self.undo = button(words.UNDO, _nothing, look="quiet")
        self.why_off = PlainLabel(theme, size="small", colour="muted")
        self.why_off.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self.back = button("Back", _nothing)
        self.skip = button("", _nothing)
        self.primary = button("", _nothing, look="primary")
        inner = column(self, tokens.M)
        # A quiet button has room around its text: the text stands below the note, not the room.
        inner.setContentsMargins(tokens.XL - _ROOM, tokens.M, tokens.XL, tokens.M)
        above = row(self.note)
        above.setContentsMargins(_ROOM, 0, 0, 0)
        inner.addLayout(above)
        inner.addLayout(row(self.preview, self.undo, None, self.why_off, self.back, self.skip, self.primary))

    def offer(
        self,
        primary: str,
        *,
        skip: str = "",
        note: str = "",
        why_off: str = "",
        preview: bool = False,
        undo: bool = False,
        back: bool = False,
        by_return: bool = True,
        plain: bool = False,
    ) -> None:
        """What can be done now. The primary button is off while there is a reason; Return presses it
        only where that agrees to nothing. `plain`: it looks like the rest, for something else comes first."""
        self.note.say(note)
        self.note.setVisible(bool(note))
        self.why_off.say(why_off)
        self.why_off.setVisible(bool(why_off))
        self.preview.setVisible(preview)
        self.undo.setVisible(undo)
        self.back.setVisible(back)
        self.skip.setText(skip)
        self.skip.setVisible(bool(skip))
        self.primary.setText(primary)
        self.primary.setVisible(bool(primary))
        self.primary.setEnabled(not why_off)
        self.primary.setDefault(by_return and bool(primary) and not plain)
        look = "" if plain else "primary"
        if self.primary.property("look") != look:
            self.primary.setProperty("look", look)
            self.primary.style().unpolish(self.primary)
            self.primary.style().polish(self.primary)


def _nothing() -> None:
    """The dialog connects what these buttons do."""
