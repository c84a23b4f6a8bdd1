"""Somebody who starts Latchward for the first time, and their machine: four AI clients and eight servers.

    with newcomer(desktop) as person:           # `latchward` was started, as a person does
        person.click("^Protect 7 servers$")
        person.machine.servers("cursor")

The servers are real ones (`recorder.py`), started as most are: by `npx` or `uvx`, which here know the
packages in `PACKAGES` and no others. A login shell finds them, as on most machines; Latchward is given less.
"""

import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import secretstorage
from jeepney.io.blocking import open_dbus_connection

from tests.support import recorder
from tests.support.a11y import BUTTON, Node
from tests.support.connect import Agent
from tests.support.desktop import Desktop
from tests.support.desktop_programs import Program
from tests.support.keyring_session import SECRETS, keyring_command
from tests.support.waiting import NotInTime, wait_for
from tests.support.web import WebServer
from tests.support.whole import children, name_of

SETUP: Final = "^Set up Latchward$"
MAIN: Final = "^Latchward$"
START: Final = 20.0
"""Seconds for what begins with a start: of ours, or of servers."""

GITHUB_TOKEN: Final = "ghp_0canary0canary0canary0canary0canary0"
DATABASE: Final = "postgresql://shop:canary-of-the-database@localhost/shop"
SECRET_VALUES: Final = (GITHUB_TOKEN, DATABASE, "canary-of-the-database")
NAMES: Final = ("github", "filesystem", "postgres", "shop-db", "weather", "jira", "playwright", "time")
"""The servers, as their files call them."""
BROKEN: Final = "jira"
SHARED: Final = "shop-db"
"""It stands in a project's file."""

READS: Final = {"readOnlyHint": True}
DESTROYS: Final = {"destructiveHint": True}
PACKAGES: Final[Mapping[str, tuple[tuple[str, str, Mapping[str, bool]], ...]]] = {
    "server-github": (
        ("list_issues", "Lists the issues of a repository.", READS),
        ("get_file_contents", "Reads a file of a repository.", READS),
        ("create_issue", "Opens an issue.", {}),
        ("push_files", "Pushes files to a branch.", {}),
        ("delete_repository", "Deletes a repository and all that is in it.", DESTROYS),
    ),
    "server-filesystem": (
        ("read_file", "Reads a file.", READS),
        ("list_directory", "Lists what is in a folder.", READS),
        ("write_file", "Writes a file.", {}),
        ("delete_file", "Deletes a file.", DESTROYS),
    ),
    "server-postgres": (("query", "Runs a query.", {}),),
    "server-sqlite": (("read_query", "Runs a SELECT.", READS), ("write_query", "Runs a statement.", {})),
    "mcp": (("browser_navigate", "Opens a page.", {}), ("browser_click", "Clicks on a page.", {})),
    "mcp-server-time": (("get_current_time", "Tells the time.", READS),),
}
"""What each package serves: name, description and annotations of its tools."""

_ANYTHING: Final = {"inputSchema": {"type": "object"}}
_DESKTOP: Final = """\
{
  "globalShortcut": "",
  "mcpServers": {
    "github": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-github@2025.4.8"],
      "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "%(token)s"}
    },
    "filesystem": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-filesystem", "%(home)s/Documents"]
    }
  }
}
"""
_CODE: Final = """\
{"numStartups":212,"theme":"dark","mcpServers":{"postgres":{"type":"stdio","command":"npx",\
"args":["-y","@modelcontextprotocol/server-postgres@0.6.2"],"env":{"DATABASE_URL":"%(database)s"}}},\
"projects":{"%(home)s/shop":{"history":[],"allowedTools":[]}},"oauthAccount":{"seats":1.0}}
"""
_PROJECT: Final = """\
{
  "mcpServers": {
    "shop-db": {"command": "uvx", "args": ["server-sqlite", "--db", "shop.db"]}
  }
}
"""
_CURSOR: Final = """\
{
  // what my editor uses
  "mcpServers": {
    "filesystem": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-filesystem", "%(home)s/Documents"],
    },
    "weather": {"url": "%(web)s"},
    "jira": {"command": "npx", "args": ["-y", "mcp-jira-of-the-last-job"]},
  },
}
"""
_VSCODE: Final = """\
{
\t"servers": {
\t\t"playwright": {
\t\t\t"type": "stdio",
\t\t\t"command": "npx",
\t\t\t"args": ["-y", "@playwright/mcp@0.0.41"]
\t\t},
\t\t"time": { "command": "uvx", "args": ["mcp-server-time"] } // for stand-ups
\t},
\t"inputs": []
}
"""
_RUNNER: Final = """\
#!/bin/sh
while [ "${{1#-}}" != "$1" ]; do shift; done
name=$(basename "$1")
name=${{name%@*}}
[ -f "{packages}/$name.json" ] || {{ echo "npm error 404 Not Found: $1" >&2; exit 1; }}
env >"{records}/$name.env"
exec "{python}" -I -S "{recorder}" --record "{records}/$name" --tools "{packages}/$name.json"
"""


