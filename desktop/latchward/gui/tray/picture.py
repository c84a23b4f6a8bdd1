"""The tray's pictures, with a badge painted in, sharp at the sizes that panels use."""

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPen, QPixmap

from latchward.gui import icons

from .states import State

SIZES: Final = (16, 22, 24, 32, 44, 48, 64)
_BADGE: Final = QColor("#1a1f27")
_BADGE_TEXT: Final = QColor("#ffffff")


def tray_icon(state: State, badge: str) -> QIcon:
    """The icon in all sizes."""
    made = QIcon()
    for size in SIZES:
        made.addPixmap(picture(state, badge, size))
    return made


def picture(state: State, badge: str, size: int) -> QPixmap:
    """One picture. Its colours read on light and dark panels alike."""
    drawn = icons.pixmap(state.value, "#000000", size)
    if badge:
        _paint_badge(drawn, badge, size)
    return drawn


def _paint_badge(drawn: QPixmap, badge: str, size: int) -> None:
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    high = size * 0.56
    font = QFont()
    font.setPixelSize(max(8, round(high * 0.86)))
    font.setWeight(QFont.Weight.Bold)
    painter.setFont(font)
    wide = max(high, painter.fontMetrics().horizontalAdvance(badge) + high * 0.5)
    box = QRectF(size - min(wide, size), size - high, min(wide, size), high).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.setPen(QPen(_BADGE_TEXT, max(1.0, size / 24)))
    painter.setBrush(_BADGE)
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    painter.setPen(_BADGE_TEXT)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, badge)
    painter.end()
