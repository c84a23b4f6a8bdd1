"""What the rules for one name say of a call: the same for tools, prompts and resources.

The most restrictive rule wins and the order of entries never matters. A
predicate without an answer counts against the call. Limits are read here and
returned as reservations, all or none; whoever calls makes them in the same step.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import ceil
from typing import Any, Final

from latchward.model.call import ToolCall
from latchward.model.decision import Decision, Effect, LimitKey, Reason, Reservation
from latchward.model.ports import Usage

from .compiled import Check, Plan, concluded
from .limits import total

_NO_POLICY: Final = Reason(
    Effect.DENY,
    "(no policy)",
    "no policy holds for this client on this server: choose one in the client's grant",
)
NO_POLICY: Final = Decision(_NO_POLICY.effect, _NO_POLICY.rule, _NO_POLICY.message, (_NO_POLICY,))


def judge(plan: Plan, call: ToolCall, usage: Usage, now: datetime) -> Decision:
    """The decision of a plan: every rule is asked, and every one that objects is among the reasons."""
    if plan.final is not None:
        return plan.final
    reasons = list(plan.fixed)
    for schedule in plan.schedules:
        if not schedule.is_open(now):
            reasons.append(schedule.closed)
    reasons += _objections(plan.checks, call.arguments)
    if not plan.limits:
        return concluded(reasons) or plan.allowed
    return _with_limits(plan, reasons, call, usage, now)


def _objections(checks: Iterable[Check], arguments: Mapping[str, Any]) -> list[Reason]:
    reasons = []
    for check in checks:
        answer = check.ask(arguments)
        if answer is not check.passes:
            reasons.append(check.unjudged if answer is None else check.broken)
    return reasons


def _with_limits(plan: Plan, reasons: list[Reason], call: ToolCall, usage: Usage, now: datetime) -> Decision:
    reservations: list[Reservation] = []
    full: dict[str, LimitKey | None] = {}
    for limit in plan.limits:
        amount = limit.charge(call.arguments)
        if amount is None:
            reasons.append(Reason(Effect.DENY, limit.rule, limit.uncountable()))
            full[limit.rule] = None
            continue
        key = limit.key(call)
        used = usage.used(key, now)
        if total(used, amount) > limit.maximum:
            reasons.append(Reason(limit.on_exceed, limit.rule, limit.exceeded(used, amount)))
            # A call that is too great for an empty counter need not come back.
            full[limit.rule] = key if amount <= limit.maximum else None
        if amount:
            reservations.append(Reservation(key, amount))
    verdict = concluded(reasons) or plan.allowed
    if verdict.effect is Effect.DENY:
        return _refused(verdict, full, usage, now)
    return Decision(verdict.effect, verdict.rule, verdict.message, verdict.reasons, tuple(reservations))


def _refused(verdict: Decision, full: Mapping[str, LimitKey | None], usage: Usage, now: datetime) -> Decision:
    """Add when to come back, where time alone helps: all that denies are limits that will have room."""
    keys = [full.get(reason.rule) for reason in verdict.reasons if reason.effect is Effect.DENY]
    waits = [max(1, ceil((usage.free_at(key, now) - now).total_seconds())) for key in keys if key is not None]
    if len(waits) < len(keys):
        return verdict
    return Decision(verdict.effect, verdict.rule, verdict.message, verdict.reasons, (), max(waits))
