"""Which tools a client sees."""

from .compiled import Policy


def visible(policy: Policy | None, name: str) -> bool:
    """Whether a tool is listed: a hidden one is not, a denied one is (and its refusal says why).

    Without a policy nothing is listed.
    """
    return policy is not None and not policy.tools.plan(name).hidden
