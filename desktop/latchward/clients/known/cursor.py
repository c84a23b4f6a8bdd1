"""Cursor, an editor.

Documented: `.cursor/mcp.json` in the home folder and in a project, `mcpServers`, either `command`, `args`,
`env`, `envFile` or `url`, `headers`, `auth`; references `${env:NAME}`, `${userHome}`, `${workspaceFolder}`,
`${workspaceFolderBasename}`, `${pathSeparator}` in command, args, env, url and headers. Reported by its
users: a tool is dropped where the names of server and tool are longer than 60 characters together. As a
relative of VS Code it keeps a folder for each project that was opened. Not measured: which JSON it reads,
so all of it is read.
"""

from pathlib import PurePath
from typing import Any, Final

from latchward.clients.client import Client, Folders, Notation, Source, in_project
from latchward.clients.home import Home
from latchward.clients.references import editor
from latchward.clients.text import Dialect


def _files(home: Home) -> list[Source]:
    return [Source(home.home / ".cursor" / "mcp.json")]


def _project_files(folder: PurePath) -> list[Source]:
    return [in_project(folder, ".cursor", "mcp.json")]


def _traces(home: Home) -> list[PurePath]:
    return [home.home / ".cursor", home.settings / "Cursor"]


def _folders(home: Home) -> list[Folders]:
    storage = home.settings / "Cursor" / "User" / "workspaceStorage"
    return [Folders(storage / "*" / "workspace.json", ("folder",))]


def _write(command: str, args: list[str]) -> dict[str, Any]:
    return {"type": "stdio", "command": command, "args": args}


CLIENT: Final = Client(
    id="cursor",
    title="Cursor",
    dialect=Dialect("json", comments=True, trailing_commas=True),
    files=_files,
    project_files=_project_files,
    traces=_traces,
    folders=_folders,
    notation=Notation(syntax=editor),
    write=_write,
    name_room=60 - len("latchward") - 1,
    restart="Restart Cursor, or run “Developer: Reload Window” from its command palette.",
    check="In Cursor Settings → Tools & MCP, `latchward` has a green dot.",
)
