"""Giving clients their files back: the first bytes, or a merge where something else changed besides.

The files come first. When those that can be are back, the servers that only their clients had, the grants and
the secrets of these go: they stand in the clients' own files again.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from latchward.clients import files
from latchward.clients.backups import Backup, Backups
from latchward.clients.discovery import Findings
from latchward.clients.known import CLIENTS, named
from latchward.clients.restoring import restored
from latchward.control import messages as say
from latchward.daemon.acceptance import Acceptance
from latchward.model.errors import ClientFileError, ConfigError, LatchwardError, SecretError
from latchward.model.secret import names_in
from latchward.storage.settings import Settings
from latchward.storage.taken import Taken, TakenServer

from .adoption import Keyring
from .differences import difference, homely
from .edits import lock_of

CHANGED = "what stands in the clients' files changed meanwhile; look at the change again"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What giving files back would do. `words` say what is not as it was."""

    files: tuple[say.FileChange, ...]
    words: tuple[str, ...]

    @property
    def revision(self) -> str:
        """SHA-256 (hex) of the lines that come and go; a client that is open writes others all the time."""
        lines = [
            [change.path, *(line for line in change.difference.splitlines() if line.startswith(("+", "-")))]
            for change in self.files
        ]
        return hashlib.sha256(json.dumps([lines, self.words]).encode()).hexdigest()


class GivingBack:
    """Undoes what `Adoption` did to the files of clients."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        acceptance: Acceptance,
        keyring: Keyring,
        backups: Backups,
        taken: Taken,
    ) -> None:
        self._settings = settings
        self._acceptance = acceptance
        self._keyring = keyring
        self._backups = backups
        self._taken = taken

    def clients(self) -> tuple[str, ...]:
        """The ids of clients for which there is something to give back. Raises `LatchwardError`."""
        return tuple(client for client in CLIENTS if self._backups.has(client))

    def propose(self, clients: Sequence[str]) -> Proposal:
        """What would become of their files. Blocks. Raises `LatchwardError`."""
        changes, words = [], list[str]()
        for client, backup in self._all(clients):
            now = files.read(backup.path)
            then = restored(backup, now, CLIENTS[client].dialect)
            shown = difference(now.data, then.data or b"", ())
            changes.append(say.FileChange(CLIENTS[client].title, homely(backup.path), shown))
            words += then.notes
        return Proposal(tuple(changes), tuple(words))

    def _all(self, clients: Iterable[str]) -> list[tuple[str, Backup]]:
        """Those of them that are still to be given back: of some it may be done, and others failed."""
        having = [client for client in clients if self._backups.has(named(client).id)]
        if not having:
            titles = " or ".join(CLIENTS[client].title for client in clients)
            raise ConfigError(f"there is nothing to give back: no file of {titles} is changed by us")
        return [(client, backup) for client in having for backup in self._backups.of(client)]

    async def give_back(self, clients: Sequence[str], revision: str) -> None:
        """Do it, as it was shown.

        Raises `ConfigError` where it would be something else by now, and then did nothing; `ClientFileError`
        for files that stayed as they are, when the others are back. Whatever is left, the log tells as well.
        """
        if (await asyncio.to_thread(self.propose, clients)).revision != revision:
            raise ConfigError(CHANGED)
        back, problems = list[str](), list[str]()
        for client in clients:
            try:
                await asyncio.to_thread(self._files_of, client)
                back.append(client)
            except LatchwardError as error:
                problems.append(str(error))
        try:
            await self._without(back)
        except LatchwardError as error:  # the next start does it
            problems.append(str(error))
        for problem in problems:
            log.error("%s", problem)
        if problems:
            raise ClientFileError("; ".join(problems))

    async def tidy(self, findings: Findings) -> bool:
        """Undo what a process of ours that was killed had only begun to take in; whether there was any.

        Such a server is in the settings for clients of which none reaches us, and no file was changed. Raises
        `LatchwardError`.
        """
        reaching = {one.place.client for one in findings.found if one.ours}
        having = {client for server in self._taken.servers().values() for client in server.clients}
        begun = [client for client in having - reaching if not self._backups.has(client)]
        await self._without(begun)
        return bool(begun)

    def _files_of(self, client: str) -> None:
        one = CLIENTS[client]
        # The file with our entry goes last: until then the client reaches all through it.
        for backup in sorted(self._backups.of(client), key=_has_ours):

            def first(now: files.Snapshot, backup: Backup = backup) -> bytes | None:
                return restored(backup, now, one.dialect).data

            # What is replaced is not kept: the first bytes are there, and what is lost is ours.
            files.rewrite(backup.path, first, lock=lock_of(one), keep=lambda before, after: None)
            self._backups.forget(client, backup.path)

    async def _without(self, clients: Sequence[str]) -> None:
        """Servers, grants and secrets that were there for these clients alone."""
        if not clients:
            return
        taken, gone = self._taken.servers(), set(clients)
        orphans = {name: one for name, one in taken.items() if one.clients and gone.issuperset(one.clients)}
        self._acceptance.give_up(orphans, clients)
        self._taken.leave(clients)  # after the settings: what is listed is tidied at the next start
        for name in _unused(orphans, self._settings()):
            with contextlib.suppress(SecretError):  # it stays in the keyring, where it is safe
                await self._keyring.forget(name)


def _has_ours(backup: Backup) -> bool:
    return any(change.put is not None for change in backup.changes)


def _unused(orphans: Mapping[str, TakenServer], settings: Settings) -> list[str]:
    """The secrets of servers that went, but for those that other servers want."""
    servers = [*settings.servers.values(), *settings.disabled.values()]
    left = [server for server in servers if server.name not in orphans]
    wanted = {
        name
        for server in left
        for value in (*server.env.values(), *server.headers.values())
        for name in names_in(value)
    }
    return [name for server in orphans.values() for name in server.secrets if name not in wanted]
