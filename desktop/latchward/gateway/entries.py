"""Prompts, resources and templates: which of them a grant sees, and which server a name or an address means.

A prompt is named like a tool. The address of a resource stays what it is, for it stands in texts and in
results too; on the endpoint that offers all servers together the first server that has it answers, and the
same address of another one gets a prefix.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from latchward.model import tasks
from latchward.model.era import Era
from latchward.model.grant import Grant
from latchward.model.listed import Listed
from latchward.model.ports import Upstream, Upstreams
from latchward.policy.beyond_tools import prompt_visible, resource_visible
from latchward.policy.compiled import Policy
from latchward.policy.patterns import BadPattern, Matcher, compile_whole

from .listing import Policies
from .names import SEPARATOR, expose

FIRST_WAIT: Final = 10.0
"""Seconds that a list waits for servers that never told theirs."""
MAX_SEEN: Final = 1000
"""Addresses in results that are remembered of one client, with the server that gave them."""
_PREFIX: Final = "latchward://"

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Owner:
    """The server that a name or an address means, what that is called there, and its entry in the list."""

    server: str
    upstream: Upstream
    name: str
    entry: Entry | None
    is_current: Callable[[], bool]
    """Whether the settings still have this very server: one that is started otherwise is another."""


class Entries:
    """Lists by grant. `endpoint` is a server's name, or None where all are offered together."""

    def __init__(self, upstreams: Upstreams, policies: Policies) -> None:
        self._upstreams = upstreams
        self._policies = policies
        self._seen: dict[str, OrderedDict[str, str]] = {}

    async def entries(self, grant: Grant, endpoint: str | None, kind: Listed) -> list[Entry]:
        """What the client may see. A server that is away is left out; one that is slow is not waited for."""
        asked = [asyncio.ensure_future(one.entries(kind)) for _, one in self.servers(grant, endpoint)]
        if asked:
            _, late = await asyncio.wait(asked, timeout=FIRST_WAIT)
            for task in late:
                task.cancel()
            for task in asked:
                if task.done() and not task.cancelled():
                    task.exception()  # it was told in the log, and its server is left out
        return self.now(grant, endpoint, kind)

    def now(self, grant: Grant, endpoint: str | None, kind: Listed) -> list[Entry]:
        """The same without waiting, in a fixed order; hidden entries are not in it."""
        exposed = self._exposed(grant, endpoint, kind, all_=False)
        return [{**entry, kind.key: name} for name, _, entry in exposed]

    def _exposed(
        self, grant: Grant, endpoint: str | None, kind: Listed, *, all_: bool
    ) -> Iterator[tuple[str, Owner, Entry]]:
        """Every entry with the name or address by which the client knows it; hidden ones with `all_`."""
        taken: set[str] = set()
        for server, upstream in self.servers(grant, endpoint):
            policies = self._policies.policies(grant.servers[server])
            known = {str(entry[kind.key]): entry for entry in upstream.entries_now(kind) or ()}
            renamed = kind is Listed.PROMPTS and endpoint is None
            names = expose(server, known) if renamed else dict(zip(known, known, strict=True))
            for exposed, name in names.items():
                if exposed in taken:
                    exposed = _prefixed(server, name)
                taken.add(exposed)
                if all_ or _is_visible(policies, kind, name):
                    yield exposed, self.owner(server, upstream, name, known[name]), known[name]

    async def prompt(self, grant: Grant, endpoint: str | None, name: str) -> Owner | None:
        """The prompt that `name` means, hidden or not. Raises `UpstreamError` where its server is away."""
        for server, upstream in self.servers(grant, endpoint):
            if endpoint is None and not name.startswith(server + SEPARATOR):
                continue
            await upstream.entries(Listed.PROMPTS)
            for exposed, owner, _ in self._exposed(grant, endpoint, Listed.PROMPTS, all_=True):
                if exposed == name and owner.server == server:
                    return owner
        return None

    async def resource(self, grant: Grant, endpoint: str | None, uri: str) -> Owner | None:
        """Who has the resource: who lists it, gave it in a result, or has a template that fits it.

        Where none of them does and one server alone has resources, it is that one's to say. Raises
        `UpstreamError` where the only server that could is away.
        """
        server, own = _unprefixed(uri)
        if server and endpoint is None:
            found = [one for name, one in self.servers(grant, None) if name == server and own]
            return self.owner(server, found[0], own) if found else None
        servers = list(self.servers(grant, endpoint))
        if len(servers) == 1:
            await servers[0][1].entries(Listed.RESOURCES)
        else:
            await self.entries(grant, endpoint, Listed.RESOURCES)
        for exposed, owner, _ in self._exposed(grant, endpoint, Listed.RESOURCES, all_=True):
            if exposed == uri:
                return owner
        having = [(name, one) for name, one in servers if "resources" in one.capabilities()]
        if endpoint is not None or len(having) == 1:
            return self.owner(*having[0], uri) if having else None
        seen = self._seen.get(grant.client, OrderedDict()).get(uri)
        for name, one in having:
            if name == seen:
                return self.owner(name, one, uri)
        await self.entries(grant, endpoint, Listed.TEMPLATES)
        for name, one in having:
            templates = one.entries_now(Listed.TEMPLATES) or ()
            if any(fits(str(template["uriTemplate"]), uri) for template in templates):
                return self.owner(name, one, uri)
        return None

    def note_addresses(self, grant: Grant, server: str, addresses: Iterable[str]) -> None:
        """Addresses of resources stood in a result of this server."""
        seen = self._seen.setdefault(grant.client, OrderedDict())
        for address in addresses:
            seen[address] = server
            seen.move_to_end(address)
            if len(seen) > MAX_SEEN:
                seen.popitem(last=False)

    def capabilities(self, grant: Grant, endpoint: str | None, era: Era) -> dict[str, Any]:
        """What the servers together can do for a client of this era, as far as we carry it.

        Who never greeted us may do anything, but no tasks.
        """
        told = [one.capabilities() for _, one in self.servers(grant, endpoint)]
        known = [one for one in told if one]
        unknown = len(known) < len(told)
        merged: dict[str, Any] = {"tools": {"listChanged": True}}
        if unknown or any("prompts" in one for one in known):
            merged["prompts"] = {"listChanged": True}
        if unknown or any("resources" in one for one in known):
            subscribe = unknown or any(_subscribes(one) for one in known)
            merged["resources"] = {"listChanged": True, **({"subscribe": True} if subscribe else {})}
        for name in ("completions", "logging"):
            if unknown or any(name in one for one in known):
                merged[name] = {}
        extensions = _extensions(known)
        with_tasks = [one for one in known if tasks.offers(one, era)]
        if with_tasks and era is Era.LEGACY:
            can_cancel = any("cancel" in one["tasks"] for one in with_tasks)
            merged["tasks"] = tasks.offered(can_cancel=can_cancel)
        elif with_tasks:
            extensions[tasks.EXTENSION] = {}
        return {**merged, "extensions": extensions} if extensions else merged

    def servers(self, grant: Grant, endpoint: str | None) -> Iterator[tuple[str, Upstream]]:
        """Those of the grant that are in the settings, by name, in a fixed order."""
        for server in sorted(grant.servers):
            upstream = self._upstreams.get(server) if endpoint in (None, server) else None
            if upstream is not None:
                yield server, upstream

    def owner(self, server: str, upstream: Upstream, name: str, entry: Entry | None = None) -> Owner:
        """Something of this server, as it is in the settings now."""
        return Owner(server, upstream, name, entry, lambda: self._upstreams.get(server) is upstream)


