"""A call from top to bottom: `tools/call`, and every other request that goes to a server.

This function alone knows the order: judge and reserve in one step; ask where
a rule says so; write the record; send with a proof that only this function
makes, and that holds only while policy, definition and grant are still those
that were judged; write down what came of it. It visits each room at most
once, and whatever goes wrong in it, the call does not go.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from latchward.model.allow import Allow, mint_allow
from latchward.model.audit import Decided, Ending, Finished
from latchward.model.call import Aspect, ToolCall
from latchward.model.caller import NOBODY, Caller, Question
from latchward.model.decision import Decision, Effect
from latchward.model.errors import AuditError, Gone, NotSent, OutcomeUnknown, Withdrawn
from latchward.model.outcome import Answered, Fault, Outcome, Unknown
from latchward.model.ports import AuditLog, Counters, Upstream
from latchward.model.tasks import GET, LISTEN, RESULT
from latchward.model.tool import ToolDefinition
from latchward.model.verdict import Refusal, Verdict
from latchward.policy.compiled import Policy
from latchward.policy.decide import decide_begun, decide_call

from .approvals import Approvals
from .gate import Gate
from .listing import Policies
from .questions import Questions, about

log = logging.getLogger(__name__)

ALLOWED: Final = "allow"
"""The verdict of a record whose call may leave."""

_GONE: Final = "the client cancelled the call, went away or lost its grant before it left"
_STAYED: Final = (Refusal.UPSTREAM, Refusal.CHANGED)
_UNKNOWN_TOOL: Final = Decision(Effect.HIDE, "(unknown tool)", "no server of this client has such a tool")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call and what it is about. `upstream` and `definition` are None for what nobody has.

    `policy` is the name of the document that holds for this client there. `held`
    is why the tool's definition is not the accepted one, or "". `still_granted`
    says, at any later moment, whether the client may still call that server as it was found. `begun` is the
    earlier call that began the task which this one is about: what is said of that call decides.
    """

    call: ToolCall
    policy: str
    upstream: Upstream | None
    definition: ToolDefinition | None
    held: str = ""
    process: tuple[str, ...] = ()
    caller: Caller = NOBODY
    still_granted: Callable[[], bool] = field(default=lambda: True)
    begun: ToolCall | None = None


