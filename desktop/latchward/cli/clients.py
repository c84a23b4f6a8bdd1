"""`latchward client list|adopt|connect|restore`: what the window does, typed at a terminal.

What changes a file, starts a server or takes protection away wants the person's word at the terminal;
`--dry-run` only shows what would happen, and is for everybody.
"""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from getpass import getpass
from pathlib import Path
from typing import Final

import msgspec

from latchward import endpoint
from latchward.clients.backups import Backups
from latchward.clients.discovery import Findings
from latchward.clients.folder import shown
from latchward.clients.known import CLIENTS, named
from latchward.control import messages as say
from latchward.daemon.clients.adoption import Adoption, Plan, this_home
from latchward.daemon.clients.giving_back import CHANGED, GivingBack
from latchward.daemon.clients.views import clients as views_of
from latchward.daemon.upstreams import UpstreamSet
from latchward.model.errors import AlreadyRuns, ConfigError, LatchwardError
from latchward.model.plain import one_line
from latchward.policy.complaints import did_you_mean, quoted
from latchward.storage.lock import GatewayLock
from latchward.storage.paths import Profile
from latchward.storage.secrets import KeyringSecrets, service_of
from latchward.storage.taken import Taken

from .books import Books
from .consent import accepted

RUNS_AS_YOU: Final = "a server is a program that runs as you; take in only those that you know"
NOT_RUNNING: Final = "Latchward does not run now, so nothing behind it is reached: start it with `latchward`"
NOTHING: Final = "there is nothing to take in: no client uses a server without Latchward"
NAMED_ONLY: Final = "none of these is taken in unless you name it: `latchward client adopt NAME`"
_STATES: Final = {
    "absent": "not found",
    "empty": "no servers",
    "direct": "goes round Latchward",
    "partly": "partly protected",
    "protected": "protected",
    "unreadable": "cannot be read",
}


class _Office:
    """All that the verbs need of a profile, which is made only where something may be `changed`."""

    def __init__(self, *, changed: bool) -> None:
        # What is logged of settings and servers is told by sentences as well.
        logging.getLogger("latchward").addHandler(logging.NullHandler())
        self.profile = Profile.home()
        if changed:
            self.profile.prepare()
        self.books = Books(self.profile)
        self.backups = Backups(self.profile.clients)
        self.keyring = KeyringSecrets(service_of(self.profile))
        taken = Taken(self.profile)
        self.settings = self.books.live.current
        self.adoption = Adoption(
            this_home(),
            str(self.profile.runtime / endpoint.NAME),
            self.settings,
            self.books.acceptance,
            self.keyring,
            self.backups,
            taken,
        )
        self.giving_back = GivingBack(self.settings, self.books.acceptance, self.keyring, self.backups, taken)

    def view(self, findings: Findings) -> say.Clients:
        """What there is, as it is shown."""
        return views_of(findings, self.settings(), self.backups, "")

    async def answers(self, name: str) -> str:
        """Start a server, see that it tells its tools, and end it: the gateway starts its own."""
        upstreams = UpstreamSet(lambda: self.settings().servers, lambda: None, secrets=self.keyring)
        try:
            return await upstreams.until_listed(name)
        finally:
            await upstreams.stop()

    def gateway_runs(self) -> bool:
        """Whether a gateway has this profile."""
        try:
            with GatewayLock(self.profile):
                return False
        except AlreadyRuns:
            return True


def show(parsed: argparse.Namespace) -> int:
    """List the clients and the servers that they use without us."""
    office = _Office(changed=False)
    view = office.view(office.adoption.look(_projects(parsed)))
    if parsed.json:
        print(json.dumps({"clients": _plain(view.clients), "servers": _plain(view.found)}, indent=2))
        return 0
    for client in view.clients:
        routes = f"; directly: {', '.join(client.routes)}" if client.routes else ""
        print(f"{client.id}  {_STATES[client.state]}{_line(routes)}")
        for path in client.files:
            print(f"    {_line(path)}")
        if client.problem:
            print(f"    {_line(client.problem)}")
    if view.found:
        print("\nservers that go round Latchward:")
    for server in view.found:
        _print_server(server)
    return 0


