"""The format once more, as plainly as it can be written: slow, over the raw document, sharing no code.

Names, paths and operators are read anew for each call. It knows the part of the format that the random
documents use: no schedules, no disk, no hosts, no regular expressions.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

RANK = {"allow": 0, "approve": 1, "deny": 2, "hide": 3}
KINDS = ["action", "require", "deny_if", "approve_if", "limits", "rate_limit"]


class Cannot(Exception):
    """The predicate has no answer."""


def matches(glob: str, name: str) -> bool:
    if not glob:
        return not name
    if glob[0] == "*":
        return any(matches(glob[1:], name[at:]) for at in range(len(name) + 1))
    return bool(name) and glob[0] in ("?", name[0]) and matches(glob[1:], name[1:])


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    for word, types in (("number", (int, float, Decimal)), ("text", str), ("list", list), ("object", dict)):
        if isinstance(value, types):
            return word
    return "null"


def same(left: Any, right: Any) -> bool:
    if kind(left) != kind(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict):
        return set(left) == set(right) and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


MISSING = object()


def found(value: Any, steps: list[str]) -> list[Any]:
    """Every value that the steps lead to; MISSING where there is none."""
    if not steps:
        return [value]
    step, rest = steps[0], steps[1:]
    if step == "[*]":
        if not isinstance(value, list):
            raise Cannot
        return [item for element in value for item in found(element, rest)]
    if step == "#":
        if not isinstance(value, str | list):
            raise Cannot
        return [len(value)]
    if isinstance(value, dict) and step in value:
        return found(value[step], rest)
    return [MISSING]


def steps_of(path: str) -> list[str]:
    steps = path.replace("[*]", ".[*]").split(".")[1:]
    return [*steps[:-1], "#"] if len(steps) > 1 and steps[-1] == "length" else steps


def compare(op: str, actual: Any, wanted: Any) -> bool:
    if op == "exists":
        return wanted is (actual is not MISSING and actual is not None)
    if actual is MISSING:
        raise Cannot
    if op in ("neq", "not_in"):
        return not compare({"neq": "eq", "not_in": "in"}[op], actual, wanted)
    if op == "in":
        return among(actual, wanted)
    if op == "contains" and isinstance(actual, list):
        return among(wanted, actual)
    if kind(actual) != kind(wanted):
        raise Cannot
    if op == "eq":
        return same(actual, wanted)
    if op in ("lt", "lte", "gt", "gte"):
        if kind(actual) != "number":
            raise Cannot
        below, above = actual < wanted, actual > wanted
        return bool({"lt": below, "lte": not above, "gt": above, "gte": not below}[op])
    if kind(actual) != "text":
        raise Cannot
    return bool(actual.startswith(wanted) if op == "starts_with" else wanted in actual)


def among(sought: Any, elements: list[Any]) -> bool:
    if any(same(sought, element) for element in elements):
        return True
    if elements and all(kind(sought) != kind(element) for element in elements):
        raise Cannot
    return False


def answer(predicate: Mapping[str, Any], arguments: Mapping[str, Any], every: bool) -> bool | None:
    """True, False, or None for no answer."""
    answers: list[bool | None] = []
    try:
        values = found(dict(arguments), steps_of(predicate["path"]))
    except Cannot:
        values = []
        answers = [None]
    for value in values:
        try:
            answers.append(compare(predicate["op"], value, predicate["value"]))
        except Cannot:
            answers.append(None)
    if not answers:
        return every and not (predicate["op"] == "exists" and predicate["value"] is True)
    if (not every) in answers:
        return not every
    return None if None in answers else every


def judge(
    document: Mapping[str, Any], name: str, arguments: Mapping[str, Any], used: Callable[[str, str], Decimal]
) -> tuple[str, str, dict[tuple[str, str], Decimal]]:
    """Effect, rule, and what is charged by (entry, counter), for a document as a plain object."""
    entries = {key: entry for key, entry in document.get("tools", {}).items() if matches(key, name)}
    hidden = any(matches(glob, name) for glob in document.get("hide", []))
    if hidden or any(entry.get("action") == "hide" for entry in entries.values()):
        return "hide", "(hidden)", {}
    listing = [key for key, entry in entries.items() if key.strip("*") or "action" in entry]
    spoken: list[tuple[int, int, int, str, int, str, str]] = []
    charges: dict[tuple[str, str], Decimal] = {}
    if not listing:
        default = document.get("default", "deny")
        spoken.append((-RANK[default], -1, 0, "", 0, f"(default {default})", default))
    for last, key, pointer, entry in [
        *((0, key, f"/tools/{key}", entry) for key, entry in entries.items()),
        *((1, "", "/all_tools", entry) for entry in [document.get("all_tools", {})]),
    ]:
        for where, at, effect in effects(entry, arguments, pointer, used, charges):
            rule = f"{pointer}/{where}" if where in ("action", "rate_limit") else f"{pointer}/{where}/{at}"
            spoken.append((-RANK[effect], KINDS.index(where), last, key, at, rule, effect))
    spoken = [item for item in spoken if item[6] != "allow"]
    if not spoken:
        return "allow", f"/tools/{min(listing)}" if listing else "(default allow)", charges
    *_, rule, effect = min(spoken)
    return effect, rule, {} if effect == "deny" else charges


def effects(
    entry: Mapping[str, Any],
    arguments: Mapping[str, Any],
    pointer: str,
    used: Callable[[str, str], Decimal],
    charges: dict[tuple[str, str], Decimal],
) -> list[tuple[str, int, str]]:
    """Every rule of one entry that speaks: its kind, its place in the list, its effect."""
    spoken = []
    if entry.get("action") in ("deny", "approve"):
        spoken.append(("action", 0, entry["action"]))
    for clause, passing, effect in (
        ("require", True, "deny"),
        ("deny_if", False, "deny"),
        ("approve_if", False, "approve"),
    ):
        for at, predicate in enumerate(entry.get(clause, [])):
            if answer(predicate, arguments, every=passing) is not passing:
                spoken.append((clause, at, effect))
    limits = [("limits", at, limit) for at, limit in enumerate(entry.get("limits", []))]
    if "rate_limit" in entry:
        limits.append(("rate_limit", 0, {**entry["rate_limit"], "counter": "(rate)"}))
    for where, at, limit in limits:
        amount: Any = limit.get("increment", 1)
        if "increment_from" in limit:
            try:
                amount = found(dict(arguments), steps_of(limit["increment_from"]))[0]
            except Cannot:
                amount = None
            if kind(amount) != "number" or amount < 0:
                spoken.append((where, at, "deny"))
                continue
        counter = limit.get("counter", str(limit["window"]))
        if used(pointer, counter) + Decimal(amount) > limit["max"]:
            spoken.append((where, at, limit.get("on_exceed", "deny")))
        if amount:
            charges[pointer, counter] = Decimal(amount)
    return spoken
