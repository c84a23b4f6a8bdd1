"""A document with other effects for some tools: what a click in the builder writes.

An edit touches the entries of the tools that were named, and the `hide` list;
conditions and limits of a tool stay. The result is read back, and an edit that another
rule (a glob, say) keeps from holding is refused, so that a click never says more
than it does.
"""

from collections.abc import Mapping
from typing import Any

from latchward.model.decision import Effect
from latchward.model.errors import PolicyError

from .compiled import Policy
from .document import load, plain, text_of
from .shown import shown

EMPTY = b'{"version": "1", "default": "deny"}'


def with_effects(
    policy: Policy | None, effects: Mapping[str, Effect], rates: Mapping[str, int] | None = None
) -> str:
    """The text of `policy` (or of one that denies) with these effects.

    `rates` gives calls a minute for tools that have no limit of their own yet.
    Raises `PolicyError` where another rule keeps a tool from its new effect.
    """
    document: dict[str, Any] = plain(policy or load(EMPTY, source="a new policy"))
    for tool, effect in effects.items():
        _set(document, tool, effect, (rates or {}).get(tool))
    text = text_of(document)
    edited = load(text, source=policy.source if policy else "a new policy")
    for tool, effect in effects.items():
        now = shown(edited, tool)
        if now.effect is not effect:
            raise PolicyError(
                f"`{tool}` stays at `{now.effect.word}`: the rule `{now.rule}` says so; edit that rule first"
            )
    return text


def _set(document: dict[str, Any], tool: str, effect: Effect, rate: int | None) -> None:
    hidden = [name for name in document.get("hide", []) if name != tool]
    if effect is Effect.HIDE:
        hidden.append(tool)
    if hidden or "hide" in document:
        document["hide"] = hidden
    if effect is Effect.HIDE:
        return
    entry = document.setdefault("tools", {}).setdefault(tool, {})
    entry.pop("action", None)
    if effect is not Effect.ALLOW:
        entry["action"] = effect.word
    elif rate is not None and not entry.get("limits") and "rate_limit" not in entry:
        entry["rate_limit"] = {"max": rate, "window": 60}
