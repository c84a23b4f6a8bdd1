"""The edits of clients' files: worked out, shown, and carried out, one file at a time.

An edit names what it takes out and what must stand there: a file in which that is another thing by now is
left alone, and said so.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from latchward.clients import files
from latchward.clients.backups import Backups, Change, Removed
from latchward.clients.client import ENTRY, Client
from latchward.clients.discovery import file_for
from latchward.clients.found import Place
from latchward.clients.home import Home
from latchward.clients.known import CLIENTS
from latchward.clients.reading import is_ours
from latchward.clients.text import At, Put, Remove, edit, parse, source_of
from latchward.control import messages as say
from latchward.model.errors import ClientFileError
from latchward.model.upstream import UpstreamSpec

from .differences import difference, homely

_NEW: Final[Mapping[str, bytes]] = {"json": b"{\n}\n", "toml": b""}
"""What a file that does not exist yet begins with."""
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of a file: the members that go, each with the value that must stand there, and ours."""

    client: Client
    file: Path
    gone: tuple[tuple[At, Any], ...] = ()
    put: tuple[At, Mapping[str, Any]] | None = None

    def changed(self, found: files.Snapshot) -> bytes:
        """The file's new bytes. Raises `ClientFileError`."""
        dialect, source = self.client.dialect, str(self.file)
        data = found.data if found.exists else _NEW[dialect.format]
        whole = parse(data, dialect, source)
        for at, value in self.gone:
            if _located(whole, at) != value:
                raise ClientFileError(f"`{at[-1]}` in `{source}` was changed meanwhile; look at it again")
        # Ours first, so that it stands where theirs stood; but after one whose name it takes.
        theirs = [Remove(at) for at, _ in self.gone]
        if self.put is None:
            steps: list[Put | Remove] = [*theirs]
        else:
            ahead = [step for step in theirs if step.at == self.put[0]]
            steps = [*ahead, Put(*self.put), *(step for step in theirs if step not in ahead)]
        return edit(data, dialect, steps, source)

    def change(self, found: files.Snapshot) -> Change:
        """The same, as it is written down beside the first bytes. Raises `ClientFileError`."""
        removed = tuple(Removed(at, *source_of(found.data, self.client.dialect, at)) for at, _ in self.gone)
        return Change(removed, *(self.put or (None, None)))


def adopting(
    places: Iterable[Place], clients: Iterable[str], home: Home, program: Sequence[str], socket: str
) -> tuple[Edit, ...]:
    """The edits that take these entries out and put ours in, for their clients and for these (ids).

    Ours stands in each map for everywhere from which something goes; where nothing goes from one, in the
    client's first. What puts ours in comes before what only takes out: a client is never left without a way.
    Raises `ClientFileError` for a file that cannot be read.
    """
    gone: dict[str, dict[Path, list[Place]]] = {client: {} for client in clients}
    for place in places:
        gone.setdefault(place.client, {}).setdefault(place.file, []).append(place)
    edits = []
    for name, files_of in gone.items():
        client = CLIENTS[name]
        ours = client.entry(program, socket)
        maps = {
            file: next((place.at for place in there if place.scope == "user"), ())
            for file, there in files_of.items()
        }
        if not any(maps.values()):
            first = file_for(client, home)
            maps[Path(first.path)] = first.maps[0]
        made = [_edit(client, file, files_of.get(file, []), at, ours) for file, at in maps.items()]
        edits += sorted(made, key=lambda one: one.put is None)
    return tuple(one for one in edits if one.gone or one.put)


def _edit(client: Client, file: Path, places: Sequence[Place], at: At, ours: Mapping[str, Any]) -> Edit:
    found = files.read(file)
    whole = parse(found.data, client.dialect, str(file)) if found.exists else {}
    gone = tuple((*place.at, place.name) for place in places)
    put = None
    if at:
        where = _free(whole, at, gone)
        put = (where, ours) if _located(whole, where) != ours else None
    return Edit(client, file, tuple((one, _located(whole, one)) for one in gone), put)


def _free(whole: Any, at: At, gone: Iterable[At]) -> At:
    """Where our entry stands or may stand: a name of ours that is nobody else's."""
    number = 1
    while True:
        where = (*at, ENTRY if number == 1 else f"{ENTRY}-{number}")
        there = _located(whole, where)
        if there is _MISSING or where in gone or _is_ours(there):
            return where
        number += 1


def _is_ours(entry: Any) -> bool:
    """Whether an entry of a client starts our bridge."""
    if not isinstance(entry, dict) or not isinstance(entry.get("args"), list):
        return False
    return is_ours(UpstreamSpec("", str(entry.get("command")), tuple(map(str, entry["args"]))))


def _located(whole: Any, at: At) -> Any:
    for key in at:
        whole = whole.get(key, _MISSING) if isinstance(whole, dict) else _MISSING
    return whole


def shown(one: Edit, secrets: Iterable[str]) -> say.FileChange:
    """An edit as the person sees it before. Raises `ClientFileError`."""
    found = files.read(one.file)
    return say.FileChange(
        client=one.client.title,
        path=homely(one.file),
        difference=difference(found.data, one.changed(found), secrets),
    )


def carried_out(one: Edit, backups: Backups) -> None:
    """Write it, the file's bytes kept before. Raises `ClientFileError`; then the file is as it was."""

    def keep(before: files.Snapshot, after: bytes) -> Callable[[], None]:
        return backups.keep(one.client.id, one.file, before, after, one.change(before))

    files.rewrite(one.file, one.changed, lock=lock_of(one.client), keep=keep)


def lock_of(client: Client) -> Literal["", "directory"]:
    """The lock under which a client rewrites its own files."""
    return "directory" if client.own_lock else ""


def revision(edits: Iterable[Edit]) -> str:
    """SHA-256 (hex) of what they would do: what goes, letter for letter, and what comes."""
    plain = [[one.client.id, str(one.file), list(one.gone), list(one.put or ())] for one in edits]
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()
