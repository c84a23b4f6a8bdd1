"""settings.json: which servers there are, and which client may use which of them.

The text becomes a value, `Settings`; an edit takes one and returns another;
`save` writes it. The person's order of keys stays. A file that cannot be
understood is refused with line and column and is never touched. No file is
empty settings: nobody may do anything.
"""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from latchward.model.errors import PolicyError, SettingsError
from latchward.model.grant import Grant
from latchward.model.upstream import UpstreamSpec
from latchward.policy.complaints import Fault, did_you_mean, quoted
from latchward.policy.places import MAX_BYTES, Places, check_text, decode, read_json

from .files import read_owned, write_atomically
from .form import VERSION, ServerForm, SettingsForm, shaped, unknown_server
from .paths import Profile
from .watched import Watched

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Settings:
    """What settings.json says. All mappings keep the order of the file and cannot be changed.

    `servers` are those to start; `disabled` are the others. `document` is
    the file as parsed JSON. `notes` are sentences for what looks wrong but
    harms nothing.
    """

    servers: Mapping[str, UpstreamSpec] = field(default_factory=lambda: _NOTHING)
    grants: Mapping[str, Grant] = field(default_factory=lambda: _NOTHING)
    ask_terminal: bool = False
    disabled: Mapping[str, UpstreamSpec] = field(default_factory=lambda: _NOTHING)
    notes: tuple[str, ...] = ()
    document: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({"version": VERSION}))


EMPTY: Final = Settings()


def parse(text: bytes, *, source: str) -> Settings:
    """Read the text of the file. Raises `SettingsError` that begins with `source:line:column`."""
    if not text.strip():
        raise SettingsError(
            f'{source}:1:1: the file is empty: write `{{"version": {VERSION}}}`, or remove it'
        )
    try:
        plain, _ = decode(text, source)
        value, places = read_json(plain, source)
    except PolicyError as error:  # the strict reader is shared with policy documents
        raise SettingsError(str(error)) from None
    try:
        check_text(value)
        return _settings(shaped(value, places), value)
    except Fault as fault:
        line, column = places(fault.location, fault.at_key)
        raise SettingsError(f"{source}:{line}:{column}: {fault.sentence()}") from None


def load(profile: Profile) -> Settings:
    """The settings of a profile; empty where there is no file.

    Raises `SettingsError`, and `ProfileError` where the file is not ours or cannot be read.
    """
    try:
        text = read_owned(profile.settings, limit=MAX_BYTES)
    except FileNotFoundError:
        return EMPTY
    return parse(text, source=str(profile.settings))


def save(profile: Profile, settings: Settings) -> None:
    """Write the file, whole, two spaces of indent. Raises `ProfileError`.

    Hold `write_lock` from `load` to here, so that nobody's edit is lost between.
    """
    text = json.dumps(dict(settings.document), indent=2, ensure_ascii=False) + "\n"
    write_atomically(profile.settings, text.encode())


def add_server(settings: Settings, name: str, entry: Mapping[str, Any]) -> Settings:
    """With one more server; `entry` is its object as people paste it. Raises `SettingsError`."""

    def edit(document: dict[str, Any]) -> None:
        servers = document.setdefault("mcpServers", {})
        if name in servers:
            raise SettingsError(
                f"there is a server {quoted(name)} already: remove it first, or take another name"
            )
        servers[name] = dict(entry)

    return _edited(settings, edit)


def remove_server(settings: Settings, name: str) -> Settings:
    """Without a server, also in every grant. Raises `SettingsError` where there is none of that name."""

    def edit(document: dict[str, Any]) -> None:
        servers = document.get("mcpServers", {})
        if name not in servers:
            raise SettingsError(unknown_server(name, servers))
        del servers[name]
        for grant in document.get("grants", {}).values():
            grant.get("servers", {}).pop(name, None)

    return _edited(settings, edit)


def set_disabled(settings: Settings, name: str, disabled: bool) -> Settings:
    """With a server kept but not started, or started again. Raises `SettingsError`."""

    def edit(document: dict[str, Any]) -> None:
        servers = document.get("mcpServers", {})
        if name not in servers:
            raise SettingsError(unknown_server(name, servers))
        if disabled:
            servers[name]["disabled"] = True
        else:
            servers[name].pop("disabled", None)

    return _edited(settings, edit)


