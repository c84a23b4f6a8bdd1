"""What a policy says of a call: pure functions, whichever part of the protocol the call belongs to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from latchward.model.call import Aspect, ToolCall
from latchward.model.decision import Decision, Effect, LimitKey, Reservation
from latchward.model.ports import Usage

from .beyond_tools import decide_method, decide_prompt, decide_question, decide_resource
from .compiled import Policy
from .judging import NO_POLICY, judge


def decide(policy: Policy | None, call: ToolCall, usage: Usage, now: datetime) -> Decision:
    """The decision on a `tools/call` at `now` (aware); `usage` is only read.

    Never raises for anything that a call can hold.
    """
    if policy is None:
        return NO_POLICY
    return judge(policy.tools.plan(call.tool.name), call, usage, now)


def decide_call(policies: Sequence[Policy], call: ToolCall, usage: Usage, now: datetime) -> Decision:
    """The decision on any request, which must pass several documents: the strictest; none at all deny.

    The call's aspect says which part of a document judges it. What several would charge to one counter is
    charged once, at the greater amount. Never raises for anything that a call can hold.
    """
    if len(policies) < 2:
        return _decide(policies[0] if policies else None, call, usage, now)
    decisions = [_decide(policy, call, usage, now) for policy in policies]
    strictest = max(decisions, key=lambda decision: decision.effect)
    if strictest.effect >= Effect.DENY:
        return strictest
    charges: dict[LimitKey, Reservation] = {}
    for reservation in (made for decision in decisions for made in decision.reservations):
        known = charges.get(reservation.key)
        if known is None or known.amount < reservation.amount:
            charges[reservation.key] = reservation
    return replace(strictest, reservations=tuple(charges.values()))


class _Unused:
    """Implements `Usage`: nothing was counted."""

    def used(self, key: LimitKey, now: datetime) -> Decimal:
        return Decimal(0)

    def free_at(self, key: LimitKey, now: datetime) -> datetime:
        return now


def decide_begun(policies: Sequence[Policy], begun: ToolCall, now: datetime) -> Decision:
    """The decision on a request about what an earlier call began: ALLOW, or HIDE.

    It is that on the earlier call, but for what was settled then: a person was asked, limits were counted.
    """
    decision = decide_call(policies, begun, _Unused(), now)
    effect = Effect.ALLOW if decision.effect <= Effect.APPROVE else Effect.HIDE
    return replace(decision, effect=effect, reservations=())


def _decide(policy: Policy | None, call: ToolCall, usage: Usage, now: datetime) -> Decision:
    match call.aspect:
        case Aspect.TOOL:
            return decide(policy, call, usage, now)
        case Aspect.PROMPT:
            return decide_prompt(policy, call, usage, now)
        case Aspect.RESOURCE:
            return decide_resource(policy, call, usage, now)
        case Aspect.QUESTION:
            return decide_question(policy, call.method)
        case Aspect.METHOD:
            return decide_method(policy, call.method)
