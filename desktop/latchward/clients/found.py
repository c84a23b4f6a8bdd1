"""The nouns: a server in a client's file, and where it stands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from latchward.model.upstream import UpstreamSpec

Scope = Literal["user", "local", "project"]
"""`user`: holds everywhere. `local`: for one project, in the person's own file. `project`: in the
project's folder, where others may share it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: `at` is the path of its map in the document, `name` its key there.

    `client` is the id of a known client. `project` is the folder for which it holds, None for all.
    """

    client: str
    file: Path
    scope: Scope
    project: Path | None
    at: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Found:
    """One entry of a client's file, read by that client's rules.

    Values of `spec.env` and `spec.headers` are as the client would use them; a reference that nobody here
    can resolve stands in them as `${secret:NAME}`, and its NAME in `needs`. `refused` says why it cannot be
    taken in, or is "". `ours` is Latchward's own entry; then `spec` is what it starts. `off`: the client
    itself passes it over, for it is switched off.
    """

    place: Place
    spec: UpstreamSpec
    needs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str = ""
    ours: bool = False
    off: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A client's file that cannot be used. `sentence` says what is wrong, where, and what to do."""

    client: str
    file: Path
    sentence: str
