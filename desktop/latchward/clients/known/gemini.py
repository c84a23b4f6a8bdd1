"""Gemini CLI, Google's agent for the terminal.

Measured with 0.61.0: `.gemini/settings.json` in the home folder, or in the folder that GEMINI_CLI_HOME
names, and in a project; comments are read, a comma too many and a BOM are fatal; `httpUrl`, or `url`;
`timeout` in milliseconds; names of tools over 63 characters lose their middle; in a folder that is not
trusted it loads no server at all. Documented: `mcp.allowed` and `mcp.excluded` in the same file choose
among all servers by name. From its source: `$NAME` and `${NAME}` are replaced in every text, one that is
not set stays as it is written; the folders it was used in stand in `projects.json` and
`trustedFolders.json`. Antigravity uses the folder `.gemini` too, so the folder alone is no trace.
"""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

from latchward.clients.client import CALL_SECONDS, Client, Folders, Notation, Source, in_project, value_at
from latchward.clients.home import Home
from latchward.clients.references import shell
from latchward.clients.text import At, Dialect


def _folder(home: Home) -> PurePath:
    return (home.named("GEMINI_CLI_HOME") or home.home) / ".gemini"


def _files(home: Home) -> list[Source]:
    return [Source(_folder(home) / "settings.json")]


def _project_files(folder: PurePath) -> list[Source]:
    return [in_project(folder, ".gemini", "settings.json")]


def _traces(home: Home) -> list[PurePath]:
    return [_folder(home) / name for name in ("settings.json", "installation_id", "projects.json", "tmp")]


def _folders(home: Home) -> list[Folders]:
    folder = _folder(home)
    return [Folders(folder / "projects.json", ("projects",)), Folders(folder / "trustedFolders.json", ())]


def _write(command: str, args: list[str]) -> dict[str, Any]:
    return {"command": command, "args": args, "timeout": CALL_SECONDS * 1000}


def _off(document: Mapping[str, Any], at: At, name: str) -> bool:
    """Two lists choose among all servers; one that is no list chooses nothing."""
    allowed, excluded = value_at(document, ("mcp", "allowed")), value_at(document, ("mcp", "excluded"))
    if isinstance(allowed, list) and name not in allowed:
        return True
    return isinstance(excluded, list) and name in excluded


CLIENT: Final = Client(
    id="gemini",
    title="Gemini CLI",
    dialect=Dialect("json", comments=True, bom=False),
    files=_files,
    project_files=_project_files,
    traces=_traces,
    folders=_folders,
    notation=Notation(syntax=shell, urls=("httpUrl", "url")),
    write=_write,
    off=_off,
    name_room=63 - len("mcp_latchward_"),
    restart="Start Gemini CLI anew, in a folder that it trusts: elsewhere it loads no servers.",
    check="`gemini mcp list` in a terminal shows `latchward` as connected.",
)
