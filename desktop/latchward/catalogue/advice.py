"""The recommended policy for one tool, as a document."""

from typing import Any, Final

from latchward.model.plain import visible
from latchward.model.risk import Category, Risk, Rule

MAX_NAME: Final = 1_000
"""Characters of a name that a document can hold."""

PER_MINUTE: Final = {Category.READ: 60, Category.WRITE: 30, Category.EXECUTE: 10}
"""Calls a minute of a tool that is allowed within a rate."""


def rate_for(category: Category) -> dict[str, int | str]:
    """The recommended rate, as a document writes it; the strictest where a category has none."""
    return {"max": PER_MINUTE.get(category, min(PER_MINUTE.values())), "window": "minute"}


def policy_for(name: str, risk: Risk) -> dict[str, Any]:
    """A whole document for a server with this one tool; what it does not name is denied.

    A name that a document cannot hold, or would take for a pattern, gets no entry, so it is denied too.
    """
    document: dict[str, Any] = {"version": "1", "default": "deny"}
    if not _can_be_written(name):
        return document
    match risk.rule:
        case Rule.HIDE:
            document["hide"] = [name]
        case Rule.APPROVE:
            document["tools"] = {name: {"action": "approve"}}
        case Rule.LIMIT:
            document["tools"] = {name: {"action": "allow", "rate_limit": rate_for(risk.category)}}
        case Rule.ALLOW:
            document["tools"] = {name: {"action": "allow"}}
    return document


def _can_be_written(name: str) -> bool:
    plain = bool(name) and len(name) <= MAX_NAME and name == name.strip() and visible(name) == name
    return plain and not set(name) & set("*?\n\t")
