"""Entries taken out of a client's file and given back, as the gateway does it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from latchward.clients import files
from latchward.clients.backups import Backup, Backups, Change, Removed
from latchward.clients.restoring import Restored, restored
from latchward.clients.text import At, Dialect, Put, Remove, edit, parse, source_of

OURS: Final = {
    "command": "/opt/latchward/bin/latchward",
    "args": ["connect", "--endpoint", "/run/1/gateway.sock"],
}
JSON: Final = Dialect("json")
JSONC: Final = Dialect("json", comments=True, trailing_commas=True)
TOML: Final = Dialect("toml")


class ClientFile:
    """A client's file, its backups, and the map of servers in it."""

    def __init__(
        self, path: Path, backups: Backups, dialect: Dialect = JSON, at: At = ("mcpServers",)
    ) -> None:
        self.path = path
        self.backups = backups
        self.dialect = dialect
        self.at = at

    def take(self, *names: str, ours: dict[str, Any] = OURS) -> files.Written:
        """Take these servers out, and put ours in."""
        put = (*self.at, "latchward")
        gone = [(*self.at, name) for name in names]

        def change(found: files.Snapshot) -> bytes:
            data = found.data if found.exists else (b"{}\n" if self.dialect.format == "json" else b"")
            steps = [*map(Remove, gone), Put(put, ours)]
            return edit(data, self.dialect, steps, str(self.path))

        def keep(before: files.Snapshot, after: bytes) -> Callable[[], None]:
            removed = tuple(Removed(at, *source_of(before.data, self.dialect, at)) for at in gone)
            return self.backups.keep("client", self.path, before, after, Change(removed, put, ours))

        return files.rewrite(self.path, change, lock="directory", keep=keep)

    def backup(self) -> Backup:
        (found,) = self.backups.of("client")
        return found

    def proposed(self) -> Restored:
        """What giving it back would do."""
        return restored(self.backup(), files.read(self.path), self.dialect)

    def give_back(self) -> Restored:
        backup = self.backup()
        done: list[Restored] = []

        def change(found: files.Snapshot) -> bytes | None:
            done.append(restored(backup, found, self.dialect))
            return done[-1].data

        files.rewrite(self.path, change, lock="directory", keep=lambda before, after: None)
        self.backups.forget("client", self.path)
        return done[0]

    def edit(self, *steps: Put | Remove) -> None:
        """What the person or the client does to it, in place."""
        self.path.write_bytes(edit(self.path.read_bytes(), self.dialect, steps, str(self.path)))

    def meaning(self) -> Any:
        return parse(self.path.read_bytes(), self.dialect, str(self.path))
