"""Requests that go to a server: each becomes a `ToolCall`, goes through `gateway/enforce`, is answered."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from latchward.gateway.enforce import Enforcer, Wanted
from latchward.gateway.entries import NOT_CARRIED, Entries
from latchward.gateway.listing import Policies
from latchward.gateway.questions import KINDS
from latchward.gateway.sessions import Sessions
from latchward.model.call import Aspect, ToolCall
from latchward.model.caller import Asked, Caller
from latchward.model.era import Era
from latchward.model.errors import ClientError, UpstreamError
from latchward.model.grant import Grant
from latchward.model.ids import ToolId
from latchward.model.outcome import Answered, ToolResult
from latchward.model.peer import ProcessChain
from latchward.model.verdict import Refusal, Verdict
from latchward.policy.beyond_tools import questions_allowed, resource_visible
from latchward.protocol import envelope, modern, strict
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

MAX_LINKED: Final = 4 * 1024 * 1024
"""Bytes of a result in which links to resources are looked for."""

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
    ) -> None:
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
            capabilities = _carried(declared, questions_allowed(policies))

        def tell(method: str, params: Mapping[str, Any]) -> None:
            if method == "notifications/message" and not (
                is_loud_enough(params, wanted) if wanted else is_legacy
            ):
                return
            contact.channel.notify(envelope.notification(method, params))

        progress = _progress(contact) if contact.token is not None else None
        caller = Caller(peer.grant.client, is_legacy, capabilities, wanted, progress, tell)
        if is_legacy and capabilities:
            return replace(caller, ask=lambda asked: ask(conversation, contact.channel, asked))
        return caller

    def _wanted(self, peer: Peer, request: Request, target: Target, caller: Caller) -> Wanted:
        grant, tool = peer.grant, target.tool
        sealed: Mapping[str, Any] = (
            {"arguments": target.arguments, "name": tool.name}
            if target.aspect is Aspect.TOOL
            else {"method": request.method, "params": target.params}
        )
        call = ToolCall(
            grant=grant.client,
            session=self._sessions.of(grant.client),
            tool=tool,
            arguments=target.arguments,
            payload=strict.serialise(target.arguments),
            digest=hashlib.sha256(strict.canonical(sealed)).hexdigest(),
            method=request.method,
            aspect=target.aspect,
            params=strict.serialise(target.params) if target.params is not None else b"",
        )
        return Wanted(
            call=call,
            policy=grant.servers.get(tool.upstream, ""),
            upstream=target.upstream,
            definition=target.definition,
            held=target.held,
            process=peer.chain.behind if peer.chain is not None else (),
            caller=caller,
            still_granted=lambda: self._grants().get(grant.client) == grant and target.is_current(),
        )

    def now(self, peer: Peer) -> Grant | None:
        """The peer's grant as it is in force; None where it may not call, or not any more."""
        grant = self._grants().get(peer.grant.client)
        if grant is None or self._revoked(peer.grant) or self._stranger(grant.client, peer.chain):
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
        """Cancel the calls that stopped in the middle and wait for a client whose grant is gone."""
        self.rounds.end_others({grant.token_hash for grant in self._grants().values()})

    def _revoked(self, grant: Grant) -> bool:
        now = self._grants().get(grant.client)
        return now is None or now.token_hash != grant.token_hash


def _bound(peer: Peer, request: Request, call: ToolCall) -> Bound:
    grant, server = peer.grant, call.tool.upstream
    return Bound(grant.client, grant.token_hash, peer.endpoint, server, request.method, call.digest)


def _carried(declared: Mapping[str, Any], allowed: frozenset[str]) -> dict[str, Any]:
    """What a server is told that the client can do: no more than it said, the policy lets and we carry."""
    made = {kind: declared[kind] for kind in sorted(allowed) if isinstance(declared.get(kind), dict)}
    if "roots" in made:  # that they changed is not passed on
        made["roots"] = {key: value for key, value in made["roots"].items() if key != "listChanged"}
    extensions = declared.get("extensions")
    if isinstance(extensions, dict):
        kept = {name: value for name, value in extensions.items() if name not in NOT_CARRIED}
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
