"""Codex, OpenAI's agent: command line, editor extension and application share one file.

Measured with 0.169.0: `config.toml` in `.codex` of the home folder, or in the folder that CODEX_HOME names,
holds `mcp_servers`; a call is given up after 300 seconds, `tool_timeout_sec` is read. Names of tools over
128 characters get a hash. From its source: an unknown key in an entry is an error for the whole file; an
entry has `command`, `args`, `env`, `env_vars`, `cwd` or `url`, `http_headers`, `env_http_headers`,
`bearer_token_env_var`, and `enabled`; there are no references in texts. Documented: `.codex/config.toml` in
a project counts where the project is trusted, and those that the person was asked about stand under
`projects`.
"""

from pathlib import PurePath
from typing import Any, Final

from latchward.clients.client import (
    CALL_SECONDS,
    START_SECONDS,
    Client,
    Folders,
    Notation,
    Source,
    in_project,
)
from latchward.clients.home import Home
from latchward.clients.text import At, Dialect

_MAPS: Final[tuple[At, ...]] = (("mcp_servers",),)


def _folder(home: Home) -> PurePath:
    return home.named("CODEX_HOME") or home.home / ".codex"


def _files(home: Home) -> list[Source]:
    return [Source(_folder(home) / "config.toml", _MAPS)]


def _project_files(folder: PurePath) -> list[Source]:
    return [in_project(folder, ".codex", "config.toml", maps=_MAPS)]


def _traces(home: Home) -> list[PurePath]:
    return [_folder(home)]


def _folders(home: Home) -> list[Folders]:
    return [Folders(_folder(home) / "config.toml", ("projects",))]


def _write(command: str, args: list[str]) -> dict[str, Any]:
    return {
        "command": command,
        "args": args,
        "startup_timeout_sec": START_SECONDS,
        "tool_timeout_sec": CALL_SECONDS,
    }


CLIENT: Final = Client(
    id="codex",
    title="Codex",
    dialect=Dialect("toml"),
    files=_files,
    project_files=_project_files,
    traces=_traces,
    folders=_folders,
    notation=Notation(
        headers="http_headers",
        env_names="env_vars",
        header_names="env_http_headers",
        bearer="bearer_token_env_var",
    ),
    write=_write,
    name_room=128 - len("mcp__latchward__"),
    restart="Sessions that are open keep the servers that they started with: start a new one.",
    check="`/mcp` in Codex lists `latchward` with its tools.",
)
