"""Which servers came out of clients' files, and for whom: so that giving a file back undoes the rest too.

clients/taken.json    {server: {"clients": [id, ...], "secrets": [name, ...]}}
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from latchward.model.errors import ProfileError

from .files import read_owned, write_atomically
from .paths import Profile


@dataclass(frozen=True, slots=True)
class TakenServer:
    """One server that was taken in: the ids of the clients that had it, and its secrets in the keyring."""

    clients: tuple[str, ...]
    secrets: tuple[str, ...]


class Taken:
    """The list on disk. Raises `ProfileError` where it cannot be read or written."""

    def __init__(self, profile: Profile) -> None:
        self._path = profile.clients / "taken.json"

    def servers(self) -> Mapping[str, TakenServer]:
        """Every server that was taken in, by name."""
        try:
            plain = json.loads(read_owned(self._path))
            return {
                name: TakenServer(tuple(entry["clients"]), tuple(entry["secrets"]))
                for name, entry in plain.items()
            }
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ProfileError(f"`{self._path}` cannot be read: move it away") from None

    def add(self, name: str, clients: Iterable[str], secrets: Iterable[str]) -> None:
        """A server was taken in for these clients, besides those from before."""
        before = self.servers().get(name, TakenServer((), ()))
        server = TakenServer(
            tuple(dict.fromkeys((*before.clients, *clients))),
            tuple(dict.fromkeys((*before.secrets, *secrets))),
        )
        self._write({**self.servers(), name: server})

    def leave(self, clients: Iterable[str]) -> Mapping[str, TakenServer]:
        """These clients have their files back; the servers that nobody else had, which are forgotten."""
        gone = set(clients)
        kept: dict[str, TakenServer] = {}
        orphans: dict[str, TakenServer] = {}
        for name, server in self.servers().items():
            left = tuple(client for client in server.clients if client not in gone)
            if left or not set(server.clients) & gone:
                kept[name] = TakenServer(left, server.secrets)
            else:
                orphans[name] = server
        self._write(kept)
        return orphans

    def forget(self, names: Iterable[str]) -> None:
        """These servers are no more."""
        gone = set(names)
        self._write({name: server for name, server in self.servers().items() if name not in gone})

    def _write(self, servers: Mapping[str, TakenServer]) -> None:
        plain = {
            name: {"clients": list(server.clients), "secrets": list(server.secrets)}
            for name, server in servers.items()
        }
        write_atomically(self._path, (json.dumps(plain, indent=2) + "\n").encode())
