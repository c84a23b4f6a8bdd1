"""A person's machine for `latchward client`: a home folder with the files of clients, and a profile.

machine = Machine(tmp_path)
first = machine.write("cursor")
machine.answered("adopt", word="accept")
machine.answered("restore", "cursor", word="accept")
assert machine.file("cursor").read_bytes() == first

Each client's file has two servers, `notes` and `files`, in the way that people have them.
"""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from latchward.clients.known import CLIENTS
from latchward.clients.text import parse

from . import recorder
from .connect import environment
from .terminal import Terminal

PROMPT: Final = "accept or leave: "
COMMAND: Final = (sys.executable, "-m", "latchward", "client")
SECONDS: Final = 40.0

PATHS: Final = {
    "claude-code": ".claude.json",
    "claude-desktop": ".config/Claude/claude_desktop_config.json",
    "codex": ".codex/config.toml",
    "cursor": ".cursor/mcp.json",
    "gemini": ".gemini/settings.json",
    "vscode": ".config/Code/User/mcp.json",
}
_TEXTS: Final = {
    "claude-code": """{
  "numStartups": 41,
  "tipsHistory": {"shift-enter": 17},
  "mcpServers": {
    "notes": {"type": "stdio", "command": @COMMAND@, "args": @NOTES@, "env": {}},
    "files": {
      "type": "stdio", "command": @COMMAND@, "args": @FILES@
    }
  },
  "projects": {"/nowhere": {"lastCost": 0.1204300, "history": ["caf\\u00e9", "café"]}}
}""",
    "claude-desktop": """{
\t"globalShortcut": "Ctrl+Space",
\t"mcpServers": {
\t\t"notes": { "command": @COMMAND@, "args": @NOTES@ },
\t\t"files": { "command": @COMMAND@, "args": @FILES@ }
\t},
\t"scale": 1.0
}
""",
    "codex": """# Codex reads this at its start.\r
model = "gpt-5-codex"   # the one that is paid for\r
\r
[mcp_servers.notes]\r
command = @COMMAND@ # ours\r
args = @NOTES@\r
\r
[mcp_servers.files]\r
command = @COMMAND@\r
args = @FILES@\r
env = { "LOG_LEVEL" = "debug" }\r
\r
[tui]\r
theme = 'dark'\r
""",
    "cursor": """{
    // what I use every day
    "mcpServers": {
        "notes": { "command": @COMMAND@, "args": @NOTES@ }, // all my notes
        "files": {
            "command": @COMMAND@,
            "args": @FILES@,
        },
    }
}
""",
    "gemini": """{
  // theme first
  "ui": { "theme": "GitHub" },
  "mcpServers": {
    "notes": { "command": @COMMAND@, "args": @NOTES@, "trust": true },
    "files": { "command": @COMMAND@, "args": @FILES@ }
  }
}
""",
    "vscode": """{
\t"inputs": [],
\t"servers": {
\t\t/* for every window */
\t\t"notes": { "type": "stdio", "command": @COMMAND@, "args": @NOTES@ },
\t\t"files": { "type": "stdio", "command": @COMMAND@, "args": @FILES@ },
\t},
}
""",
}


class Machine:
    """`home` and `profile` are folders below `folder`; `env` is what the person's shell has besides."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.home = folder / "home"
        self.profile = folder / "profile"
        self.home.mkdir()
        bus = {key: os.environ[key] for key in ("DBUS_SESSION_BUS_ADDRESS",) if key in os.environ}
        places = {"HOME": str(self.home), "LATCHWARD_HOME": str(self.profile)}
        self.env = environment(**places, **bus, **(env or {}))

    def file(self, client: str) -> Path:
        return self.home / PATHS[client]

    def write(self, client: str, servers: Mapping[str, Any] | bytes | None = None) -> bytes:
        """Write a client's file, with its two servers, or with these in plain JSON, or with these bytes."""
        if servers is None:
            notes, files = recorder.spec(), recorder.spec("--era", "modern")
            text = _TEXTS[client].replace("@COMMAND@", json.dumps(notes["command"]))
            text = text.replace("@NOTES@", json.dumps(notes["args"]))
            data = text.replace("@FILES@", json.dumps(files["args"])).encode()
        else:
            data = (
                servers
                if isinstance(servers, bytes)
                else json.dumps({"mcpServers": servers}, indent=2).encode()
            )
        path = self.file(client)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o640)
        return data

    def servers(self, client: str) -> dict[str, Any]:
        """The servers in a client's file of plain JSON."""
        found: dict[str, Any] = json.loads(self.file(client).read_bytes())["mcpServers"]
        return found

    def entry(self, client: str) -> dict[str, Any]:
        """Our entry in a client's file."""
        known = CLIENTS[client]
        document = parse(self.file(client).read_bytes(), known.dialect, client)
        [key] = document.keys() & {"mcpServers", "mcp_servers", "servers"}
        found: dict[str, Any] = document[key]["latchward"]
        return found

    @property
    def settings(self) -> dict[str, Any]:
        """What the settings say now; of servers and grants at least that there are none."""
        path = self.profile / "settings.json"
        return {"mcpServers": {}, "grants": {}, **(json.loads(path.read_text()) if path.exists() else {})}

    @property
    def everything(self) -> dict[str, tuple[int, bytes]]:
        """Every file of home and profile, but for the locks: mode and bytes."""
        files = [path for folder in (self.home, self.profile) for path in folder.rglob("*") if path.is_file()]
        return {
            str(path): (stat.S_IMODE(path.lstat().st_mode), path.read_bytes())
            for path in files
            if path.suffix != ".lock"
        }

    def terminal(self, *arguments: str) -> Terminal:
        """`latchward client` on a terminal, in the home folder."""
        return Terminal([*COMMAND, *arguments], self.env, self.home)

    def answered(
        self, *arguments: str, word: str, values: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """The question is answered, and what is asked for is typed: status, and all that is shown."""
        terminal = self.terminal(*arguments)
        terminal.until(PROMPT)
        terminal.type(word)
        for name, value in (values or {}).items():
            terminal.until(f"{name} (goes into your keyring): ")
            terminal.type(value)
        return terminal.end(SECONDS), terminal.shown

    def done(self, *arguments: str) -> str:
        """What is shown where the person accepts and all goes well."""
        status, shown = self.answered(*arguments, word="accept")
        assert status == 0, shown
        return shown

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`latchward client` without any terminal, with somebody else's `accept` on its standard input."""
        return subprocess.run(
            [*COMMAND, *arguments],
            env=self.env,
            cwd=self.home,
            input="accept\naccept\n",
            capture_output=True,
            text=True,
            encoding="utf-8",
            start_new_session=True,
            timeout=SECONDS,
            check=False,
        )

    def refused(self, *arguments: str) -> str:
        """The one sentence where it fails."""
        done = self.run(*arguments)
        assert done.returncode == 1, done
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr.removesuffix("\n")

    def listed(self) -> dict[str, Any]:
        """`client list --json`, by the ids of clients; the servers under `servers`."""
        told = json.loads(self.run("list", "--json").stdout)
        return {"servers": told["servers"], **{client["id"]: client for client in told["clients"]}}
