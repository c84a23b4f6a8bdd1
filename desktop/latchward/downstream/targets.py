"""What a request to a server means: the server, what it is called there, and what exactly is to be sent.

tools/call            a tool, by the name that this client knows
prompts/get           a prompt, likewise
resources/read        a resource, by its address
resources/subscribe   likewise
completion/complete   the prompt or the resource whose argument it completes
tasks/get, …          a task that this client began, by our id of it
any other             a method that only the policy of the one server of this endpoint can name
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from latchward.gateway.entries import Entries, Owner
from latchward.gateway.listing import Listing
from latchward.gateway.tasks import Task, Tasks
from latchward.model.call import Aspect
from latchward.model.era import Era
from latchward.model.errors import ClientError
from latchward.model.ids import ToolId
from latchward.model.ports import Upstream
from latchward.model.tasks import ABOUT, ID, offers
from latchward.model.tool import ToolDefinition
from latchward.protocol import parameters, strict
from latchward.protocol.envelope import Request
from latchward.protocol.tasks import must_declare
from latchward.protocol.versions import INVALID_PARAMS, META_CLIENT_CAPABILITIES, METHOD_NOT_FOUND

from .peer import Peer

MAX_NAME: Final = 256
"""Characters of the name of a tool or a prompt in a request."""
MAX_ADDRESS: Final = 8192
"""Characters of a resource's address."""
MAX_SCHEMAS: Final = 20_000
"""Schemas of which is remembered which arguments are repeated as headers."""

_OF_THE_MESSAGE: Final = ("_meta", "inputResponses", "requestState")
"""Members of params that are not what is asked for, but about this one message."""
_NEVER: Final = ("notifications/", "rpc.", "tasks/")
"""What no method of a server begins with."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a request means. Without `upstream`: nothing that this client may know of.

    `params` is what the server gets; None for a tool, whose name and arguments say it all, and for what
    is about a `task`.
    """

    tool: ToolId
    aspect: Aspect
    arguments: Mapping[str, Any]
    upstream: Upstream | None = None
    definition: ToolDefinition | None = None
    params: Mapping[str, Any] | None = None
    held: str = ""
    is_current: Callable[[], bool] = lambda: True
    task: Task | None = None


