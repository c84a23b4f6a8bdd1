"""Visual Studio Code, its Insiders edition, and the server that it starts on other machines.

Documented: `mcp.json` in the user folder and in that of each profile, and `.vscode/mcp.json` in a project,
JSON with comments; `servers`, not `mcpServers`, and `inputs`; `type` is `stdio` or `http`. Older editions
had the same under `mcp` in `settings.json`. From its source: `~/` is expanded in command, arguments and
folder; a variable may be a number, and null takes one away; `sandboxEnabled` runs a server in a sandbox;
`${env:…}`, `${input:…}` and the editor's words are replaced everywhere. An edit has to be trusted anew
before it starts.
"""

from pathlib import PurePath
from typing import Any, Final

from latchward.clients.client import Client, Folders, Notation, Source, in_project
from latchward.clients.home import Home
from latchward.clients.references import editor
from latchward.clients.text import At, Dialect

_MAPS: Final[tuple[At, ...]] = (("servers",),)
_OLD: Final[tuple[At, ...]] = (("mcp", "servers"),)
_OLD_MARK: Final = "mcp"


def _users(home: Home) -> list[PurePath]:
    return [
        home.settings / "Code" / "User",
        home.settings / "Code - Insiders" / "User",
        home.home / ".vscode-server" / "data" / "User",
        home.home / ".vscode-server-insiders" / "data" / "User",
    ]


def _files(home: Home) -> list[Source]:
    folders = [place for user in _users(home) for place in (user, user / "profiles" / "*")]
    new = [Source(folder / "mcp.json", _MAPS) for folder in folders]
    return new + [Source(folder / "settings.json", _OLD, mark=_OLD_MARK) for folder in folders]


def _project_files(folder: PurePath) -> list[Source]:
    return [
        in_project(folder, ".vscode", "mcp.json", maps=_MAPS),
        in_project(folder, ".vscode", "settings.json", maps=_OLD, mark=_OLD_MARK),
    ]


def _traces(home: Home) -> list[PurePath]:
    return [user.parent for user in _users(home)]


def _folders(home: Home) -> list[Folders]:
    return [
        Folders(user / "workspaceStorage" / "*" / "workspace.json", ("folder",)) for user in _users(home)[:2]
    ]


def _write(command: str, args: list[str]) -> dict[str, Any]:
    return {"type": "stdio", "command": command, "args": args}


CLIENT: Final = Client(
    id="vscode",
    title="VS Code",
    dialect=Dialect("json", comments=True, trailing_commas=True),
    files=_files,
    project_files=_project_files,
    traces=_traces,
    folders=_folders,
    notation=Notation(syntax=editor, tilde=True, loose=True),
    write=_write,
    restart="Run “MCP: List Servers” from the command palette, choose `latchward`, start it, and trust it.",
    check="“MCP: List Servers” in the command palette shows `latchward` as running.",
)