class Enforcer:
    """The one way to a server. A call of a tool that `only_reads` does not wait for the disk."""

    def __init__(
        self,
        policies: Policies,
        counters: Counters,
        approvals: Approvals,
        audit: AuditLog,
        gate: Gate,
        *,
        only_reads: Callable[[ToolDefinition], bool] = lambda definition: False,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._policies = policies
        self._counters = counters
        self._approvals = approvals
        self._audit = audit
        self._gate = gate
        self._only_reads = only_reads
        self._now = now
        self._questions = Questions(policies, counters, approvals, audit, gate, now)
        self._writing: set[asyncio.Task[int]] = set()

    async def call(self, wanted: Wanted) -> Answered:
        """What the client is told: the server's outcome, a refusal, or that there is no such tool."""
        try:
            return await self._call(wanted)
        except AuditError as error:
            log.error("a call was refused, for it could not be recorded: %s", error)
            return Verdict(Refusal.FAULT, "", f"the record cannot be written: {error}", "gateway")
        except Exception:
            log.exception("a call was refused, for deciding it failed")
            return Verdict(Refusal.FAULT, "", "an internal error, which the gateway's log holds", "gateway")

    def lets(self, wanted: Wanted) -> bool:
        """Whether a client may still have what comes of the task that this is about. Nothing is recorded."""
        if wanted.begun is None or self._gate.reason or not wanted.still_granted():
            return False
        policies = self._policies.policies(wanted.policy)
        return decide_begun(policies, wanted.begun, self._now()).effect is Effect.ALLOW

    async def refused(self, wanted: Wanted, questions: Mapping[str, Question]) -> Mapping[str, Fault]:
        """Which of these questions, of the task that this is about, may not be put to its client."""
        policies = self._policies.policies(wanted.policy)
        asked = about(wanted.call, wanted.policy, wanted.caller, lambda: self._unchanged(wanted, policies))
        return await self._questions.refused(asked, questions)

    async def _call(self, wanted: Wanted) -> Answered:
        call, upstream, definition = wanted.call, wanted.upstream, wanted.definition
        policies = self._policies.policies(wanted.policy)
        now = self._now()
        known = upstream is not None and definition is not None
        decision = self._decision(wanted, policies, now) if known else _UNKNOWN_TOOL
        self._counters.reserve(decision.reservations, now)
        left = False
        try:
            stopped = self._stopped(wanted, decision)
            verdict = stopped or _judged(decision)
            if stopped is None and decision.effect is Effect.APPROVE and definition is not None:
                verdict = await self._ask(wanted, policies, decision, definition)
            row = await self._recorded(self._record(wanted, policies, decision, verdict))
            if decision.effect is Effect.HIDE:
                return Unknown()
            if upstream is None or not verdict.allowed:
                return verdict
            allow = mint_allow(
                digest=call.digest,
                revision=policies[-1].revision,
                row=row,
                holds=lambda: self._unchanged(wanted, policies),
            )
            left = True
            answered = await self._send(upstream, allow, wanted, policies)
            left = not (isinstance(answered, Verdict) and answered.refusal in _STAYED)
            if wanted.begun is not None and not self.lets(wanted):
                return Unknown()  # while the server was waited for
            return answered
        finally:
            if not left:
                self._counters.release(decision.reservations, now)

    def _decision(self, wanted: Wanted, policies: Sequence[Policy], now: datetime) -> Decision:
        if wanted.begun is not None:
            return decide_begun(policies, wanted.begun, now)
        return decide_call(policies, wanted.call, self._counters, now)

    def _stopped(self, wanted: Wanted, decision: Decision) -> Verdict | None:
        """What no rule can let through: a closed gate, a definition that was not accepted."""
        if decision.effect is Effect.HIDE:
            return None
        if self._gate.reason:
            return Verdict(Refusal.BLOCKED, "", self._gate.reason, "gateway")
        if wanted.held:
            return Verdict(Refusal.HELD, "", wanted.held, "gateway")
        return None

    async def _ask(
        self, wanted: Wanted, policies: Sequence[Policy], decision: Decision, definition: ToolDefinition
    ) -> Verdict:
        """The person's verdict, where the world is still the one they were asked in."""
        try:
            verdict = await self._approvals.ask(
                wanted.call, decision, definition, wanted.caller.progress, wanted.process
            )
        except asyncio.CancelledError:
            gone = Verdict(Refusal.ABANDONED, decision.rule, _GONE, "gateway")
            self._write(self._record(wanted, policies, decision, gone))
            raise
        if verdict.allowed and not self._unchanged(wanted, policies):
            return _changed(verdict.rule)
        return verdict

    def _record(
        self, wanted: Wanted, policies: Sequence[Policy], decision: Decision, verdict: Verdict
    ) -> Decided:
        call = wanted.call
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
            verdict=str(verdict.refusal or ALLOWED),
            by=verdict.by,
            policy=wanted.policy,
            revision=policies[-1].revision if policies else "",
            flush=verdict.allowed and not self._reads(wanted),
        )

    def _reads(self, wanted: Wanted) -> bool:
        """Whether the call changes nothing. Of a method that only the policy knows nobody can say."""
        aspect, definition = wanted.call.aspect, wanted.definition
        if wanted.begun is not None:
            return wanted.call.method in (GET, RESULT, LISTEN)
        if aspect is Aspect.TOOL:
            return definition is not None and self._only_reads(definition)
        return aspect is not Aspect.METHOD

    async def _recorded(self, record: Decided) -> int:
        """The number of the durable row. Cancelling loses no row: the one that was written is closed."""
        if not record.flush and (row := self._audit.decided_now(record)) is not None:
            return row
        writing = self._write(record)
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            if record.verdict == ALLOWED:
                writing.add_done_callback(self._close)
            raise

    def _write(self, record: Decided) -> asyncio.Task[int]:
        writing = asyncio.ensure_future(self._audit.decided(record))
        self._writing.add(writing)
        writing.add_done_callback(self._written)
        return writing

    def _written(self, writing: asyncio.Task[int]) -> None:
        self._writing.discard(writing)
        if not writing.cancelled():
            writing.exception()  # told to whoever waits; there may be nobody left

    def _close(self, writing: asyncio.Task[int]) -> None:
        if not writing.cancelled() and writing.exception() is None:
            self._audit.finished(Finished(writing.result(), Ending.NOT_SENT, _GONE))

    def _caller(self, wanted: Wanted, policies: Sequence[Policy]) -> Caller:
        """The caller as the server meets it: what it is asked is judged like what it asks."""
        caller = wanted.caller
        if not caller.capabilities:
            return caller
        asked = about(wanted.call, wanted.policy, caller, lambda: self._unchanged(wanted, policies))
        return replace(caller, ask=lambda questions: self._questions.ask(asked, questions))

    async def _send(
        self, upstream: Upstream, allow: Allow, wanted: Wanted, policies: Sequence[Policy]
    ) -> Answered:
        """Send once and write down what came of it. Whatever cannot be known counts as sent."""
        started = time.perf_counter()
        ending, detail, size = Ending.CANCELLED, "", 0
        try:
            outcome = await upstream.send(allow, wanted.call, self._caller(wanted, policies))
            ending, detail, size = _ending(outcome)
            return outcome
        except Withdrawn as error:
            ending, detail = Ending.NOT_SENT, str(error)
            return _changed()
        except Gone as error:
            ending, detail = Ending.NOT_SENT, str(error)
            return Unknown()
        except NotSent as error:
            ending, detail = Ending.NOT_SENT, str(error)
            return Verdict(Refusal.UPSTREAM, "", detail, "gateway")
        except OutcomeUnknown as error:
            ending, detail = Ending.UNKNOWN, str(error)
            return Verdict(Refusal.UNKNOWN, "", detail, "gateway")
        except Exception:
            log.exception("sending a call failed in the middle")
            ending, detail = Ending.UNKNOWN, "an internal error, which the gateway's log holds"
            return Verdict(Refusal.UNKNOWN, "", detail, "gateway")
        finally:
            running = round((time.perf_counter() - started) * 1000, 3)
            self._audit.finished(Finished(allow.row, ending, detail, size, running))

    def _unchanged(self, wanted: Wanted, policies: Sequence[Policy]) -> bool:
        """Whether policy, definition and grant are still those that were judged, and the gate is open."""
        return (
            not self._gate.reason
            and _revisions(self._policies.policies(wanted.policy)) == _revisions(policies)
            and _is_defined(wanted)
            and wanted.still_granted()
        )


