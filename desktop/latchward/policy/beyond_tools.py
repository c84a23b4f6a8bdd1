"""What a policy says of the rest of the protocol: prompts, resources, the server's requests, other methods.

What a hidden or denied tool would show must not be readable here, so nothing
is allowed for not being a tool: what no entry names gets the default.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from latchward.model.call import ToolCall
from latchward.model.decision import Decision, Effect, Reason
from latchward.model.ports import Usage

from .compiled import Policy
from .judging import NO_POLICY, judge

_UNKNOWN: Final = Reason(
    Effect.HIDE, "(unknown method)", "there is no such method: a policy can name it in `methods`"
)

KINDS: Final[Mapping[str, str]] = {
    "elicitation/create": "elicitation",
    "sampling/createMessage": "sampling",
    "roots/list": "roots",
}
"""What a server may ask of a client, by the method with which it asks."""


def decide_prompt(policy: Policy | None, call: ToolCall, usage: Usage, now: datetime) -> Decision:
    """The decision on a `prompts/get`; `call.tool.name` is the prompt's name."""
    return NO_POLICY if policy is None else judge(policy.prompts.plan(call.tool.name), call, usage, now)


def decide_resource(policy: Policy | None, call: ToolCall, usage: Usage, now: datetime) -> Decision:
    """The decision on a `resources/read` or a subscription; `call.tool.name` is the address as sent."""
    return NO_POLICY if policy is None else judge(policy.resources.plan(call.tool.name), call, usage, now)


def decide_server_request(policy: Policy | None, kind: str) -> Decision:
    """The decision on what the server asks of the client: `elicitation`, `sampling` or `roots`.

    Every other kind is refused: ALLOW, APPROVE or DENY.
    """
    if policy is None:
        return NO_POLICY
    reason = policy.server_requests.get(kind)
    if reason is None:
        reason = Reason(
            Effect.DENY, "(unknown request)", "servers may ask for elicitation, sampling and roots alone"
        )
    return _of(reason)


def decide_question(policy: Policy | None, method: str) -> Decision:
    """The same, by the method with which the server asks; a method of any other name is refused."""
    return decide_server_request(policy, KINDS.get(method, ""))


def questions_allowed(policies: Sequence[Policy]) -> frozenset[str]:
    """The kinds that none of these documents denies; no document at all denies every kind.

    What is not among them is never put to a client, so no server need be told that the client could answer.
    """
    if not policies:
        return frozenset()
    return frozenset(
        kind
        for kind in KINDS.values()
        if all(decide_server_request(policy, kind).effect < Effect.DENY for policy in policies)
    )


def decide_method(policy: Policy | None, method: str) -> Decision:
    """The decision on a method that the gateway does not know; HIDE where no rule names it."""
    return NO_POLICY if policy is None else _of(policy.methods.get(method, _UNKNOWN))


def prompt_visible(policy: Policy | None, name: str) -> bool:
    """Whether a prompt is listed; where several documents hold, each must say so."""
    return policy is not None and not policy.prompts.plan(name).hidden


def resource_visible(policy: Policy | None, uri: str) -> bool:
    """The same for a resource, by its address, and for a template, by its text."""
    return policy is not None and not policy.resources.plan(uri).hidden


def _of(reason: Reason) -> Decision:
    return Decision(reason.effect, reason.rule, reason.message, (reason,))
