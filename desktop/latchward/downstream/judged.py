"""Requests that go to a server: each becomes a `ToolCall`, goes through `gateway/enforce`, is answered."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from latchward.gateway.enforce import Enforcer, Wanted
from latchward.gateway.entries import Entries
from latchward.gateway.listing import Policies
from latchward.gateway.questions import KINDS
from latchward.gateway.sessions import Sessions
from latchward.gateway.tasks import Tasks
from latchward.model.call import Aspect, ToolCall
from latchward.model.caller import Asked, Caller
from latchward.model.era import Era
from latchward.model.errors import ClientError, UpstreamError
from latchward.model.grant import Grant
from latchward.model.ids import ToolId
from latchward.model.outcome import Answered, ToolResult
from latchward.model.peer import ProcessChain
from latchward.model.tasks import EXTENSION, GET, ID, LISTEN, offers
from latchward.model.verdict import Refusal, Verdict
from latchward.policy.beyond_tools import questions_allowed, resource_visible
from latchward.protocol import answer as answers
from latchward.protocol import bridge, envelope, modern, strict, tasks
from latchward.protocol.envelope import Request
from latchward.protocol.versions import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    META_CLIENT_CAPABILITIES,
    META_LOG_LEVEL,
)

from .answers import answer
from .asking import ask
from .hearing import LEVELS, is_loud_enough
from .peer import Channel, Peer
from .rounds import IN_ROUNDS, Asks, Bound, Contact, Rounds
from .targets import MAX_ADDRESS, Target, Targets
from .tasking import Tasking

MAX_LINKED: Final = 4 * 1024 * 1024
"""Bytes of a result in which links to resources are looked for."""

TASKS_PAGE: Final = 20
"""Tasks on one page of their list; each is asked about at its server."""
TASKS_WAIT: Final = 10.0
"""Seconds that a list waits for what servers say of these; what comes later is left out."""
_KINDS: Final = frozenset(KINDS.values())


class Judged:
    """The way of such a request. `grants` gives those in force at any moment, `stranger` why a peer may not
    call yet.
    """

    def __init__(
        self,
        targets: Targets,
        entries: Entries,
        enforcer: Enforcer,
        policies: Policies,
        sessions: Sessions,
        grants: Callable[[], Mapping[str, Grant]],
        stranger: Callable[[str, ProcessChain | None], str],
        table: Tasks,
        tasking: Tasking,
    ) -> None:
        self._table = table
        self._tasking = tasking
        self.check_tasks = targets.check_tasks
        self._targets = targets
        self._entries = entries
        self._enforcer = enforcer
        self._policies = policies
        self._sessions = sessions
        self._grants = grants
        self._stranger = stranger
        self.rounds = Rounds()

    async def answer(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        """The answer, as a message. Raises `ClientError`."""
        _, answered = await self.outcome(peer, request, channel)
        return answer(peer.era, request, answered)

    async def outcome(
        self, peer: Peer, request: Request, channel: Channel
    ) -> tuple[Target | None, Answered | Asks]:
        """What the request meant, as far as it was looked at, and what came of it. Raises `ClientError`."""
        if stranger := self._stranger(peer.grant.client, peer.chain):
            return None, Verdict(Refusal.STRANGER, "", stranger, "gateway")
        try:
            target = await self._targets.of(peer, request)
        except UpstreamError as error:
            return None, Verdict(Refusal.UPSTREAM, "", str(error), "gateway")
        answered = await self._judged(peer, request, channel, target)
        if self._revoked(peer.grant):
            raise ClientError(INVALID_REQUEST, "the grant was revoked while the call was under way")
        if peer.endpoint is None and isinstance(answered, ToolResult):
            self._note_links(peer.grant, target.tool.upstream, answered.result)
        return target, answered

    async def _judged(
        self, peer: Peer, request: Request, channel: Channel, target: Target
    ) -> Answered | Asks:
        contact = Contact(channel, _token(request.params))
        caller = self._caller(peer, request, contact, target)
        wanted = self._wanted(peer, request, target, caller)
        answered = await self._sent(peer, request, contact, wanted)
        if isinstance(answered, ToolResult) and answered.task:
            return self._tasking.begun(peer, wanted, answered)
        if target.task is not None and not isinstance(answered, Asks):
            return await self._tasking.answered(target.task, wanted, answered)
        return answered

    async def _sent(self, peer: Peer, request: Request, contact: Contact, wanted: Wanted) -> Answered | Asks:
        caller = wanted.caller
        if peer.era is Era.MODERN:
            if "requestState" in request.params and request.method in IN_ROUNDS:
                return await self._rest(peer, request, contact, wanted)
            if request.method in IN_ROUNDS and not _KINDS.isdisjoint(caller.capabilities):
                return await self.rounds.begin(
                    _bound(peer, request, wanted.call),
                    contact,
                    lambda ask: self._asking(wanted, ask),
                    modern.answers(request.params),
                )
        return await self._enforcer.call(wanted)

    async def _asking(self, wanted: Wanted, ask: Asked) -> Answered:
        return await self._enforcer.call(replace(wanted, caller=replace(wanted.caller, ask=ask)))

    async def _rest(self, peer: Peer, request: Request, contact: Contact, wanted: Wanted) -> Answered | Asks:
        """The rest of a call that stopped in the middle."""
        replies = modern.answers(request.params)
        bound, handle = _bound(peer, request, wanted.call), str(request.params["requestState"])
        resumed = await self.rounds.resume(handle, bound, contact, replies)
        if resumed is None:
            raise ClientError(
                INVALID_PARAMS,
                "`requestState` belongs to no call that waits for this client with these arguments;"
                " begin the call anew, without it",
            )
        return resumed

    def _caller(self, peer: Peer, request: Request, contact: Contact, target: Target) -> Caller:
        """Who waits for the call: what it declared, less what the policy denies, and the way to it."""
        conversation, is_legacy = peer.conversation, peer.era is Era.LEGACY
        if is_legacy:
            declared, level = conversation.capabilities, conversation.log_level
        else:
            meta = request.params["_meta"]
            declared, level = meta[META_CLIENT_CAPABILITIES], meta.get(META_LOG_LEVEL, "")
        wanted = level if level in LEVELS else ""
        capabilities: Mapping[str, Any] = {}
        if declared and target.upstream is not None:
            policies = self._policies.policies(peer.grant.servers.get(target.tool.upstream, ""))
            has_tasks = not is_legacy and "extensions" in declared and offers(declared, Era.MODERN)
            has_tasks = has_tasks and offers(target.upstream.capabilities(), Era.MODERN)
            capabilities = _carried(declared, questions_allowed(policies), has_tasks=has_tasks)

        def tell(method: str, params: Mapping[str, Any]) -> None:
            if method == "notifications/message" and not (
                is_loud_enough(params, wanted) if wanted else is_legacy
            ):
                return
            contact.channel.notify(envelope.notification(method, params))

        progress = _progress(contact) if contact.token is not None else None
        caller = Caller(peer.grant.client, is_legacy, capabilities, wanted, progress, tell)
        if is_legacy and capabilities:
            task = target.task.id if target.task is not None else ""
            return replace(caller, ask=lambda asked: ask(conversation, contact.channel, asked, task))
        return caller

    def _wanted(self, peer: Peer, request: Request, target: Target, caller: Caller) -> Wanted:
        grant, tool = peer.grant, target.tool
        return Wanted(
            call=self._call(peer, request, target),
            policy=grant.servers.get(tool.upstream, ""),
            upstream=target.upstream,
            definition=target.definition,
            held=target.held,
            process=peer.chain.behind if peer.chain is not None else (),
            caller=caller,
            still_granted=lambda: self._grants().get(grant.client) == grant and target.is_current(),
            begun=target.task.call if target.task is not None else None,
        )

    def _call(self, peer: Peer, request: Request, target: Target) -> ToolCall:
        grant, tool, session = peer.grant, target.tool, self._sessions.of(peer.grant.client)
        if target.task is not None:
            policy = grant.servers.get(tool.upstream, "")
            return self._tasking.about(target.task, session, policy, request.method, request.params)
        task = _task(peer, request, target) if "task" in request.params else b""
        sealed: Mapping[str, Any] = (
            {"arguments": target.arguments, "name": tool.name}
            if target.aspect is Aspect.TOOL
            else {"method": request.method, "params": target.params}
        )
        if task:
            sealed = {**sealed, "task": task.decode()}
        return ToolCall(
            grant=grant.client,
            session=session,
            tool=tool,
            arguments=target.arguments,
            payload=strict.serialise(target.arguments),
            digest=hashlib.sha256(strict.canonical(sealed)).hexdigest(),
            method=request.method,
            aspect=target.aspect,
            params=strict.serialise(target.params) if target.params is not None else b"",
            task=task,
        )

    async def list_tasks(self, peer: Peer, request: Request, channel: Channel) -> bytes:
        """`tasks/list`: the client's own, each as its server has it now. Raises `ClientError`."""
        self.check_tasks(peer, request)
        own = [task.id for task in self._table.of(peer.grant, peer.endpoint)]
        cursor = request.params.get("cursor")
        if cursor is not None and cursor not in own:
            raise ClientError(INVALID_PARAMS, "`cursor` is of no list that this client was given")
        rest = own if cursor is None else own[own.index(cursor) + 1 :]
        page = rest[:TASKS_PAGE]
        found = await asyncio.gather(*(self._looked_at(peer, task, channel) for task in page))
        body = b'{"tasks":[%b]' % b",".join(filter(None, found))
        more = b',"nextCursor":' + strict.serialise(page[-1]) if len(rest) > len(page) else b""
        return envelope.result(request.id, body + more + b"}")

    async def _looked_at(self, peer: Peer, task: str, channel: Channel) -> bytes:
        """The task as an entry of a list; b"" where it cannot be said, or it is none any more."""
        try:
            async with asyncio.timeout(TASKS_WAIT):
                _, answered = await self.outcome(peer, Request("", GET, {ID: task}), channel)
        except TimeoutError:
            return b""
        if not isinstance(answered, ToolResult):
            return b""
        members = answers.split(answered.result)
        members.pop("_meta", None)
        return bridge.join(members)

    async def hear_task(
        self,
        peer: Peer,
        request: Request,
        channel: Channel,
        task: str,
        tell: Callable[[Mapping[str, Any]], None],
    ) -> Callable[[], None] | None:
        """Tell a client what its task becomes; the result ends it. None where that cannot be."""
        asked = Request("", LISTEN, {ID: task, "_meta": request.params["_meta"]})
        target, answered = await self.outcome(peer, asked, channel)
        if target is None or (found := target.task) is None or not isinstance(answered, ToolResult):
            return None
        caller = self._caller(peer, asked, Contact(channel, None), target)
        stop = self._tasking.hear(found, caller, tell)

        def end() -> None:
            stop()
            found.upstream.unwatch(peer.grant.client, found.theirs)

        return end

    def is_let_in(self, peer: Peer) -> bool:
        """Whether the program behind the peer is one that may call at all."""
        return not self._stranger(peer.grant.client, peer.chain)

    def now(self, peer: Peer) -> Grant | None:
        """The peer's grant as it is in force; None where it may not call, or not any more."""
        grant = self._grants().get(peer.grant.client)
        if grant is None or self._revoked(peer.grant) or not self.is_let_in(peer):
            return None
        return grant

    def may_hear(self, peer: Peer, resource: ToolId) -> bool:
        """Whether the peer may know, now, that this resource changed."""
        grant = self.now(peer)
        policies = self._policies.policies(grant.servers.get(resource.upstream, "")) if grant else ()
        return bool(policies) and all(resource_visible(policy, resource.name) for policy in policies)

    def _note_links(self, grant: Grant, server: str, result: bytes) -> None:
        """Links to resources in a result lead to the server that gave it."""
        if len(result) <= MAX_LINKED and b'"resource_link"' in result:
            self._entries.note_addresses(grant, server, _links(result))

    def end_revoked(self) -> None:
        """Nothing waits any more for a client whose grant is gone: calls in the middle, tasks."""
        hashes = {grant.token_hash for grant in self._grants().values()}
        self.rounds.end_others(hashes)
        self._table.end_others(hashes)

    async def close(self) -> None:
        """The gateway stops."""
        await self.rounds.close()
        await self._tasking.close()

    def _revoked(self, grant: Grant) -> bool:
        now = self._grants().get(grant.client)
        return now is None or now.token_hash != grant.token_hash


