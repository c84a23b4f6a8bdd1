"""Which tools a grant sees, and which tool a name means.

Agents get the definitions that the person accepted, to the byte, and at once:
a list waits for no server but one that is started for the very first time. What a
server says now decides only whether a tool is still there, and whether a call may go.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from latchward.model.grant import Grant
from latchward.model.ids import ToolId
from latchward.model.ports import Pins, Upstream, Upstreams
from latchward.model.tool import ToolDefinition
from latchward.policy.beyond_tools import resource_visible
from latchward.policy.compiled import Policy
from latchward.policy.visible import visible

from .names import SEPARATOR, expose

_Tools = Mapping[str, ToolDefinition]


class Policies(Protocol):
    """The documents in force. A call must pass all that hold under a name; none at all deny."""

    def policies(self, name: str) -> Sequence[Policy]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """The tool that a client's name means. `held` is why its definition is not the accepted one, or ""."""

    upstream: Upstream
    tool: ToolId
    definition: ToolDefinition
    held: str = ""


class Listing:
    """Tool lists by grant. `endpoint` is a server's name, or None where all are offered together."""

    def __init__(self, upstreams: Upstreams, policies: Policies, pins: Pins) -> None:
        self._upstreams = upstreams
        self._policies = policies
        self._pins = pins
        self._exposed: dict[str, tuple[_Tools, dict[str, str]]] = {}

    async def tools(self, grant: Grant, endpoint: str | None) -> list[dict[str, Any]]:
        """The definitions that the client may see. Waits for the first list of servers that never had one:
        some clients ask for tools once and never again.
        """
        first = [
            upstream
            for server in grant.servers
            if endpoint in (None, server)
            and (upstream := self._upstreams.get(server)) is not None
            and upstream.listed() is None
            and not self._pins.tools(server)
        ]
        if first:
            await asyncio.gather(*(upstream.tools() for upstream in first), return_exceptions=True)
        return self.now(grant, endpoint)

    def now(self, grant: Grant, endpoint: str | None) -> list[dict[str, Any]]:
        """The same without waiting, in a fixed order; hidden tools are not in it."""
        listed: list[dict[str, Any]] = []
        for server in sorted(grant.servers):
            upstream = self._upstreams.get(server) if endpoint in (None, server) else None
            if upstream is None:
                continue
            policies, accepted, now = (
                self._policies.policies(grant.servers[server]),
                self._pins.tools(server),
                upstream.listed(),
            )
            for exposed, name in self._names(server, accepted, endpoint).items():
                if (now is None or name in now) and policies and all(visible(p, name) for p in policies):
                    listed.append(_offered(accepted[name].definition, exposed, policies))
        return listed

    async def find(self, grant: Grant, endpoint: str | None, name: str) -> Found | None:
        """The tool of this grant's servers that `name` means, hidden or not; None where there is none.

        Waits for a server that is starting. Raises `UpstreamError` where it is away.
        """
        for server in grant.servers:
            if endpoint not in (None, server) or not (endpoint or name.startswith(server + SEPARATOR)):
                continue
            upstream = self._upstreams.get(server)
            if upstream is not None:
                await upstream.tools()
                found = self._found(server, upstream, endpoint, name)
                if found is not None:
                    return found
        return None

    def is_current(self, found: Found) -> bool:
        """Whether the settings still have this very server: one that is started otherwise is another."""
        return self._upstreams.get(found.tool.upstream) is found.upstream

    def _found(self, server: str, upstream: Upstream, endpoint: str | None, name: str) -> Found | None:
        accepted, now = self._pins.tools(server), upstream.listed() or {}
        own = self._names(server, accepted, endpoint).get(name)
        if own is not None and own in now:
            held = "" if now[own].digest == accepted[own].digest else "it changed since you accepted it"
            return Found(upstream, ToolId(server, own), accepted[own], held)
        # Names of tools that were not accepted never move those of tools that were.
        new = {tool: definition for tool, definition in now.items() if tool not in accepted}
        own = name if endpoint and name in new else expose(server, new).get(name)
        if own is None:
            return None
        return Found(upstream, ToolId(server, own), new[own], "it is new, and you have not accepted it yet")

    def _names(self, server: str, tools: _Tools, endpoint: str | None) -> Mapping[str, str]:
        """Name for the client to the server's own name; worked out once for each set of definitions."""
        if endpoint is not None:
            return {name: name for name in tools}
        known = self._exposed.get(server)
        if known is None or known[0] is not tools:
            known = self._exposed[server] = (tools, expose(server, tools))
        return known[1]


def _offered(definition: Mapping[str, Any], exposed: str, policies: Sequence[Policy]) -> dict[str, Any]:
    """A definition as a client gets it: under its name there, and without an app that it may not know of."""
    offered = {**definition, "name": exposed}
    meta = definition.get("_meta")
    if not isinstance(meta, dict) or not isinstance(ui := meta.get("ui"), dict):
        return offered
    uri = ui.get("resourceUri")
    if isinstance(uri, str) and not all(resource_visible(policy, uri) for policy in policies):
        offered["_meta"] = {**meta, "ui": {key: ui[key] for key in ui if key != "resourceUri"}}
    return offered
