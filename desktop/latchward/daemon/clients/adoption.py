"""Taking in the servers that clients use without us, and giving everything back.

    plan      which servers, under which names, which secrets leave for the keyring, which files change
    prepare   secrets first, then settings and what was accepted
    move      each server is started; only the clients' entries of those that answered are replaced by ours.
              What did not answer, or is in no file that could be written, is undone again
    give_back the files first, then the servers, grants and secrets that only these clients had

Used by the gateway for what was clicked in the window, and by the command line for what was typed at a
terminal: both carry the person's yes to each whole command line.
"""

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from latchward import program
from latchward.clients.backups import Backups
from latchward.clients.discovery import Findings, look
from latchward.clients.groups import Group, merged
from latchward.clients.home import Home
from latchward.clients.known import CLIENTS, named
from latchward.clients.secrecy import secret_part
from latchward.control import messages as say
from latchward.daemon.acceptance import Acceptance
from latchward.model.errors import ConfigError, LatchwardError, SecretError
from latchward.model.secret import Secret, fill, names_in, placeholder
from latchward.model.upstream import UpstreamSpec
from latchward.storage.in_force import spec_digest
from latchward.storage.settings import Settings
from latchward.storage.taken import Taken

from .edits import Edit, adopting, carried_out, revision, shown

OFF: Final = "it is switched off in Latchward: take `disabled` out of its entry in `settings.json`"
STOPPED: Final = "everything was given back before it answered"
UNMOVED: Final = "no file of its clients could be changed"

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]")

TOGETHER: Final = 5.0
"""Seconds in which the servers that answer come into their clients' files by one edit."""

Answers = Callable[[str], Awaitable[str]]
"""Starts a server by its name and waits until it told its tools: "", or why it did not."""
Told = Callable[[Sequence[say.AdoptionStep]], None]