def _bound(peer: Peer, request: Request, call: ToolCall) -> Bound:
    grant, server = peer.grant, call.tool.upstream
    return Bound(grant.client, grant.token_hash, peer.endpoint, server, request.method, call.digest)


def _task(peer: Peer, request: Request, target: Target) -> bytes:
    """The `task` of a call; it is passed over where its server has no tasks for clients of this era."""
    upstream = target.upstream
    if peer.era is Era.MODERN or target.aspect is not Aspect.TOOL or upstream is None:
        return b""
    return tasks.wanted(request.params) if offers(upstream.capabilities(), Era.LEGACY) else b""


def _carried(declared: Mapping[str, Any], allowed: frozenset[str], *, has_tasks: bool) -> dict[str, Any]:
    """What a server is told that the client can do: no more than it said, the policy lets and we carry."""
    made = {kind: declared[kind] for kind in sorted(allowed) if isinstance(declared.get(kind), dict)}
    if "roots" in made:  # that they changed is not passed on
        made["roots"] = {key: value for key, value in made["roots"].items() if key != "listChanged"}
    extensions = declared.get("extensions")
    if isinstance(extensions, dict):
        kept = {name: value for name, value in extensions.items() if has_tasks or name != EXTENSION}
        if kept:
            made["extensions"] = kept
    return made


def _token(params: Mapping[str, Any]) -> int | str | None:
    meta = params.get("_meta")
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    return token if isinstance(token, int | str) and not isinstance(token, bool) else None


def _progress(contact: Contact) -> Callable[[Mapping[str, Any]], None]:
    """A function that passes on progress that rises, under the client's token of the moment."""
    last = float("-inf")

    def progress(said: Mapping[str, Any]) -> None:
        nonlocal last
        value = said.get("progress")
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not value > last:
            return
        last = float(value)
        params = {"progressToken": contact.token, **said}
        contact.channel.notify(envelope.notification("notifications/progress", params))

    return progress


def _links(result: bytes) -> Iterator[str]:
    """The addresses of the links to resources in the result of a tool or a prompt."""
    try:
        parsed = json.loads(result)
    except (ValueError, RecursionError):
        return
    blocks = _list(parsed, "content")
    blocks += [one.get("content") for one in _list(parsed, "messages") if isinstance(one, dict)]
    for block in blocks:
        uri = block.get("uri") if isinstance(block, dict) and block.get("type") == "resource_link" else None
        if isinstance(uri, str) and len(uri) <= MAX_ADDRESS:
            yield uri


def _list(value: Any, key: str) -> list[Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return list(found) if isinstance(found, list) else []
