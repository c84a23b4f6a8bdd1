"""Labels remember their measures: never those of another text, font or box."""

from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from latchward.gui.widgets import PlainLabel
from tests.gui.builder_support import one_theme

LONG = "a sentence that wraps at this width, and goes on for a while after that"
WIDTH = 120


@pytest.fixture
def label(qtbot: Any) -> PlainLabel:
    made = PlainLabel(one_theme(), LONG)
    qtbot.addWidget(made)
    made.heightForWidth(WIDTH)
    return made


def test_another_text_has_its_own_height(label: PlainLabel) -> None:
    before = label.heightForWidth(WIDTH), label.sizeHint().width()
    label.say("short")
    assert label.heightForWidth(WIDTH) < before[0]
    assert label.sizeHint().width() < before[1]


def test_a_larger_font_of_the_person_makes_it_higher(label: PlainLabel) -> None:
    before = label.heightForWidth(WIDTH)
    usual = QApplication.font()
    larger = QApplication.font()
    larger.setPointSizeF(usual.pointSizeF() * 2)
    try:
        QApplication.setFont(larger)
        assert label.heightForWidth(WIDTH) > before
    finally:
        QApplication.setFont(usual)


def test_a_box_around_it_takes_of_the_width(label: PlainLabel) -> None:
    before = label.heightForWidth(WIDTH)
    label.dress("caution", "warning")
    assert label.heightForWidth(WIDTH) > before
