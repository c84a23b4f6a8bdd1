"""Claude Code, Anthropic's agent for the terminal.

Measured with 2.1.330: `.claude.json` in the home folder, or in the folder that CLAUDE_CONFIG_DIR names,
holds `mcpServers` for everywhere and `projects.<folder>.mcpServers` for one project; `.mcp.json` in a
project is shared, and waits for approval. Comments and a comma too many are fatal, a BOM is not. It
rewrites its file all the time, by rename, under the folder `.claude.json.lock`; an edit from outside during
a session survived. A call is given up after 60 seconds without a byte unless the entry has `timeout`, in
milliseconds. Names of tools over 128 characters are left out. References are `${NAME}` and
`${NAME:-default}` in all fields; one that is not set goes out as it is written. From its source: an older
`.config.json` in the configuration folder wins where it is there.
"""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

from latchward.clients.client import (
    CALL_SECONDS,
    EACH,
    Client,
    Folders,
    Notation,
    Source,
    in_project,
    value_at,
)
from latchward.clients.home import Home
from latchward.clients.references import braces
from latchward.clients.text import At, Dialect

_MAPS: Final[tuple[At, ...]] = (("mcpServers",), ("projects", EACH, "mcpServers"))


def _folder(home: Home) -> PurePath:
    return home.named("CLAUDE_CONFIG_DIR") or home.home / ".claude"


def _main(home: Home) -> PurePath:
    return (home.named("CLAUDE_CONFIG_DIR") or home.home) / ".claude.json"


def _files(home: Home) -> list[Source]:
    return [Source(_main(home), _MAPS), Source(_folder(home) / ".config.json", _MAPS)]


def _project_files(folder: PurePath) -> list[Source]:
    return [in_project(folder, ".mcp.json")]


def _traces(home: Home) -> list[PurePath]:
    return [_main(home), _folder(home)]


def _folders(home: Home) -> list[Folders]:
    return [Folders(_main(home), ("projects",))]


def _write(command: str, args: list[str]) -> dict[str, Any]:
    return {"type": "stdio", "command": command, "args": args, "timeout": CALL_SECONDS * 1000}


def _off(document: Mapping[str, Any], at: At, name: str) -> bool:
    """A project's own entries can be switched off beside their map."""
    off = value_at(document, (*at[:-1], "disabledMcpServers")) if len(at) > 1 else None
    return isinstance(off, list) and name in off


CLIENT: Final = Client(
    id="claude-code",
    title="Claude Code",
    dialect=Dialect("json"),
    files=_files,
    project_files=_project_files,
    traces=_traces,
    folders=_folders,
    notation=Notation(syntax=braces, places=("CLAUDE_PROJECT_DIR",)),
    write=_write,
    off=_off,
    own_lock=True,
    name_room=128 - len("mcp__latchward__"),
    restart="Sessions that are open keep the servers that they started with: start a new one.",
    check="`claude mcp list` in a terminal shows `latchward` as connected.",
)
