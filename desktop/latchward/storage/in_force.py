"""What decides now: the live files where they only tighten, and what was accepted besides.

Settings in force are what the live file and the accepted copy both say, entry by
entry. Of a policy whose live file lets more through than the accepted copy, both
are in force: a call must pass the two. So a part of an edit that tightens
holds at once, and a part that loosens waits until the person has looked.
"""

import hashlib
import json
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from latchward.model.grant import Grant
from latchward.model.secret import names_in, placeholder
from latchward.model.upstream import UpstreamSpec
from latchward.policy.compare import loosened
from latchward.policy.compiled import Policy

from .accepted import Accepted
from .policies import PolicyBook
from .settings import Settings, SettingsBook

Sort = Literal["settings", "policy"]


@dataclass(frozen=True, slots=True)
class HeldEdit:
    """An edit on disk that waits. `digest` is of what was shown: an answer must repeat it."""

    key: str
    digest: str
    sort: Sort
    what: str
    lines: tuple[str, ...]


class InForce:
    """For one thread. `tools` gives the names of a policy's tools, for comparing."""

    def __init__(
        self,
        settings: SettingsBook,
        policies: PolicyBook,
        accepted: Accepted,
        tools: Callable[[str], Iterable[str]],
    ) -> None:
        self._live_settings = settings
        self._live_policies = policies
        self._accepted = accepted
        self._tools = tools
        self._settings: tuple[Settings, Settings] | None = None
        self._policies: dict[str, tuple[Policy | None, tuple[Policy, ...]]] = {}

    def settings(self) -> Settings:
        """The settings in force now."""
        live, cached = self._live_settings.current(), self._settings
        if cached is None or cached[0] is not live:
            self._accepted.refresh()
            cached = self._settings = (live, both(live, self._accepted.settings()))
        return cached[1]

    def last(self) -> Settings:
        """The settings as the last look found them: for who comes in after it, in the same call."""
        return self._settings[1] if self._settings is not None else self.settings()

    def policies(self, name: str) -> tuple[Policy, ...]:
        """The policies that a call must all pass; none: everything is denied."""
        live, cached = self._live_policies.policy(name), self._policies.get(name)
        if cached is None or cached[0] is not live:
            self._accepted.refresh()
            cached = self._policies[name] = (live, self._meet(name, live))
        return cached[1]

    def poll(self) -> bool:
        """Whether anything in force may have changed since the last poll."""
        live = self._live_settings.poll() | self._live_policies.poll()
        if self._accepted.refresh():
            self.forget()
            return True
        return live

    def forget(self) -> None:
        """Something was accepted: work everything out anew."""
        self._settings = None
        self._policies.clear()

    def _meet(self, name: str, live: Policy | None) -> tuple[Policy, ...]:
        accepted = self._accepted.policy(name) if live is not None else None
        if live is None or accepted is None:
            return ()
        if live.revision == accepted.revision or not loosened(accepted, live, self._tools(name)):
            return (live,)
        return (accepted, live)

    def held(self) -> tuple[HeldEdit, ...]:
        """Everything that waits for the person, but for servers to start: those are asked about apart."""
        found = []
        live, accepted = self._live_settings.current(), self._accepted.settings()
        if lines := settings_lines(live, accepted):
            text = json.dumps(dict(live.document), sort_keys=True).encode()
            what = "settings.json lets in more than you have seen"
            found.append(HeldEdit("settings", hashlib.sha256(text).hexdigest(), "settings", what, lines))
        names = {policy for grant in live.grants.values() for policy in grant.servers.values()}
        for name in sorted(names):
            policy = self._live_policies.policy(name)
            if policy is None:
                continue
            before = self._accepted.policy(name)
            if before is not None and before.revision == policy.revision:
                continue
            if looser := loosened(before, policy, self._tools(name)):
                what = f"the policy {name} lets more through than you have seen"
                found.append(HeldEdit(f"policy:{name}", policy.revision, "policy", what, looser))
        return tuple(found)


def both(live: Settings, accepted: Settings) -> Settings:
    """What the two say alike. A server whose entry differs is in neither, so that it does not start."""
    servers = {name: spec for name, spec in live.servers.items() if _same(spec, accepted.servers.get(name))}
    grants = {}
    for client, grant in live.grants.items():
        seen = accepted.grants.get(client)
        if seen is not None and seen.token_hash == grant.token_hash:
            common = {s: p for s, p in grant.servers.items() if seen.servers.get(s) == p}
            grants[client] = Grant(client, grant.token_hash, MappingProxyType(common))
    return Settings(
        servers=MappingProxyType(servers),
        grants=MappingProxyType(grants),
        ask_terminal=live.ask_terminal and accepted.ask_terminal,
        disabled=live.disabled,
        notes=live.notes,
        document=live.document,
    )


def settings_lines(live: Settings, accepted: Settings) -> tuple[str, ...]:
    """What the live settings would loosen, a line each; new and changed servers are not among it."""
    lines = []
    if live.ask_terminal and not accepted.ask_terminal:
        lines.append("questions may be answered on a terminal")
    for client, grant in live.grants.items():
        seen = accepted.grants.get(client)
        if seen is None:
            lines.append(f"a new client comes in: {client}")
        elif seen.token_hash != grant.token_hash:
            lines.append(f"{client} has another token")
        for server, policy in grant.servers.items():
            if seen is None or seen.servers.get(server) != policy:
                lines.append(f"{client} sees the server {server}, under the policy {policy}")
    return tuple(lines)


def command_line(spec: UpstreamSpec) -> str:
    """How a server is started, whole: what a person agrees to.

    Values of the environment and of headers are left out, but for the secrets that they ask for by name.
    """
    shared = ["(one for all clients)"] if spec.shared else []
    if spec.url:
        headers = [f"{name}: {_named(value)}" for name, value in spec.headers.items()]
        return " ".join((spec.url, *headers, *shared))
    names = [f"{name}={_named(value)}" for name, value in spec.env.items()]
    # In quotation marks, for without them it would read as an address that is connected to.
    program = f"'{spec.command}'" if spec.command.startswith("http") else shlex.quote(spec.command)
    where = [f"(in {spec.cwd})"] if spec.cwd else []
    return " ".join((*names, program, *map(shlex.quote, spec.args), *where, *shared))


def _named(value: str) -> str:
    """A value as it may be shown: which secrets it gets, and nothing else of it."""
    return "".join(map(placeholder, names_in(value))) or "…"


def spec_digest(spec: UpstreamSpec) -> str:
    """SHA-256 (hex) over everything that decides what is started or reached."""
    parts = [spec.name, spec.command, list(spec.args), dict(spec.env), spec.cwd, spec.url, dict(spec.headers)]
    parts += ["shared"] * spec.shared + ["sse"] * spec.sse
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _same(one: UpstreamSpec, other: UpstreamSpec | None) -> bool:
    return other is not None and spec_digest(one) == spec_digest(other)
