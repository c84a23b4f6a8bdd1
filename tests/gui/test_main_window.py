"""The main window: pages, banners, what waits, and what it remembers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from latchward.control.messages import (
    AcceptServer,
    AnswerHeld,
    Block,
    Clients,
    ClientView,
    Done,
    Failed,
    Held,
    HeldList,
    Status,
)
from latchward.gui.theme import Appearance
from latchward.gui.window import CLIENTS, OVERVIEW, PAGES, SERVERS, TOOLS, WAITING, MainWindow
from tests.gui.builder_support import FILES, GIT, Gateway, one_theme, open_window, press, server, texts, tool

HELD = Held(
    "policy:git",
    "sha256:1",
    "policy",
    "the policy `git` lets more through",
    ("`git_push`: Ask becomes Allow",),
)


@pytest.fixture
def gateway(qtbot: Any) -> Iterator[Gateway]:
    made = Gateway(qtbot)
    yield made
    made.close()


def wait_for(qtbot: Any, window: MainWindow, text: str) -> None:
    qtbot.waitUntil(lambda: text in texts(window))


def test_blocked_is_said_and_can_be_ended(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    gateway.say(Status("blocked"))
    wait_for(qtbot, window, "Everything is blocked: no call of any agent goes through.")
    press(window, "Unblock calls…")
    assert gateway.heard_nothing_of(Block)
    assert window.confirmation is not None
    window.confirmation.do.click()
    assert gateway.hears(Block).on is False


def test_problems_are_said_as_sentences(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    gateway.say(Status("trouble", ("the policy `git.json` does not load",)))
    wait_for(qtbot, window, "The policy git.json does not load.")
    gateway.say(Status("normal"))
    qtbot.waitUntil(lambda: "does not load" not in texts(window))


def test_reason_for_opening_is_said_until_it_is_closed(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    window.say("This desktop shows no tray icons.")
    assert "no tray icons" in texts(window)
    window.say("")
    assert "no tray icons" not in texts(window)


def test_lost_gateway_is_said(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    gateway._end.close()
    wait_for(qtbot, window, "The gateway is gone")


def test_held_edit_is_shown_and_put_back(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    window.show_page(WAITING)
    gateway.say(HeldList((HELD,)))
    wait_for(qtbot, window, "The policy git lets more through.")
    assert "git_push: Ask becomes Allow" in texts(window)
    press(window.waiting, "Put back")
    sent = gateway.hears(AnswerHeld)
    assert (sent.key, sent.digest, sent.accept) == ("policy:git", "sha256:1", False)


def test_held_program_is_let_in(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    window.show_page(WAITING)
    gateway.say(HeldList((Held("peer:x", "d", "peer", "a new program", ("/tmp/\u202ex",)),)))
    wait_for(qtbot, window, "/tmp/<U+202E>x")
    press(window.waiting, "Let it in")
    assert gateway.hears(AnswerHeld).accept is True


def test_failed_answer_is_said_at_its_card(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    window.show_page(WAITING)
    gateway.say(HeldList((HELD,)))
    wait_for(qtbot, window, "lets more through")
    press(window.waiting, "Accept")
    gateway.say(Failed(gateway.hears(AnswerHeld).serial, "it was changed meanwhile; look again"))
    wait_for(qtbot, window, "This was not done. It was changed meanwhile; look again.")


def test_answered_thing_is_gone_with_the_next_list(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    window.show_page(WAITING)
    gateway.say(HeldList((HELD,)))
    wait_for(qtbot, window, "lets more through")
    press(window.waiting, "Accept")
    gateway.say(Done(gateway.hears(AnswerHeld).serial))
    gateway.say(HeldList(()))
    wait_for(qtbot, window, "Nothing waits")


def test_sidebar_counts_what_waits(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(
        qtbot,
        gateway,
        server("a", tool("x", held="new"), tool("y")),
        server("b", state="consent", clients=()),
    )
    gateway.say(HeldList((HELD,)))
    spoken = Qt.ItemDataRole.AccessibleTextRole
    qtbot.waitUntil(lambda: window.sidebar.item(WAITING).data(spoken) == "Waiting, 3 waiting")
    assert window.sidebar.item(SERVERS).data(spoken) == "Servers, 1 waiting"


def test_sidebar_counts_the_clients_that_go_round(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    states = ("direct", "partly", "protected", "empty", "unreadable", "absent")
    gateway.say(Clients(tuple(ClientView(one, one, one) for one in states), ()))
    spoken = Qt.ItemDataRole.AccessibleTextRole
    qtbot.waitUntil(lambda: window.sidebar.item(CLIENTS).data(spoken) == "Clients, 2 to protect")


def test_held_definitions_lead_to_the_first_of_them(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, GIT, server("a", tool("x"), tool("y", held="changed")))
    window.show_page(WAITING)
    press(window.waiting, "Look at them…")
    assert window.pages.currentIndex() == TOOLS
    assert [index.data() for index in window.tools.tree.selected()] == ["y"]
    assert window.tools.model.totals == (1, 5)


def test_pages_turn_by_key(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    window.sidebar.setFocus()
    QTest.keyClick(window.sidebar, Qt.Key.Key_Down)
    assert window.pages.currentIndex() == SERVERS


@pytest.mark.parametrize(
    ("at", "title"), [*enumerate(("Overview", "Tools", "Servers", "Clients", "Waiting"))]
)
def test_control_and_a_digit_turn_to_a_page(qtbot: Any, gateway: Gateway, at: int, title: str) -> None:
    window = open_window(qtbot, gateway, FILES)
    window.show_page((at + 1) % len(PAGES))
    QTest.keyClick(window, Qt.Key(Qt.Key.Key_1 + at), Qt.KeyboardModifier.ControlModifier)
    assert window.sidebar.currentItem().text() == title
    assert window.pages.currentIndex() == at


def test_closing_hides_and_keeps_the_draft(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    window.tools.draft.set([(("files", "files"), "write_file")], "deny")
    with qtbot.waitSignal(window.hidden):
        window.close()
    assert not window.isVisible()
    assert window.tools.draft.count == 1


def test_size_and_page_are_remembered(qtbot: Any, gateway: Gateway, tmp_path: Path) -> None:
    path = str(tmp_path / "window.ini")
    first = open_window(qtbot, gateway, FILES, saved=QSettings(path, QSettings.Format.IniFormat))
    first.resize(860, 580)
    first.show_page(WAITING)
    first.close()
    again = open_window(qtbot, gateway, FILES, saved=QSettings(path, QSettings.Format.IniFormat))
    assert (again.width(), again.height()) == (860, 580)
    assert again.pages.currentIndex() == WAITING


@pytest.mark.parametrize("kept", ["1", "nowhere"])
def test_a_page_that_is_not_known_by_name_is_the_first(
    qtbot: Any, gateway: Gateway, tmp_path: Path, kept: str
) -> None:
    saved = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    saved.setValue("window/page", kept)
    assert open_window(qtbot, gateway, FILES, saved=saved).pages.currentIndex() == OVERVIEW


def test_a_page_is_remembered_by_its_name(qtbot: Any, gateway: Gateway, tmp_path: Path) -> None:
    saved = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    window = open_window(qtbot, gateway, FILES, saved=saved)
    window.show_page(CLIENTS)
    window.close()
    assert saved.value("window/page") == "clients"


def test_window_that_opens_late_shows_what_was_said_before(qtbot: Any, gateway: Gateway) -> None:
    open_window(qtbot, gateway, FILES, GIT)
    gateway.say(HeldList((HELD,)))
    gateway.say(Clients((ClientView("cursor", "Cursor", "direct", routes=("github",)),), ()))
    gateway.say(Status("blocked"))
    qtbot.waitUntil(lambda: (gateway.link.latest(Status) or Status("normal")).mode == "blocked")
    late = open_window(qtbot, gateway, FILES, GIT)
    late.show_page(WAITING)
    assert "Everything is blocked" in texts(late)
    assert "The policy git lets more through." in texts(late)
    late.show_page(OVERVIEW)
    assert "1 server is reached without Latchward: github by Cursor." in texts(late)
    late.show_page(CLIENTS)
    assert "Goes round Latchward" in texts(late)


def test_another_appearance_reaches_everything_that_was_ever_built(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES, server("b", state="consent", clients=()))
    window.say("why it opened")
    for name in ("read_file", "write_file", ""):
        window.tools.tree.show_place(("files", "files"), name)
        window.tools.side.rebuild()
    QApplication.processEvents()
    light = window.grab().toImage().pixelColor(window.width() - 40, 300).lightness()
    one_theme().choose(Appearance.DARK)
    try:
        QApplication.processEvents()
        assert window.grab().toImage().pixelColor(window.width() - 40, 300).lightness() < light - 100
    finally:
        one_theme().choose(Appearance.SYSTEM)


def test_while_everything_is_blocked_the_decisions_say_so(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    gateway.say(Status("blocked"))
    qtbot.waitUntil(lambda: window.tools.model.blocked)
    assert window.tools.model.headerData(2, Qt.Orientation.Horizontal) == "Decision (blocked)"
    gateway.say(Status("normal"))
    qtbot.waitUntil(lambda: not window.tools.model.blocked)


def test_the_window_opens_with_the_focus_where_the_work_begins(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    assert not window.sidebar.hasFocus()


def test_a_disguised_command_starts_only_after_a_second_yes(qtbot: Any, gateway: Gateway) -> None:
    bad = server("bad", command="run \u202etxt.exe", state="consent", clients=())
    window = open_window(qtbot, gateway, bad)
    window.show_page(SERVERS)
    assert "This line may be disguised. Remove it unless you know why." in texts(window.servers)
    press(window.servers, "Start anyway…")
    assert gateway.heard_nothing_of(AcceptServer)
    assert window.servers.confirmation is not None
    window.servers.confirmation.do.click()
    assert gateway.hears(AcceptServer).name == "bad"
