"""The page of clients: what it says of each, connecting one, and giving a file back."""

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QPushButton

from latchward.control.messages import (
    Clients,
    ClientView,
    ConnectClient,
    Done,
    Failed,
    FileChange,
    FilePlan,
    FoundServer,
    ProposeRestore,
    Restore,
)
from latchward.gui.clients import words
from latchward.gui.clients.card import ClientCard
from latchward.gui.window import CLIENTS, MainWindow
from tests.gui.builder_support import FILES, Gateway, open_window, press, texts

CLAUDE = ClientView(
    "claude-code",
    "Claude Code",
    "protected",
    ("~/.claude.json", "~/shop/.mcp.json"),
    restart="close it and open it again",
    check="type `/mcp` in it",
    undo=True,
)
CURSOR = ClientView(
    "cursor", "Cursor", "partly", ("~/.cursor/mcp.json",), routes=("github", "figma"), undo=True
)
CODE = ClientView("vscode", "VS Code", "direct", ("~/.config/Code/User/mcp.json",), routes=("postgres",))
DESKTOP = ClientView("claude-desktop", "Claude Desktop", "empty", restart="quit it and start it again")
WINDSURF = ClientView("windsurf", "Windsurf", "unreadable", problem="`a.json` is no JSON; correct line 3")
CODEX = ClientView("codex", "Codex", "absent")
GEMINI = ClientView("gemini", "Gemini CLI", "absent")
ALL = (CLAUDE, DESKTOP, CURSOR, CODE, WINDSURF, CODEX, GEMINI)
FOUND = FoundServer("k", "postgres", "npx postgres", ("a file",), ("VS Code",))


@pytest.fixture
def gateway(qtbot: Any) -> Iterator[Gateway]:
    made = Gateway(qtbot)
    yield made
    made.close()


def shown(qtbot: Any, gateway: Gateway, told: Clients | None) -> MainWindow:
    window = open_window(qtbot, gateway, FILES)
    window.show_page(CLIENTS)
    if told is not None:
        gateway.say(told)
        qtbot.waitUntil(lambda: gateway.link.latest(Clients) == told)
    return window


def card(window: MainWindow, title: str) -> ClientCard:
    found = window.clients.findChildren(ClientCard)
    (one,) = [one for one in found if one.accessibleName().startswith(title) and one.isVisible()]
    return one


def buttons(one: ClientCard) -> list[str]:
    return [button.text() for button in one.findChildren(QPushButton)]


def test_what_needs_the_person_stands_first(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, Clients(ALL, ()))
    assert [one.accessibleName() for one in window.clients.findChildren(ClientCard)] == [
        "VS Code, Goes round Latchward",
        "Cursor, Partly protected",
        "Windsurf, Cannot be read",
        "Claude Desktop, No servers",
        "Claude Code, Protected",
    ]
    assert "2 of 5 clients go round Latchward" in texts(window.clients)


def test_what_is_not_here_is_one_line(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, Clients(ALL, ()))
    assert "Not found here: Codex, Gemini CLI" in texts(window.clients)


def test_each_state_offers_what_can_be_done(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, Clients(ALL, ()))
    assert buttons(card(window, "VS Code")) == ["Protect…"]
    assert buttons(card(window, "Cursor")) == ["Protect…", "Give the file back…"]
    assert buttons(card(window, "Windsurf")) == []
    assert buttons(card(window, "Claude Desktop")) == ["Connect"]
    assert buttons(card(window, "Claude Code")) == ["Give the files back…"]


def test_a_card_says_files_routes_restart_and_check(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, Clients(ALL, ()))
    assert "Reaches 2 servers without Latchward: github and figma." in texts(card(window, "Cursor"))
    said = texts(card(window, "Claude Code"))
    for text in ("~/.claude.json\n~/shop/.mcp.json", "Close it and open it again.", "Type /mcp in it."):
        assert text in said


def test_an_unreadable_file_says_why(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, Clients(ALL, ()))
    assert "a.json is no JSON; correct line 3." in texts(card(window, "Windsurf"))


def test_hostile_names_and_paths_are_spelled_out(qtbot: Any, gateway: Gateway) -> None:
    bad = ClientView("x", "X", "direct", ("~/\u202efile",), routes=("<b>\u200b</b>",))
    window = shown(qtbot, gateway, Clients((bad,), ()))
    assert "~/<U+202E>file" in texts(card(window, "X"))
    assert "<b><U+200B></b>" in texts(card(window, "X"))


