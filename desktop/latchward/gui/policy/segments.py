"""Pictures of the control Allow | Ask | Deny | Hide, of badges and of marks.

Each is painted once for its state, size, scale and colours, and kept: a frame of the table then
only copies pixmaps. Where a segment lies is told here too, so that a click and the paint agree.
"""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen, QPixmap

from latchward.control.messages import EffectWord, ToolView
from latchward.gui import tokens
from latchward.gui.theme import Theme
from latchward.gui.tokens import Look, ToneName

from . import words

HEIGHT: Final = 26
ICON: Final = 14
MAX_PICTURES: Final = 512

_PAD: Final = 6
_GAP: Final = 4
_RADIUS: Final = 6.0
_LEVEL_TONES: Final[Mapping[str, ToneName]] = {
    word: tokens.SEVERITIES[word.lower()].tone for word in words.LEVELS
}
_HELD: Final[Mapping[str, Look]] = {
    "new": Look("New", "new", "info"),
    "changed": Look("Changed", "changed", "caution"),
    "gone": Look("Gone", "close", "quiet"),
}


class Pictures:
    """Everything that the delegate copies onto the table."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._kept: dict[tuple[object, ...], QPixmap] = {}
        self._measure()
        theme.changed.connect(self.forget)

    def forget(self) -> None:
        """Colours or fonts are others now."""
        self._kept.clear()
        self._measure()

    def _measure(self) -> None:
        strong = QFontMetrics(self._theme.font("body", strong=True))
        widest = max(strong.horizontalAdvance(word) for word in words.EFFECT.values())
        self.cell = max(widest + ICON + _GAP + 2 * _PAD, strong.horizontalAdvance("Allow 000") + 2 * _PAD)
        self.height = max(HEIGHT, strong.height() + 8)

    # Where things lie

    @property
    def size(self) -> QSize:
        """Of the whole control."""
        return QSize(self.cell * len(words.EFFECTS) + 1, self.height)

    def control_in(self, cell: QRect) -> QRect:
        """Where the control lies in a cell of the table."""
        top = cell.y() + (cell.height() - self.height) // 2
        return QRect(cell.x() + tokens.S, top, self.size.width(), self.height)

    def segment(self, cell: QRect, effect: EffectWord) -> QRect:
        """Where one segment lies in a cell of the table."""
        control = self.control_in(cell)
        return QRect(
            control.x() + self.cell * words.EFFECTS.index(effect), control.y(), self.cell, self.height
        )

    def hit(self, cell: QRect, point: QPointF) -> EffectWord | None:
        """The segment at a point."""
        at = point.toPoint()
        return next((effect for effect in words.EFFECTS if self.segment(cell, effect).contains(at)), None)

    # Pictures

    def control(
        self, effect: EffectWord, base: EffectWord, over: EffectWord | None, fixed: bool, dpr: float
    ) -> QPixmap:
        """The control of a tool. `base` is in force, `over` is under the mouse."""
        key = ("control", effect, base, over, fixed, dpr)
        return self._kept.get(key) or self._keep(key, self._paint_control(effect, base, over, fixed, dpr))

    def for_all(self, over: EffectWord, dpr: float) -> QPixmap:
        """The control of a server, while the mouse is over it: it sets all tools that are shown."""
        key = ("for all", over, dpr)
        return self._kept.get(key) or self._keep(key, self._paint_for_all(over, dpr))

    def risk(self, tool: ToolView, dpr: float) -> QPixmap:
        """The badge of a risk: its level as bars, its category and level as words."""
        key = ("risk", tool.category, tool.class_risk, dpr)
        look = tokens.SEVERITIES.get(tool.class_risk.lower(), tokens.SEVERITIES["critical"])
        return self._kept.get(key) or self._keep(
            key, self._paint_badge(Look(words.risk(tool), look.icon, look.tone), dpr)
        )

    def held(self, held: str, dpr: float) -> QPixmap:
        """The mark of a definition that waits."""
        key = ("held", held, dpr)
        return self._kept.get(key) or self._keep(key, self._paint_badge(_HELD[held], dpr))

    def badge(self, look: Look, dpr: float) -> QPixmap:
        """Any other badge."""
        key = ("badge", look, dpr)
        return self._kept.get(key) or self._keep(key, self._paint_badge(look, dpr))

    def icon(self, name: str, colour: str, dpr: float, size: int = ICON) -> QPixmap:
        """An icon, from the theme's own store."""
        return self._theme.pixmap(name, colour, size, dpr)

    def _keep(self, key: tuple[object, ...], picture: QPixmap) -> QPixmap:
        if len(self._kept) >= MAX_PICTURES:
            self._kept.clear()
        self._kept[key] = picture
        return picture

    # Painting

    def _blank(self, size: QSize, dpr: float) -> QPixmap:
        picture = QPixmap(round(size.width() * dpr), round(size.height() * dpr))
        picture.setDevicePixelRatio(dpr)
        picture.fill(Qt.GlobalColor.transparent)
        return picture

    def _begin(self, picture: QPixmap) -> QPainter:
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font("body"))
        return painter

    def _trough(self, painter: QPainter, fixed: bool) -> None:
        """The ground that the segments lie on."""
        colours = self._theme.colours
        box = QRectF(0.5, 0.5, self.size.width() - 1, self.height - 1)
        painter.setPen(QPen(QColor(colours.edge), 1))
        painter.setBrush(QColor(colours.window if fixed else colours.surface))
        painter.drawRoundedRect(box, _RADIUS, _RADIUS)

    def _cell(self, at: int) -> QRectF:
        return QRectF(self.cell * at + 0.5, 0.5, self.cell, self.height - 1)

    def _paint_control(
        self, effect: EffectWord, base: EffectWord, over: EffectWord | None, fixed: bool, dpr: float
    ) -> QPixmap:
        picture = self._blank(self.size, dpr)
        painter = self._begin(picture)
        self._trough(painter, fixed)
        for at, one in enumerate(words.EFFECTS):
            box = self._cell(at)
            if one == effect:
                self._paint_chosen(painter, box, one, fixed, dpr)
                continue
            if one == over and not fixed:
                self._fill(painter, box.adjusted(2, 2, -2, -2), self._theme.colours.hover)
            colour = self._theme.colours.edge_strong if fixed else self._theme.colours.muted
            painter.setPen(QColor(self._theme.colours.text if one == over and not fixed else colour))
            former = one == base != effect
            text = f"was {words.EFFECT[one]}" if former else words.EFFECT[one]
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
            if former:
                self._paint_former(painter, box)
        painter.end()
        return picture

    def _paint_chosen(
        self, painter: QPainter, box: QRectF, effect: EffectWord, fixed: bool, dpr: float
    ) -> None:
        look = tokens.EFFECTS[effect]
        tone = self._theme.tone(look.tone)
        painter.setPen(QPen(QColor(tone.edge if fixed else tone.text), 1))
        painter.setBrush(QColor(tone.fill))
        painter.drawRoundedRect(box, _RADIUS, _RADIUS)
        painter.setFont(self._theme.font("body", strong=True))
        painter.setPen(QColor(tone.text))
        width = painter.fontMetrics().horizontalAdvance(look.word)
        left = box.x() + (box.width() - width - ICON - _GAP) / 2
        top = box.y() + (box.height() - ICON) / 2
        painter.drawPixmap(QPointF(round(left), round(top)), self.icon(look.icon, look.tone, dpr))
        text = QRectF(round(left) + ICON + _GAP, box.y(), width + 2, box.height())
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, look.word)
        painter.setFont(self._theme.font("body"))

    def _paint_former(self, painter: QPainter, box: QRectF) -> None:
        """A dashed frame around the effect that is in force while another is chosen."""
        pen = QPen(QColor(self._theme.colours.muted), 1, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(2.5, 2.5, -2.5, -2.5), 4, 4)

    def _paint_for_all(self, over: EffectWord, dpr: float) -> QPixmap:
        picture = self._blank(self.size, dpr)
        painter = self._begin(picture)
        colours = self._theme.colours
        self._trough(painter, fixed=False)
        for at, effect in enumerate(words.EFFECTS):
            box = self._cell(at)
            if effect == over:
                self._fill(painter, box.adjusted(2, 2, -2, -2), colours.hover)
            painter.setPen(QColor(colours.text if effect == over else colours.muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{words.EFFECT[effect]} all")
        painter.end()
        return picture

    def _fill(self, painter: QPainter, box: QRectF, colour: str) -> None:
        path = QPainterPath()
        path.addRoundedRect(box, 4, 4)
        painter.fillPath(path, QColor(colour))

    def _paint_badge(self, look: Look, dpr: float) -> QPixmap:
        font = self._theme.font("small", strong=look.tone not in ("quiet", "plain"))
        metrics = QFontMetrics(font)
        wide = metrics.horizontalAdvance(look.word) + 2 * 7 + (ICON + 4 if look.icon else 0)
        size = QSize(wide + 1, metrics.height() + 6)
        picture = self._blank(size, dpr)
        painter = self._begin(picture)
        tone = self._theme.tone(look.tone)
        painter.setPen(QPen(QColor(tone.edge), 1))
        painter.setBrush(QColor(tone.fill))
        painter.drawRoundedRect(
            QRectF(0.5, 0.5, size.width() - 1, size.height() - 1), size.height() / 2, size.height() / 2
        )
        left = 7
        if look.icon:
            painter.drawPixmap(
                QPointF(left, (size.height() - ICON) // 2), self.icon(look.icon, look.tone, dpr)
            )
            left += ICON + 4
        painter.setFont(font)
        painter.setPen(QColor(tone.text))
        painter.drawText(QRectF(left, 0, wide, size.height()), Qt.AlignmentFlag.AlignVCenter, look.word)
        painter.end()
        return picture
