"""The page of servers: consent, adding, removing, and what is shown of a hostile one."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QRadioButton

from latchward.control.messages import (
    AcceptServer,
    AddServer,
    Done,
    Failed,
    RemoveServer,
    RetryServer,
    ServerView,
)
from latchward.gui.window import SERVERS, TOOLS, MainWindow
from tests.gui.builder_support import FILES, Gateway, open_window, press, server, texts, tool

COMMAND = "npx -y @scope/a-very-long-package --flag " + "x" * 400
WAITS = server("new", command=COMMAND, state="consent", digest="d-1", clients=())


@pytest.fixture
def gateway(qtbot: Any) -> Iterator[Gateway]:
    made = Gateway(qtbot)
    yield made
    made.close()


def shown(qtbot: Any, gateway: Gateway, *servers: ServerView) -> MainWindow:
    window = open_window(qtbot, gateway, *servers)
    window.show_page(SERVERS)
    return window


def test_consent_shows_the_whole_command_line_and_what_a_yes_means(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, WAITS)
    assert COMMAND in texts(window.servers)
    assert "A server is a program that runs as you." in texts(window.servers)


def test_what_came_while_another_page_was_open_is_there_when_this_one_is_turned_to(
    qtbot: Any, gateway: Gateway
) -> None:
    window = open_window(qtbot, gateway, FILES)
    window.show_page(TOOLS)
    gateway.tell(WAITS)
    qtbot.waitUntil(lambda: [view.name for view in window.tools.draft.views] == ["new"])
    window.show_page(SERVERS)
    assert COMMAND in texts(window.servers)


def test_yes_goes_out_with_the_digest_that_was_shown(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, WAITS)
    press(window.servers, "Approve and start")
    sent = gateway.hears(AcceptServer)
    assert (sent.name, sent.digest) == ("new", "d-1")


def test_nothing_is_started_without_a_press(qtbot: Any, gateway: Gateway) -> None:
    shown(qtbot, gateway, WAITS)
    assert gateway.heard_nothing_of(AcceptServer)


def test_started_server_offers_its_presets_once(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, WAITS)
    press(window.servers, "Approve and start")
    gateway.say(Done(gateway.hears(AcceptServer).serial))
    runs = msgspec.structs.replace(WAITS, state="running", tools=(tool("a"), tool("b", "Destructive")))
    gateway.tell(runs)
    qtbot.waitUntil(lambda: "new runs and offers 2 tools" in texts(window.servers))
    assert "1 Destructive · Critical" in texts(window.servers)
    assert "Read only" in texts(window.servers)
    press(window.servers, "Choose later")
    assert "new runs and offers" not in texts(window.servers)


def test_preset_of_a_fresh_server_goes_into_the_draft(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, WAITS)
    press(window.servers, "Approve and start")
    gateway.tell(msgspec.structs.replace(WAITS, state="running", tools=(tool("a"),)))
    qtbot.waitUntil(lambda: "new runs" in texts(window.servers))
    buttons = window.servers.findChildren(QRadioButton)
    next(b for b in buttons if b.accessibleName() == "Use the preset Recommended").click()
    assert window.tools.draft.changes(("new", "new")) == {"a": "allow"}
    assert window.pages.currentIndex() == TOOLS


def test_running_server_is_no_fresh_one(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES)
    assert "files runs and offers" not in texts(window.servers)


def test_consent_that_fails_says_why(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, WAITS)
    press(window.servers, "Approve and start")
    gateway.say(
        Failed(gateway.hears(AcceptServer).serial, "the command of this server was changed meanwhile")
    )
    qtbot.waitUntil(lambda: "new was not started. The command of this server was" in texts(window.servers))


def test_hostile_command_line_and_name_are_spelled_out(qtbot: Any, gateway: Gateway) -> None:
    bad = server("<b>x</b>", command="run \u202etxt.exe \u200b <img src=x>", state="consent", clients=())
    window = shown(qtbot, gateway, bad)
    assert "run <U+202E>txt.exe <U+200B> <img src=x>" in texts(window.servers)
    assert "<b>x</b>" in texts(window.servers)


def test_failed_server_shows_its_sentence(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, server("bad", state="failed", error="it ended with status 1"))
    assert "It ended with status 1." in texts(window.servers)


def test_a_failed_server_is_started_again_by_one_click(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, server("bad", state="failed", error="the keyring is locked"))
    press(window.servers, "Try again")
    assert gateway.hears(RetryServer).name == "bad"


def test_only_a_server_that_failed_can_be_tried_again(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES)
    assert "Try again" not in texts(window.servers)


def test_removing_is_asked_once_and_says_how_to_go_back(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES)
    press(window.servers, "Remove…")
    assert window.servers.confirmation is not None
    assert gateway.heard_nothing_of(RemoveServer)
    window.servers.confirmation.do.click()
    gateway.say(Done(gateway.hears(RemoveServer).serial))
    qtbot.waitUntil(lambda: "Removed files. Its policy was kept" in texts(window.servers))


def test_keeping_a_server_sends_nothing(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES)
    press(window.servers, "Remove…")
    assert window.servers.confirmation is not None
    window.servers.confirmation.keep.click()
    assert gateway.heard_nothing_of(RemoveServer)


def test_adding_sends_words_and_environment(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES)
    window.servers.open_add()
    dialog = window.servers.add_dialog
    assert dialog is not None
    dialog.what.setPlainText("TOKEN=abc uvx mcp-server-git --repository '/my repo'")
    assert dialog.name.placeholderText() == "git"
    dialog.submit()
    sent = gateway.hears(AddServer)
    assert (sent.name, sent.command, sent.env) == (
        "git",
        ("uvx", "mcp-server-git", "--repository", "/my repo"),
        {"TOKEN": "abc"},
    )
    gateway.say(Done(sent.serial))
    qtbot.waitUntil(lambda: not dialog.isVisible())
    qtbot.waitUntil(lambda: "Added git." in texts(window.servers))


def test_pasted_servers_are_added_one_after_the_other(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES)
    window.servers.open_add()
    dialog = window.servers.add_dialog
    assert dialog is not None
    dialog.what.setPlainText('{"mcpServers": {"a": {"command": "p"}, "b": {"command": "q"}}}')
    assert dialog.add.text() == "Add 2 servers"
    dialog.submit()
    gateway.say(Done(gateway.hears(AddServer).serial))
    second = gateway.hears(AddServer)
    gateway.say(Failed(second.serial, "it cannot be"))
    qtbot.waitUntil(lambda: dialog.what_error.text() == "a was added. b: It cannot be.")
    assert dialog.isVisible()
    dialog.submit()
    assert gateway.hears(AddServer).name == "b"


def test_dialog_that_waits_for_an_answer_is_kept(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES)
    window.servers.open_add()
    dialog = window.servers.add_dialog
    assert dialog is not None
    dialog.what.setPlainText("uvx mcp-server-git")
    dialog.submit()
    dialog.reject()
    window.servers.open_add()
    assert window.servers.add_dialog is dialog
    gateway.say(Done(gateway.hears(AddServer).serial))
    qtbot.waitUntil(lambda: "Added git." in texts(window.servers))


def test_wrong_input_is_said_at_its_field_and_sent_nowhere(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES)
    window.servers.open_add()
    dialog = window.servers.add_dialog
    assert dialog is not None
    dialog.what.setPlainText("uvx x")
    dialog.name.setText("Files")
    dialog.submit()
    assert dialog.name_error.text() == "There is a server files already: take another name."
    assert not dialog.what_error.isVisible()
    assert gateway.heard_nothing_of(AddServer)


def test_no_servers_says_what_to_do(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway)
    assert "No servers yet" in texts(window.servers)
    press(window.servers, "Add a server…")
    assert window.servers.add_dialog is not None
