"""Real radio buttons for the four effects, and for the presets."""

from collections.abc import Collection

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QRadioButton, QWidget

from latchward.control.messages import EffectWord
from latchward.gui import tokens
from latchward.gui.parts import Tinted, column, row
from latchward.gui.text import counted
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel

from . import presets, words
from .draft import Draft, Key


class EffectRadios(QWidget):
    """Allow, Ask, Deny, Hide, each with what it means. `chosen` carries the effect that was clicked."""

    chosen = Signal(str)

    def __init__(
        self, theme: Theme, shown: Collection[EffectWord], enabled: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName("Decision")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(tokens.S)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self._group = QButtonGroup(self)
        self._showing = False
        self.radios: dict[EffectWord, QRadioButton] = {}
        for at, effect in enumerate(words.EFFECTS):
            radio = QRadioButton(words.EFFECT[effect])
            radio.setAccessibleDescription(words.MEANING[effect])
            radio.setEnabled(enabled)
            self._group.addButton(radio)
            self.radios[effect] = radio
            grid.addWidget(radio, at, 0)
            grid.setRowMinimumHeight(at, radio.sizeHint().height() + tokens.XS)
            meaning = PlainLabel(theme, words.MEANING[effect], colour="muted")
            meaning.setAlignment(Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(meaning, at, 1)
            # Not `clicked`: a screen reader toggles without a click.
            radio.toggled.connect(lambda on, one=effect: self._toggled(one, on))
        self.show_effects(shown)

    def show_effects(self, shown: Collection[EffectWord]) -> None:
        """Tick the effect of all that is selected; nothing where they differ."""
        self._showing = True
        self._group.setExclusive(False)
        for effect, radio in self.radios.items():
            radio.setChecked(len(shown) == 1 and effect in shown)
        self._group.setExclusive(True)
        self._showing = False

    def _toggled(self, effect: EffectWord, on: bool) -> None:
        if on and not self._showing:
            self.chosen.emit(effect)


class PresetChoice(QWidget):
    """The presets of one server as rows to choose from. `used` carries the key of the one that was chosen.

    Of a server that was just added the strictest comes first. Choosing changes the draft alone.
    """

    used = Signal(str)

    def __init__(
        self, theme: Theme, draft: Draft, key: Key, *, fresh: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        layout = column(self, tokens.S)
        self._group = QButtonGroup(self)
        self.radios: dict[str, QRadioButton] = {}
        chosen = draft.preset(key)
        listed = reversed(presets.PRESETS) if fresh else presets.PRESETS
        for preset in listed:
            layout.addWidget(self._one(theme, draft, key, preset, chosen))
        note = "A choice takes effect when you save."
        layout.addWidget(PlainLabel(theme, note, size="small", colour="muted"))

    def _one(self, theme: Theme, draft: Draft, key: Key, preset: presets.Preset, chosen: str) -> QWidget:
        moves = draft.would(key, preset.key)
        in_force = presets.in_force(preset.key, draft.view(key))
        box = Tinted(theme, "info" if chosen == preset.key else "plain")
        inner = column(box, 2, tokens.S)
        radio = QRadioButton(preset.title)
        radio.setFont(theme.font("body", strong=True))
        radio.setAccessibleName(f"Use the preset {preset.title}")
        radio.setAccessibleDescription(preset.meaning)
        self._group.addButton(radio)
        radio.setChecked(preset.key == chosen or (not chosen and in_force and not moves))
        radio.clicked.connect(lambda: self.used.emit(preset.key))
        self.radios[preset.key] = radio
        line = row(radio, None)
        if in_force:
            now = PlainLabel(theme, "in force now", size="small")
            now.dress("good", "check", chip=True)
            line.addWidget(now, 0, Qt.AlignmentFlag.AlignVCenter)
        inner.addLayout(line)
        inner.addWidget(PlainLabel(theme, preset.meaning, colour="muted"))
        told = (
            f"{counted(len(moves), 'tool')} would change: {words.flow(moves.values())}"
            if moves
            else "Changes no decision"
        )
        if chosen == preset.key:
            told = "Chosen, not saved" if not moves else f"Chosen, then changed by hand. {told}"
        if told != "Changes no decision" or not in_force:
            inner.addWidget(PlainLabel(theme, told, size="small", colour="info" if moves else "muted"))
        return box
