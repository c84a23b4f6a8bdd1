"""What a policy says of a tool before any call is known: the one word that the builder shows."""

from dataclasses import dataclass

from latchward.model.decision import Effect, Reason

from .compiled import Policy, concluded


@dataclass(frozen=True, slots=True)
class Shown:
    """`effect` is that of a call that no condition objects to; `custom`: conditions or limits apply besides.

    `rule` is the pointer of the rule that gives the effect; `own` says that it is the
    default or the tool's own, so that an edit of the tool alone changes it.
    """

    effect: Effect
    rule: str
    custom: bool = False
    own: bool = True


def shown(policy: Policy | None, tool: str) -> Shown:
    """The word for a tool; without a policy everything is denied."""
    if policy is None:
        return Shown(Effect.DENY, "(no policy)")
    plan = policy.tools.plan(tool)
    custom = bool(plan.schedules or plan.checks or plan.limits)
    if plan.final is not None:
        reason = plan.final.reasons[0] if plan.final.reasons else _of(plan.final.effect, plan.final.rule)
        return Shown(plan.final.effect, reason.rule, custom, _is_own(policy, reason.rule, tool))
    decided = concluded(list(plan.fixed)) or plan.allowed
    return Shown(decided.effect, decided.rule, custom, _is_own(policy, decided.rule, tool))


def _is_own(policy: Policy, rule: str, tool: str) -> bool:
    if rule.startswith("/hide/"):
        return policy.document.hide[int(rule.removeprefix("/hide/"))] == tool
    pointer = f"/tools/{tool.replace('~', '~0').replace('/', '~1')}"
    return rule.startswith("(") or rule == pointer or rule.startswith(f"{pointer}/")


def _of(effect: Effect, rule: str) -> Reason:
    return Reason(effect, rule, "")
