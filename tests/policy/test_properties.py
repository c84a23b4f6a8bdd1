"""What holds for every document and every call."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latchward.model.decision import Decision, Effect, LimitKey
from latchward.policy.decide import decide
from latchward.policy.document import Policy, dump, load

from . import reference
from .strategies import ARGUMENTS, DOCUMENTS, KEYS, NAMES, PREDICATES
from .support import NOON, Used, call

COUNTS = st.integers(0, 3)


class Flat(Used):
    """Every counter stands at one number."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = Decimal(count)

    def used(self, key: LimitKey, now: object) -> Decimal:
        return self._count


def read(document: dict[str, Any]) -> Policy:
    return load(json.dumps(document), source="random")


def judged(document: dict[str, Any], name: str, arguments: dict[str, Any], count: int) -> Decision:
    return decide(read(document), call(name, arguments), Flat(count), NOON)


def compare(document: dict[str, Any], name: str, arguments: dict[str, Any], count: int) -> None:
    decision = judged(document, name, arguments, count)
    charged = {(item.key.entry, item.key.counter): item.amount for item in decision.reservations}

    expected = reference.judge(document, name, arguments, lambda entry, counter: Decimal(count))
    assert (decision.effect.word, decision.rule, charged) == expected


@settings(max_examples=1500)
@given(DOCUMENTS, NAMES, ARGUMENTS, COUNTS)
def test_decide_agrees_with_the_reference(
    document: dict[str, Any], name: str, args: dict[str, Any], count: int
) -> None:
    compare(document, name, args, count)


@pytest.mark.sweep
@pytest.mark.timeout(0)
@settings(max_examples=100_000)
@given(DOCUMENTS, NAMES, ARGUMENTS, COUNTS)
def test_decide_agrees_with_the_reference_at_length(
    document: dict[str, Any], name: str, args: dict[str, Any], count: int
) -> None:
    compare(document, name, args, count)


@settings(max_examples=300)
@given(DOCUMENTS, NAMES, ARGUMENTS, COUNTS, st.data())
def test_the_order_of_entries_never_matters(
    document: dict[str, Any], name: str, args: dict[str, Any], count: int, data: st.DataObject
) -> None:
    tools = list(document.get("tools", {}).items())
    shuffled = {**document, "tools": dict(data.draw(st.permutations(tools)))}
    shuffled = dict(data.draw(st.permutations(list(shuffled.items()))))

    assert judged(shuffled, name, args, count) == judged(document, name, args, count)


@settings(max_examples=300)
@given(DOCUMENTS, NAMES, ARGUMENTS, COUNTS, KEYS, PREDICATES)
def test_adding_a_deny_never_loosens(
    document: dict[str, Any], name: str, args: dict[str, Any], count: int, key: str, predicate: dict[str, Any]
) -> None:
    tools = document.get("tools", {})
    # A new entry would list the name, which is another matter; a rule in an entry that stands is not.
    entry = tools.get(key) if key in tools else document.get("all_tools", {})
    stricter_entry = {**(entry or {}), "deny_if": [*(entry or {}).get("deny_if", []), predicate]}
    if key in tools:
        stricter = {**document, "tools": {**tools, key: stricter_entry}}
    else:
        stricter = {**document, "all_tools": stricter_entry}

    assert judged(stricter, name, args, count).effect >= judged(document, name, args, count).effect


@settings(max_examples=300)
@given(DOCUMENTS, NAMES, ARGUMENTS, COUNTS, KEYS)
def test_an_entry_that_denies_is_never_beaten(
    document: dict[str, Any], name: str, args: dict[str, Any], count: int, key: str
) -> None:
    tools = {**document.get("tools", {}), name: {"action": "deny"}}

    assert judged({**document, "tools": tools}, name, args, count).effect >= Effect.DENY


@settings(max_examples=300)
@given(DOCUMENTS, NAMES, ARGUMENTS, COUNTS)
def test_a_dumped_document_decides_alike(
    document: dict[str, Any], name: str, args: dict[str, Any], count: int
) -> None:
    again = json.loads(dump(read(document)))

    assert judged(again, name, args, count) == judged(document, name, args, count)


@settings(max_examples=300)
@given(DOCUMENTS, NAMES, ARGUMENTS, COUNTS)
def test_a_refused_call_reserves_nothing(
    document: dict[str, Any], name: str, args: dict[str, Any], count: int
) -> None:
    decision = judged(document, name, args, count)

    assert decision.effect < Effect.DENY or decision.reservations == ()


@settings(max_examples=300)
@given(DOCUMENTS, NAMES, ARGUMENTS, COUNTS)
def test_the_deciding_rule_comes_first_among_the_reasons(
    document: dict[str, Any], name: str, args: dict[str, Any], count: int
) -> None:
    decision = judged(document, name, args, count)

    assert decision.effect == decision.reasons[0].effect == max(reason.effect for reason in decision.reasons)


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(st.characters(exclude_categories=()), max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xy"), inner, max_size=2),
    max_leaves=6,
)
VALUES_BY_OPERATOR: dict[str, Any] = {
    "regex": "^a+$",
    "glob": "a/*",
    "under": "/srv/x",
    "host_in": "x.org",
    "in": [1, "a"],
    "lt": 1,
    "exists": True,
}


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(VALUES_BY_OPERATOR)),
    ODD,
    st.text(st.characters(exclude_categories=()), max_size=5),
)
def test_no_argument_and_no_name_makes_decide_raise(op: str, odd: Any, name: str) -> None:
    rule = {"path": "args.x", "op": op, "value": VALUES_BY_OPERATOR[op]}
    limit = {"window": "day", "max": 3, "increment_from": "args.x"}
    document = {"version": "1", "default": "allow", "all_tools": {"deny_if": [rule], "limits": [limit]}}

    assert judged(document, name, {"x": odd}, 0).effect in Effect
