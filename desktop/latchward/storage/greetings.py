"""What servers said when they greeted us last, so that the next start greets each in its era at once.

A cache: what stands here decides nothing but the first sentence that is said
to a server, and which answers of ours do not have to wait for it. A file that
cannot be read or written is as good as none.
"""

import hashlib
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from latchward.model.era import Era
from latchward.model.errors import ProfileError
from latchward.model.upstream import UpstreamSpec

from .files import read_owned, write_atomically
from .paths import Profile

NAME: Final = "greetings.json"
MAX_KNOWN: Final = 200
"""Servers that are remembered; of more, the ones that greeted us longest ago are forgotten."""
MAX_CAPABILITIES: Final = 16 * 1024
"""Bytes of what one server says that it can do; one that says more is not remembered."""
KEEP: Final = 7 * 24 * 3600.0
"""Seconds after which a server is asked anew: it may have learned the newer era meanwhile."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Greeted:
    """What one server said: its era, and what it can do."""

    era: Era
    capabilities: Mapping[str, Any]


class Greetings:
    """Those of one profile. For one thread."""

    def __init__(self, profile: Profile) -> None:
        self._path = profile.lock.with_name(NAME)
        self._known = self._read()

    def get(self, spec: UpstreamSpec) -> Greeted | None:
        """What the server said the last time; None where that is not known, or too long ago."""
        found = self._known.get(_key(spec))
        return _greeted(found) if found is not None else None

    def note(self, spec: UpstreamSpec, era: Era, capabilities: Mapping[str, Any]) -> None:
        """The server greeted us. Written where that is news."""
        key, now = _key(spec), time.time()
        known = self._known.pop(key, None)
        text = json.dumps(capabilities, default=str)
        if len(text) <= MAX_CAPABILITIES:
            entry = {"era": str(era), "capabilities": json.loads(text), "at": now}
            self._known[key] = entry
            before = _greeted(known) if known is not None else None
            if before == _greeted(entry) and known is not None and now - known["at"] < KEEP / 2:
                entry["at"] = known["at"]
                return
        elif known is None:
            return
        for old in list(self._known)[:-MAX_KNOWN]:
            del self._known[old]
        self._write()

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            found = json.loads(read_owned(self._path))
        except (FileNotFoundError, ProfileError, ValueError, RecursionError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {key: one for key, one in found.items() if isinstance(one, dict) and _is_whole(one)}

    def _write(self) -> None:
        try:
            write_atomically(self._path, json.dumps(self._known).encode())
        except ProfileError as error:
            log.info("what servers said is not remembered: %s", error)


def _is_whole(entry: Mapping[str, Any]) -> bool:
    at = entry.get("at")
    return (
        entry.get("era") in list(Era)
        and isinstance(entry.get("capabilities"), dict)
        and isinstance(at, int | float)
    )


def _greeted(entry: Mapping[str, Any]) -> Greeted | None:
    if not 0 <= time.time() - entry["at"] < KEEP:
        return None
    return Greeted(Era(entry["era"]), entry["capabilities"])


def _key(spec: UpstreamSpec) -> str:
    """A digest: the command line and the address of a server are nobody else's."""
    parts = [spec.command, list(spec.args), spec.cwd, spec.url]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
