"""JSON values: their kinds, and when two of them are equal.

Python says `True == 1` and `1 == "1"` is merely false; a policy says that a
boolean is no number and that values of different kinds cannot be compared.
"""

from decimal import Decimal
from typing import Any

KINDS: dict[type, str] = {
    str: "text",
    bool: "a boolean",
    int: "a number",
    Decimal: "a number",
    float: "a number",
    type(None): "null",
    list: "a list",
    dict: "an object",
}


def kind_of(value: object) -> str:
    """The kind in words (`text`, `a number`, ...); "" for what JSON does not have, such as infinity."""
    kind = KINDS.get(type(value), "")
    if kind == "a number" and as_number(value) is None:
        return ""
    return kind


def as_number(value: object) -> int | Decimal | None:
    """The value as a number that compares exactly, or None where it is not a finite number.

    A float stands for the shortest text that reads back as it: `0.1` is a tenth.
    """
    kind = type(value)
    if kind is int:
        return value  # type: ignore[return-value]  # a bool has another type
    if kind is Decimal:
        return value if value.is_finite() else None  # type: ignore[attr-defined, return-value]
    if kind is float:
        number = Decimal(repr(value))
        return number if number.is_finite() else None
    return None


def equal(left: Any, right: Any) -> bool:
    """Whether two JSON values are the same value: `1` is `1.0`, `true` is not `1`, keys have no order.

    Never recurses deeper than the documents and calls that are let in.
    """
    kind = kind_of(left)
    if not kind or kind != kind_of(right):
        return False
    if kind == "a number":
        return as_number(left) == as_number(right)
    if kind == "a list":
        return len(left) == len(right) and all(map(equal, left, right))
    if kind == "an object":
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)
