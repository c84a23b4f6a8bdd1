"""The first start on a machine with AI clients: a real setup is protected, seen to work, and given back.

Everything that a person does is done with mouse and keys; what they see is read as a screen reader reads it.
"""

import signal
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.a11y import BUTTON
from tests.support.connect import Agent
from tests.support.desktop import Desktop
from tests.support.waiting import wait_for
from tests.support.whole import call, text_of

from .newcomer import BROKEN, GITHUB_TOKEN, MAIN, NAMES, SECRET_VALUES, SETUP, SHARED, Person, newcomer

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(120)]

MINUTE: Final = 60
MOST_CLICKS: Final = 5


def read_file(agent: Agent, number: int) -> dict[str, Any]:
    """A call of a tool that only reads; its answer."""
    agent.send(call(number, "filesystem__read_file", {"path": "notes"}))
    return agent.answer(number)


def test_a_real_setup_is_protected_within_a_minute_and_given_back_to_the_byte(desktop: Desktop) -> None:
    with newcomer(desktop) as person:
        machine, before = person.machine, person.machine.files
        boxes = person.setup.all("check box", "^Protect ")
        ticked = {node.name.removeprefix("Protect "): "checked" in node.states for node in boxes}
        assert ticked == {name: name != SHARED for name in NAMES}
        person.click("^Protect 7 servers$")
        person.sees("^6 of 8 servers are protected$")
        person.sees("npm error 404 Not Found")
        assert_moved(person, before)

        person.click("^Continue$")
        person.click("^Recommended$", "radio button")
        person.click("^Use Recommended$")
        person.sees("^Waiting for the first call$")
        with machine.agent("cursor") as agent:
            agent.initialize()
            assert agent.request("tools/list")["result"]["tools"] == []
            assert "waits for the user" in text_of(read_file(agent, 1))
            person.sees("calling itself Cursor wants to connect")
            person.click("^Let it in$")
            wait_for(lambda: not read_file(agent, 2)["result"].get("isError"), "call that goes through")
        assert person.seconds < MINUTE
        assert person.clicks <= MOST_CLICKS
        person.sees("^Cursor works$")
        person.sees("^Cursor called filesystem · read_file$")
        assert b"read_file" in (machine.records / "server-filesystem").read_bytes()

        person.click("^Finish$")
        desktop.wait_no_window(SETUP)
        person.click("^Clients", "list item", person.main)
        states = {"VS Code": "P", "Claude Desktop": "P", "Cursor": "Partly p", "Claude Code": "Partly p"}
        for title, state in states.items():
            person.main.find("panel", f"^{title}, {state}rotected$")
        person.click("^Set up…$", within=person.main)
        person.click("^Undo everything…$")
        person.click("^Give the files back$", within=person.tree)
        person.sees("^The files are as they were before")
        assert machine.files == before
        person.sees("^8 servers are used without protection$")
        assert "Traceback" not in person.program.printed


def assert_moved(person: Person, before: dict[Path, bytes]) -> None:
    """What answered stands behind us, the rest where it was, and no secret where others can read it."""
    machine = person.machine
    left = {"claude-desktop": set(), "claude-code": set(), "cursor": {BROKEN}, "vscode": set()}
    for client, others in left.items():
        assert set(machine.servers(client)) == {"latchward"} | others
    assert machine.project.read_bytes() == before[machine.project]
    places = [*machine.files.values(), *(path.read_bytes() for path in machine.ours())]
    places.append(person.program.printed.encode())
    assert not [secret for secret in SECRET_VALUES for place in places if secret.encode() in place]
    assert GITHUB_TOKEN in (machine.records / "server-github.env").read_text()


