"""Clients, and the servers that they use without us, as the window and the command line show them."""

from collections.abc import Iterable
from typing import Final, Literal

from latchward.clients.backups import Backups
from latchward.clients.client import Client
from latchward.clients.discovery import Findings
from latchward.clients.found import Found, Place
from latchward.clients.groups import Group
from latchward.clients.known import CLIENTS
from latchward.clients.secrecy import looks_secret
from latchward.control import messages as say
from latchward.storage.in_force import command_line
from latchward.storage.settings import Settings

from .adoption import found, taking
from .differences import homely

State = Literal["absent", "empty", "direct", "partly", "protected", "unreadable"]

IN_ARGUMENTS: Final = (
    "what looks like a secret stands in its arguments and stays there: other programs of yours can read it"
)
SHARED: Final = "it stands in a project's file, which others may share; taking it in changes your copy of it"
ONE_PROJECT: Final = "it was for one project alone; through Latchward its client sees it in every project"


def clients(findings: Findings, settings: Settings, backups: Backups, keyring: str) -> say.Clients:
    """Everything that is shown of clients. `keyring` says why secrets cannot be kept, or is ""."""
    return say.Clients(
        clients=tuple(_client(client, findings, backups) for client in CLIENTS.values()),
        found=tuple(_server(group) for group in found(findings, settings)),
        keyring=keyring,
        first=not settings.document.get("mcpServers") and not settings.grants,
    )


def wants_keyring(findings: Findings) -> bool:
    """Whether taking in what was found would put something into the keyring."""
    return any(one.needs or taking_secrets(one) for one in findings.found if not one.ours)


def taking_secrets(one: Found) -> bool:
    """Whether an entry holds a secret."""
    return bool(taking(Group("", one.spec, (one.place,))).secrets)


def _client(client: Client, findings: Findings, backups: Backups) -> say.ClientView:
    entries = [one for one in findings.found if one.place.client == client.id]
    broken = [one.sentence for one in findings.unreadable if one.client == client.id]
    routes = [one.place.name for one in entries if not one.ours and not one.off]
    return say.ClientView(
        id=client.id,
        title=client.title,
        state=_state(client, findings, entries, broken, routes),
        files=tuple(homely(path) for path in findings.present.get(client.id, ())),
        problem="; ".join(broken),
        routes=tuple(dict.fromkeys(routes)),
        restart=client.restart,
        check=client.check,
        undo=backups.has(client.id),
    )


def _state(
    client: Client, findings: Findings, entries: list[Found], broken: list[str], routes: list[str]
) -> State:
    if any(one.ours for one in entries):
        return "partly" if routes else "protected"
    if broken and not entries:
        return "unreadable"
    if client.id not in findings.present:
        return "absent"
    return "direct" if routes else "empty"


def _server(group: Group) -> say.FoundServer:
    one, places = taking(group), group.places
    shared = any(place.scope == "project" for place in places)
    notes = list(group.notes)
    if shared:
        notes.append(SHARED)
    if places and all(place.scope == "local" for place in places):
        notes.append(ONE_PROJECT)
    arguments = ("", *group.spec.args)
    if any(map(looks_secret, arguments[1:], arguments[:-1])):
        notes.append(IN_ARGUMENTS)
    return say.FoundServer(
        key=group.key,
        name=group.spec.name,
        command=command_line(group.spec),
        places=tuple(_place(place) for place in places),
        clients=tuple(dict.fromkeys(CLIENTS[place.client].title for place in places)),
        moved=tuple(name.split(".", 1)[-1] for name in one.secrets),
        needs=group.needs,
        notes=tuple(notes),
        refused=group.refused,
        ticked=not (group.refused or group.needs or shared),
    )


def _place(place: Place) -> str:
    where = f"{CLIENTS[place.client].title}: `{place.name}` in {homely(place.file)}"
    return f"{where}, for {homely(place.project)}" if place.scope == "local" and place.project else where


def titles(clients: Iterable[str]) -> str:
    """The titles of clients (ids), in a row."""
    return ", ".join(CLIENTS[client].title for client in clients)
