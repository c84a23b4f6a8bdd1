"""What the person has looked at: copies of settings, policies and definitions, apart from the live files.

Whoever edits a live file, the copy in here decides until the person has seen
the difference. That is evidence, not prevention: a program of the same user can
write here too.

    accepted/settings.json          the document
    accepted/policies/NAME.json     {"text", "yaml"}
    accepted/tools/SERVER.json      {tool: definition}
    accepted/peers.json             {client: [program, ...]}
    accepted/blocked.json           {"reason"}; there while everything is blocked
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

import msgspec

from latchward.model.errors import LatchwardError, ProfileError
from latchward.model.tool import ToolDefinition
from latchward.policy.document import Policy, load

from . import settings as settings_file
from .files import read_owned, write_atomically
from .paths import Profile
from .settings import EMPTY, Settings

MAX_BYTES: Final = 64 * 1024 * 1024
"""Of one copy; a server's list of tools may be long."""

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_CANONICAL = msgspec.json.Encoder(decimal_format="number", order="sorted")
_NO_TOOLS: Final[Mapping[str, ToolDefinition]] = MappingProxyType({})

Value = TypeVar("Value")
_Signature = tuple[int, int, int] | None


class Accepted:
    """The copies. For one thread. Each is read once, and again where `refresh` finds it changed.

    Reading raises `LatchwardError` for a copy that cannot be read: nothing is accepted by guess.
    """

    def __init__(self, profile: Profile) -> None:
        self._folder = profile.accepted
        self._copies: dict[str, _Copy[Any]] = {}

    def refresh(self) -> bool:
        """Look whether a copy was changed by another program of ours; the changed ones are read anew."""
        stale = [name for name, copy in self._copies.items() if copy.is_stale()]
        for name in stale:
            del self._copies[name]
        return bool(stale)

    def settings(self) -> Settings:
        """The settings that were accepted last; empty where none ever were."""
        return self._copy("settings.json", self._parsed, EMPTY)

    def accept_settings(self, settings: Settings) -> None:
        self._write("settings.json", json.dumps(dict(settings.document), indent=2).encode())

    def policy(self, name: str) -> Policy | None:
        """The policy that was accepted last under this name, or None."""
        return self._copy(f"policies/{name}.json", lambda text: _policy(name, text), None)

    def accept_policy(self, name: str, text: bytes, *, yaml: bool = False) -> None:
        """Keep the text of a policy that loads."""
        copy = {"yaml": yaml, "text": text.decode("utf-8")}
        self._write(f"policies/{name}.json", json.dumps(copy).encode())

    def tools(self, server: str) -> Mapping[str, ToolDefinition]:
        """The definitions that agents are given, by name. Implements `model.ports.Pins`."""
        return self._copy(f"tools/{server}.json", _definitions, _NO_TOOLS)

    def has_tools(self, server: str) -> bool:
        """Whether the tools of a server were ever accepted."""
        return (self._folder / f"tools/{server}.json").exists()

    def accept_tools(self, server: str, tools: Mapping[str, ToolDefinition]) -> None:
        """These, and no others, are what agents are given of this server."""
        plain = {name: tool.definition for name, tool in tools.items()}
        self._write(f"tools/{server}.json", _ENCODER.encode(plain))

    def forget_tools(self, server: str) -> None:
        """The server was removed: one that comes under its name is another one."""
        (self._folder / f"tools/{server}.json").unlink(missing_ok=True)
        self._copies.pop(f"tools/{server}.json", None)

    def peers(self, client: str) -> tuple[str, ...]:
        """The programs that may come in as this client."""
        return tuple(self._peers().get(client, ()))

    def accept_peer(self, client: str, program: str) -> None:
        peers = {name: list(programs) for name, programs in self._peers().items()}
        if program not in peers.setdefault(client, []):
            peers[client].append(program)
        self._write("peers.json", json.dumps(peers, indent=2).encode())

    def blocked(self) -> str:
        """Why everything is blocked, or ""."""
        return self._copy("blocked.json", lambda text: str(json.loads(text)["reason"]), "")

    def block(self, reason: str) -> None:
        """Block everything, over every restart; "" ends it."""
        self._write("blocked.json", json.dumps({"reason": reason}).encode())

    def _peers(self) -> Mapping[str, list[str]]:
        return self._copy("peers.json", json.loads, {})

    def _copy(self, name: str, read: Callable[[bytes], Value], missing: Value) -> Value:
        copy = self._copies.get(name)
        if copy is None:
            copy = self._copies[name] = _Copy(self._folder / name, read, missing)
        value: Value = copy.value
        return value

    def _write(self, name: str, data: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_atomically(path, data)
        self._copies.pop(name, None)

    def _parsed(self, text: bytes) -> Settings:
        return settings_file.parse(text, source=str(self._folder / "settings.json"))


class _Copy(Generic[Value]):
    """One copy as it was read, and how the file looked then. `value` raises where it cannot be read."""

    def __init__(self, path: Path, read: Callable[[bytes], Value], missing: Value) -> None:
        self._path = path
        self._seen = _signature(path)
        self._value = missing
        self._fault: LatchwardError | None = None
        try:
            self._value = read(read_owned(path, limit=MAX_BYTES))
        except FileNotFoundError:
            return
        except LatchwardError as error:
            self._fault = error
        except (ValueError, KeyError, TypeError, AttributeError):
            self._fault = ProfileError(f"`{path}` cannot be read: move it away, and look at everything anew")

    @property
    def value(self) -> Value:
        if self._fault is not None:
            raise self._fault
        return self._value

    def is_stale(self) -> bool:
        return _signature(self._path) != self._seen


def digest_of(definition: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the canonical form of a definition."""
    return hashlib.sha256(_CANONICAL.encode(definition)).hexdigest()


def _definitions(text: bytes) -> Mapping[str, ToolDefinition]:
    plain = json.loads(text, parse_float=Decimal)  # digests need every digit
    return MappingProxyType(
        {name: ToolDefinition(name, tool, digest_of(tool)) for name, tool in plain.items()}
    )


def _policy(name: str, text: bytes) -> Policy:
    copy = json.loads(text)
    return load(copy["text"], source=f"the accepted policy {name}", yaml=copy["yaml"])


def _signature(path: Path) -> _Signature:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
