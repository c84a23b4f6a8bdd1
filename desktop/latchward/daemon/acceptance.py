"""The person looked at something: what is written down then, wherever they were asked.

Called by the clerk for what was clicked in the window, and by `latchward review` for
what was typed at a terminal.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from latchward import assets
from latchward.model.errors import ConfigError
from latchward.model.grant import Grant
from latchward.policy.document import dump, load
from latchward.storage import settings as settings_file
from latchward.storage.accepted import Accepted
from latchward.storage.files import write_atomically
from latchward.storage.form import NAME
from latchward.storage.in_force import InForce, spec_digest
from latchward.storage.lock import write_lock
from latchward.storage.paths import POLICY_SUFFIXES, Profile
from latchward.storage.settings import Settings

FIRST_POLICY: Final = "policies/ask.json"
"""What a new server starts with: it asks about every call."""

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Acceptance:
    """Writes live files and accepted copies together. A method does all of it, or raises `LatchwardError`."""

    def __init__(self, profile: Profile, in_force: InForce, accepted: Accepted) -> None:
        self._profile = profile
        self._in_force = in_force
        self._accepted = accepted

    def start_server(self, name: str, digest: str) -> None:
        """Take a server's entry up as it was shown, and let the clients see it where none sees it yet."""
        with write_lock(self._profile):
            live = settings_file.load(self._profile)
            _check_unchanged(live, name, digest)
            self.first_policy(name)
            seen = _with_server(self._accepted.settings(), live, name)
            if not any(name in grant.servers for grant in live.grants.values()):
                live, seen = _seen_by_all(live, name), _seen_by_all(seen, name)
                settings_file.save(self._profile, live)
            self._accepted.accept_settings(seen)

    def take_in(
        self,
        entries: Mapping[str, Mapping[str, Any]],
        grants: Mapping[str, Iterable[str]],
        known: Mapping[str, str] = _NONE,
    ) -> None:
        """Add servers whose whole entries the person agreed to, and let clients see servers by name.

        A server that is there already is left as it is; those that are `known`, each with the digest of what
        was shown, are taken up. Each gets the policy that asks where it has none.
        """
        with write_lock(self._profile):
            live, seen = settings_file.load(self._profile), self._accepted.settings()
            for name, digest in known.items():
                _check_unchanged(live, name, digest)
                seen = _with_server(seen, live, name)
                self.first_policy(name)
            for name, entry in entries.items():
                live = _with_entry(live, name, entry)
                seen = _with_entry(seen, name, entry)
                self.first_policy(name)
            for client, names in grants.items():
                live, seen = _seeing(live, client, names), _seeing(seen, client, names)
            settings_file.save(self._profile, live)
            self._accepted.accept_settings(seen)

    def give_up(self, servers: Iterable[str], clients: Iterable[str]) -> None:
        """Without these servers and the grants of these clients, live and accepted; policies are kept.

        A grant with a token was made by hand: it loses the servers alone.
        """
        with write_lock(self._profile):
            live, seen = settings_file.load(self._profile), self._accepted.settings()
            for client in clients:
                live, seen = _without_grant(live, client), _without_grant(seen, client)
            for name in servers:
                live, seen = _without_server(live, name), _without_server(seen, name)
                self._accepted.forget_tools(name)
            settings_file.save(self._profile, live)
            self._accepted.accept_settings(seen)

    def first_policy(self, name: str) -> None:
        """Give a server without a policy the one that asks; one that only asks needs no look of its own."""
        text = assets.text(FIRST_POLICY).encode()
        path = self._policy_path(name)
        if path is None:
            self.write_policy(name, text)
        elif self._accepted.policy(name) is None and path.read_bytes() == text:
            self._accepted.accept_policy(name, text)

    def write_policy(self, name: str, text: bytes) -> None:
        """Put a policy into force that the person saw.

        Raises `ConfigError` where its file is YAML, or does not load: that is the person's to mend.
        """
        if not NAME.fullmatch(name):
            raise ConfigError(f"`{name}` cannot be the name of a policy")
        path = self._policy_path(name) or self._profile.policies / f"{name}.json"
        if path.suffix != ".json":
            raise ConfigError(f"`{path}` is YAML and is not rewritten; edit it by hand")
        if path.exists():
            load(path.read_bytes(), source=str(path))
        load(text, source=str(path))
        write_atomically(path, text)
        self._accepted.accept_policy(name, text)

    def answer(self, key: str, digest: str, *, accept: bool) -> None:
        """Take an edit on disk up, or put back what was accepted before it."""
        held = {edit.key: edit for edit in self._in_force.held()}.get(key)
        if held is None or held.digest != digest:
            raise ConfigError("this edit was changed meanwhile; look at it again")
        with write_lock(self._profile):
            if held.sort == "settings":
                self._answer_settings(accept)
            else:
                self._answer_policy(key.removeprefix("policy:"), accept)

    def _answer_settings(self, accept: bool) -> None:
        """Grants and channels as they stand, or as they were; each server keeps a question of its own."""
        live, accepted = settings_file.load(self._profile), self._accepted.settings()
        if accept:
            servers = accepted.document.get("mcpServers", {})
            self._accepted.accept_settings(settings_file.with_document(live, mcpServers=servers))
            return
        before = {key: accepted.document.get(key, {}) for key in ("grants", "ask")}
        settings_file.save(self._profile, settings_file.with_document(live, **before))

    def _answer_policy(self, name: str, accept: bool) -> None:
        path = self._policy_path(name)
        if path is None:
            raise ConfigError(f"the policy {name} was removed meanwhile")
        if accept:
            text, yaml = path.read_bytes(), path.suffix != ".json"
            load(text, source=str(path), yaml=yaml)
            self._accepted.accept_policy(name, text, yaml=yaml)
            return
        before = self._accepted.policy(name)
        if before is None:
            raise ConfigError(f"there is nothing to put back: the policy is new; remove `{path}` instead")
        text = dump(before).encode()
        write_atomically(path.with_suffix(".json"), text)
        if path.suffix != ".json":
            path.unlink()
        self._accepted.accept_policy(name, text)

    def _policy_path(self, name: str) -> Path | None:
        paths = (self._profile.policies / f"{name}{suffix}" for suffix in POLICY_SUFFIXES)
        return next((path for path in paths if path.exists()), None)


