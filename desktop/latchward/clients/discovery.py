"""Looks through the files of all known clients: which servers they use, and which files nobody could read.

A look reads; whether another one is worth it, `Findings.is_stale` tells from the times of files alone.
Nothing that is wrong with one file stops the look: it is named in `Findings.unreadable`, with a sentence.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any, Final

from latchward.model.errors import ClientFileError
from latchward.policy.complaints import quoted
from latchward.policy.values import kind_of
from latchward.storage.watched import REST_NS

from . import snapshot
from .client import EACH, Client, Source, value_at
from .found import Found, Place, Unreadable
from .home import Home
from .known import CLIENTS
from .projects import MAX_PROJECTS, folders_in
from .reading import read
from .text import At, Dialect, parse

MAX_SERVERS: Final = 500
"""Entries of one file; a file with more is not read."""
MAX_MATCHES: Final = 200
"""Folders that a `*` in a path stands for; the newest count."""

Stamp = tuple[int, ...]
_ABSENT: Final[Stamp] = ()
_FRESH: Final[Stamp] = (-1,)
"""Changed within the last moments: a clock tick is coarser than two edits can be apart, so look again."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look found.

    `present` are the clients of which there is a trace, with those of their files that exist.
    """

    found: tuple[Found, ...]
    unreadable: tuple[Unreadable, ...]
    present: Mapping[str, tuple[Path, ...]]
    stamps: Mapping[Path, Stamp] = field(repr=False, compare=False)
    there: Mapping[Path, bool] = field(repr=False, compare=False)
    documents: Mapping[tuple[Path, Dialect], tuple[Stamp, Any]] = field(repr=False, compare=False)

    def is_stale(self) -> bool:
        """Whether another look could find something else: a `stat` of each file, no reading."""
        changed = (_stamp(path) != stamp for path, stamp in self.stamps.items())
        return any(changed) or any(_exists(path) != there for path, there in self.there.items())


def look(home: Home, projects: Iterable[Path] = (), before: Findings | None = None) -> Findings:
    """What the clients of this machine use. Projects that the clients know are looked into besides
    `projects`.

    What `before` read and did not change since is not read again. Never raises for what is wrong with a
    file.
    """
    return _Look(home, before).everywhere(projects)


def file_for(client: Client, home: Home) -> Source:
    """The file into which an entry for everywhere goes: the first whose folder is there, or else the
    first."""
    files = [source for source in client.files(home) if EACH not in source.path.parts and not source.mark]
    return next((source for source in files if _exists(Path(source.path.parent))), files[0])


class _Look:
    def __init__(self, home: Home, before: Findings | None) -> None:
        self._home = home
        self._before = before.documents if before is not None else {}
        self._stamps: dict[Path, Stamp] = {}
        self._there: dict[Path, bool] = {}
        self._documents: dict[tuple[Path, Dialect], tuple[Stamp, Any]] = {}
        self._seen: set[tuple[str, Path]] = set()
        self._found: list[Found] = []
        self._unreadable: list[Unreadable] = []
        self._present: dict[str, list[Path]] = {}

    def everywhere(self, projects: Iterable[Path]) -> Findings:
        for client in CLIENTS.values():
            files = [place for source in client.files(self._home) for place in self._expanded(source)]
            there = [source for source in files if self._stat(Path(source.path))]
            traces = [trace for trace in client.traces(self._home) if self._is_there(Path(trace))]
            if traces or there:
                self._present[client.id] = []
            for source in there:
                self._look_into(client, source)
        for folder in self._projects(projects):
            for client in (CLIENTS[name] for name in self._present):
                for source in client.project_files(folder):
                    if self._stat(Path(source.path)):
                        self._look_into(client, source)
        return Findings(
            tuple(self._found),
            tuple(self._unreadable),
            MappingProxyType({name: tuple(files) for name, files in self._present.items()}),
            MappingProxyType(self._stamps),
            MappingProxyType(self._there),
            MappingProxyType(self._documents),
        )

    def _projects(self, given: Iterable[Path]) -> list[Path]:
        """Each folder once, whatever links lead to it; the first `MAX_PROJECTS` of them."""
        known: dict[str, Path] = {}
        for folder in islice(dict.fromkeys(self._named(given)), MAX_PROJECTS):
            if self._is_open(folder):
                known.setdefault(os.path.realpath(folder), folder)
        return list(known.values())

    def _named(self, given: Iterable[Path]) -> Iterator[Path]:
        yield from given
        for client in (CLIENTS[name] for name in self._present):
            for listing in client.folders(self._home):
                for path in self._matches(listing.path):
                    document = self._document(client, path)
                    if not isinstance(document, Unreadable):
                        yield from map(Path, folders_in(value_at(document, listing.at), self._home.platform))

    def _expanded(self, source: Source) -> Iterator[Source]:
        for path in self._matches(source.path):
            yield Source(path, source.maps, source.scope, source.project, source.mark)

    def _matches(self, path: PurePath) -> list[Path]:
        """The paths that a path with a `*` in it stands for."""
        if EACH not in path.parts:
            return [Path(path)]
        at = path.parts.index(EACH)
        folder, rest = Path(*path.parts[:at]), path.parts[at + 1 :]
        if not self._stat(folder):
            return []
        return [inner.joinpath(*rest) for inner in _newest(folder)]

    def _look_into(self, client: Client, source: Source) -> None:
        path = Path(source.path)
        if (client.id, path) in self._seen:  # the home folder may be a project as well
            return
        self._seen.add((client.id, path))
        self._present[client.id].append(path)
        document = self._document(client, path, source.mark)
        if document is None:
            return
        if isinstance(document, Unreadable):
            self._unreadable.append(document)
            return
        try:
            self._found += self._entries(client, source, document)
        except ClientFileError as error:
            self._unreadable.append(Unreadable(client.id, path, str(error)))

    def _entries(self, client: Client, source: Source, document: Any) -> list[Found]:
        path = Path(source.path)
        found = []
        for at, project, servers in _maps(document, source, path):
            scope = "local" if project != source.project else source.scope
            if scope == "local" and project is not None and servers and not self._is_open(project):
                continue  # nobody can be in that folder
            for name, entry in servers.items():
                place = Place(client.id, path, scope, project, at, name)
                found.append(read(client, place, entry, self._home, client.off(document, at, name)))
        if len(found) > MAX_SERVERS:
            raise ClientFileError(f"`{path}` has more than {MAX_SERVERS} servers: remove some")
        return found

    def _document(self, client: Client, path: Path, mark: str = "") -> Any:
        """A file as a value; None where there is nothing to read, `Unreadable` where it cannot be read."""
        key = (path, client.dialect)
        stamp = self._stat(path)
        if not stamp:
            return None
        for documents in (self._documents, self._before):
            if key in documents and documents[key][0] == stamp != _FRESH:
                break
        else:
            documents = {key: (stamp, _read(client, path, mark))}
        self._documents[key] = documents[key]
        return documents[key][1]

    def _is_open(self, folder: Path) -> bool:
        """Whether a project's folder is there for somebody to be in."""
        return folder.is_absolute() and self._is_there(folder)

    def _is_there(self, path: Path) -> bool:
        """Whether it exists; what happens in it is no reason for another look, its coming and going is."""
        if path not in self._there:
            self._there[path] = _exists(path)
        return self._there[path]

    def _stat(self, path: Path) -> Stamp:
        """The stamp of a file, from before it is read; empty where there is no such file."""
        if path not in self._stamps:
            stamp = _stamp(path)
            fresh = abs(time.time_ns() - max(stamp[:2], default=0)) < REST_NS
            self._stamps[path] = _FRESH if fresh else stamp
        return self._stamps[path]


