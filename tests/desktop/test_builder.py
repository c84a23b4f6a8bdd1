"""The window on a real desktop: what is chosen by mouse, keys or a screen reader is what agents meet."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support import recorder
from tests.support.a11y import BUTTON, Node
from tests.support.connect import Agent
from tests.support.desktop import Desktop
from tests.support.desktop_fixtures import on, on_each
from tests.support.waiting import wait_for
from tests.support.whole import Whole, text_of

pytestmark = pytest.mark.desktop

OPEN = {"version": "1", "default": "allow"}
CLIENTS = ("agent", "other")
ALLOW, ASK, DENY, HIDE = range(4)
SEGMENT, BEFORE = 83, 8
"""Pixels of one part of Allow | Ask | Deny | Hide, and before the first."""


class Sight:
    """The window at its page of tools, and the person before it."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole
        self.desktop = whole.desktop
        os.kill(whole.program.pid, signal.SIGUSR1)  # as a second start does
        self.window = self.desktop.wait_window("^Latchward$")
        self.frame: Node = whole.tray_tree().find("frame", "^Latchward$")
        self.desktop.focus(self.window)
        self.page("Tools")

    def page(self, name: str) -> None:
        self.desktop.click(*self.frame.find("list item", f"^{name}").centre)

    def search(self, text: str) -> None:
        """Type into the search, and wait until one tool is left."""
        self.desktop.key("ctrl+f")
        field = self.frame.find("text", "Search tools")
        wait_for(lambda: "focused" in field.again().states, "focus in the search")
        self.desktop.type(text)
        self.frame.find("column header", "1 of .* shown")

    def decision(self, word: str) -> Node:
        """The decision of the one tool that is shown, once it is so and stays in its place."""
        boxes: list[tuple[int, int, int, int]] = []

        def look() -> Node | None:
            found = next(iter(self.frame.all("tree item", f"^decision {word}")), None)
            boxes.append(found.box if found else (0, 0, 0, 0))
            return found if found and boxes[-2:] == [found.box] * 2 else None

        return wait_for(look, f"decision {word}")

    def click(self, name: str, role: str = BUTTON) -> None:
        """Click a button that is on, by mouse."""
        node = wait_for(
            lambda: next((one for one in self.tree.all(role, name) if one.enabled), None), f"button {name}"
        )
        self.desktop.click(*node.centre)

    @property
    def tree(self) -> Node:
        return self.whole.tray_tree()

    def saved(self) -> None:
        """Wait until the window says that everything is saved."""
        self.frame.find("label", "^Everything is saved$")
        self.frame.find("label", "^Saved the policy of")


@contextmanager
def product(desktop: Desktop, tmp_path: Path, *flags: str, tokens: bool = False) -> Iterator[Whole]:
    servers = {"fixture": recorder.spec(*flags, record=tmp_path / "record")}
    grants = {client: {"fixture": "fixture"} for client in CLIENTS}
    with Whole(desktop, servers, {"fixture": OPEN}, grants, tokens=tokens) as whole:
        yield whole


def echo(agent: Agent) -> dict[str, Any]:
    return agent.request("tools/call", {"name": "fixture__echo", "arguments": {"text": "x"}})


def refused(answer: dict[str, Any]) -> bool:
    return "result" not in answer or bool(answer["result"].get("isError"))


