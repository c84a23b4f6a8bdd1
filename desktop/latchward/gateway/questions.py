"""What a server asks of the client in the middle of a call: judged, recorded, then put to the client.

A question goes the other way than a call, and under the same rules: the policy's `server_requests` decide, a
person is asked where they say so, and a row is written for each. What the client did not say it can answer
is never put to it. The answer goes to the server only while the call that it belongs to is still allowed.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from latchward.model.audit import Decided, Ending, Finished
from latchward.model.call import Aspect, ToolCall
from latchward.model.caller import Caller, Question, Reply
from latchward.model.codes import INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, REFUSED
from latchward.model.decision import Decision, Effect
from latchward.model.errors import AuditError
from latchward.model.ids import ToolId
from latchward.model.outcome import Fault
from latchward.model.ports import AuditLog, Counters
from latchward.model.tool import ToolDefinition
from latchward.model.verdict import Refusal, Verdict
from latchward.policy.decide import decide_call

from .approvals import Approvals
from .gate import Gate
from .listing import Policies

log = logging.getLogger(__name__)

KINDS: Final = {
    "elicitation/create": "elicitation",
    "sampling/createMessage": "sampling",
    "roots/list": "roots",
}
"""The requests that a server may make, and the capability of the client that each needs."""
MAX_ROUND: Final = 20
"""Questions of one round; more of them are refused."""


@dataclass(frozen=True, slots=True)
class About:
    """The call in the middle of which a server asks. `holds` is whether it is still allowed."""

    call: ToolCall
    policy: str
    caller: Caller
    holds: Callable[[], bool]


def about(call: ToolCall, policy: str, caller: Caller, holds: Callable[[], bool]) -> About:
    """What a question belongs to."""
    return About(call, policy, caller, holds)


class Questions:
    """The way from a server to the client."""

    def __init__(
        self,
        policies: Policies,
        counters: Counters,
        approvals: Approvals,
        audit: AuditLog,
        gate: Gate,
        now: Callable[[], datetime],
    ) -> None:
        self._policies = policies
        self._counters = counters
        self._approvals = approvals
        self._audit = audit
        self._gate = gate
        self._now = now
        self._writing: set[asyncio.Task[int]] = set()

    async def ask(self, about: About, questions: Mapping[str, Question]) -> Mapping[str, Reply]:
        """The replies to the questions of one round. One that may not be put is answered with an error."""
        rows, refused = await self._sorted(about, questions)
        replies: dict[str, Reply] = {**refused}
        if rows:
            answered = await self._put(about, {key: questions[key] for key in rows}, rows)
            replies |= answered if about.holds() else dict.fromkeys(rows, _WITHDRAWN)
        return replies

    async def refused(self, about: About, questions: Mapping[str, Question]) -> Mapping[str, Fault]:
        """Those that may not be put. The others are, in what the client gets: it replies when it likes to."""
        rows, refused = await self._sorted(about, questions)
        for row in rows.values():
            self._audit.finished(Finished(row, Ending.RESULT, "put to the client in what a task answered"))
        return refused

    async def _sorted(
        self, about: About, questions: Mapping[str, Question]
    ) -> tuple[dict[str, int], dict[str, Fault]]:
        """The rows of those that may be put, and the errors with which the others are answered."""
        rows: dict[str, int] = {}
        refused: dict[str, Fault] = {}
        for index, (key, question) in enumerate(questions.items()):
            fault = _unanswerable(about.caller, question) if index < MAX_ROUND else _TOO_MANY
            if fault is None:
                judged = await self._judged(about, question)
                if isinstance(judged, int):
                    rows[key] = judged
                    continue
                fault = judged
            refused[key] = fault
        return rows, refused

    async def _judged(self, about: About, question: Question) -> int | Fault:
        """The number of the row of a question that may be put, or the error to answer it with."""
        try:
            call = _call(about, question)
            policies = self._policies.policies(about.policy)
            decision = decide_call(policies, call, self._counters, self._now())
            revision = policies[-1].revision if policies else ""
            try:
                verdict = await self._verdict(about, call, decision)
            except asyncio.CancelledError:
                gone = Verdict(Refusal.ABANDONED, decision.rule, _GONE, "gateway")
                self._write(_record(call, about.policy, revision, decision, gone))
                raise
            row = await self._audit.decided(_record(call, about.policy, revision, decision, verdict))
        except AuditError as error:
            log.error("a question was refused, for it could not be recorded: %s", error)
            return Fault(INTERNAL_ERROR, "the gateway cannot write its record")
        except Exception:
            log.exception("a question was refused, for deciding it failed")
            return Fault(INTERNAL_ERROR, "the gateway could not decide")
        return row if verdict.allowed else Fault(REFUSED, f"refused by the user's policy: {verdict.message}")

    def _write(self, record: Decided) -> None:
        """Write a row that nobody waits for: its question was given up while a person was asked."""
        writing = asyncio.ensure_future(self._audit.decided(record))
        self._writing.add(writing)
        writing.add_done_callback(self._written)

    def _written(self, writing: "asyncio.Task[int]") -> None:
        self._writing.discard(writing)
        if not writing.cancelled() and (error := writing.exception()) is not None:
            log.error("a question that was given up could not be recorded: %s", error)

    async def _verdict(self, about: About, call: ToolCall, decision: Decision) -> Verdict:
        if self._gate.reason:
            return Verdict(Refusal.BLOCKED, "", self._gate.reason, "gateway")
        if decision.effect is Effect.ALLOW:
            return Verdict(None, decision.rule, decision.message)
        if decision.effect is Effect.APPROVE:
            definition = ToolDefinition(call.tool.name, {}, call.tool.name)
            return await self._approvals.ask(call, decision, definition, about.caller.progress)
        return Verdict(Refusal.RULE, decision.rule, decision.message)

    async def _put(
        self, about: About, questions: Mapping[str, Question], rows: Mapping[str, int]
    ) -> Mapping[str, Reply]:
        """Put them to the client, and write down what came of it."""
        answered: Mapping[str, Reply] | None = None
        try:
            answered = await about.caller.ask(questions)
            return answered
        finally:
            for key, row in rows.items():
                reply = answered.get(key) if answered is not None else None
                self._audit.finished(Finished(row, _ending(reply, cancelled=answered is None)))


def _call(about: About, question: Question) -> ToolCall:
    return ToolCall(
        grant=about.call.grant,
        session=about.call.session,
        tool=ToolId(about.call.tool.upstream, question.method),
        arguments=question.params,
        payload=question.payload,
        digest=question.digest,
        method=question.method,
        aspect=Aspect.QUESTION,
    )


def _record(call: ToolCall, policy: str, revision: str, decision: Decision, verdict: Verdict) -> Decided:
    return Decided(
        client=call.grant,
        session=call.session,
        upstream=call.tool.upstream,
        tool=call.tool.name,
        arguments=call.payload,
        digest=call.digest,
        effect=decision.effect,
        rule=decision.rule,
        message=verdict.message,
        method=call.method,
        verdict=str(verdict.refusal or "allow"),
        by=verdict.by,
        policy=policy,
        revision=revision,
        flush=False,
    )


def _unanswerable(caller: Caller, question: Question) -> Fault | None:
    """The error for a question that the client did not say it can answer."""
    kind = KINDS.get(question.method)
    if kind is None:
        return Fault(METHOD_NOT_FOUND, "Method not found")
    declared = caller.capabilities.get(kind)
    if declared is None:
        return Fault(METHOD_NOT_FOUND, f"the client does not support `{kind}`")
    if kind == "elicitation" and isinstance(declared, Mapping) and not _can_elicit(declared, question.params):
        return Fault(INVALID_PARAMS, "the client does not support this mode of elicitation")
    return None


def _can_elicit(declared: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    """Forms where nothing else is said: so it was before there were modes."""
    if params.get("mode", "form") == "url":
        return "url" in declared
    return "form" in declared or "url" not in declared


def _ending(reply: Reply | None, *, cancelled: bool) -> Ending:
    if cancelled:
        return Ending.CANCELLED
    if reply is None:
        return Ending.UNKNOWN
    return Ending.FAULT if isinstance(reply, Fault) else Ending.RESULT


_GONE: Final = "the call that it belongs to was given up while a person was asked"
_TOO_MANY: Final = Fault(INVALID_PARAMS, f"more than {MAX_ROUND} questions in one round")
_WITHDRAWN: Final = Fault(REFUSED, "the policy or the grant changed while the client was asked")
