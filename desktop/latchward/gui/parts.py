"""Parts that the pages of the main window share: banners, cards, empty states, foreign texts, scrolling."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QPainter,
    QPaintEvent,
    QPen,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from . import tokens
from .text import Run
from .theme import Theme
from .tokens import ToneName
from .widgets import PlainLabel

_ICON: Final = 18
_EMPTY_ICON: Final = 44
MAX_WIDTH: Final = 1280
"""Of a page that scrolls: longer lines read badly."""
_NOTE_ICONS: Final[dict[ToneName, str]] = {"good": "check", "danger": "warning"}
_TEXT: Final = 640
"""Width of a sentence that stands alone in an empty page."""


def button(
    text: str, done: Callable[[], object], *, look: str = "", said: str = "", parent: QWidget | None = None
) -> QPushButton:
    """A button with one of the sheet's looks; `said` is its name where the text alone says too little."""
    made = QPushButton(text, parent)
    made.setAutoDefault(False)
    if look:
        made.setProperty("look", look)
    if said:
        made.setAccessibleName(said)
    made.clicked.connect(lambda: done())
    return made


def row(*items: QWidget | None, gap: int = tokens.S) -> QHBoxLayout:
    """Widgets beside one another; None is a stretch."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(gap)
    for item in items:
        if item is None:
            layout.addStretch(1)
        else:
            layout.addWidget(item)
    return layout


def column(parent: QWidget, gap: int = tokens.S, edge: int = 0) -> QVBoxLayout:
    """A column that fills its parent."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(edge, edge, edge, edge)
    layout.setSpacing(gap)
    return layout


