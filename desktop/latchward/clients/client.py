"""What is known of one AI client, as a value: a new client is one file in `known/` and nothing else.

Client     its names, its files, how it spells an entry, what a person must do after a change
Source     one of its files, and where in it the maps of servers stand
Folders    a file in which it names the folders of projects
Notation   how it spells an entry
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final

from .found import Scope
from .home import Home
from .references import Syntax, literal
from .text import At, Dialect

ENTRY: Final = "latchward"
"""The name of our entry in every client's file."""
EACH: Final = "*"
"""In a path: any folder. In the place of a map: any key, and the key is a project's folder."""
CALL_SECONDS: Final = 600
"""How long a client is told to wait for a call: a person may be asked first."""
START_SECONDS: Final = 60
"""How long a client is told to wait for our list of tools, where it waits too short a time by itself."""

MCP_SERVERS: Final[tuple[At, ...]] = (("mcpServers",),)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that a client reads. `maps` are the places of its maps of servers; ours goes into the first.

    `mark` is a word without which the file cannot hold a server: one that lacks it need not be understood.
    """

    path: PurePath
    maps: tuple[At, ...] = MCP_SERVERS
    scope: Scope = "user"
    project: PurePath | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Folders:
    """A file that names projects: at `at` is the folder of one, as a path or a URI, or a map with them as
    keys."""

    path: PurePath
    at: At


@dataclass(frozen=True, slots=True)
class Notation:
    """How a client spells an entry.

    `urls` are the keys of an address, the first that is there counts. `env_names`, `header_names` and
    `bearer` are keys under which variables of the environment are named instead of written. `places` are
    what its references call the project's folder, besides the editors' own words. `tilde`: `~/` is expanded
    in command and arguments. `loose`: a variable may be a number, and null takes one away. `remote` is
    False where the client starts programs only.
    """

    syntax: Syntax = literal
    urls: tuple[str, ...] = ("url",)
    headers: str = "headers"
    env_names: str = ""
    header_names: str = ""
    bearer: str = ""
    places: tuple[str, ...] = ()
    tilde: bool = False
    loose: bool = False
    remote: bool = True


def value_at(document: Any, at: At) -> Any:
    """What stands at a place of a document; None where nothing does."""
    for key in at:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def plain(command: str, args: list[str]) -> dict[str, Any]:
    """An entry as most clients write it."""
    return {"command": command, "args": args}


def _nothing(_: object) -> tuple[()]:
    return ()


def _never(_document: Mapping[str, Any], _at: At, _name: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One AI client.

    `id` is also its name as a client of ours. `dialect` is what it can read itself. `files` are those that
    hold for the person, the one to write first; `project_files` those of a project's folder. `traces` are
    folders or files of which one is there wherever the client is used. `write` makes an entry of a command
    and arguments. `off` says whether a document switches off the entry of this name in the map at a place.
    `own_lock`: the client holds the folder `FILE.lock` while it rewrites FILE. `name_room` is how many
    characters it leaves for the name of a tool of our entry, 0 where nothing is known. `restart` and
    `check` are sentences for a person: how a change takes effect, and how to see that it has.
    """

    id: str
    title: str
    dialect: Dialect
    files: Callable[[Home], Sequence[Source]]
    traces: Callable[[Home], Sequence[PurePath]]
    restart: str
    check: str
    project_files: Callable[[PurePath], Sequence[Source]] = _nothing
    folders: Callable[[Home], Sequence[Folders]] = _nothing
    notation: Notation = field(default_factory=Notation)
    write: Callable[[str, list[str]], dict[str, Any]] = plain
    off: Callable[[Mapping[str, Any], At, str], bool] = _never
    own_lock: bool = False
    name_room: int = 0

    def entry(self, program: Sequence[str], socket: str) -> dict[str, Any]:
        """Our entry: how the client starts the bridge. `program` is how Latchward is started, whole paths."""
        command, *args = program
        return self.write(command, [*args, "connect", "--client", self.id, "--endpoint", socket])


def in_project(folder: PurePath, *parts: str, maps: tuple[At, ...] = MCP_SERVERS, mark: str = "") -> Source:
    """A file in a project's folder."""
    return Source(folder.joinpath(*parts), maps, "project", folder, mark)
