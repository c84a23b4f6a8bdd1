"""Icons from resources/icons, drawn in any colour and size, sharp at every scale."""

from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from latchward import assets

_SCALES: Final = (1.0, 2.0)


def pixmap(name: str, colour: str, size: int, scale: float = 1.0) -> QPixmap:
    """One icon in one colour, `size` logical pixels square."""
    picture = blank(size, scale)
    painter = QPainter(picture)
    _renderer(name, colour).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return picture


def icon(name: str, colour: str, size: int, disabled: str = "") -> QIcon:
    """The same for a button or a menu."""
    made = QIcon()
    for scale in _SCALES:
        made.addPixmap(pixmap(name, colour, size, scale))
        if disabled:
            made.addPixmap(pixmap(name, disabled, size, scale), QIcon.Mode.Disabled)
    return made


def blank(size: int, scale: float) -> QPixmap:
    """An empty, transparent picture of `size` logical pixels."""
    pixels = round(size * scale)
    picture = QPixmap(pixels, pixels)
    picture.setDevicePixelRatio(scale)
    picture.fill(Qt.GlobalColor.transparent)
    return picture


def _renderer(name: str, colour: str) -> QSvgRenderer:
    drawing = assets.text(f"icons/{name}.svg").replace("currentColor", colour)
    return QSvgRenderer(QByteArray(drawing.encode()))