class Targets:
    """Finds them. Everything here raises `ClientError` for params that are wrong, and `UpstreamError`."""

    def __init__(self, listing: Listing, entries: Entries, tasks: Tasks) -> None:
        self._tasks = tasks
        self._listing = listing
        self._entries = entries
        self._repeated: dict[str, Mapping[parameters.Path, str]] = {}

    async def of(self, peer: Peer, request: Request) -> Target:
        """What the request means, by its method."""
        match request.method:
            case "tools/call":
                return await self._tool(peer, request)
            case "prompts/get":
                arguments = _object(request.params, "arguments")
                name = _text(request.params, "name", MAX_NAME)
                owner = await self._entries.prompt(peer.grant, peer.endpoint, name)
                return _owned(request, owner, Aspect.PROMPT, name, arguments, "name")
            case "resources/read" | "resources/subscribe":
                uri = _text(request.params, "uri", MAX_ADDRESS)
                owner = await self._entries.resource(peer.grant, peer.endpoint, uri)
                arguments = {"uri": owner.name if owner is not None else uri}
                return _owned(request, owner, Aspect.RESOURCE, uri, arguments, "uri")
            case "completion/complete":
                return await self._completed(peer, request)
            case method if method in ABOUT[peer.era]:
                return self._task(peer, request)
        return self._unknown(peer, request)

    async def _tool(self, peer: Peer, request: Request) -> Target:
        name = _text(request.params, "name", MAX_NAME)
        arguments = _object(request.params, "arguments")
        found = await self._listing.find(peer.grant, peer.endpoint, name)
        if found is None:
            return Target(ToolId(peer.endpoint or "", name), Aspect.TOOL, arguments)
        if peer.sent is not None and (names := self._parameters(found.definition)):
            parameters.check(names, arguments, peer.sent)
        return Target(
            found.tool,
            Aspect.TOOL,
            arguments,
            found.upstream,
            found.definition,
            held=found.held,
            is_current=lambda: self._listing.is_current(found),
        )

    def _parameters(self, definition: ToolDefinition) -> Mapping[parameters.Path, str]:
        """The arguments that the client repeats as headers; none of a schema that says so wrongly."""
        known = self._repeated.get(definition.digest)
        if known is None:
            try:
                known = parameters.annotated(definition.definition.get("inputSchema"))
            except parameters.InvalidAnnotation:
                known = {}
            if len(self._repeated) >= MAX_SCHEMAS:
                self._repeated.clear()
            self._repeated[definition.digest] = known
        return known

    def check_tasks(self, peer: Peer, request: Request) -> None:
        """Refuse a request about tasks where no server here has any, or its client does not say so."""
        servers = self._entries.servers(peer.grant, peer.endpoint)
        if not any(offers(upstream.capabilities(), peer.era) for _, upstream in servers):
            raise ClientError(METHOD_NOT_FOUND, "Method not found")
        if peer.era is Era.MODERN:
            must_declare(request.params["_meta"][META_CLIENT_CAPABILITIES])

    def _task(self, peer: Peer, request: Request) -> Target:
        self.check_tasks(peer, request)
        identity = _text(request.params, ID, MAX_NAME)
        task = self._tasks.find(peer.grant, peer.endpoint, identity)
        servers = dict(self._entries.servers(peer.grant, peer.endpoint))
        if task is None or servers.get(task.server) is not task.upstream:
            asked = {ID: identity}
            return Target(ToolId(peer.endpoint or "", request.method), Aspect.METHOD, asked, params=asked)
        owner = self._entries.owner(task.server, task.upstream, request.method)
        return Target(
            task.call.tool,
            Aspect.METHOD,
            {},
            task.upstream,
            task.definition,
            is_current=owner.is_current,
            task=task,
        )

    async def _completed(self, peer: Peer, request: Request) -> Target:
        ref = _object(request.params, "ref")
        match ref.get("type"):
            case "ref/prompt":
                name = _text(ref, "name", MAX_NAME)
                owner = await self._entries.prompt(peer.grant, peer.endpoint, name)
                return _owned(request, owner, Aspect.PROMPT, name, own(request), "name", ref)
            case "ref/resource":
                name = _text(ref, "uri", MAX_ADDRESS)
                owner = await self._entries.resource(peer.grant, peer.endpoint, name)
                return _owned(request, owner, Aspect.RESOURCE, name, own(request), "uri", ref)
        raise ClientError(INVALID_PARAMS, "`ref.type` must be `ref/prompt` or `ref/resource`")

    def _unknown(self, peer: Peer, request: Request) -> Target:
        servers = dict(self._entries.servers(peer.grant, peer.endpoint)) if peer.endpoint else {}
        if not servers or request.method.startswith(_NEVER):
            raise ClientError(METHOD_NOT_FOUND, "Method not found")
        [(server, upstream)] = servers.items()
        owner = self._entries.owner(server, upstream, request.method)
        return _owned(request, owner, Aspect.METHOD, request.method, own(request))


def own(request: Request) -> dict[str, Any]:
    """The params that are the request itself."""
    return {key: value for key, value in request.params.items() if key not in _OF_THE_MESSAGE}


def _owned(
    request: Request,
    owner: Owner | None,
    aspect: Aspect,
    name: str,
    arguments: Mapping[str, Any],
    key: str = "",
    ref: Mapping[str, Any] | None = None,
) -> Target:
    """The target of a request at its owner, where `key` (of `ref`, or of params) has the own name."""
    params = own(request)
    if owner is None:
        return Target(ToolId("", name), aspect, arguments, params=params)
    if ref is not None:
        params["ref"] = {**ref, key: owner.name}
    elif key:
        params[key] = owner.name
    entry = owner.entry or {}
    digest = hashlib.sha256(strict.canonical(entry)).hexdigest()
    return Target(
        ToolId(owner.server, owner.name),
        aspect,
        arguments,
        owner.upstream,
        ToolDefinition(owner.name, entry, digest),
        params,
        is_current=owner.is_current,
    )


def _text(members: Mapping[str, Any], key: str, limit: int) -> str:
    value = members.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise ClientError(INVALID_PARAMS, f"`{key}` must be a text of 1 to {limit} characters")
    return value


def _object(params: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = params.get(key, {})
    if not isinstance(value, dict):
        raise ClientError(INVALID_PARAMS, f"`{key}` must be an object")
    return value