class Machine:
    """A home folder of its own on a desktop, which is gone with it."""

    def __init__(self, desktop: Desktop, web: str = "", *, clients: bool = True) -> None:
        self.desktop = desktop
        self.home = Path(tempfile.mkdtemp(prefix="home-", dir=desktop.root))
        folders = {"CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state", "CACHE": ".cache"}
        self.env = {f"XDG_{name}_HOME": str(self.home / place) for name, place in folders.items()}
        self.env |= {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.home / "run"), "SHELL": "/bin/sh"}
        self.clients = {
            "claude-desktop": self.home / ".config/Claude/claude_desktop_config.json",
            "claude-code": self.home / ".claude.json",
            "cursor": self.home / ".cursor/mcp.json",
            "vscode": self.home / ".config/Code/User/mcp.json",
        }
        self.project = self.home / "shop/.mcp.json"
        (self.home / "run").mkdir(mode=0o700)
        shutil.copytree(Path(desktop.env["XDG_CONFIG_HOME"], "gtk-3.0"), self.home / ".config/gtk-3.0")
        self._install_servers()
        if clients:
            self._install_clients(web)

    def _install_servers(self) -> None:
        packages, programs = self.home / ".npm", self.home / ".local/bin"
        self.records = self.home / "records"
        for folder in (packages, programs, self.records):
            folder.mkdir(parents=True)
        for name, tools in PACKAGES.items():
            listed = [
                {
                    "name": tool,
                    "description": said,
                    "inputSchema": {"type": "object"},
                    "annotations": {**notes},
                }
                for tool, said, notes in tools
            ]
            (packages / f"{name}.json").write_text(json.dumps(listed))
        words = {"packages": packages, "records": self.records}
        text = _RUNNER.format(python=sys.executable, recorder=recorder.__file__, **words)
        for program in ("npx", "uvx"):
            (programs / program).write_text(text)
            (programs / program).chmod(0o700)
        (self.home / ".profile").write_text(f'PATH="{programs}:$PATH"\n')

    def _install_clients(self, web: str) -> None:
        values = {"home": self.home, "web": web, "token": GITHUB_TOKEN, "database": DATABASE}
        texts = dict(zip(self.clients, (_DESKTOP, _CODE, _CURSOR, _VSCODE), strict=True))
        for name, path in self.clients.items():
            self.write(path, texts[name] % values)
        self.write(self.project, _PROJECT)

    def write(self, path: Path, text: str) -> None:
        """Write a file, and the folders that it is in."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def replace(self, client: str, old: str, new: str) -> None:
        """Edit a client's file in one step, as an editor does."""
        path = self.clients[client]
        text = path.read_text()
        assert old in text
        self.write(path.with_name("partial"), text.replace(old, new))
        path.with_name("partial").replace(path)

    def start_keyring(self) -> None:
        """Start the desktop's keyring, unlocked as a login does it."""
        self.desktop.run(keyring_command(unlocked=True), self.env)
        wait_for(lambda: self.desktop.owns(SECRETS), "keyring")

    def lock_keyring(self) -> None:
        """Lock it as a person does; it keeps running."""
        with closing(open_dbus_connection(bus=self.desktop.env["DBUS_SESSION_BUS_ADDRESS"])) as connection:
            secretstorage.Collection(connection).lock()

    def start(self) -> Program:
        """Start `latchward`, as a person does."""
        return self.desktop.run([Path(sys.executable).with_name("latchward")], self.env)

    @property
    def files(self) -> dict[Path, bytes]:
        """The clients' files, and the project's."""
        return {path: path.read_bytes() for path in (*self.clients.values(), self.project)}

    def servers(self, client: str) -> dict[str, Any]:
        """The servers in a client's file now."""
        text = re.sub(r"(?m)^\s*//.*$|\s// .*$", "", self.clients[client].read_text())
        document = json.loads(re.sub(r",(\s*[}\]])", r"\1", text))
        found: dict[str, Any] = document["servers" if client == "vscode" else "mcpServers"]
        return found

    def agent(self, client: str) -> Agent:
        """What a client starts: the very command of its file, in the environment of the most sparing one."""
        entry = self.servers(client)["latchward"]
        env = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb"}
        agent = Agent(Path(entry["args"][4]), client, env=env, command=(entry["command"],))
        assert agent.process.args == [entry["command"], *entry["args"]]
        return agent

    def ours(self) -> Iterator[Path]:
        """Every file that Latchward keeps, but for what it keeps of the clients' files to give them back."""
        for place in (".config/latchward", ".local/share/latchward", ".local/state/latchward"):
            for path in sorted((self.home / place).rglob("*")):
                if path.is_file() and "clients" not in path.parts:
                    yield path


