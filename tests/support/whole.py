"""The whole product on a desktop of the tests: gateway and tray, agents, and a person in front of the screen.

    with Whole(desktop, {"fixture": spec()}, {"ask": ASK}, {"agent": {"fixture": "ask"}}) as whole:
        with whole.agent() as agent:
            agent.send(call(1, "fixture__echo", {"text": "hi"}))
            whole.dialog().allow()
            agent.answer(1)

`latchward` alone is started, as a person does; with `deadline`, `limits` or tokens it is the same program
started by a launcher, which says how long a question stays open, and takes any free port.
"""

import os
import re
import signal
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, Self

from .a11y import BUTTON, Node
from .connect import Agent, message
from .desktop import Desktop
from .desktop_programs import Program
from .gateway import Gateway, Grants, Policies, Servers
from .waiting import WAIT, wait_for
from .x11 import Window

ASKS: Final = {"version": "1", "default": "approve"}
"""A policy that asks about every call."""
TITLE: Final = "^Latchward asks$"
STILL: Final = 5
"""So many looks must show the same menus."""

_LAUNCHER: Final = """
from latchward.daemon.hardening import harden
harden()
from latchward.cli.start import _tray
from latchward.daemon.nursery import begin
nursery = begin(_tray)
from latchward.cli.gateway import ready
from latchward.cli.loop import run_loop
from latchward.daemon.assembly import Plan, run
from latchward.storage.paths import Profile
run_loop(run(Profile.home(), Plan(port={port}, approver=None, deadline={deadline}, nursery=nursery), ready))
"""


class Whole(Gateway):
    """Gateway and tray on a desktop. Grants come by the local socket, and with `tokens` over HTTP too."""

    def __init__(
        self,
        desktop: Desktop,
        servers: Servers,
        policies: Policies,
        grants: Grants,
        *,
        home: Path | None = None,
        deadline: float = 0.0,
        tokens: bool = False,
    ) -> None:
        super().__init__(servers, policies, grants, home=home, tokens=tokens)
        self.desktop = desktop
        self.program: Program
        self._command = [sys.executable, "-m", "latchward"]
        if deadline or tokens:
            plan = _LAUNCHER.format(port=0 if tokens else None, deadline=deadline or 50.0)
            self._command = [sys.executable, "-c", plan]

    def start(self) -> Self:
        """Start it, and wait until the tray has greeted."""
        env = {name: self._env[name] for name in ("LATCHWARD_HOME", "PYTHONPATH")}
        self.program = self.desktop.run(self._command, env)
        self.program.wait_print(r"^listening on unix:", 20)
        if found := re.search(r"listening on (http://127\.0\.0\.1:(\d+)/mcp)", self.program.printed):
            self.url, self.port = found[1], int(found[2])
        self.tray_tree()
        return self

    def stop(self) -> int | None:
        """End it as a logout does; its exit status."""
        if not hasattr(self, "program"):
            return None
        self.program.signal(signal.SIGTERM)
        return self.program.wait(15)

    @property
    def socket(self) -> Path:
        """Where agents come in."""
        return self.home / "run" / "gateway.sock"

    # agents

    def agent(self, client: str = "agent") -> Agent:
        """An agent behind `latchward connect`, which has said hello."""
        agent = Agent(self.socket, client)
        try:
            agent.initialize()
        except BaseException:
            agent.__exit__(None, None, None)
            raise
        return agent

    def rows(self) -> list[dict[str, Any]]:
        """The record, oldest row first."""
        with closing(sqlite3.connect(f"file:{self.home / 'audit.db'}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM record ORDER BY seq")]

    # the tray

    def tray_pid(self, seconds: float = WAIT, *, other_than: int = 0) -> int:
        """The process of the tray. Raises `NotInTime`."""

        def look() -> int:
            for pid in children(self.program.pid):
                for tray in children(pid):
                    if name_of(tray) == "latchward-tray" and tray != other_than:
                        return tray
            return 0

        return wait_for(look, "tray process", seconds)

    def tray_tree(self) -> Node:
        """What a screen reader sees of the tray, once it is there. Raises `NotInTime`."""
        return self.desktop.tree.app("", pid=self.tray_pid())

    def end_temporary(self) -> None:
        """Let the only answer that still holds hold no longer, from the icon's menu."""
        desktop = self.desktop
        before = self._popups()
        desktop.click(*desktop.wait_tray("Latchward").centre, button=3)
        self._popup(before + 1)
        desktop.key("Up", "Up", "Up", "Up", "Right")
        self._popup(before + 2)
        desktop.key("Return")
        wait_for(lambda: self._popups() <= before, "end of the menu")

    def _popups(self) -> int:
        return sum(1 for window in self.desktop.windows() if window.popup and window.pid)

    def _popup(self, count: int) -> None:
        """Wait until so many menus are open, and drawn."""
        seen: list[int] = []

        def look() -> bool:
            seen.append(self._popups())
            return seen[-STILL:] == [count] * STILL

        wait_for(look, f"menu {count} of the icon")

    def dialog(self, says: str = "wants to", seconds: float = WAIT) -> "Dialog":
        """The window that asks, once what it asks matches. Raises `NotInTime`."""
        return Dialog(self.desktop, self.tray_tree().find("dialog", says, seconds=seconds))

    def no_dialog(self, seconds: float = WAIT) -> None:
        """Wait until no window asks."""
        self.desktop.wait_no_window(TITLE, seconds)


