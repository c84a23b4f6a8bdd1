"""The builder by mouse and keyboard: segments at their pixels, digits, F2, the panel."""

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QRadioButton

from latchward.control.messages import AcceptTools, EffectWord, ServerView
from latchward.gui.policy.model import EFFECT
from latchward.gui.policy.page import BuilderPage
from latchward.gui.policy.words import EFFECTS
from tests.gui.builder_support import FILES, GIT, Gateway, open_window, server, tool

F = ("files", "files")
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def gateway(qtbot: Any) -> Iterator[Gateway]:
    made = Gateway(qtbot)
    yield made
    made.close()


def page_with(qtbot: Any, gateway: Gateway, *servers: ServerView) -> BuilderPage:
    return open_window(qtbot, gateway, *(servers or (FILES, GIT))).tools


def segment(page: BuilderPage, key: tuple[str, str], name: str, effect: EffectWord) -> QPoint:
    cell = page.tree.visualRect(page.model.find(key, name).siblingAtColumn(EFFECT))
    return page.tree.pictures.segment(cell, effect).center()


def click(page: BuilderPage, key: tuple[str, str], name: str, effect: EffectWord) -> None:
    at = segment(page, key, name, effect)
    QTest.mouseClick(page.tree.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


@pytest.mark.parametrize("effect", EFFECTS)
def test_click_on_a_segment_chooses_it(qtbot: Any, gateway: Gateway, effect: EffectWord) -> None:
    page = page_with(qtbot, gateway)
    click(page, F, "move_file", effect)
    assert page.model.effect(page.model.find(F, "move_file")) == effect


def test_click_beside_the_segments_only_selects(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    where = page.tree.visualRect(page.model.find(F, "move_file")).center()
    QTest.mouseClick(page.tree.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where)
    assert page.draft.count == 0
    assert [index.data() for index in page.tree.selected()] == ["move_file"]


def test_right_click_on_a_segment_chooses_nothing(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    at = segment(page, F, "move_file", "deny")
    QTest.mouseClick(page.tree.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, at)
    assert page.draft.count == 0


def test_click_on_a_fixed_tool_changes_nothing(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway, server("files", tool("a", fixed="the rule `*` says so")))
    click(page, F, "a", "deny")
    assert page.draft.count == 0
    assert "cannot be set here" in page.bar.note.text()


def test_click_on_a_server_reaches_what_is_shown_and_says_so(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    page.filters.search.setText("write")
    page.filters.search.returnPressed.emit()
    click(page, F, "", "deny")
    assert page.draft.changes(F) == {"write_file": "deny"}
    assert page.bar.note.text() == "Deny for the 1 shown of 4 of files"


def test_pointer_over_a_server_says_beforehand_what_a_click_reaches(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    page.filters.search.setText("write")
    page.filters.search.returnPressed.emit()
    QTest.mouseMove(page.tree.viewport(), segment(page, F, "", "deny"))
    qtbot.waitUntil(lambda: page.bar.note.text() == "Deny for the 1 shown of 4")


@pytest.mark.parametrize(("key", "effect"), list(zip("1234", EFFECTS, strict=True)))
def test_digit_chooses_for_the_selection(qtbot: Any, gateway: Gateway, key: str, effect: EffectWord) -> None:
    page = page_with(qtbot, gateway)
    page.tree.show_place(F, "move_file")
    QTest.keyClick(page.tree, key)
    assert page.model.effect(page.model.find(F, "move_file")) == effect


def test_digit_chooses_for_all_selected_rows(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    page.tree.show_place(F, "delete_file")
    QTest.keyClick(page.tree, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(page.tree, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(page.tree, "3")
    assert page.draft.changes(F) == dict.fromkeys(("delete_file", "move_file", "read_file"), "deny")
    assert page.bar.note.text() == "Deny for 3 tools"


def test_f2_opens_the_list_of_effects_and_its_choice_counts(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    page.tree.show_place(F, "move_file")
    QTest.keyClick(page.tree, Qt.Key.Key_F2)
    box = page.tree.findChild(QComboBox)
    assert isinstance(box, QComboBox)
    assert [box.itemText(at) for at in range(box.count())] == ["Allow", "Ask", "Deny", "Hide"]
    assert box.currentText() == "Ask"
    QTest.keyClick(box, Qt.Key.Key_Down)
    QTest.keyClick(box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.draft.changes(F) == {"move_file": "deny"})


def test_f2_does_not_open_on_a_fixed_tool(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway, server("files", tool("a", fixed="the rule `*` says so")))
    page.tree.show_place(F, "a")
    QTest.keyClick(page.tree, Qt.Key.Key_F2)
    assert page.tree.findChild(QComboBox) is None


def test_undo_and_redo_by_shortcut_methods_go_over_all_servers(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    click(page, F, "move_file", "deny")
    click(page, ("git", "git"), "git_commit", "hide")
    page.undo()
    assert (page.draft.count, page.bar.count.text()) == (1, "1 change not saved")
    page.redo()
    page.discard()
    assert (page.draft.count, page.bar.count.text()) == (0, "Everything is saved")
    page.undo()
    assert page.draft.count == 2


def test_keys_of_the_window_undo_and_search(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    page.window().activateWindow()
    qtbot.waitUntil(page.window().isActiveWindow)
    click(page, F, "move_file", "deny")
    QTest.keyClick(page.tree, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert page.draft.count == 0
    QTest.keyClick(page.tree, Qt.Key.Key_Z, CTRL_SHIFT)
    assert page.draft.count == 1
    QTest.keyClick(page.tree, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.filters.search.hasFocus()
    QTest.keyClick(page.filters.search, Qt.Key.Key_Down)
    assert page.tree.hasFocus()


def test_selection_and_opened_servers_outlive_a_filter(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    page.tree.collapse(page.model.find(("git", "git")))
    page.tree.show_place(F, "move_file")
    for text in ("move", ""):
        page.filters.search.setText(text)
        page.filters.search.returnPressed.emit()
        assert [index.data() for index in page.tree.selected()] == ["move_file"]
    assert page.tree.isExpanded(page.model.find(F))
    assert not page.tree.isExpanded(page.model.find(("git", "git")))


def panel(page: BuilderPage) -> str:
    """Every text of the panel."""
    page.side.rebuild()
    texts = (widget.text() for widget in page.side.findChildren(object) if hasattr(widget, "text"))
    return "\n".join(str(text) for text in texts)


def radios(page: BuilderPage) -> dict[str, QRadioButton]:
    page.side.rebuild()
    found = page.side.findChildren(QRadioButton)
    return {one.text(): one for one in found if one.isVisibleTo(page.side)}


def press(page: BuilderPage, text: str) -> None:
    page.side.rebuild()
    found = [
        one
        for one in page.side.findChildren(QPushButton)
        if one.text() == text and one.isVisibleTo(page.side)
    ]
    found[0].click()


def test_panel_has_real_radio_buttons_that_choose(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    page.tree.show_place(F, "move_file")
    assert [word for word, radio in radios(page).items() if radio.isChecked()] == ["Ask"]
    radios(page)["Hide"].click()
    assert page.draft.changes(F) == {"move_file": "hide"}
    assert "Not saved yet. In force: Ask." in panel(page)


def test_panel_quotes_the_server_and_the_evidence(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(
        qtbot, gateway, server("files", tool("read", title="Reads it", description="<b>bold</b>"))
    )
    page.tree.show_place(F, "read")
    text = panel(page)
    for part in ("The server says", "<b>bold</b>", "“Reads it”", "“read”", "its name says so"):
        assert part in text


def test_panel_says_why_a_tool_is_fixed(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway, server("files", tool("a", fixed="the rule `/hide/0` says so")))
    page.tree.show_place(F, "a")
    assert "The rule /hide/0 says so." in panel(page)
    assert not any(radio.isEnabled() for radio in radios(page).values())


def test_use_takes_the_recommended_rule(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway, server("files", tool("a", "Write", "deny", recommended="limit")))
    page.tree.show_place(F, "a")
    assert "Recommended: Allow, within a rate" in panel(page)
    press(page, "Use")
    assert page.draft.changes(F) == {"a": "allow"}


def test_accepting_a_definition_names_the_digest_that_was_shown(qtbot: Any, gateway: Gateway) -> None:
    held = tool("a", held="changed", difference=("- old", "+ new \u202e"), digest="sha256:77")
    page = page_with(qtbot, gateway, server("files", held))
    page.tree.show_place(F, "a")
    assert "+ new <U+202E>" in panel(page)
    assert "After you accept it:" in panel(page)
    press(page, "Accept this definition…")
    assert gateway.heard_nothing_of(AcceptTools)
    assert page.definition is not None
    page.definition.take.click()
    sent = gateway.hears(AcceptTools)
    assert (sent.server, sent.tools, sent.digests) == ("files", ("a",), ("sha256:77",))


def test_panel_of_several_tools_sets_all_of_them(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    page.tree.show_place(F, "read_file")
    QTest.keyClick(page.tree, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert "2 tools selected" in panel(page)
    assert not any(radio.isChecked() for radio in radios(page).values())
    radios(page)["Deny"].click()
    assert page.draft.changes(F) == {"read_file": "deny", "write_file": "deny"}


def test_panel_of_a_server_previews_its_presets(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    page.tree.show_place(F)
    assert "3 tools would change: 2 from Ask to Deny, 1 from Hide to Deny" in panel(page)


def test_panel_of_a_filtered_server_says_that_presets_reach_all(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    page.filters.search.setText("write")
    page.filters.search.returnPressed.emit()
    page.tree.show_place(F)
    assert "Reaches all 4 tools, also the 3 that are not shown." in panel(page)


def test_nothing_found_says_what_to_do(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    page.filters.search.setText("no such tool")
    page.filters.search.returnPressed.emit()
    (show_all,) = [
        b for b in page.findChildren(QPushButton) if b.text() == "Show all tools" and b.isVisible()
    ]
    show_all.click()
    assert page.model.totals == (7, 7)
    assert page.tree.isVisible()


def test_chosen_segment_is_painted_apart_from_the_others(qtbot: Any, gateway: Gateway) -> None:
    page = page_with(qtbot, gateway)
    QApplication.processEvents()
    image: QImage = page.tree.viewport().grab().toImage()
    near = {effect: segment(page, F, "move_file", effect) - QPoint(0, 9) for effect in EFFECTS}
    colours = {effect: image.pixelColor(point).name() for effect, point in near.items()}
    assert len({colours[effect] for effect in ("allow", "deny", "hide")}) == 1
    assert colours["approve"] != colours["allow"]
