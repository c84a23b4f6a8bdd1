"""`latchward grant new|list|revoke`."""

import argparse
import secrets
import sys

from latchward.downstream.doors import token_hash
from latchward.model.errors import SettingsError
from latchward.model.grant import Grant
from latchward.storage import settings
from latchward.storage.lock import write_lock
from latchward.storage.paths import Profile


def new(parsed: argparse.Namespace) -> int:
    """Make a client's grant and print its token; only the hash is kept."""
    profile = Profile.home()
    profile.prepare()
    token = secrets.token_urlsafe(32)
    with write_lock(profile):
        current = settings.load(profile)
        grant = Grant(parsed.client, token_hash(token), _servers(parsed.server, current))
        settings.save(profile, settings.put_grant(current, grant))
    print(token)
    seen = ", ".join(f"{server} (policy {policy})" for server, policy in grant.servers.items())
    print(f"{parsed.client} sees {seen or 'no server yet'}", file=sys.stderr)
    print("keep the token: it is not shown again", file=sys.stderr)
    print("it may come in once you have agreed: in the window, or by `latchward review`", file=sys.stderr)
    return 0


def show(parsed: argparse.Namespace) -> int:
    """List the clients, what each sees and under which policy."""
    current = settings.load(Profile.home())
    if not current.grants:
        print("no client may come in yet: latchward grant new CLIENT", file=sys.stderr)
    for client, grant in current.grants.items():
        seen = ", ".join(f"{server} (policy {policy})" for server, policy in grant.servers.items())
        print(f"{client}  {seen or 'no server'}")
    return 0


def revoke(parsed: argparse.Namespace) -> int:
    """Remove a client's grant; a running gateway ends what it has open within a second."""
    profile = Profile.home()
    profile.prepare()
    with write_lock(profile):
        settings.save(profile, settings.remove_grant(settings.load(profile), parsed.client))
    print(f"{parsed.client} may not come in any more")
    return 0


def _servers(named: list[str] | None, current: settings.Settings) -> dict[str, str]:
    """Server to policy, from `NAME` or `NAME=POLICY`; all servers where none was named."""
    if named is None:
        return {name: name for name in current.servers}
    servers: dict[str, str] = {}
    for text in named:
        name, _, policy = text.partition("=")
        if name in servers:
            raise SettingsError(f"the server `{name}` was named twice; name it once")
        servers[name] = policy or name
    return servers
