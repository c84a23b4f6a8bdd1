"""The policy documents of a profile, by name.

`policies/NAME.json` (or `.yaml`, `.yml`) is the policy NAME. An edit holds for
the next call. A document that does not load leaves the last good one in
force and is told, loudly and once. What never loaded, and what was removed, is no
policy: everything is denied.
"""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from latchward.policy.document import Policy, load
from latchward.policy.places import MAX_BYTES

from .form import NAME
from .paths import POLICY_SUFFIXES, Profile
from .watched import Watched

_log = logging.getLogger("latchward.storage")

MAX_NAMES: Final = 1_000
"""Names remembered that have no file; asking for ever new ones must not fill the memory."""


class PolicyBook:
    """The policies in force. For one thread."""

    def __init__(self, profile: Profile) -> None:
        self._folder = profile.policies
        self._entries: dict[str, _Entry] = {}
        self._polled = 0

    def policy(self, name: str) -> Policy | None:
        """The policy in force under a name now, or None: then everything is denied. One `os.stat`."""
        entry = self._entries.get(name) or self._begin(name)
        return entry.look() if entry else None

    @property
    def problems(self) -> Mapping[str, str]:
        """Name to sentence for every document asked for that cannot be used as it is."""
        return {name: entry.problem for name, entry in self._entries.items() if entry.problem}

    def poll(self) -> bool:
        """Whether any policy that was asked for changed since the last poll."""
        for entry in self._entries.values():
            entry.check_rivals()
            entry.look()
        before, self._polled = self._polled, self._changes()
        return before != self._polled

    def _changes(self) -> int:
        return sum(entry.changes for entry in self._entries.values())

    def _begin(self, name: str) -> "_Entry | None":
        if not NAME.fullmatch(name):  # a name is never a way out of the folder
            return None
        if len(self._entries) >= MAX_NAMES:
            self._forget_absent()
        entry = self._entries[name] = _Entry(self._folder, name)
        self._polled += entry.changes  # a first reading is no change
        return entry

    def _forget_absent(self) -> None:
        for name in [name for name, entry in self._entries.items() if entry.look() is None]:
            self._polled -= self._entries.pop(name).changes


class _Entry:
    """One name: the file that holds its policy, and whether a second one claims the name."""

    __slots__ = ("_file", "_folder", "_name", "_rivals")

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._rivals = ""
        self._file = self._watch(self._choose())
        self.check_rivals()
        self.look()

    @property
    def changes(self) -> int:
        return self._file.changes

    @property
    def problem(self) -> str:
        return self._rivals or self._file.problem

    def look(self) -> Policy | None:
        if self._rivals and self.check_rivals():  # unless the person has decided which one holds
            return self._file.value
        policy = self._file.look()
        if policy is None and not self._file.problem and (path := self._choose()) != self._file.path:
            self._file = self._watch(path, self._file.changes)  # the file came under another ending
            policy = None if self.check_rivals() else self._file.look()
        return policy

    def check_rivals(self) -> bool:
        """Whether two files have one name: then neither is taken up, what was in force stays so."""
        found = [path.name for path in self._candidates() if os.path.lexists(path)]
        sentence = ""
        if len(found) > 1:
            listed = " and ".join(f"`{name}`" for name in found)
            sentence = f"`{self._folder}` holds {listed} for one policy: remove all but one"
            if sentence != self._rivals:
                _log.error("%s", sentence)
        self._rivals = sentence
        return bool(sentence)

    def _candidates(self) -> list[Path]:
        return [self._folder / f"{self._name}{suffix}" for suffix in POLICY_SUFFIXES]

    def _choose(self) -> Path:
        candidates = self._candidates()
        return next((path for path in candidates if os.path.lexists(path)), candidates[0])

    def _watch(self, path: Path, changes: int = 0) -> Watched[Policy]:
        yaml = path.suffix != ".json"
        file = Watched(path, lambda text: load(text, source=str(path), yaml=yaml), limit=MAX_BYTES)
        file.changes = changes
        return file