def _read(client: Client, path: Path, mark: str) -> Any:
    try:
        file = snapshot.read(path)
        if not file.exists or (mark and mark.encode() not in file.data):
            return None
        return parse(file.data, client.dialect, str(path))
    except ClientFileError as error:
        return Unreadable(client.id, path, str(error))


def _stamp(path: Path) -> Stamp:
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return _ABSENT
    except (OSError, ValueError):
        return (0,)
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev, found.st_mode)


def _maps(document: Any, source: Source, path: Path) -> Iterator[tuple[At, Path | None, dict[str, Any]]]:
    """The maps of servers in a document: place, folder for which it holds, entries. Raises
    `ClientFileError`."""
    own = Path(source.project) if source.project is not None else None
    for pattern in source.maps:
        if EACH not in pattern:
            places = [(pattern, own)]
        else:
            cut = pattern.index(EACH)
            keys = value_at(document, pattern[:cut])
            folders = keys if isinstance(keys, dict) else {}
            places = [((*pattern[:cut], key, *pattern[cut + 1 :]), Path(key)) for key in folders]
        for at, project in places:
            servers = value_at(document, at)
            if isinstance(servers, dict):
                yield at, project, servers
            elif servers is not None:
                where = quoted(".".join(at))
                raise ClientFileError(f"{where} in `{path}` is {kind_of(servers)}, not an object: correct it")


def _newest(folder: Path) -> list[Path]:
    """The folders in a folder, those that changed last first; none where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            inner = [(entry.stat().st_mtime_ns, entry.path) for entry in entries if entry.is_dir()]
    except OSError:
        return []
    return [Path(path) for _, path in sorted(inner, reverse=True)[:MAX_MATCHES]]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
