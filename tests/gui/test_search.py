"""What a page is filtered by: words that can be ticked, and the search that waits for a pause."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from latchward.gui.search import Choice, Search


def test_one_of_several_is_ticked_at_a_time_and_can_be_taken_back(qtbot):
    choice = Choice("Risk", {"a": "High", "b": "Critical"}, one=True)
    qtbot.addWidget(choice)
    choice.tick("a")
    choice.tick("b")
    assert choice.ticked == {"b"}
    choice.menu().actions()[1].trigger()
    assert choice.ticked == frozenset()


def test_two_short_words_are_named_and_more_are_counted(qtbot):
    choice = Choice("Client", {name: name for name in ("A & B", "C", "D")}, several="clients")
    qtbot.addWidget(choice)
    choice.tick("A & B")
    choice.tick("C")
    assert choice.accessibleName() == "Client: A & B, C"
    assert choice.text() == "Client: A && B, C  ▾"
    choice.tick("D")
    assert choice.accessibleName() == "Client: 3 clients"


def test_other_words_are_offered_and_what_is_ticked_stays(qtbot):
    choice = Choice("Client", {"a": "A", "b": "B"})
    qtbot.addWidget(choice)
    choice.tick("b")
    choice.offer({"b": "B", "c": "C"})
    assert choice.ticked == {"b"}
    assert [action.text() for action in choice.menu().actions()] == ["B", "C", "", "Any"]


def test_a_ticked_word_that_is_offered_no_more_is_a_change(qtbot):
    choice = Choice("Client", {"a": "A", "b": "B"})
    qtbot.addWidget(choice)
    choice.tick("b")
    with qtbot.waitSignal(choice.changed):
        choice.offer({"a": "A"})
    assert choice.ticked == frozenset()


def test_a_word_that_is_typed_quickly_is_sought_once(qtbot, theme):
    search = Search(theme, "hint", "Search")
    qtbot.addWidget(search)
    sought = []
    search.sought.connect(lambda: sought.append(search.text()))
    QTest.keyClicks(search, "word")
    qtbot.waitUntil(lambda: bool(sought))
    assert sought == ["word"]


def test_return_seeks_at_once_and_escape_empties(qtbot, theme):
    search = Search(theme, "hint", "Search")
    qtbot.addWidget(search)
    QTest.keyClicks(search, "word")
    with qtbot.waitSignal(search.sought, timeout=0):
        QTest.keyClick(search, Qt.Key.Key_Return)
    QTest.keyClick(search, Qt.Key.Key_Escape)
    assert search.text() == ""
