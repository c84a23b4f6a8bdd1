"""The released agents: what each needs in its own files to reach a gateway, and how it is asked something.

None of them is logged in anywhere, none may look for updates, and each has a home of its own.
"""

import json
import os
import re
import signal
import subprocess
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from tests import peers

Command = tuple[str, ...]

SECONDS: Final = 50.0
"""An agent that takes longer for anything is ended."""
NOWHERE: Final = "http://127.0.0.1:9"
"""For an agent that is not to ask its model anything."""
SERVER: Final = "latchward"
"""What the gateway is called in the agents' files."""
ASKED: Final = "Do what the script says."


@dataclass(frozen=True, slots=True)
class Setup:
    """Where an agent lives, its model's address, and its way to the gateway: a command, a URL or none."""

    home: Path
    model: str = NOWHERE
    connect: list[str] = field(default_factory=list)
    url: str = ""
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What is sent to the URL."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def folder(self) -> Path:
        """Where the agent works."""
        return self.home / "work"

    def write(self, name: str, text: str | dict[str, Any]) -> None:
        """A file in the home, of its owner alone."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if isinstance(text, str) else json.dumps(text, indent=2), encoding="utf-8")
        path.chmod(0o600)


class Agent(Protocol):
    """One of them. `program` is what the kernel says of the process that starts the bridge."""

    name: str
    package: str
    program: Path
    version: Command
    """The command that tells its version."""
    check: Command
    """The command that says whether it reaches its servers; none where it has no such one."""
    ask: Command
    """The command that asks its model something, without a person."""
    file: str
    """Where its servers stand, in the home."""
    listing: Command
    """The command that lists the servers of its file."""

    def configure(self, setup: Setup) -> None:
        """Write its files."""

    def add(self, name: str, command: Command) -> Command:
        """The command by which a person adds a server for everywhere."""

    def servers(self, listed: str) -> dict[str, str]:
        """What `listing` says of each server."""

    def environment(self, setup: Setup) -> dict[str, str]:
        """What it must be told apart from its files."""


class ClaudeCode:
    """Has what it is not asked to load searched for by the model, but for servers with `alwaysLoad`."""

    name = "claude-code"
    package = "@anthropic-ai/claude-code-linux-x64"
    program = peers.CLAUDE
    version: Command = (str(peers.CLAUDE), "--version")
    check: Command = (str(peers.CLAUDE), "mcp", "list")
    ask: Command = (str(peers.CLAUDE), "-p", ASKED)
    file = ".claude.json"
    listing = check

    def configure(self, setup: Setup) -> None:
        if setup.connect:
            command, *arguments = setup.connect
            entry = {"type": "stdio", "command": command, "args": arguments, "alwaysLoad": True}
            setup.write(self.file, {"mcpServers": {SERVER: entry}})
        elif setup.url:
            entry = {"type": "http", "url": setup.url, "headers": setup.headers, "alwaysLoad": True}
            setup.write(self.file, {"mcpServers": {SERVER: entry}})
        setup.write(".claude/settings.json", {"permissions": {"allow": [f"mcp__{SERVER}"]}})

    def add(self, name: str, command: Command) -> Command:
        return (str(peers.CLAUDE), "mcp", "add", "--scope", "user", name, "--", *command)

    def servers(self, listed: str) -> dict[str, str]:
        return _told(listed)

    def environment(self, setup: Setup) -> dict[str, str]:
        return {
            "ANTHROPIC_API_KEY": "none",
            "ANTHROPIC_BASE_URL": setup.model,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        }


class Codex:
    """Its `mcp list` only reads its file: whether it reaches a server shows where its model is asked.

    A tool that does not say that it only reads is called where no person must be asked for it here.
    """

    name = "codex"
    package = "@openai/codex-linux-x64"
    program = peers.CODEX
    version: Command = (str(peers.CODEX), "--version")
    check: Command = ()
    ask: Command = (str(peers.CODEX), "exec", "--skip-git-repo-check", ASKED)
    file = ".codex/config.toml"
    listing: Command = (str(peers.CODEX), "mcp", "list", "--json")

    def configure(self, setup: Setup) -> None:
        text = f"""# what this machine has
model = "scripted"
model_provider = "scripted"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.scripted]
name = "scripted"
base_url = "{setup.model}/v1"
wire_api = "responses"
"""
        if setup.connect:
            command, *arguments = map(json.dumps, setup.connect)  # such strings are the same in TOML
            text += f"""
[mcp_servers.{SERVER}]
command = {command}
args = [{", ".join(arguments)}]
default_tools_approval_mode = "approve"
"""
        elif setup.url:
            text += f"""