def _check_unchanged(live: Settings, name: str, digest: str) -> None:
    spec = live.servers.get(name)
    if spec is None or spec_digest(spec) != digest:
        raise ConfigError("the command of this server was changed meanwhile; look at it again")


def _with_server(accepted: Settings, live: Settings, name: str) -> Settings:
    """What was accepted before, with the live entry of one server."""
    if name in accepted.document.get("mcpServers", {}):
        servers = {**accepted.document["mcpServers"], name: live.document["mcpServers"][name]}
        return settings_file.with_document(accepted, mcpServers=servers)
    return settings_file.add_server(accepted, name, live.document["mcpServers"][name])


def _with_entry(settings: Settings, name: str, entry: Mapping[str, Any]) -> Settings:
    if name in settings.document.get("mcpServers", {}):
        return settings
    return settings_file.add_server(settings, name, entry)


def _without_server(settings: Settings, name: str) -> Settings:
    if name not in settings.document.get("mcpServers", {}):
        return settings
    return settings_file.remove_server(settings, name)


def _seeing(settings: Settings, client: str, names: Iterable[str]) -> Settings:
    """With a grant that also holds these servers, each under the policy of its own name if it is new."""
    known = settings.document.get("mcpServers", {})
    grant = settings.grants.get(client, Grant(client, ""))
    servers = {**{name: name for name in names if name in known}, **grant.servers}
    return settings_file.put_grant(settings, Grant(client, grant.token_hash, servers))


def _without_grant(settings: Settings, client: str) -> Settings:
    grant = settings.grants.get(client)
    if grant is None or grant.token_hash:
        return settings
    return settings_file.remove_grant(settings, client)


def _seen_by_all(settings: Settings, server: str) -> Settings:
    """With the server in every grant, under the policy of its own name."""
    for grant in settings.grants.values():
        servers = {**grant.servers, server: server}
        settings = settings_file.put_grant(settings, Grant(grant.client, grant.token_hash, servers))
    return settings
