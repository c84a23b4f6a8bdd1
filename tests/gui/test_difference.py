"""A difference is shown whole, each line by its sign, and nothing foreign hides in it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QTextCursor
from PySide6.QtWidgets import QApplication

from latchward.control.messages import FileChange
from latchward.gui.difference import Difference, FileChanges

from .builder_support import texts

TEXT = '--- now\n+++ then\n@@ -1,2 +1,2 @@\n {\n-"a": 1\n+"b": 2'


def fill(shown: Difference, line: int) -> str:
    brush = shown.document().findBlockByNumber(line).blockFormat().background()
    return brush.color().name() if brush.style() is not Qt.BrushStyle.NoBrush else ""


def test_lines_that_come_and_go_are_tinted_and_the_rest_is_not(qtbot, theme):
    shown = Difference(theme, TEXT)
    qtbot.addWidget(shown)
    good, bad = (QColor(theme.tone(name).fill).name() for name in ("good", "danger"))
    assert [fill(shown, line) for line in range(6)] == ["", "", "", "", bad, good]


def test_a_removed_line_that_looks_like_a_head_is_tinted(qtbot, theme):
    shown = Difference(theme, "@@ -1 +0,0 @@\n--- hidden")
    qtbot.addWidget(shown)
    assert fill(shown, 1) == QColor(theme.tone("danger").fill).name()


def test_it_is_as_high_as_its_lines_unless_there_is_a_limit(qtbot, theme):
    text = "\n".join(f"+line {at}" for at in range(60))
    whole, limited = Difference(theme, text), Difference(theme, text, most=10)
    for shown in (whole, limited):
        qtbot.addWidget(shown)
        shown.resize(500, 100)
        shown.show()
    QApplication.processEvents()
    line = whole.fontMetrics().lineSpacing()
    assert whole.height() >= 60 * line
    assert 10 * line <= limited.height() < 12 * line


def test_each_file_says_its_path_its_client_and_what_hides_in_it(qtbot, theme):
    shown = FileChanges(theme, (FileChange("Cursor", "~/.cursor/mcp.json", "+x\u202ey"),))
    qtbot.addWidget(shown)
    shown.show()
    assert texts(shown).split("\n")[:2] == ["~/.cursor/mcp.json", "Cursor"]
    assert "+x<U+202E>y" in texts(shown)


def test_long_lines_that_wrap_are_seen_to_their_end(qtbot, theme):
    shown = Difference(theme, "\n".join(f"+{'long words ' * 20}{at}" for at in range(20)))
    qtbot.addWidget(shown)
    shown.resize(300, 40)
    shown.show()
    QApplication.processEvents()
    end = shown.textCursor()
    end.movePosition(QTextCursor.MoveOperation.End)
    assert shown.document().size().height() > 60
    assert shown.viewport().rect().contains(shown.cursorRect(end))