@on_each(("openbox", "sni", "dunst"), ("xfwm4", "xembed", "xfce"))
def test_a_tool_is_found_denied_and_saved_by_mouse_and_the_next_call_of_another_client_meets_it(
    desktop: Desktop, tmp_path: Path
) -> None:
    with product(desktop, tmp_path) as whole, whole.agent("other") as other:
        assert text_of(echo(other)) == "x"
        sight = Sight(whole)
        sight.search("echo")
        x, y, _, height = sight.decision("Allow").box
        desktop.click(x + BEFORE + SEGMENT * DENY + SEGMENT // 2, y + height // 2)
        sight.decision("Deny")
        assert not refused(echo(other))  # nothing is in force before it is saved
        sight.click("^Review and save…$")
        desktop.wait_window("^Review and save$")
        sight.tree.find("label", "Allow becomes Deny")
        sight.click("^Save 1 change$")
        sight.saved()
        assert refused(echo(other))
        assert json.loads((whole.home / "policies/fixture.json").read_text())["tools"]["echo"] == {
            "action": "deny"
        }


@on()
def test_keys_choose_undo_redo_and_save(desktop: Desktop, tmp_path: Path) -> None:
    with product(desktop, tmp_path) as whole, whole.agent("other") as other:
        sight = Sight(whole)
        sight.search("echo")
        sight.desktop.key("Down", "Down")  # out of the search, over the server
        for key, word in (("3", "Deny"), ("2", "Ask"), ("4", "Hide"), ("1", "Allow"), ("3", "Deny")):
            sight.desktop.key(key)
            sight.decision(word)
        sight.desktop.key("ctrl+z")
        sight.decision("Allow")
        sight.frame.find("label", "^Everything is saved$")
        sight.desktop.key("ctrl+z")
        sight.decision("Hide")
        sight.desktop.key("ctrl+shift+z")
        sight.decision("Allow")
        sight.desktop.key("ctrl+shift+z")
        sight.decision("Deny")
        assert not refused(echo(other))
        sight.desktop.key("ctrl+s")
        review = desktop.wait_window("^Review and save$")
        desktop.focus(review)
        wait_for(
            lambda: any(one.enabled for one in sight.tree.all(BUTTON, "^Save 1 change$")),
            "preview of the changes",
        )
        sight.desktop.key("Tab", "space")
        sight.saved()
        assert refused(echo(other))


@on()
def test_a_screen_reader_chooses_and_saves_and_undo_reaches_over_a_save(
    desktop: Desktop, tmp_path: Path
) -> None:
    with product(desktop, tmp_path) as whole, whole.agent("other") as other:
        sight = Sight(whole)
        sight.search("echo")
        x, y = sight.frame.find("tree item", "^echo, risk").centre
        desktop.click(x, y)
        sight.frame.press("radio button", "^Deny")
        sight.decision("Deny")
        press_save(sight)
        assert refused(echo(other))
        sight.frame.press(BUTTON, "^Undo$")
        sight.decision("Allow")
        assert refused(echo(other))
        press_save(sight)
        assert not refused(echo(other))


def press_save(sight: Sight) -> None:
    """Review and save, as a screen reader does it."""
    pressed = wait_for(
        lambda: next((one for one in sight.frame.all(BUTTON, "^Review and save") if one.enabled), None),
        "button",
    )
    pressed.press()
    save = wait_for(
        lambda: next((one for one in sight.tree.all(BUTTON, "^Save 1 change$") if one.enabled), None),
        "preview",
    )
    save.press()
    sight.saved()


@on()
def test_a_new_server_shows_its_command_starts_after_a_yes_and_offers_its_tools_by_risk(
    desktop: Desktop, tmp_path: Path
) -> None:
    record = tmp_path / "notes"
    with product(desktop, tmp_path) as whole, whole.agent("agent") as agent:
        spec = recorder.spec(record=record, API_KEY="hush")
        whole.edit_settings(lambda settings: settings["mcpServers"].update(notes=spec), seen=False)
        sight = Sight(whole)
        sight.page("Servers")
        card = sight.frame.find("panel", "^Server notes, Needs")
        command = card.find("text", "^Command line$").text
        assert "API_KEY=…" in command
        assert f"--record {record}" in command
        assert "hush" not in sight.frame.dump()
        assert not record.exists()
        sight.click("^Start the server notes$")
        welcome = sight.frame.find(".*", "^notes runs: choose what its tools may do")
        assert record.exists()
        chips = " ".join(one.name for one in welcome.all("label"))
        assert "Destructive" in chips
        assert "Read" in chips
        listed = agent.request("tools/list")["result"]["tools"]
        assert "notes__echo" in {tool["name"] for tool in listed}


@on()
def test_a_changed_definition_is_looked_at_and_accepted_in_the_panel(
    desktop: Desktop, tmp_path: Path
) -> None:
    tools = tmp_path / "tools.json"
    tools.write_text(json.dumps(recorder.DEFAULT_TOOLS))
    with (
        product(desktop, tmp_path, "--tools", str(tools), "--watch-tools") as whole,
        whole.agent("agent") as agent,
    ):
        assert not refused(echo(agent))
        changed = [
            {**recorder.DEFAULT_TOOLS[0], "description": "Sends it away."},
            *recorder.DEFAULT_TOOLS[1:],
        ]
        partial = tmp_path / "partial"
        partial.write_text(json.dumps(changed))
        partial.replace(tools)
        wait_for(lambda: "definition-held" in json.dumps(echo(agent)), "held definition")
        sight = Sight(whole)
        sight.page("Waiting")
        sight.click("^Look at them…$")
        sight.frame.find("label", r"\+.*Sends it away\.")
        sight.frame.find("label", r"-.*Returns the text\.")
        sight.click("^Accept this definition…$")
        sight.click("^Accept this definition$")
        wait_for(lambda: not refused(echo(agent)), "call that goes again")
        sight.frame.gone("label", r"\+.*Sends it away\.")
        listed = {tool["name"]: tool for tool in agent.request("tools/list")["result"]["tools"]}
        assert listed["fixture__echo"]["description"] == "Sends it away."


@on()
def test_an_edit_on_disk_is_put_back_or_accepted_on_the_waiting_page(
    desktop: Desktop, tmp_path: Path
) -> None:
    tight = {**OPEN, "tools": {"echo": {"action": "deny"}}}
    with product(desktop, tmp_path) as whole, whole.agent("agent") as agent:
        path = whole.write_policy("fixture", tight)
        assert refused(echo(agent))
        whole.write_policy("fixture", OPEN, seen=False)
        sight = Sight(whole)
        sight.page("Waiting")
        sight.frame.find("label", "deny becomes allow")
        sight.click("^Put back$")
        sight.frame.find("label", "^Nothing waits$")
        assert "deny" in path.read_text()
        assert refused(echo(agent))

        whole.write_policy("fixture", OPEN, seen=False)
        sight.click("^Accept$")
        sight.frame.find("label", "^Nothing waits$")
        assert not refused(echo(agent))
