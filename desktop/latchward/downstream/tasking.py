"""Requests about tasks: under our ids, with questions that were judged, and what clients hear of theirs.

In the envelope era a task's questions come in the answer to `tasks/get`, or in a notification, and are
replied to with `tasks/update`. Each is judged once, as everywhere; what may not be put is taken out, and the
server is told no: a form is declined, and for anything else the task is cancelled.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from latchward.gateway.enforce import Enforcer, Wanted
from latchward.gateway.entries import Entries
from latchward.gateway.listing import Policies
from latchward.gateway.tasks import Put, Task, Tasks
from latchward.model.call import Aspect, ToolCall
from latchward.model.caller import NOBODY, Caller, Question
from latchward.model.codes import INVALID_PARAMS
from latchward.model.era import Era
from latchward.model.errors import UpstreamError
from latchward.model.grant import Grant
from latchward.model.outcome import Answered, Fault, ToolResult, Unknown
from latchward.model.tasks import CANCEL, GET, ID, LISTEN, TOLD, UPDATE
from latchward.model.verdict import Refusal, Verdict
from latchward.protocol import answer, envelope, modern, strict, tasks

from .hearing import Hearing
from .peer import Peer

MIN_SHOWN: Final = 8
"""Characters of a server's id that is taken out of its errors; a shorter one may stand there by chance."""

_ELICIT: Final = "elicitation/create"
_QUESTIONS: Final = "inputRequests"

log = logging.getLogger(__name__)