def adopt(parsed: argparse.Namespace) -> int:
    """Take servers in and put our entry into their clients' files."""
    wanted = [named(client).id for client in parsed.client or CLIENTS]
    office = _Office(changed=not parsed.dry_run)
    view = office.view(office.adoption.look(_projects(parsed)))
    unread = [client.problem for client in view.clients if client.id in wanted and client.problem]
    for problem in unread:
        print(f"latchward: {_line(problem)}", file=sys.stderr)
    titles = {CLIENTS[client].title for client in wanted}
    offered = [server for server in view.found if titles & set(server.clients)]
    servers = _chosen(offered, parsed.name)
    if not servers:
        for server in offered:
            _print_server(server)
        print(NAMED_ONLY if offered else NOTHING, file=sys.stderr)
        return 1 if unread else 0
    return asyncio.run(_adopt(office, servers, parsed))


async def _adopt(office: _Office, servers: Sequence[say.FoundServer], parsed: argparse.Namespace) -> int:
    keys = [server.key for server in servers]
    plan = await office.adoption.plan(keys, _projects(parsed))
    for server, one in zip(servers, plan.takings, strict=True):
        _print_server(server)
        if one.known:
            print(f"    it is the server {one.name} of Latchward")
    _print_files(plan.shown())
    if parsed.dry_run:
        return 0
    names = ", ".join(one.name for one in plan.takings)
    if not accepted(f"Take in {names}, and change these files?", [RUNS_AS_YOU], "client adopt"):
        print("nothing was changed", file=sys.stderr)
        return 1
    values = _asked(plan)
    if (await office.adoption.plan(keys, _projects(parsed))).revision != plan.revision:
        raise ConfigError(CHANGED)
    await office.adoption.prepare(plan, values)
    states: dict[str, say.AdoptionStep] = {}

    def told(steps: Sequence[say.AdoptionStep]) -> None:
        for step in steps:
            if step != states.get(step.name) and step.text:
                print(f"{step.name}: {_line(step.text)}", file=sys.stderr)
            states[step.name] = step

    problems = await office.adoption.move(plan, office.answers, told)
    for problem in problems:
        print(f"latchward: {_line(problem)}", file=sys.stderr)
    moved = [one for one in plan.takings if states[one.name].state == "moved"]
    clients = dict.fromkeys(place.client for one in moved for place in one.group.places)
    _print_next(office, [client for client in clients if office.backups.has(client)])
    return 1 if problems or len(moved) < len(plan.takings) else 0


def connect(parsed: argparse.Namespace) -> int:
    """Put our entry into a client's file, and let it see every server."""
    office = _Office(changed=not parsed.dry_run)
    files = office.adoption.connecting(parsed.client).shown()
    _print_files(files)
    if parsed.dry_run:
        return 0
    change = ", and change this file" if files else ""
    question = f"Let {CLIENTS[parsed.client].title} see every server{change}?"
    if not accepted(question, [], "client connect"):
        print("nothing was changed", file=sys.stderr)
        return 1
    asyncio.run(office.adoption.connect(parsed.client))
    _print_next(office, [parsed.client])
    return 0