def put_grant(settings: Settings, grant: Grant) -> Settings:
    """With this grant in place of the one that its client had, if any.

    Raises `SettingsError`, also for a server that does not exist.
    """

    def edit(document: dict[str, Any]) -> None:
        known = document.get("mcpServers", {})
        for server in grant.servers:
            if server not in known:
                raise SettingsError(unknown_server(server, known))
        entry = document.setdefault("grants", {}).setdefault(grant.client, {})
        if grant.token_hash:
            entry["token"] = grant.token_hash
        else:
            entry.pop("token", None)
        entry["servers"] = dict(grant.servers)

    return _edited(settings, edit)


def remove_grant(settings: Settings, client: str) -> Settings:
    """Without a client. Raises `SettingsError` where there is none of that name."""

    def edit(document: dict[str, Any]) -> None:
        grants = document.get("grants", {})
        if client not in grants:
            remedy = did_you_mean(client, grants) if grants else "there is none at all"
            raise SettingsError(f"there is no client {quoted(client)}: {remedy}")
        del grants[client]

    return _edited(settings, edit)


def set_ask_terminal(settings: Settings, on: bool) -> Settings:
    """With questions asked on the gateway's terminal, or not."""

    def edit(document: dict[str, Any]) -> None:
        document.setdefault("ask", {})["terminal"] = on

    return _edited(settings, edit)


def with_document(settings: Settings, **members: Any) -> Settings:
    """With these members of the document in place of those that are there. Raises `SettingsError`."""
    return _edited(settings, lambda document: document.update(members))


class SettingsBook:
    """The settings in force: an edit holds from the next look on, a broken one leaves the last good ones.

    For one thread. Before the first good reading the settings are empty.
    """

    def __init__(self, profile: Profile) -> None:
        source = str(profile.settings)
        self._file = Watched(profile.settings, lambda text: parse(text, source=source), limit=MAX_BYTES)
        self._file.look()
        self._polled = self._file.changes

    def current(self) -> Settings:
        """The settings in force now; one `os.stat`."""
        return self._file.look() or EMPTY

    @property
    def problem(self) -> str:
        """Why the file cannot be used as it is, or ""."""
        return self._file.problem

    def poll(self) -> bool:
        """Whether the settings in force changed since the last poll."""
        self._file.look()
        before, self._polled = self._polled, self._file.changes
        return before != self._polled


def _edited(settings: Settings, edit: Callable[[dict[str, Any]], None]) -> Settings:
    document = copy.deepcopy(dict(settings.document))
    edit(document)
    try:
        check_text(document)
        return _settings(shaped(document, _NOWHERE), document)
    except Fault as fault:
        raise SettingsError(fault.sentence()) from None


def _nowhere(location: tuple[str | int, ...], at_key: bool) -> tuple[int, int]:
    return 0, 0


_NOWHERE: Final[Places] = _nowhere


def _settings(form: SettingsForm, document: dict[str, Any]) -> Settings:
    servers = {name: _spec(name, server) for name, server in form.servers.items()}
    enabled = {name: spec for name, spec in servers.items() if not form.servers[name].disabled}
    grants = {
        client: Grant(client, grant.token, MappingProxyType(dict(grant.servers)))
        for client, grant in form.grants.items()
    }
    notes = tuple(
        f"the grant of {quoted(client)} names a server that is not there: {unknown_server(server, servers)}"
        for client, grant in grants.items()
        for server in grant.servers
        if server not in servers
    )
    return Settings(
        servers=MappingProxyType(enabled),
        grants=MappingProxyType(grants),
        ask_terminal=form.ask.terminal,
        disabled=MappingProxyType({name: spec for name, spec in servers.items() if name not in enabled}),
        notes=notes,
        document=MappingProxyType(document),
    )


def _spec(name: str, server: ServerForm) -> UpstreamSpec:
    return UpstreamSpec(
        name=name,
        command=server.command or "",
        args=tuple(server.args),
        env=MappingProxyType(server.env),
        cwd=server.cwd,
        url=server.url or "",
        headers=MappingProxyType(server.headers),
        shared=server.shared,
        sse=server.type == "sse",
    )