class Keyring(Protocol):
    """What is needed of `storage.secrets`. All of it raises `SecretError`."""

    async def get(self, names: Iterable[str]) -> Mapping[str, Secret]: ...
    async def put(self, name: str, value: str) -> None: ...
    async def forget(self, name: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Taking:
    """One server on its way in. `entry` is as it will stand in settings; `secrets` go to the keyring.

    `known`: the settings have this very server already.
    """

    group: Group
    name: str
    entry: Mapping[str, Any]
    secrets: Mapping[str, Secret]
    known: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What taking servers in would do. `revision` is the same as long as it would do the same.

    `newcomers` are the clients that have no grant yet.
    """

    takings: tuple[Taking, ...]
    edits: tuple[Edit, ...]
    newcomers: frozenset[str] = frozenset()

    @property
    def revision(self) -> str:
        return revision(self.edits)

    def shown(self) -> tuple[say.FileChange, ...]:
        """Each file's difference, without secrets. Raises `ClientFileError`. Blocks."""
        secrets = [secret.reveal() for one in self.takings for secret in one.secrets.values()]
        return tuple(shown(edit, secrets) for edit in self.edits)


def taking(group: Group) -> Taking:
    """A server with its secrets taken out of its entry."""
    spec, secrets = group.spec, dict[str, Secret]()

    def parted(values: Mapping[str, str]) -> dict[str, str]:
        kept = {}
        for key, value in values.items():
            part = None if names_in(value) else secret_part(key, value)
            if part is None:
                kept[key] = value
                continue
            name = f"{group.spec.name}.{_NOT_IN_NAMES.sub('_', key)}"[:100]
            kept[key], secrets[name] = part[0] + placeholder(name), Secret(part[1])
        return kept

    entry: dict[str, Any]
    if spec.url:
        entry = {"url": spec.url, "headers": parted(spec.headers)}
    else:
        entry = {"command": spec.command, "args": list(spec.args), "env": parted(spec.env), "cwd": spec.cwd}
    entry = {key: value for key, value in entry.items() if value or key == "args"}
    return Taking(group, group.spec.name, entry, secrets)


def found(findings: Findings, settings: Settings) -> tuple[Group, ...]:
    """The servers that clients use without us, equal ones as one, under names that are free."""
    return merged(findings.found, {**settings.servers, **settings.disabled})


def this_home() -> Home:
    """Where clients keep their files on this machine."""
    return Home(Path.home(), os.environ, sys.platform)


class Adoption:
    """`program` and `socket` are what stands in our entry; `home` is where clients' files are."""

    def __init__(
        self,
        home: Home,
        socket: str,
        settings: Callable[[], Settings],
        acceptance: Acceptance,
        keyring: Keyring,
        backups: Backups,
        taken: Taken,
    ) -> None:
        self._home = home
        self._socket = socket
        self._settings = settings
        self._acceptance = acceptance
        self._keyring = keyring
        self.backups = backups
        self._taken = taken
        self._seen: Findings | None = None
        self._starting: set[asyncio.Future[str]] = set()

    def look(self, projects: Iterable[Path] = ()) -> Findings:
        """What the clients' files say now. Blocks."""
        self._seen = look(self._home, projects, self._seen)
        return self._seen

    async def plan(self, keys: Sequence[str], projects: Iterable[Path] = ()) -> Plan:
        """Look again, and work out what taking these in would do. Raises `LatchwardError`."""
        findings = await asyncio.to_thread(self.look, projects)
        groups = {group.key: group for group in found(findings, self._settings())}
        if missing := [key for key in keys if key not in groups]:
            raise ConfigError(
                f"{len(missing)} of these servers changed or went meanwhile; look at the list again"
            )
        for key in keys:
            if why := groups[key].refused:
                raise ConfigError(f"`{groups[key].spec.name}` cannot be taken in: {why}")
        takings = [await self._recognised(taking(groups[key])) for key in dict.fromkeys(keys)]
        edits = await asyncio.to_thread(self._edits, takings)
        newcomers = _grants(takings).keys() - self._settings().grants.keys()
        return Plan(tuple(takings), edits, frozenset(newcomers))

    def _edits(self, takings: Iterable[Taking], clients: Iterable[str] = ()) -> tuple[Edit, ...]:
        places = [place for one in takings for place in one.group.places]
        return adopting(places, clients, self._home, program.command(), self._socket)

    async def _recognised(self, one: Taking) -> Taking:
        """The same under the name of a server of the settings, where it is that very one."""
        settings = self._settings()
        for name, spec in {**settings.servers, **settings.disabled}.items():
            if await self._is(spec, one.group.spec):
                return Taking(one.group, name, settings.document["mcpServers"][name], {}, known=True)
        return one

    async def _is(self, known: UpstreamSpec, new: UpstreamSpec) -> bool:
        if (known.command, known.args, known.cwd, known.url) != (new.command, new.args, new.cwd, new.url):
            return False
        if (known.env.keys(), known.headers.keys()) != (new.env.keys(), new.headers.keys()):
            return False
        values = [*known.env.items(), *known.headers.items()]
        try:
            secrets = await self._keyring.get([name for _, value in values for name in names_in(value)])
        except SecretError:
            return False
        theirs = {**new.env, **new.headers}
        return all(fill(value, secrets) == theirs[key] or value == theirs[key] for key, value in values)

    async def prepare(self, plan: Plan, values: Mapping[str, str]) -> None:
        """Secrets, settings and grants. Raises `LatchwardError`; then nothing of it was done."""
        wanted = {name for one in plan.takings for name in one.group.needs if not one.known}
        if missing := wanted - values.keys():
            await self._keyring.get(missing)  # given at another time, or this says what is missing
        made = await self._keep_secrets(plan, {name: values[name] for name in wanted & values.keys()})
        ours, off = self._taken.servers(), self._settings().disabled
        takings = [one for one in plan.takings if one.name not in off]
        for one in takings:
            if not one.known or one.name in ours:  # what was added by hand is not undone with a client's file
                self._taken.add(one.name, _clients(one), (*one.secrets, *one.group.needs))
        try:
            new = {one.name: one.entry for one in takings if not one.known}
            # One that is there may wait for the person's look, who had it now.
            servers = self._settings().servers
            kept = [one.name for one in takings if one.known and one.name in servers]
            known = {name: spec_digest(servers[name]) for name in kept}
            self._acceptance.take_in(new, _grants(takings), known)
        except LatchwardError:
            self._taken.forget([one.name for one in takings if one.name not in ours])
            await self._forget(made)
            raise

    async def move(self, plan: Plan, answers: Answers, told: Told) -> list[str]:
        """Start each server, and let its clients reach those through us that answered; the rest is undone.

        One that takes long keeps no other from moving. A sentence for each file that stayed as it was. Raises
        `LatchwardError`.
        """
        steps = _Steps([one.name for one in plan.takings], told)
        starts = {asyncio.ensure_future(self._started(one, answers, steps)): one for one in plan.takings}
        self._starting, problems = set(starts), list[str]()
        moved: dict[str, list[str]] = {}
        try:
            while self._starting:
                ended, self._starting = await asyncio.wait(self._starting, timeout=TOGETHER)
                answered = [one for start, one in starts.items() if start in ended and not start.result()]
                # Before the files: what is cut off in between must not go while a file may point to us.
                moved |= {one.name: _clients(one) for one in answered}
                stuck, why = await self._write(plan, answered)
                problems += why
                for one in answered:
                    moved[one.name] = _moved(one, stuck)
                    steps.set(one.name, *_end(one, moved[one.name]))
        finally:
            for start in self._starting:
                start.cancel()
            left = [one for one in plan.takings if not moved.get(one.name)]
            await self._undo(plan, left, {client for clients in moved.values() for client in clients})
        return problems

    def stop(self) -> None:
        """Wait no longer for servers that have not answered: they stay as they were, and `move` ends."""
        for start in self._starting:
            start.cancel()

    def connecting(self, client: str) -> Plan:
        """What `connect` would do. Blocks. Raises `LatchwardError`."""
        return Plan((), self._edits((), (named(client).id,)))

    async def connect(self, client: str) -> None:
        """Put our entry into the file of a client, and let it see every server.

        Raises `LatchwardError`; then nothing was changed.
        """
        plan = await asyncio.to_thread(self.connecting, client)
        is_new = client not in self._settings().grants
        self._acceptance.take_in({}, {client: list(self._settings().servers)})
        try:
            for edit in plan.edits:
                await asyncio.to_thread(carried_out, edit, self.backups)
        except LatchwardError:
            if is_new:
                self._acceptance.give_up((), (client,))
            raise

    async def _keep_secrets(self, plan: Plan, given: Mapping[str, str]) -> list[str]:
        """Put every secret into the keyring, or none. The names of those that are new there."""
        made: list[str] = []
        secrets = dict(given)
        for one in plan.takings:
            secrets.update({name: secret.reveal() for name, secret in one.secrets.items()})
        try:
            for name, secret in secrets.items():
                await self._keyring.put(name, secret)
                made.append(name)
        except SecretError:
            await self._forget(made)
            raise
        return made

    async def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                await self._keyring.forget(name)
            except SecretError:
                return  # it stays in the keyring, where it is safe

    async def _started(self, one: Taking, answers: Answers, steps: "_Steps") -> str:
        if one.name in self._settings().disabled:
            why = OFF
        else:
            steps.set(one.name, "starting", "it is started and asked for its tools")
            try:
                why = await answers(one.name)
            except asyncio.CancelledError:
                why = STOPPED
        if why:
            steps.set(one.name, "left", f"it stays as it was: {why}")
        return why

    async def _write(self, plan: Plan, takings: Sequence[Taking]) -> tuple[set[tuple[str, Path]], list[str]]:
        """Change the clients' files for these servers: which stayed as they were, and a sentence for each."""
        values = {(edit.file, at): value for edit in plan.edits for at, value in edit.gone}
        stuck, problems, barred = set[tuple[str, Path]](), list[str](), set[str]()
        try:
            edits = await asyncio.to_thread(self._edits, takings)
        except LatchwardError as error:
            return {(place.client, place.file) for one in takings for place in one.group.places}, [str(error)]
        for edit in edits:
            client = edit.client.id
            if client in barred and edit.put is None:  # what goes would be reached in no way
                stuck.add((client, edit.file))
                continue
            agreed = replace(edit, gone=tuple((at, values[edit.file, at]) for at, _ in edit.gone))
            try:
                await asyncio.to_thread(carried_out, agreed, self.backups)
            except LatchwardError as error:
                problems.append(str(error))
                stuck.add((client, edit.file))
                if edit.put is not None:
                    barred.add(client)
        return stuck, problems

    async def _undo(self, plan: Plan, takings: Iterable[Taking], reached: Collection[str]) -> None:
        """Undo what was done for these servers, and for the clients that are not among the reached."""
        new = [one for one in takings if not one.known]
        others = [client for client in _grants(plan.takings) if client not in reached]
        if not new and not others:
            return
        self._acceptance.give_up([one.name for one in new], [one for one in others if one in plan.newcomers])
        self._taken.forget([one.name for one in new])
        self._taken.leave([client for client in others if not self.backups.has(client)])
        await self._forget([name for one in new for name in one.secrets])


class _Steps:
    """How far each server has come; every change is told."""

    def __init__(self, names: Iterable[str], told: Told) -> None:
        self._steps = {name: say.AdoptionStep(name, "waiting") for name in names}
        self._told = told

    def set(self, name: str, state: Any, text: str) -> None:
        self._steps[name] = say.AdoptionStep(name, state, text)
        self._told(list(self._steps.values()))


def _clients(one: Taking) -> list[str]:
    return list(dict.fromkeys(place.client for place in one.group.places))


def _moved(one: Taking, stuck: Collection[tuple[str, Path]]) -> list[str]:
    """The clients of which a file with this server was changed."""
    places = [place for place in one.group.places if (place.client, place.file) not in stuck]
    return list(dict.fromkeys(place.client for place in places))


def _end(one: Taking, moved: Sequence[str]) -> tuple[str, str]:
    """How it ended for a server that answered: state and sentence."""
    if not moved:
        return "left", f"it stays as it was: {UNMOVED}"
    if len(moved) < len(_clients(one)):
        titles = ", ".join(CLIENTS[client].title for client in moved)
        return "moved", f"{titles} alone can reach it through Latchward now"
    return "moved", "its clients reach it through Latchward now"


def _grants(takings: Iterable[Taking]) -> dict[str, list[str]]:
    grants: dict[str, list[str]] = {}
    for one in takings:
        for client in _clients(one):
            grants.setdefault(client, []).append(one.name)
    return grants