def restore(parsed: argparse.Namespace) -> int:
    """Give clients their files back."""
    office = _Office(changed=not parsed.dry_run)
    kept = office.giving_back.clients()
    clients = kept if parsed.all else tuple(dict.fromkeys(named(client).id for client in parsed.client))
    if not parsed.all and not clients:
        raise ConfigError(f"name a client, or write `--all`; to be given back: {', '.join(kept) or 'none'}")
    lost = _lost(office, CLIENTS if parsed.all else clients)
    if lost and (not parsed.all or not kept):
        raise ConfigError("; ".join(lost))
    if not clients:
        print("there is nothing to give back: no client's file is changed by us", file=sys.stderr)
        return 0
    proposal = office.giving_back.propose(clients)
    _print_files(proposal.files)
    for word in (*proposal.words, *lost):
        print(_line(word))
    if parsed.dry_run:
        return 0
    titles = ", ".join(CLIENTS[client].title for client in clients)
    warning = f"what stands in these files is reached without Latchward again by {titles}"
    if not accepted(f"Give {titles} the files back?", [warning], "client restore"):
        print("nothing was changed", file=sys.stderr)
        return 1
    try:
        asyncio.run(office.giving_back.give_back(clients, proposal.revision))
    finally:
        if back := [CLIENTS[client].title for client in clients if not office.backups.has(client)]:
            print(f"given back: {', '.join(back)}")
    return 0


def _lost(office: _Office, clients: Iterable[str]) -> list[str]:
    """A sentence for each file of these clients that holds our entry, and of which nothing is kept."""
    files = {
        one.place.file: one.place.client
        for one in office.adoption.look().found
        if one.ours and one.place.client in clients and not office.backups.has(one.place.client)
    }
    return [
        f"what {CLIENTS[client].title} had before is kept nowhere: take our entry out of"
        f" {shown(file)} by hand, and write its servers in again"
        for file, client in files.items()
    ]


def _projects(parsed: argparse.Namespace) -> list[Path]:
    """The folders that were named, whole. Raises `ConfigError`."""
    for folder in parsed.project:
        if not folder.is_dir():
            raise ConfigError(f"there is no folder {shown(folder)}: correct it")
    return [folder.absolute() for folder in parsed.project]


def _chosen(offered: Sequence[say.FoundServer], names: Sequence[str]) -> list[say.FoundServer]:
    """The servers that are meant: those named, or all that can be taken in. Raises `ConfigError`."""
    if not names:
        return [server for server in offered if server.ticked or (server.needs and not server.refused)]
    called = {server.name: server for server in sorted(offered, key=lambda one: not one.refused)}
    for name in names:
        if name not in called:
            near = did_you_mean(name, called) if called else "see `latchward client list`"
            raise ConfigError(f"no client uses a server {quoted(name)} without Latchward: {near}")
    return [called[name] for name in dict.fromkeys(names)]


def _asked(plan: Plan) -> Mapping[str, str]:
    """The values that nobody here knows, asked for without an echo. Raises `LatchwardError`."""
    names = dict.fromkeys(name for one in plan.takings if not one.known for name in one.group.needs)
    try:
        return {name: value for name in names if (value := getpass(f"{name} (goes into your keyring): "))}
    except EOFError:
        raise LatchwardError("the terminal ended before every value was given; nothing was changed") from None


def _print_next(office: _Office, clients: Sequence[str]) -> None:
    """What is left to the person to do."""
    for client in clients:
        print(f"{CLIENTS[client].title}: {CLIENTS[client].restart}")
    if clients and not office.gateway_runs():
        print(NOT_RUNNING)


def _print_server(server: say.FoundServer) -> None:
    print(f"{server.name}  {_line(server.command)}")
    for place in server.places:
        print(f"    {_line(place)}")
    if server.moved:
        print(f"    into the keyring: {', '.join(server.moved)}")
    if server.needs:
        print(f"    needs a value: {', '.join(server.needs)}")
    for note in server.notes:
        print(f"    {_line(note)}")
    if server.refused:
        print(f"    stays as it is: {_line(server.refused)}")


def _print_files(files: Sequence[say.FileChange]) -> None:
    for change in files:
        print(f"\n{change.client}: {_line(change.path)}")
        for line in change.difference.splitlines():
            print(f"    {_line(line)}")


def _line(text: str) -> str:
    """Whole, and on one line whatever stands in it: it could pass for a line of ours."""
    return one_line(text, sys.maxsize)


def _plain(views: Sequence[say.ClientView] | Sequence[say.FoundServer]) -> object:
    return msgspec.to_builtins(views)