def _is_defined(wanted: Wanted) -> bool:
    """Whether the server has the tool as it was judged. Only tools have a definition that binds them."""
    upstream, definition = wanted.upstream, wanted.definition
    if upstream is None or definition is None:
        return False
    if wanted.call.aspect is not Aspect.TOOL:
        return True
    current = upstream.current(wanted.call.tool.name)
    return current is not None and current.digest == definition.digest


def _judged(decision: Decision) -> Verdict:
    if decision.effect is Effect.ALLOW:
        return Verdict(None, decision.rule, decision.message)
    refusal = Refusal.LIMIT if decision.retry_after is not None else Refusal.RULE
    return Verdict(refusal, decision.rule, decision.message)


def _revisions(policies: Sequence[Policy]) -> list[str]:
    """Which documents these are: one that was read anew and says the same is no other."""
    return [policy.revision for policy in policies]


def _changed(rule: str = "") -> Verdict:
    message = "the policy, the tool's definition or the grant changed while the call waited"
    return Verdict(Refusal.CHANGED, rule, message, "gateway")


def _ending(outcome: Outcome) -> tuple[Ending, str, int]:
    if isinstance(outcome, Fault):
        return Ending.FAULT, f"{outcome.code} {outcome.message}"[:500], 0
    return (Ending.TOOL_ERROR if outcome.is_error else Ending.RESULT), "", len(outcome.result)
