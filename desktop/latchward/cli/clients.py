"""`latchward client list|adopt|connect|restore`: what the window does, typed at a terminal.

What changes a file, starts a server or takes protection away wants the person's word at the terminal;
`--dry-run` only shows what would happen, and is for everybody.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from getpass import getpass
from typing import Final

import msgspec

from latchward import endpoint
from latchward.clients.backups import Backups
from latchward.clients.discovery import Findings
from latchward.clients.known import CLIENTS
from latchward.control import messages as say
from latchward.daemon.adoption import Adoption, Plan, this_home
from latchward.daemon.client_views import clients as views_of
from latchward.daemon.giving_back import GivingBack
from latchward.daemon.upstreams import UpstreamSet
from latchward.model.errors import ConfigError
from latchward.model.plain import visible
from latchward.storage.paths import Profile
from latchward.storage.secrets import KeyringSecrets, service_of
from latchward.storage.taken import Taken

from .books import Books
from .consent import accepted

RUNS_AS_YOU: Final = "a server is a program that runs as you; take in only those that you know"
_STATES: Final = {
    "absent": "not found",
    "empty": "no servers",
    "direct": "goes round Latchward",
    "partly": "partly protected",
    "protected": "protected",
    "unreadable": "cannot be read",
}


class _Office:
    """All that the verbs need of a profile."""

    def __init__(self) -> None:
        self.profile = Profile.home()
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
        spec = self.settings().servers[name]
        upstreams = UpstreamSet(lambda: {name: spec}, lambda: None, secrets=self.keyring)
        try:
            return await upstreams.until_listed(name)
        finally:
            await upstreams.stop()


def show(parsed: argparse.Namespace) -> int:
    """List the clients and the servers that they use without us."""
    office = _Office()
    view = office.view(office.adoption.look(parsed.project))
    if parsed.json:
        print(json.dumps({"clients": _plain(view.clients), "servers": _plain(view.found)}, indent=2))
        return 0
    for client in view.clients:
        routes = f"; directly: {', '.join(client.routes)}" if client.routes else ""
        print(f"{client.id}  {_STATES[client.state]}{routes}")
        for path in client.files:
            print(f"    {visible(path)}")
        if client.problem:
            print(f"    {visible(client.problem)}")
    if view.found:
        print("\nservers that go round Latchward:")
    for server in view.found:
        _print_server(server)
    return 0


def adopt(parsed: argparse.Namespace) -> int:
    """Take servers in and put our entry into their clients' files."""
    office = _Office()
    view = office.view(office.adoption.look(parsed.project))
    servers = _chosen(view.found, parsed)
    if not servers:
        print("there is nothing to take in: no client uses a server without Latchward", file=sys.stderr)
        return 0
    return asyncio.run(_adopt(office, servers, parsed))


async def _adopt(office: _Office, servers: Sequence[say.FoundServer], parsed: argparse.Namespace) -> int:
    plan = await office.adoption.plan([server.key for server in servers], parsed.project)
    for server in servers:
        _print_server(server)
    _print_files(plan.shown())
    if parsed.dry_run:
        return 0
    names = ", ".join(one.name for one in plan.takings)
    if not accepted(f"Take in {names}, and change these files?", [RUNS_AS_YOU], "client adopt"):
        print("nothing was changed", file=sys.stderr)
        return 1
    await office.adoption.prepare(plan, _asked(plan))
    states: dict[str, say.AdoptionStep] = {}

    def told(steps: Sequence[say.AdoptionStep]) -> None:
        for step in steps:
            if step != states.get(step.name):
                states[step.name] = step
                print(f"{step.name}: {visible(step.text)}" if step.text else step.name, file=sys.stderr)

    problems = await office.adoption.move(plan, office.answers, told)
    for problem in problems:
        print(f"latchward: {visible(problem)}", file=sys.stderr)
    moved = [step.name for step in states.values() if step.state == "moved"]
    for client in dict.fromkeys(
        place.client for one in plan.takings if one.name in moved for place in one.group.places
    ):
        print(f"{CLIENTS[client].title}: {CLIENTS[client].restart}")
    return 1 if problems or len(moved) < len(plan.takings) else 0


def connect(parsed: argparse.Namespace) -> int:
    """Put our entry into a client's file, and let it see every server."""
    office = _Office()
    edits = office.adoption.connecting(parsed.client)
    _print_files(edits.shown())
    if parsed.dry_run:
        return 0
    title = CLIENTS[parsed.client].title
    if not accepted(f"Let {title} see every server, and change this file?", [], "client connect"):
        print("nothing was changed", file=sys.stderr)
        return 1
    asyncio.run(office.adoption.connect(parsed.client))
    print(f"{title}: {CLIENTS[parsed.client].restart}")
    return 0


def restore(parsed: argparse.Namespace) -> int:
    """Give clients their files back."""
    office = _Office()
    clients = office.giving_back.clients() if parsed.all else tuple(parsed.client)
    if not clients:
        print("there is nothing to give back: no client's file was changed by us", file=sys.stderr)
        return 0
    proposal = office.giving_back.propose(clients)
    _print_files(proposal.files)
    for word in proposal.words:
        print(visible(word))
    if parsed.dry_run:
        return 0
    titles = ", ".join(CLIENTS[client].title for client in clients)
    warning = f"then {titles} reaches its servers without Latchward again"
    if not accepted(f"Give {titles} the files back?", [warning], "client restore"):
        print("nothing was changed", file=sys.stderr)
        return 1
    asyncio.run(office.giving_back.give_back(clients, proposal.revision))
    print(f"given back: {titles}")
    return 0


def _chosen(found_: Sequence[say.FoundServer], parsed: argparse.Namespace) -> list[say.FoundServer]:
    """The servers that are meant: those named, or all that can be taken in. Raises `ConfigError`."""
    for client in parsed.client or ():
        if client not in CLIENTS:
            raise ConfigError(f"there is no client `{client}`; take one of {', '.join(CLIENTS)}")
    titles = {CLIENTS[client].title for client in parsed.client or CLIENTS}
    offered = [server for server in found_ if titles & set(server.clients)]
    names = {server.name for server in offered}
    for name in parsed.name:
        if name not in names:
            raise ConfigError(f"no client uses a server `{name}`; see `latchward client list`")
    if parsed.name:
        return [server for server in offered if server.name in parsed.name]
    return [server for server in offered if server.ticked or (server.needs and not server.refused)]


def _asked(plan: Plan) -> Mapping[str, str]:
    """The values that nobody here knows, asked for without an echo."""
    names = dict.fromkeys(name for one in plan.takings if not one.known for name in one.group.needs)
    return {name: value for name in names if (value := getpass(f"{name} (goes into your keyring): "))}


def _print_server(server: say.FoundServer) -> None:
    print(f"{server.name}  {visible(server.command)}")
    for place in server.places:
        print(f"    {visible(place)}")
    if server.moved:
        print(f"    into the keyring: {', '.join(server.moved)}")
    if server.needs:
        print(f"    needs a value: {', '.join(server.needs)}")
    for note in server.notes:
        print(f"    {visible(note)}")
    if server.refused:
        print(f"    stays as it is: {visible(server.refused)}")


def _print_files(files: Sequence[say.FileChange]) -> None:
    for change in files:
        print(f"\n{change.client}: {visible(change.path)}")
        for line in change.difference.splitlines():
            print(f"    {visible(line)}")


def _plain(views: Sequence[say.ClientView] | Sequence[say.FoundServer]) -> object:
    return msgspec.to_builtins(views)