class Tasking:
    """What is particular to them. `grants` gives those in force at any moment."""

    def __init__(
        self,
        table: Tasks,
        entries: Entries,
        enforcer: Enforcer,
        policies: Policies,
        grants: Callable[[], Mapping[str, Grant]],
        hearing: Hearing,
    ) -> None:
        self._table = table
        self._entries = entries
        self._enforcer = enforcer
        self._policies = policies
        self._grants = grants
        self._hearing = hearing
        self._telling: set[asyncio.Task[None]] = set()

    def about(
        self, task: Task, session: str, policy: str, method: str, params: Mapping[str, Any]
    ) -> ToolCall:
        """A request about it. Raises `ClientError`.

        What does not belong to it stays here, and so do replies to questions that were not put.
        """
        if method != UPDATE:
            return _about(task, session, method, {})
        stamp = self._stamp(policy)
        given = {
            key: reply
            for key, reply in modern.answers(params).items()
            if (put := task.put.get(key)) is not None and put.allowed and put.stamp[1:] == stamp
        }
        return _about(task, session, method, {"inputResponses": given})

    def begun(self, peer: Peer, wanted: Wanted, result: ToolResult) -> Answered:
        """The answer to a call that began a task, which is noted."""
        call, upstream, definition = wanted.call, wanted.upstream, wanted.definition
        if upstream is None or definition is None:
            raise RuntimeError("a call that went nowhere began a task")
        try:
            members = answer.split(result.result)
            task = self._table.add(
                peer.grant,
                peer.endpoint,
                upstream,
                call,
                definition,
                theirs=result.task,
                place=result.place,
                ttl=tasks.ttl(members, result.era),
            )
            body = tasks.renamed(members, call.method, task.id)
        except UpstreamError as error:
            return Verdict(Refusal.UNKNOWN, "", str(error), "gateway")
        if peer.era is Era.LEGACY:
            self._hear(task, NOBODY, lambda params: self._tell_standing(task, params))
        return replace(result, result=body, task="", place=None)

    async def answered(self, task: Task, wanted: Wanted, answered: Answered) -> Answered:
        """What the client gets of the answer to a request about its task."""
        method = wanted.call.method
        if isinstance(answered, ToolResult) and method != LISTEN:
            try:
                return replace(answered, result=await self._result(task, wanted, answered))
            except UpstreamError as error:
                return Verdict(Refusal.UNKNOWN, "", str(error), "gateway")
        if isinstance(answered, Fault):
            if method == GET and answered.code == INVALID_PARAMS:
                self._table.forget(task)  # the server does not know it any more
                return Unknown()
            return _renamed(answered, task)
        return answered

    async def _result(self, task: Task, wanted: Wanted, answered: ToolResult) -> bytes:
        method, members = wanted.call.method, answer.split(answered.result)
        if method == GET:
            self._table.keep(task, tasks.ttl(members, answered.era))
            if _QUESTIONS in members:
                asked = tasks.questions(members)
                members = tasks.with_questions(members, await self._allowed(task, wanted, asked))
        return tasks.renamed(members, method, task.id)

    # questions

    async def _allowed(self, task: Task, wanted: Wanted, asked: Mapping[str, Question]) -> frozenset[str]:
        """Those of these questions that the client may be asked, by key."""
        async with task.judging:
            stamp = self._stamp(wanted.policy)
            stamps = {key: (one.digest, *stamp) for key, one in asked.items()}
            new = {
                key: one
                for key, one in asked.items()
                if (put := task.put.get(key)) is None or put.stamp != stamps[key]
            }
            refused = await self._enforcer.refused(wanted, new) if new else {}
            judged = {key: Put(stamps[key], key not in refused) for key in new}
            task.put = {key: judged.get(key) or task.put[key] for key in asked}
            if refused:
                await self._refuse(task, wanted, {key: new[key] for key in refused})
            return frozenset(key for key, put in task.put.items() if put.allowed)

    async def _refuse(self, task: Task, wanted: Wanted, refused: Mapping[str, Question]) -> None:
        """Tell the server no, by a request like any other."""
        if all(one.method == _ELICIT for one in refused.values()):
            declined = {"inputResponses": {key: {"action": "decline"} for key in refused}}
            call = _about(task, wanted.call.session, UPDATE, declined)
        else:
            call = _about(task, wanted.call.session, CANCEL, {})
        await self._enforcer.call(replace(wanted, call=call))

    def _stamp(self, policy: str) -> tuple[str, ...]:
        """The documents that judge."""
        return tuple(document.revision for document in self._policies.policies(policy))

    # what a client hears

    def hear(
        self, task: Task, caller: Caller, tell: Callable[[Mapping[str, Any]], None]
    ) -> Callable[[], None]:
        """Tell a client of the envelope era what the server says of its task; the result ends it."""
        return self._hear(task, caller, tell)

    def _hear(
        self, task: Task, caller: Caller, tell: Callable[[Mapping[str, Any]], None]
    ) -> Callable[[], None]:
        key, number = object(), 0

        def hears(params: Mapping[str, Any]) -> None:
            nonlocal number
            number += 1
            own, wanted = _own(params, task), self._now(task, caller)
            if wanted is None or not self._enforcer.lets(wanted):
                return
            if _QUESTIONS not in own:
                tell(own)
                return
            mine = number

            async def look() -> None:
                asked = tasks.asked(own[_QUESTIONS])
                allowed = await self._allowed(task, wanted, asked)
                if number == mine and key in task.hears and self._enforcer.lets(wanted):
                    kept = {key: own[_QUESTIONS][key] for key in asked if key in allowed}
                    tell({**own, _QUESTIONS: kept})

            self._start(look())

        task.hears[key] = hears
        return lambda: task.hears.pop(key, None) and None

    def _start(self, work: Any) -> None:
        telling = asyncio.ensure_future(work)
        self._telling.add(telling)
        telling.add_done_callback(self._told)

    def _told(self, telling: "asyncio.Task[None]") -> None:
        self._telling.discard(telling)
        if not telling.cancelled() and (error := telling.exception()) is not None:
            log.warning("a client is not told of a task: %s", error)

    def _tell_standing(self, task: Task, params: Mapping[str, Any]) -> None:
        message = envelope.notification(TOLD[Era.LEGACY], params)
        self._hearing.tell(task.grant.client, task.endpoint, task.server, message)

    def _now(self, task: Task, caller: Caller) -> Wanted | None:
        """A look at a task as its client would have it now; None where it may not."""
        grant = self._grants().get(task.grant.client)
        if grant is None or grant.token_hash != task.grant.token_hash:
            return None
        if dict(self._entries.servers(grant, task.endpoint)).get(task.server) is not task.upstream:
            return None
        return Wanted(
            _about(task, task.call.session, LISTEN, {}),
            grant.servers[task.server],
            task.upstream,
            task.definition,
            caller=caller,
            still_granted=lambda: self._grants().get(task.grant.client) == grant,
            begun=task.call,
        )

    async def close(self) -> None:
        """The gateway stops."""
        for telling in self._telling:
            telling.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)


def _about(task: Task, session: str, method: str, more: Mapping[str, Any]) -> ToolCall:
    """A request about it, which has `more` besides the id. The record has the id that the client knows."""
    sent = {ID: task.theirs, **more}
    told = {**sent, ID: task.id}
    return ToolCall(
        grant=task.call.grant,
        session=session,
        tool=task.call.tool,
        arguments=told,
        payload=strict.serialise(told),
        digest=hashlib.sha256(strict.canonical({"method": method, "params": sent})).hexdigest(),
        method=method,
        aspect=Aspect.METHOD,
        params=strict.serialise(sent),
        place=task.place,
    )


def _own(params: Mapping[str, Any], task: Task) -> dict[str, Any]:
    """What a server said of a task, under our id."""
    own, meta = {**params, ID: task.id}, params.get("_meta")
    if isinstance(meta, dict) and tasks.RELATED in meta:
        own["_meta"] = {**meta, tasks.RELATED: {ID: task.id}}
    return own


def _renamed(fault: Fault, task: Task) -> Fault:
    """The server's error, with our id where its own stands in the text."""
    theirs, ours = task.theirs, task.id
    if len(theirs) < MIN_SHOWN:
        return fault
    raw = fault.raw.replace(strict.serialise(theirs)[1:-1], ours.encode())
    return replace(fault, message=fault.message.replace(theirs, ours), raw=raw)
