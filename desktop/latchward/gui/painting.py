"""What the painters of several tables share."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter

from .theme import Theme

_FLAGS = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine


def write(
    painter: QPainter, theme: Theme, box: QRect, text: str, ink: str | QColor, *, strong: bool = False
) -> int:
    """Write what fits of a text on one line, from the left; says where it ended."""
    font = theme.font("body", strong=strong)
    metrics = QFontMetrics(font)
    painter.setFont(font)
    painter.setPen(QColor(ink))
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, box.width()))
    painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    painter.drawText(box, int(_FLAGS), shown)
    return box.left() + metrics.horizontalAdvance(shown)
