"""A difference as text: lines that come are green with a plus, lines that go are red with a minus."""

from PySide6.QtGui import QColor, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from latchward.gui.theme import Theme
from latchward.gui.tokens import ToneName
from latchward.model.plain import visible


class Difference(QPlainTextEdit):
    """Shows a unified difference; can be selected and copied, not changed."""

    def __init__(self, theme: Theme, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setFont(theme.font("body", mono=True))
        self.setAccessibleName("Difference of the policy as JSON")
        self.setTabChangesFocus(True)
        self.setPlainText(visible(text))
        self._colour()
        theme.changed.connect(self._colour)

    def fit(self, most: int = 16) -> None:
        """As high as its lines, up to a limit."""
        lines = min(max(self.document().blockCount(), 2), most)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 22)

    def _colour(self) -> None:
        """Tint each line by its sign, from edge to edge."""
        block = self.document().firstBlock()
        while block.isValid():
            tone = _tone(block.text())
            if tone is not None:
                line, letters = QTextBlockFormat(), QTextCharFormat()
                line.setBackground(QColor(self._theme.tone(tone).fill))
                letters.setForeground(QColor(self._theme.tone(tone).text))
                cursor = QTextCursor(block)
                cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
                cursor.mergeCharFormat(letters)
                QTextCursor(block).setBlockFormat(line)
            block = block.next()


def _tone(line: str) -> ToneName | None:
    if line.startswith(("+++", "---")):
        return None
    return "good" if line.startswith("+") else "danger" if line.startswith("-") else None