def _extensions(known: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The extensions of all servers but tasks; of two that say something else about one, the first counts."""
    merged: dict[str, Any] = {}
    for one in known:
        own = one.get("extensions")
        for name, value in own.items() if isinstance(own, Mapping) else ():
            if name != tasks.EXTENSION:
                merged.setdefault(name, value)
    return merged


def _subscribes(capabilities: Mapping[str, Any]) -> bool:
    resources = capabilities.get("resources")
    return isinstance(resources, Mapping) and resources.get("subscribe") is True


def _is_visible(policies: Sequence[Policy], kind: Listed, name: str) -> bool:
    visible = prompt_visible if kind is Listed.PROMPTS else resource_visible
    return bool(policies) and all(visible(policy, name) for policy in policies)


def _prefixed(server: str, address: str) -> str:
    return f"{_PREFIX}{server}/{address}"


def _unprefixed(address: str) -> tuple[str, str]:
    """The server and the address in one with our prefix; "" and the address for any other."""
    if not address.startswith(_PREFIX):
        return "", address
    server, _, own = address[len(_PREFIX) :].partition("/")
    return server, own


def fits(template: str, uri: str) -> bool:
    """Whether an address may be one of a template (RFC 6570, roughly: the server has the last word)."""
    return _matcher(template)(uri) is True


@lru_cache(maxsize=1000)
def _matcher(template: str) -> Matcher:
    made = "".join(
        re.escape(part) if index % 2 == 0 else (".*" if part[:1] in "+#/?&;." else "[^/?#]*")
        for index, part in enumerate(re.split(r"\{([^{}]*)\}", template))
    )
    try:
        return compile_whole(made)
    except BadPattern:
        return lambda uri: None
