"""The tray: what the icon tells, and what the menu does."""

import pytest

from latchward.control.messages import Status, Temporary
from latchward.gui.tray.icon import Tray
from latchward.gui.tray.menu import TrayMenu
from latchward.gui.tray.picture import SIZES, picture
from latchward.gui.tray.states import State, badge, state, temporary_line, tooltip

HTML = "<b>&amp;</b> &x"


@pytest.mark.parametrize(
    ("mode", "questions", "shown"),
    [
        ("normal", 0, State.NORMAL),
        ("normal", 1, State.ASKING),
        ("trouble", 0, State.TROUBLE),
        ("trouble", 2, State.ASKING),
        ("blocked", 0, State.BLOCKED),
        ("blocked", 2, State.BLOCKED),
    ],
)
def test_the_icon_tells_what_matters_most(mode, questions, shown):
    assert state(mode, questions) is shown


@pytest.mark.parametrize(
    ("questions", "waiting", "number"), [(0, 0, ""), (1, 0, "1"), (2, 5, "5"), (99, 0, "99"), (100, 0, "99+")]
)
def test_the_badge_counts(questions, waiting, number):
    assert badge(questions, waiting) == number


def test_each_state_says_something_of_its_own():
    said = [tooltip(State.NORMAL, 0, 0), tooltip(State.ASKING, 1, 0), tooltip(State.BLOCKED, 0, 0)]
    said += [tooltip(State.TROUBLE, 0, 0), tooltip(State.NORMAL, 0, 2), tooltip(State.ASKING, 2, 0)]
    assert len(set(said)) == len(said)


def test_the_pictures_differ_in_shape_not_only_in_colour(qapp):
    for size in SIZES:
        seen = set()
        for one in State:
            grey = (
                picture(one, "", size)
                .toImage()
                .convertToFormat(picture(one, "", size).toImage().Format.Format_Grayscale8)
            )
            white = frozenset(
                (x, y) for x in range(size) for y in range(size) if grey.pixelColor(x, y).lightness() > 200
            )
            seen.add(white)
        assert len(seen) == len(State), size


def test_the_badge_is_painted(qapp):
    assert picture(State.ASKING, "3", 22).toImage() != picture(State.ASKING, "", 22).toImage()


def test_the_icon_follows_the_gateway_and_the_questions(qapp):
    menu = TrayMenu()
    tray = Tray(menu)
    tray.show_status(Status("trouble"))
    assert tray.state is State.TROUBLE
    tray.show_questions(2)
    assert tray.state is State.ASKING
    assert menu.questions.text() == "Questions waiting (2)"
    tray.show_status(Status("blocked"))
    assert tray.state is State.BLOCKED
    assert menu.block.text() == "Unblock…"
    tray.show_status(Status("normal", (), 3))
    assert menu.waiting.text() == "Waiting for your look (3)"
    assert menu.waiting.isVisible()


def test_block_shows_what_is_so_not_what_was_clicked(qapp, qtbot):
    menu = TrayMenu()
    with qtbot.waitSignal(menu.block_chosen) as caught:
        menu.block.trigger()
    assert caught.args == [True]
    assert menu.block.text() == "Block everything"
    assert not menu.blocked.isVisible()
    menu.show_mode("blocked")
    assert menu.blocked.isVisible()
    with qtbot.waitSignal(menu.block_chosen) as caught:
        menu.block.trigger()
    assert caught.args == [False]
    assert menu.block.text() == "Unblock…"


def test_each_answer_that_holds_has_its_end(qapp, qtbot):
    menu = TrayMenu()
    answers = tuple(
        Temporary(f"k{n}", HTML, "files", "write_file", bool(n), "this session") for n in range(2)
    )
    menu.show_temporary(answers)
    assert menu.temporary.title() == "Remembered answers (2)"
    first, second = menu.temporary.actions()
    assert first.text().replace("&&", "&") == f"End: {HTML} may not use write_file on files (this session)"
    assert "may use" in second.text()
    with qtbot.waitSignal(menu.ended) as caught:
        second.trigger()
    assert caught.args == ["k1"]
    menu.show_temporary(())
    assert not menu.temporary.menuAction().isVisible()


def test_without_a_panel_it_says_so_once(qapp, qtbot, monkeypatch):
    monkeypatch.setattr("latchward.gui.tray.icon.GRACE_MS", 0)
    tray = Tray(TrayMenu())
    told = []
    tray.missing.connect(lambda: told.append(1))
    tray.start()
    tray.start()
    assert told == [1]
    tray.hide()


@pytest.mark.parametrize(
    ("method", "tool", "allowed", "said"),
    [
        ("tools/call", "write", True, "End: cursor may use write on files (x)"),
        ("prompts/get", "review", False, "End: cursor may not use the prompt review of files (x)"),
        (
            "resources/read",
            "file:///a",
            True,
            "End: cursor may read the resource file:///a of files (x)",
        ),
        ("elicitation/create", "", False, "End: files may not ask you questions through cursor (x)"),
        (
            "sampling/createMessage",
            "",
            True,
            "End: files may have cursor run its text through the model (x)",
        ),
    ],
)
def test_an_answer_that_holds_says_for_what(method, tool, allowed, said):
    assert temporary_line(Temporary("k", "cursor", "files", tool, allowed, "x", method)) == said
