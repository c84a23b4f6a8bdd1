"""What can go wrong in a first run: a server that hangs, a kill in the middle, an edit at a bad moment."""

import json
import os
import signal
from typing import Any, Final

import pytest

from tests.support.desktop import Desktop
from tests.support.waiting import wait_for

from .newcomer import BROKEN, MAIN, NAMES, Person, newcomer, used_machine

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(120)]

BROKEN_LINE: Final = '"npx", "args": ["-y", "mcp-jira-of-the-last-job"]'
HANGS: Final = '"sleep", "args": ["90"]'
SLOW: Final = '"sh", "args": ["-c", "sleep 8; exec npx -y server-sqlite"]'
MINUTE: Final = 60
SOON: Final = 30
"""Seconds: half of what a server may take to answer."""


def settings(person: Person) -> dict[str, Any]:
    path = person.machine.home / ".config/latchward/settings.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"mcpServers": {}}
    return found


def undo_everything(person: Person) -> None:
    person.click("^Undo everything…$")
    person.click("^Give the files back$", within=person.tree)
    person.sees("^The files are as they were before")


def test_a_server_that_hangs_keeps_no_other_waiting(desktop: Desktop) -> None:
    with used_machine(desktop) as machine:
        machine.replace("cursor", BROKEN_LINE, HANGS)
        person = Person(machine)
        person.click("^Protect 7 servers$")
        person.click("^Continue$")
        assert person.seconds < SOON
        assert set(machine.servers("cursor")) == {"latchward", BROKEN}
        person.click("^Read only$", "radio button")
        person.click("^Use Read only$")
        person.sees("^Waiting for the first call$")


def test_a_server_that_takes_long_moves_later_and_its_file_is_given_back_to_the_byte(
    desktop: Desktop,
) -> None:
    with used_machine(desktop) as machine:
        machine.replace("cursor", BROKEN_LINE, SLOW)
        before = machine.files
        person = Person(machine)
        person.click("^Protect 7 servers$")
        person.on("^Continue$")
        assert set(machine.servers("cursor")) == {"latchward", BROKEN}
        person.sees("^7 of 8 servers are protected$")
        assert set(machine.servers("cursor")) == {"latchward"}
        undo_everything(person)
        assert machine.files == before
        assert settings(person)["mcpServers"] == {}


def killed_and_started_again(person: Person) -> Person:
    """The gateway is killed, and the person starts it again and opens the setup."""
    os.kill(person.program.pid, signal.SIGKILL)
    assert person.program.wait() == -signal.SIGKILL
    person.desktop.wait_no_window(MAIN)
    again = Person(person.machine)
    again.desktop.wait_tray("Latchward")
    assert again.machine.start().wait() == 0
    again.click("^Protect…$", within=again.main)
    return again


def test_after_a_kill_before_a_file_changed_the_next_start_begins_anew(
    desktop: Desktop,
) -> None:
    with used_machine(desktop) as machine:
        machine.replace("cursor", BROKEN_LINE, HANGS)
        before = machine.files
        person = Person(machine)
        person.click("^Protect 7 servers$")
        person.sees("^Protecting 7 servers")
        again = killed_and_started_again(person)
        assert machine.files == before
        again.setup.find("check box", "^Protect postgres$")
        assert settings(again)["mcpServers"] == {}
        again.click("^Protect 7 servers$")
        again.on("^Continue$")
        assert set(machine.servers("claude-desktop")) == {"latchward"}


def test_after_a_kill_between_two_files_everything_can_be_undone(desktop: Desktop) -> None:
    with used_machine(desktop) as machine:
        machine.replace("cursor", BROKEN_LINE, HANGS)
        before = machine.files
        person = Person(machine)
        person.click("^Protect 7 servers$")
        person.on("^Continue$")
        again = killed_and_started_again(person)
        assert machine.files != before
        undo_everything(again)
        assert machine.files == before
        assert (settings(again)["mcpServers"], settings(again)["grants"]) == ({}, {})


def test_thirty_servers_more_are_protected_and_get_their_rules_within_a_minute(desktop: Desktop) -> None:
    with used_machine(desktop) as machine:
        path = machine.clients["claude-desktop"]
        document = json.loads(path.read_text())
        for number in range(30):
            args = ["-y", "server-filesystem", f"/srv/{number}"]
            document["mcpServers"][f"files-{number}"] = {"command": "npx", "args": args}
        path.write_text(json.dumps(document))
        before = machine.files
        person = Person(machine)
        person.click("^Protect 37 servers$")
        person.sees("^36 of 38 servers are protected$")
        person.click("^Continue$")
        person.click("^Recommended$", "radio button")
        person.click("^Use Recommended$")
        person.sees("^Waiting for the first call$")
        assert person.seconds < MINUTE
        undo_everything(person)
        assert machine.files == before


def test_a_second_click_on_the_button_does_nothing_twice(desktop: Desktop) -> None:
    with newcomer(desktop) as person:
        button = person.on("^Protect 7 servers$")
        desktop.click(*button.centre)
        desktop.click(*button.centre)
        person.sees("^6 of 8 servers are protected$|tools of 6 servers")
        assert set(settings(person)["mcpServers"]) == set(NAMES) - {BROKEN, "shop-db"}
        assert not person.setup.all("label", "Nothing was changed")


def test_an_edit_behind_the_preview_is_not_overwritten_and_is_shown(desktop: Desktop) -> None:
    with newcomer(desktop) as person:
        machine = person.machine
        person.click("^Show what changes…$")
        preview = person.tree.find("dialog", "^What would change$")
        preview.find("label", "^4 files would change")
        machine.replace("vscode", "mcp-server-time", "mcp-server-time@2")
        after = machine.files
        person.click("^Protect 7 servers$", within=preview)
        preview.find("label", "^Nothing was changed. 1 of these servers changed or went meanwhile")
        assert machine.files == after
        person.click("^Close$", within=preview)
        wait_for(lambda: "@2" in person.setup.find("text", "Command line of time").text, "new line")
        person.click("^Protect 7 servers$")
        person.sees("^6 of 8 servers are protected$")
        assert set(machine.servers("vscode")) == {"latchward"}


def test_a_keyring_that_was_locked_meanwhile_changes_nothing_and_says_so(desktop: Desktop) -> None:
    with newcomer(desktop) as person:
        before = person.machine.files
        person.on("^Protect 7 servers$")
        person.machine.lock_keyring()
        person.click("^Protect 7 servers$")
        person.sees("The keyring is locked")
        assert person.machine.files == before
        assert settings(person)["mcpServers"] == {}
        person.click("^Protect 5 servers$")
        person.sees("^4 of 8 servers are protected$")
