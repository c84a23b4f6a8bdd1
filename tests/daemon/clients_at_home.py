"""A home folder with the files of clients in it, and a gateway whose person sits at the tray.

home = Home(tmp_path)
home.write("cursor", {"fixture": recorder.spec()})
with home.gateway() as gateway:
    found = gateway.person.until(say.Clients, lambda told: told.found).found
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from latchward.control import messages as say
from tests.support.at_tray import Person, TrayGateway
from tests.support.waiting import wait_for

FILES: Final = {
    "claude-code": ".claude.json",
    "claude-desktop": ".config/Claude/claude_desktop_config.json",
    "cursor": ".cursor/mcp.json",
    "gemini": ".gemini/settings.json",
}


class Home:
    """`env` is what a gateway finds this home by."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.folder = folder / "home"
        self.folder.mkdir()
        self.env = {**(env or {}), "HOME": str(self.folder), "XDG_CONFIG_HOME": ""}

    def file(self, client: str) -> Path:
        return self.folder / FILES[client]

    def write(self, client: str, servers: Mapping[str, Any], **more: Any) -> bytes:
        """Write a client's file as people have it: other settings around its servers. Its bytes."""
        path = self.file(client)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"theme": "dark", "mcpServers": servers, "last": 1.0, **more}, indent=2))
        return path.read_bytes()

    def servers(self, client: str) -> dict[str, Any]:
        """The servers in a client's file now."""
        found: dict[str, Any] = json.loads(self.file(client).read_bytes())["mcpServers"]
        return found

    def gateway(self, **options: Any) -> TrayGateway:
        return TrayGateway({}, {}, {"agent": {}}, env=self.env, **options)


def found(person: Person, *names: str) -> dict[str, say.FoundServer]:
    """What is shown of the servers that clients use without us, once these are among them."""
    told = person.until(say.Clients, lambda told: set(names) <= {server.name for server in told.found})
    return {server.name: server for server in told.found}


def client(person: Person, name: str, state: str) -> say.ClientView:
    """What is shown of a client, once it is in this state."""

    def find() -> say.ClientView | None:
        told = person.latest(say.Clients)
        views = told.clients if told is not None else ()
        return next((view for view in views if view.id == name and view.state == state), None)

    return wait_for(find, f"{name} {state}, but {person.latest(say.Clients)}", 20)


def take_in(person: Person, *names: str, values: Mapping[str, str] | None = None) -> say.AdoptionProgress:
    """Take these servers in, as the window does; how it ended."""
    keys = tuple(found(person, *names)[name].key for name in names)
    plan = person.ask(say.ProposeAdoption, keys=keys)
    assert isinstance(plan, say.FilePlan)
    before = len([one for one in person.heard if isinstance(one, say.AdoptionProgress) and one.over])
    person.ask(say.Adopt, keys=keys, revision=plan.revision, values=dict(values or {}))

    def over() -> say.AdoptionProgress | None:
        ends = [one for one in person.heard if isinstance(one, say.AdoptionProgress) and one.over]
        return ends[-1] if len(ends) > before else None

    return wait_for(over, "the end of taking in", 40)


def give_back(person: Person, *clients: str) -> say.FilePlan:
    """Give these clients their files back, as the window does; what was shown before."""
    plan = person.ask(say.ProposeRestore, clients=clients)
    assert isinstance(plan, say.FilePlan)
    person.ask(say.Restore, clients=clients, revision=plan.revision)
    return plan