class Picture(QLabel):
    """An icon of the theme, repainted when the colours change; silent to a screen reader."""

    def __init__(
        self, theme: Theme, name: str, colour: str, size: int = _ICON, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._name, self._colour, self._size = theme, name, colour, size
        self.setFixedSize(size, size)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the icon."""
        painter = QPainter(self)
        painter.drawPixmap(
            0, 0, self._theme.pixmap(self._name, self._colour, self._size, self.devicePixelRatioF())
        )
        painter.end()


class Tinted(QFrame):
    """A frame on the ground of a tone."""

    def __init__(self, theme: Theme, tone: ToneName, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.tone: ToneName = tone
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the box."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tone = self._theme.tone(self.tone)
        painter.setPen(QPen(QColor(tone.edge), 1))
        painter.setBrush(QColor(tone.fill))
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), tokens.RADIUS, tokens.RADIUS
        )
        painter.end()


class Banner(Tinted):
    """A sentence that matters, with what can be done about it. `dismissed` comes from its cross."""

    dismissed = Signal()

    def __init__(
        self,
        theme: Theme,
        tone: ToneName,
        icon: str,
        text: str,
        *actions: QPushButton,
        closable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, tone, parent)
        self.setObjectName("banner")
        self.setAccessibleName(text)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(tokens.M, tokens.XS, tokens.XS, tokens.XS)
        layout.setSpacing(tokens.S)
        layout.addWidget(Picture(theme, icon, tone), 0, Qt.AlignmentFlag.AlignVCenter)
        self.label = PlainLabel(theme, runs(text), colour=tone)
        self.label.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self.label, 1)
        for action in actions:
            layout.addWidget(action, 0, Qt.AlignmentFlag.AlignVCenter)
        if closable:
            self._cross = button("", self.dismissed.emit, look="quiet", said="Close this message")
            layout.addWidget(self._cross, 0, Qt.AlignmentFlag.AlignVCenter)
            self._restyle()
            theme.changed.connect(self._restyle)

    def _restyle(self) -> None:
        self._cross.setIcon(self._theme.icon("close", self.tone, 14))


class Notes(QVBoxLayout):
    """Where a page says what came of a click: one banner at a time, until the person closes it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._banner: Banner | None = None

    def say(self, text: str, tone: ToneName) -> None:
        """In place of what was said before; to a screen reader too."""
        self.unsay()
        icon = _NOTE_ICONS.get(tone, "info")
        self._banner = Banner(self._theme, tone, icon, text, closable=True)
        self._banner.dismissed.connect(self.unsay)
        self.addWidget(self._banner)
        announce(self._banner, text)

    def unsay(self) -> None:
        """Nothing is said any more."""
        if self._banner is not None:
            self._banner.hide()
            self._banner.deleteLater()
            self._banner = None


class Empty(QWidget):
    """What a page without content says: what is missing, and what to do next."""

    def __init__(
        self,
        theme: Theme,
        icon: str,
        title: str,
        sentence: str,
        *actions: QPushButton,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("empty")
        layout = column(self, tokens.S, tokens.XL)
        layout.addStretch(2)
        layout.addWidget(Picture(theme, icon, "edge_strong", _EMPTY_ICON), 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(tokens.XS)
        self.title = PlainLabel(theme, title, size="title", strong=True)
        self.sentence = PlainLabel(theme, sentence, colour="muted")
        for label in (self.title, self.sentence):
            width = min(label.sizeHint().width() + 2, _TEXT)
            label.setFixedSize(width, label.heightForWidth(width))
            layout.addWidget(label, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(tokens.S)
        layout.addLayout(row(None, *actions, None))
        layout.addStretch(3)


class Scrolled(QScrollArea):
    """A page that scrolls up and down, never sideways. Widgets go into `column`."""

    def __init__(
        self, name: str, parent: QWidget | None = None, *, edge: int = tokens.XL, gap: int = tokens.M
    ) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        inner.setAccessibleName(name)
        inner.setMaximumWidth(MAX_WIDTH)
        inner.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        body = QWidget()
        self.column = column(body, gap, edge)
        outer = column(inner, 0)
        outer.addWidget(body)
        outer.addStretch(1)
        self.setWidget(inner)

    def settle(self) -> None:
        """Lay out anew at once: texts that wrap need a second pass, and half of one would be seen."""
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)


class Dialog(QDialog):
    """A dialog as high as its texts need at its width. Widgets go into `column`."""

    def __init__(self, title: str, width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._wide = width
        self.column = column(self, tokens.S, tokens.L)
        self.column.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setMinimumSize(width, tokens.XXL * 4)

    def fit(self) -> None:
        """Grow where the texts need more than there is."""
        self.column.activate()
        wide = max(self._wide, self.width())
        self.resize(wide, self.column.totalHeightForWidth(wide))

    def showEvent(self, event: QShowEvent) -> None:
        """Fit before it is seen."""
        self.fit()
        super().showEvent(event)


class Confirmation(Dialog):
    """Asks once before something that cannot be taken back; nothing happens by Return alone."""

    def __init__(
        self, theme: Theme, title: str, question: str, means: str, *, keep: str, do: str, parent: QWidget
    ) -> None:
        super().__init__(title, 460, parent)
        self.column.addWidget(PlainLabel(theme, question, size="lead", strong=True))
        self.column.addWidget(PlainLabel(theme, means))
        self.column.addStretch(1)
        self.keep = button(keep, self.reject)
        self.do = button(do, self.accept)
        self.column.addLayout(row(None, self.keep, self.do))
        self.keep.setFocus()


class Card(QFrame):
    """A block that stands for one thing. Widgets go into `column`."""

    def __init__(self, parent: QWidget | None = None, gap: int = tokens.S) -> None:
        super().__init__(parent)
        self.setProperty("look", "card")
        self.column = column(self, gap, tokens.L)


def announce(widget: QWidget, text: str) -> None:
    """Say something to a screen reader that is seen without the focus moving."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


def runs(text: str) -> tuple[Run, ...]:
    """A sentence of ours, what stands in backticks as code; an odd backtick is left as it is."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return (Run(text),)
    return tuple(Run(part, "code" if at % 2 else "plain") for at, part in enumerate(parts) if part) or (
        Run(""),
    )


def heading(theme: Theme, text: str) -> PlainLabel:
    """The name of a part of a panel."""
    return PlainLabel(theme, text, size="small", colour="muted", strong=True)


class Rule(QFrame):
    """A thin line between two parts."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedHeight(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the line."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.colours.edge))
        painter.end()