class Dialog:
    """The window that asks, as a person reads and presses it."""

    def __init__(self, desktop: Desktop, node: Node) -> None:
        self._desktop = desktop
        self.node = node

    @property
    def sentence(self) -> str:
        """Who wants what, as the window announces itself."""
        return self.node.again().name

    @property
    def arguments(self) -> str:
        """The arguments as they stand there, in the view that is open."""
        return self.node.find("text", "^Arguments$").text

    @property
    def exact(self) -> str:
        """The exact JSON: its tab is opened for that."""
        self.node.press("page tab", "Exact JSON")
        return self.arguments

    @property
    def labels(self) -> list[str]:
        """Every text that stands there and cannot be edited."""
        return [node.name for node in self.node.all("label") if node.name]

    @property
    def words(self) -> str:
        """Everything that stands there."""
        texts = [node.text for node in self.node.all("text")]
        buttons = [node.name for node in self.node.all(f"{BUTTON}|radio button|check box")]
        return "\n".join([self.sentence, *self.labels, *texts, *buttons])

    def window(self) -> Window:
        """The window on the screen, once it stays in its place."""
        return self._desktop.wait_window(TITLE)

    def button(self, name: str) -> Node:
        """A button, on or off."""
        return self.node.find(BUTTON, f"^{re.escape(name)}$")

    def armed(self, name: str, seconds: float = WAIT) -> Node:
        """A button, once it is on and stays where it is. Raises `NotInTime`."""
        last: list[tuple[int, int, int, int]] = []

        def look() -> Node | None:
            node = self.button(name)
            box = node.box if node.enabled else (0, 0, 0, 0)
            last.append(box)
            return node if node.enabled and last[-2:] == [box, box] else None

        return wait_for(look, f"button {name!r} that is on", seconds)

    def bring_up(self) -> None:
        """Click the window where nothing answers, so that it has the keyboard: that arms its buttons anew."""
        if "active" not in self.node.again().states:
            self._desktop.click(*self.node.find("label", "wants to").centre)
            wait_for(lambda: "active" in self.node.again().states, "focus in the window that asks")

    def click(self, name: str) -> None:
        """Click a button as a person does: the window first, the button once it is on, the pointer away."""
        self.bring_up()
        self._desktop.click(*self.armed(name).centre)
        self._desktop.move(1, self._desktop.size[1] // 2)

    def allow(self) -> None:
        self.click("Allow")

    def deny(self) -> None:
        self.click("Deny")

    def write_reason(self, words: str) -> None:
        """Type what the agent should know, after a click into the field."""
        field = self.node.find("text", "^Reason for the agent")
        self._desktop.click(*field.centre)
        wait_for(lambda: "focused" in field.again().states, "focus in the reason")
        self._desktop.type(words)
        wait_for(lambda: field.text == words, "typed reason")

    def choose(self, scope: str) -> None:
        """Choose for how long the answer holds, by mouse."""
        radio = self.node.find("radio button", scope)
        self._desktop.click(*radio.centre)
        wait_for(lambda: "checked" in radio.again().states, f"chosen scope {scope!r}")


def call(identity: int | str, tool: str, arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A `tools/call` as an agent sends it."""
    return message("tools/call", {"name": tool, "arguments": dict(arguments or {})}, identity)


def text_of(answer: Mapping[str, Any]) -> str:
    """All text of a call's result."""
    return "".join(part["text"] for part in answer["result"]["content"] if part["type"] == "text")


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def name_of(pid: int) -> str:
    """The name of a process in the list of all; "" where it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