class Person:
    """Who has just started it. `clicks`, `keys` and `seconds` are what it cost them so far."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.desktop = machine.desktop
        self.clicks = self.keys = 0
        self._began = time.monotonic()
        self.program = machine.start()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    # what is seen

    @property
    def tree(self) -> Node:
        """All windows, once there is one."""
        return self.desktop.tree.app("^Latchward$", START, pid=self.tray)

    @property
    def tray(self) -> int:
        """The process that has them."""

        def look() -> int:
            below = [pid for child in children(self.gateway) for pid in children(child)]
            return next((pid for pid in below if name_of(pid) == "latchward-tray"), 0)

        return wait_for(look, "tray", START)

    @property
    def gateway(self) -> int:
        """The process of the gateway, whoever started it; 0 while there is none."""
        lock = self.machine.home / ".local/state/latchward/gateway.lock"
        return int(lock.read_text() or 0) if lock.exists() else 0

    @property
    def setup(self) -> Node:
        """The dialog of the first run, once it is there."""
        return self.tree.find("dialog", SETUP, seconds=START)

    @property
    def main(self) -> Node:
        """The main window, once it is there."""
        return self.tree.find("frame", MAIN, seconds=START)

    def sees(self, text: str, seconds: float = START) -> None:
        """Wait until a text stands in the dialog. Raises `NotInTime`, which says what all windows show."""
        try:
            self.setup.find("label", text, seconds=seconds)
        except NotInTime as error:
            raise NotInTime(f"{error}; in all windows:\n{self.tree.dump()}") from None

    def on(self, name: str, role: str = BUTTON, within: Node | None = None) -> Node:
        """What can be pressed, once it is on and stays where it is. Raises `NotInTime`."""
        where = within or self.setup
        boxes: list[tuple[int, int, int, int]] = []

        def look() -> Node | None:
            node = next((one for one in where.all(role, name) if one.enabled), None)
            boxes.append(node.box if node else (0, 0, 0, 0))
            return node if node and boxes[-2:] == [node.box] * 2 else None

        return wait_for(look, f"{role} {name!r} that is on", START)

    # what is done

    def click(self, name: str, role: str = BUTTON, within: Node | None = None) -> None:
        """Click what is on, by mouse. Raises `NotInTime`."""
        self.desktop.click(*self.on(name, role, within).centre)
        self.clicks += 1

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        self.desktop.key(*keys)
        self.keys += len(keys)

    def go_to(self, name: str, role: str = ".*", key: str = "Tab") -> None:
        """Press a key until the focus is at something. Raises `NotInTime`."""
        seen: list[str] = []

        def at() -> bool:
            focused = [node for node in self.tree.all(role, name) if "focused" in node.states]
            seen.extend(str(node) for node in self.tree.all() if "focused" in node.states)
            if not focused:
                self.press(key)
            return bool(focused)

        try:
            wait_for(at, f"focus at {name!r}", START)
        except NotInTime as error:
            raise NotInTime(f"{error}, but at {list(dict.fromkeys(seen))}") from None


@contextmanager
def used_machine(desktop: Desktop, *, keyring: bool = True, clients: bool = True) -> Iterator[Machine]:
    """A machine on which Latchward has never been started."""
    with WebServer() as web:
        machine = Machine(desktop, web.url, clients=clients)
        if keyring:
            machine.start_keyring()
        yield machine


@contextmanager
def newcomer(desktop: Desktop, *, keyring: bool = True, clients: bool = True) -> Iterator[Person]:
    """A person at a machine of their own, who has just started Latchward."""
    with used_machine(desktop, keyring=keyring, clients=clients) as machine:
        yield Person(machine)