def test_all_of_it_goes_by_keyboard(desktop: Desktop) -> None:
    with newcomer(desktop) as person:
        machine, before = person.machine, person.machine.files
        desktop.focus(desktop.wait_window(SETUP))
        person.sees("^8 servers are used without protection$")
        person.go_to("^Protect postgres$", "check box")
        person.press("space")
        person.sees("^6 of 8 ticked$")
        person.go_to("^Protect 6 servers$", BUTTON, "shift+Tab")
        person.press("space")
        person.sees("^5 of 8 servers are protected$")
        person.go_to("^Continue$")
        person.press("Return")
        person.go_to("^Ask for everything$", "radio button")
        person.press("Down", "Down")
        person.setup.find(BUTTON, "^Use Recommended$")
        person.press("Return")
        person.sees("^Waiting for the first call$")
        with machine.agent("cursor") as agent:
            agent.initialize()
            read_file(agent, 1)
            wait_for(
                lambda: [one for one in person.setup.all(BUTTON, "^Let it in$") if one.enabled], "button"
            )
            person.go_to("^Let it in$")
            person.press("space")
            wait_for(lambda: not read_file(agent, 2)["result"].get("isError"), "call that goes through")
        person.sees("^Cursor works$")
        assert "focused" in person.setup.find(BUTTON, "^Finish$").states  # and not at what undoes everything
        person.press("Return")
        desktop.wait_no_window(SETUP)

        desktop.focus(desktop.wait_window(MAIN))
        person.press("ctrl+4")
        person.go_to("^Set up…$")
        person.press("space")
        desktop.focus(desktop.wait_window(SETUP))
        person.go_to("^Undo everything…$")
        person.press("space")
        desktop.focus(desktop.wait_window("^Give the files back$"))
        person.go_to("^Give the files back$", BUTTON)
        person.press("space")
        person.sees("^The files are as they were before")
        assert machine.files == before


def test_without_a_keyring_the_dialog_says_so_and_takes_in_what_needs_none(desktop: Desktop) -> None:
    with newcomer(desktop, keyring=False) as person:
        machine, before = person.machine, person.machine.files
        person.sees("No keyring runs here; install and start one")
        for name in ("postgres", "github"):
            assert not person.setup.find("check box", f"^Protect {name}$").enabled
        assert len(person.setup.all("label", "^Waits for your keyring$")) == 2
        person.click("^Protect 5 servers$")
        person.sees("^4 of 8 servers are protected$")
        assert set(machine.servers("vscode")) == {"latchward"}
        assert set(machine.servers("claude-desktop")) == {"latchward", "github"}
        assert machine.clients["claude-code"].read_bytes() == before[machine.clients["claude-code"]]


def test_escape_and_a_second_start_leave_the_setup_where_it_stood(desktop: Desktop) -> None:
    with newcomer(desktop) as person:
        before = person.machine.files
        person.click("^Protect weather$", "check box")
        person.sees("^6 of 8 ticked$")
        desktop.focus(desktop.wait_window(SETUP))
        person.press("Escape")
        desktop.wait_no_window(SETUP)
        assert person.machine.files == before

        second = person.machine.start()
        assert second.wait() == 0
        desktop.wait_window(MAIN)
        assert not person.tree.all("dialog", SETUP)
        person.click("^Protect…$", within=person.main)
        person.sees("^6 of 8 ticked$")
        person.click("^Protect 6 servers$")
        person.sees("^5 of 8 servers are protected$")
        person.press("Escape")
        desktop.wait_no_window(SETUP)
        person.click("^Protect…$", within=person.main)
        person.sees("^5 of 8 servers are protected$")


def test_the_setup_is_offered_once(desktop: Desktop) -> None:
    with newcomer(desktop) as person:
        desktop.wait_window(SETUP)
        person.program.signal(signal.SIGTERM)
        assert person.program.wait() == 0
        again = Person(person.machine)
        desktop.wait_tray("Latchward")
        again.machine.start().wait()  # it raises the window, which is made when all is known
        again.main.find("label", "are reached without Latchward")
        assert not again.tree.all("dialog", SETUP)


def test_a_home_without_clients_is_left_in_peace_and_the_window_says_what_was_looked_for(
    desktop: Desktop,
) -> None:
    with newcomer(desktop, clients=False) as person:
        desktop.wait_tray("Latchward")
        person.machine.start().wait()
        desktop.wait_window(MAIN)
        person.click("^Clients", "list item", person.main)
        person.main.find("label", "^No AI client was found$")
        person.main.find("label", "^Latchward looked for Claude Code")
        assert [window for window in desktop.windows() if window.title == "Set up Latchward"] == []