def test_secrets_that_cannot_be_kept_are_said(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, Clients(ALL, (), keyring="the keyring is locked: unlock it"))
    assert "The keyring is locked: unlock it." in texts(window.clients)
    gateway.say(Clients(ALL, ()))
    qtbot.waitUntil(lambda: "keyring" not in texts(window.clients))


def test_before_the_gateway_has_looked_it_says_so(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, None)
    assert "Looking for your AI clients" in texts(window.clients)


def test_a_machine_without_clients_says_what_was_looked_for(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, Clients((CODEX, GEMINI), ()))
    assert "No AI client was found" in texts(window.clients)
    assert "Latchward looked for Codex and Gemini CLI." in texts(window.clients)


def test_protect_and_set_up_open_the_first_run(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, Clients(ALL, (FOUND,)))
    press(card(window, "VS Code"), "Protect…")
    first = window.setup
    assert first is not None
    assert first.isVisible()
    first.close()
    press(window.clients, "Set up…")
    assert window.setup is first
    assert first.isVisible()


def test_where_nothing_was_found_there_is_nothing_to_set_up(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, Clients(ALL, ()))
    assert not window.clients.set_up.isVisible()


def test_connecting_is_asked_of_the_gateway_and_says_how_to_restart(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, Clients(ALL, ()))
    press(card(window, "Claude Desktop"), "Connect")
    sent = gateway.hears(ConnectClient)
    assert sent.client == "claude-desktop"
    gateway.say(Done(sent.serial))
    told = "Claude Desktop can use your servers through Latchward. Quit it and start it again."
    qtbot.waitUntil(lambda: told in texts(window.clients))


def test_a_connection_that_fails_says_why(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, Clients(ALL, ()))
    press(card(window, "Claude Desktop"), "Connect")
    gateway.say(Failed(gateway.hears(ConnectClient).serial, "its file is locked: close the client"))
    told = "Claude Desktop was not connected. Its file is locked: close the client."
    qtbot.waitUntil(lambda: told in texts(window.clients))


def test_a_file_is_given_back_after_a_look_at_what_that_means(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, Clients(ALL, ()))
    press(card(window, "Claude Code"), "Give the files back…")
    asked = gateway.hears(ProposeRestore)
    assert asked.clients == ("claude-code",)
    dialog = window.clients.undoing.dialog
    assert dialog is not None
    assert not dialog.do.isEnabled()
    change = FileChange("Claude Code", "~/.claude.json", '-"latchward": 1\n+"github": 2')
    gateway.say(FilePlan(asked.serial, "r7", (change,), ("it starts `github` itself again",)))
    qtbot.waitUntil(lambda: '+"github": 2' in texts(dialog))
    assert "It starts github itself again." in texts(dialog)
    assert gateway.heard_nothing_of(Restore)
    dialog.do.click()
    sent = gateway.hears(Restore)
    assert (sent.clients, sent.revision) == (("claude-code",), "r7")
    gateway.say(Done(sent.serial))
    told = "Claude Code has its own files back. Close it and open it again."
    qtbot.waitUntil(lambda: told in texts(window.clients))
    assert not dialog.isVisible()


def test_a_file_that_changed_meanwhile_is_shown_anew(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, Clients(ALL, ()))
    press(card(window, "Claude Code"), "Give the files back…")
    gateway.say(FilePlan(gateway.hears(ProposeRestore).serial, "r7", ()))
    dialog = window.clients.undoing.dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.do.isEnabled)
    dialog.do.click()
    gateway.say(Failed(gateway.hears(Restore).serial, "the file was changed meanwhile"))
    gateway.hears(ProposeRestore)
    qtbot.waitUntil(lambda: "The file was changed meanwhile." in texts(dialog))
    assert dialog.isVisible()


@pytest.mark.parametrize(
    ("clients", "told"),
    [
        ((CODE, CLAUDE), "1 of 2 clients goes round Latchward"),
        ((CLAUDE, DESKTOP, CODEX), "No client goes round Latchward"),
        ((CLAUDE, WINDSURF), "No other client goes round Latchward; 1 client cannot be read"),
    ],
)
def test_the_summary_never_says_more_than_is_known(clients: tuple[ClientView, ...], told: str) -> None:
    assert words.summary(clients) == told