[mcp_servers.{SERVER}]
url = "{setup.url}"
http_headers = {{ Authorization = "{setup.headers["Authorization"]}" }}
default_tools_approval_mode = "approve"
"""
        assert tomllib.loads(text)
        setup.write(self.file, text)

    def add(self, name: str, command: Command) -> Command:
        return (str(peers.CODEX), "mcp", "add", name, "--", *command)

    def servers(self, listed: str) -> dict[str, str]:
        return {one["name"]: json.dumps(one) for one in json.loads(listed[listed.index("[\n") :])}

    def environment(self, setup: Setup) -> dict[str, str]:
        return {}


class Gemini:
    """Loads no server, not even of its own home, where it does not trust the folder it works in."""

    name = "gemini"
    package = "@google/gemini-cli"
    program = Path(peers.NODE)
    version: Command = (peers.NODE, str(peers.GEMINI), "--version")
    check: Command = (peers.NODE, str(peers.GEMINI), "mcp", "list")
    # Left to choose a model itself, it asks one which to take.
    ask: Command = (peers.NODE, str(peers.GEMINI), "--model", "gemini-2.5-flash", "--prompt", ASKED)
    file = ".gemini/settings.json"
    listing = check

    def configure(self, setup: Setup) -> None:
        ours: dict[str, Any] = {}
        if setup.connect:
            command, *arguments = setup.connect
            ours = {"mcpServers": {SERVER: {"command": command, "args": arguments, "trust": True}}}
        elif setup.url:
            entry = {"httpUrl": setup.url, "headers": setup.headers, "trust": True}
            ours = {"mcpServers": {SERVER: entry}}
        settings = {
            **ours,
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
            "privacy": {"usageStatisticsEnabled": False},
        }
        setup.write(self.file, settings)
        setup.write(".gemini/trustedFolders.json", {str(setup.folder): "TRUST_FOLDER"})

    def add(self, name: str, command: Command) -> Command:
        return (peers.NODE, str(peers.GEMINI), "mcp", "add", "--scope", "user", name, *command)

    def servers(self, listed: str) -> dict[str, str]:
        return _told(listed)

    def environment(self, setup: Setup) -> dict[str, str]:
        return {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": setup.model}


class OpenCode:
    """Would fetch a package of its own into its folder, were that not told to be there."""

    name = "opencode"
    package = "opencode-linux-x64-baseline"
    program = peers.OPENCODE
    version: Command = (str(peers.OPENCODE), "--version")
    check: Command = (str(peers.OPENCODE), "mcp", "list")
    # Without a title it asks its model for one.
    ask: Command = (str(peers.OPENCODE), "run", "--title", "the script", ASKED)
    file = ".config/opencode/opencode.json"
    listing = check

    def configure(self, setup: Setup) -> None:
        ours: dict[str, Any] = {}
        if setup.connect:
            ours = {"mcp": {SERVER: {"type": "local", "command": setup.connect}}}
        elif setup.url:
            ours = {"mcp": {SERVER: {"type": "remote", "url": setup.url, "headers": setup.headers}}}
        provider = {
            "npm": "@ai-sdk/anthropic",
            "options": {"baseURL": f"{setup.model}/v1", "apiKey": "none"},
            "models": {"scripted": {}},
        }
        model = {"model": "scripted/scripted", "provider": {"scripted": provider}}
        setup.write(self.file, {**ours, **model, "autoupdate": False, "share": "disabled"})
        folder = Path(self.file).parent
        there = {"packages": {"": {"dependencies": {"@opencode-ai/plugin": "*"}}}}
        setup.write(str(folder / "package-lock.json"), there)
        (setup.home / folder / "node_modules").mkdir()

    def add(self, name: str, command: Command) -> Command:
        return (str(peers.OPENCODE), "mcp", "add", name, "--", *command)

    def servers(self, listed: str) -> dict[str, str]:
        found = (re.match(r"●  . ([\w-]+) (.*)", line) for line in _COLOUR.sub("", listed).splitlines())
        return {one[1]: one[2] for one in found if one}

    def environment(self, setup: Setup) -> dict[str, str]:
        return {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"}


AGENTS: Final[tuple[Agent, ...]] = (
    (ClaudeCode(), Codex(), Gemini(), OpenCode()) if peers.ALL_RUN_HERE else (Gemini(),)
)
"""Those that run on this machine: what npm has of the others are programs for one kind of it."""

_COLOUR: Final = re.compile(r"\x1b\[\d*m")


def is_connected(said: str) -> bool:
    """Whether that is what an agent's own list says of a server that it reaches."""
    return said.lower().split()[-1:] == ["connected"]


def _told(listed: str) -> dict[str, str]:
    """The lines `name: what is started - ✔ Connected`, with or without a sign before the name."""
    found = (re.match(r"(?:[✓✔✗✘] )?([\w-]+): (.*)", line) for line in listed.splitlines())
    return {one[1]: one[2] for one in found if one}


def install(agent: Agent, setup: Setup) -> None:
    """Make the home, with the agent's files in it."""
    setup.folder.mkdir(parents=True)
    agent.configure(setup)


def run(agent: Agent, setup: Setup, command: Command) -> str:
    """All that the agent prints. It gets HOME, PATH, LANG and TERM, and what it must be told besides."""
    assert command, f"{agent.name} has no such command"
    plain = {"HOME": str(setup.home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "dumb"}
    process = subprocess.Popen(
        command,
        cwd=setup.folder,
        env=plain | agent.environment(setup),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=SECONDS)
    finally:
        if process.returncode is None:  # with what it started
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert process.returncode == 0, said
    return said
