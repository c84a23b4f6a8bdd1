"""Nothing in the window reads markup: what is foreign is shown as it is."""

import re
from pathlib import Path

import pytest

import latchward.gui

ROOT = Path(latchward.gui.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
ASKING = [path for path in FILES if path.parent.name in ("approval", "tray")]
NEVER = re.compile(
    r"\b(RichText|AutoText|MarkdownText|setHtml|insertHtml|appendHtml|toHtml|setMarkdown|QTextBrowser"
    r"|QStaticText|setOpenExternalLinks|openUrl)\b"
)
TOOLTIP = re.compile(r"\bsetToolTip\(|\bToolTipRole\b")
BARE_LABEL = re.compile(r"\bQLabel\(")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_widget_reads_markup(path):
    assert not NEVER.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", ASKING, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_tooltip_but_that_of_the_tray_which_holds_nothing_foreign(path):
    if path != ROOT / "tray" / "icon.py":
        assert not TOOLTIP.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", ASKING, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_question_is_shown_by_plain_labels_alone(path):
    assert not BARE_LABEL.search(path.read_text(encoding="utf-8"))
