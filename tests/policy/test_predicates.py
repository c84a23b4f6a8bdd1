"""Operators: three answers, and no coercion."""

import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.model.decision import Effect
from latchward.policy.paths import parse_path
from latchward.policy.predicates import CANNOT_EVALUATE, OPERATORS, BadValue, compile_predicate

from .strategies import ARGUMENTS, PREDICATES, VALUES
from .support import decided, policy


def ask(path: str, op: str, value: Any, arguments: dict[str, Any], *, every: bool = False) -> bool | None:
    return compile_predicate(parse_path(path), OPERATORS[op], value, every=every)(arguments)


# A condition on an amount, and what an agent sends in its place.
ODD_AMOUNTS: list[Any] = [
    None, "500", "abc", True, False, [500], {"$gt": 0}, {}, [], "\u0665\u0660\u0660", " 500", "5e2", "inf",
    "0x1f4", float("inf"), float("-inf"), float("nan"), Decimal("Infinity"), Decimal("NaN"), Decimal("sNaN"),
    b"5", (5,),
]  # fmt: skip


@pytest.mark.parametrize("amount", ODD_AMOUNTS, ids=repr)
@pytest.mark.parametrize("op", ["lt", "lte", "gt", "gte", "eq", "neq"])
def test_what_is_no_number_never_compares_with_one(op: str, amount: Any) -> None:
    assert ask("args.a", op, 1, {"a": amount}) is CANNOT_EVALUATE


@pytest.mark.parametrize("amount", ODD_AMOUNTS, ids=repr)
@pytest.mark.parametrize("clause", ["require", "deny_if"])
@pytest.mark.parametrize(
    ("op", "value"), [("lte", 500), ("gt", 500), ("eq", 500), ("in", [500]), ("regex", "^x$")]
)
def test_a_condition_that_cannot_be_evaluated_denies(clause: str, op: str, value: Any, amount: Any) -> None:
    if op == "regex" and isinstance(amount, str):
        return
    document = policy(tools={"t": {clause: [{"path": "args.a", "op": op, "value": value}]}})

    assert decided(document, "t", {"a": amount}).effect is Effect.DENY


@pytest.mark.parametrize("clause", ["require", "deny_if"])
@pytest.mark.parametrize("op", sorted(set(OPERATORS) - {"exists"}))
def test_a_missing_path_denies_with_every_operator(op: str, clause: str) -> None:
    samples = {"text": "x", "a list": ["x"], "a number": 1}
    value = samples[OPERATORS[op].accepts[0]]
    document = policy(tools={"t": {clause: [{"path": "args.a.b", "op": op, "value": value}]}})

    assert decided(document, "t", {"a": {}}).effect is Effect.DENY


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, 1.0), (1, Decimal("1.00")), (0.1, Decimal("0.1")), (10**30, Decimal("1e30")), (0, Decimal("-0"))],
)
def test_numbers_are_equal_by_value(left: Any, right: Any) -> None:
    assert ask("args.a", "eq", right, {"a": left}) is True


def test_numbers_compare_exactly_beyond_the_precision_of_floats() -> None:
    assert ask("args.a", "lte", 2**53, {"a": 2**53 + 1}) is False


def test_a_fraction_of_forty_digits_is_not_rounded() -> None:
    assert ask("args.a", "lte", 1, {"a": Decimal("1." + "0" * 39 + "1")}) is False


@pytest.mark.parametrize("text", ["a" * 50_000, "a" * 50_000 + "!", "\u00e9" * 50_000])
def test_a_regular_expression_takes_linear_time(text: str) -> None:
    began = time.perf_counter()
    ask("args.a", "regex", "^(a+)+$", {"a": text})

    assert time.perf_counter() - began < 1.0


@pytest.mark.parametrize(
    "pattern",
    ["(", "[", "a{1001}", "((a{100}){100}){100}", "(?<=a)b", r"(a)\1", "(?m)^a$", r"\\(?m)^a$", "a(?im:b)"],
)
def test_a_pattern_that_is_not_linear_or_not_whole_does_not_load(pattern: str) -> None:
    with pytest.raises(BadValue, match="write a regular expression of RE2"):
        ask("args.a", "regex", pattern, {})


def test_an_escaped_bracket_is_no_flag() -> None:
    assert ask("args.a", "regex", r"^\(?m\)$", {"a": "(m)"}) is True


def test_inline_flags_that_change_no_ends_are_read() -> None:
    assert ask("args.a", "regex", "(?i)^OK$", {"a": "ok"}) is True


@pytest.mark.parametrize("text", ["ok\nrm", "rm\nok", "ok\n", "\nok", "ok\r", "ok\u2028"])
def test_anchors_are_the_ends_of_the_text(text: str) -> None:
    assert ask("args.a", "regex", "^ok$", {"a": text}) is False


@given(PREDICATES, ARGUMENTS, st.booleans())
def test_every_predicate_answers_with_one_of_three(
    predicate: dict[str, Any], arguments: dict[str, Any], every: bool
) -> None:
    assert ask(predicate["path"], predicate["op"], predicate["value"], arguments, every=every) in (
        True,
        False,
        None,
    )


@given(VALUES, VALUES)
def test_equality_does_not_depend_on_the_side(left: Any, right: Any) -> None:
    assert ask("args.a", "eq", right, {"a": left}) is ask("args.a", "eq", left, {"a": right})


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_has_its_sentence(name: str) -> None:
    operator = OPERATORS[name]

    assert operator.name == name
    assert "{}" in operator.must
    assert "{}" in operator.holds


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_refuses_a_value_of_another_kind(name: str) -> None:
    samples = {"text": "x", "a number": 1, "a boolean": True, "null": None, "a list": ["x"], "an object": {}}
    for kind, value in samples.items():
        if kind not in OPERATORS[name].accepts:
            with pytest.raises(BadValue, match="write "):
                ask("args.a", name, value, {})
