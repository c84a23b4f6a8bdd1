"""The design system in Qt: one palette, one set of fonts and icons, light or dark.

Linux desktops report a colour scheme and hand out a palette that may disagree. So the style is
Fusion, the palette is ours, and where nobody chose, the lightness of the palette in force decides.
"""

from enum import Enum
from typing import Final

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

from . import icons
from .sheet import sheet
from .tokens import DARK, LIGHT, SIZES, Colours, Size, Tone, ToneName

_KEY: Final = "appearance"
_MAX_PIXMAPS: Final = 512


class Appearance(Enum):
    """What the person prefers."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


_SCHEMES: Final = {
    Appearance.SYSTEM: Qt.ColorScheme.Unknown,
    Appearance.LIGHT: Qt.ColorScheme.Light,
    Appearance.DARK: Qt.ColorScheme.Dark,
}


class Theme(QObject):
    """Colours, fonts and icons for every window. `changed` comes when they are others than before."""

    changed = Signal()

    def __init__(self, app: QApplication, saved: QSettings | None = None) -> None:
        super().__init__(app)
        self._app = app
        self._saved = saved
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self._applying = False
        app.setStyle("Fusion")
        self._appearance = self._remembered()
        self._colours = LIGHT
        self._apply()
        app.styleHints().colorSchemeChanged.connect(self._system_changed)

    @property
    def appearance(self) -> Appearance:
        """What the person chose: System, Light or Dark."""
        return self._appearance

    @property
    def colours(self) -> Colours:
        """The set of colours in force."""
        return self._colours

    @property
    def dark(self) -> bool:
        """Whether light text stands on dark ground."""
        return self._colours.dark

    def choose(self, appearance: Appearance) -> None:
        """Take up a preference and remember it."""
        self._appearance = appearance
        if self._saved is not None:
            self._saved.setValue(_KEY, appearance.value)
        self._apply()

    def tone(self, name: ToneName) -> Tone:
        """The colours of a tone."""
        return self._colours.tones[name]

    def colour(self, name: str) -> QColor:
        """A colour by its name in `Colours`, or the text colour of a tone."""
        tone = self._colours.tones.get(name)  # type: ignore[call-overload]
        return QColor(tone.text if tone is not None else getattr(self._colours, name))

    def font(self, size: Size = "body", *, strong: bool = False, mono: bool = False) -> QFont:
        """A font of the type scale."""
        font = (
            QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont) if mono else QFont(self._app.font())
        )
        font.setPointSizeF(self._app.font().pointSizeF() * SIZES[size])
        if strong:
            font.setWeight(QFont.Weight.DemiBold)
        return font

    def icon(self, name: str, colour: str = "text", size: int = 16) -> QIcon:
        """An icon for a button or menu, in a colour of `Colours` or of a tone; grey where disabled."""
        return icons.icon(name, self.colour(colour).name(), size, self.colour("edge_strong").name())

    def pixmap(self, name: str, colour: str, size: int, scale: float) -> QPixmap:
        """An icon to paint, kept for the next time."""
        key = (name, self.colour(colour).name(), size, scale)
        found = self._pixmaps.get(key)
        if found is None:
            if len(self._pixmaps) >= _MAX_PIXMAPS:
                self._pixmaps.clear()
            found = self._pixmaps[key] = icons.pixmap(name, key[1], size, scale)
        return found

    def _remembered(self) -> Appearance:
        try:
            return Appearance(str(self._saved.value(_KEY, "system")) if self._saved is not None else "system")
        except ValueError:
            return Appearance.SYSTEM

    def _system_changed(self, _scheme: Qt.ColorScheme) -> None:
        if not self._applying and self._appearance is Appearance.SYSTEM:
            self._apply()

    def _apply(self) -> None:
        self._applying = True
        try:
            self._app.styleHints().setColorScheme(_SCHEMES[self._appearance])
            self._colours = DARK if self._wants_dark() else LIGHT
            self._app.setPalette(_palette(self._colours))
            self._app.setStyleSheet(sheet(self._colours))
        finally:
            self._applying = False
        self.changed.emit()

    def _wants_dark(self) -> bool:
        if self._appearance is not Appearance.SYSTEM:
            return self._appearance is Appearance.DARK
        scheme = self._app.styleHints().colorScheme()
        if scheme is not Qt.ColorScheme.Unknown:
            return scheme is Qt.ColorScheme.Dark
        return self._app.style().standardPalette().color(QPalette.ColorRole.Window).lightness() < 128


def _palette(colours: Colours) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for which, colour in (
        (role.Window, colours.window),
        (role.WindowText, colours.text),
        (role.Base, colours.surface),
        (role.AlternateBase, colours.window),
        (role.Text, colours.text),
        (role.PlaceholderText, colours.muted),
        (role.Button, colours.raised),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.on_accent),
        (role.ToolTipBase, colours.raised),
        (role.ToolTipText, colours.text),
        (role.Highlight, colours.selection),
        (role.HighlightedText, colours.on_selection),
        (role.Link, colours.accent),
        (role.Accent, colours.accent),
        (role.Light, colours.raised),
        (role.Midlight, colours.edge),
        (role.Mid, colours.edge),
        (role.Dark, colours.edge_strong),
        (role.Shadow, colours.edge_strong),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.edge_strong))
    return palette
