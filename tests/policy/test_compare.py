"""Whether one document lets through more than another."""

import json
from typing import Any

import pytest
from hypothesis import given

from latchward.policy.compare import loosened
from latchward.policy.document import Policy, load

from .strategies import ARGUMENTS, DOCUMENTS, NAMES
from .support import decided

STRICT: dict[str, Any] = {
    "default": "deny",
    "hide": ["h"],
    "tools": {
        "a": {},
        "q": {"action": "approve"},
        "r": {"require": [{"path": "args.x", "op": "eq", "value": 1}], "rate_limit": "5/hour"},
    },
}


def policy(document: dict[str, Any]) -> Policy:
    return load(json.dumps({"version": "1", **document}), source="p.json")


def with_tools(**tools: Any) -> dict[str, Any]:
    return {**STRICT, "tools": {**STRICT["tools"], **tools}}


@pytest.mark.parametrize(
    "document",
    [
        STRICT,
        {**STRICT, "description": "another text"},
        {**STRICT, "hide": ["h", "a"]},
        with_tools(a={"action": "approve"}),
        with_tools(a={"action": "deny"}),
        with_tools(q={"action": "deny"}),
        with_tools(a={"rate_limit": "1/hour"}),
        {**STRICT, "all_tools": {"limits": [{"window": "day", "max": 3}]}},
        {"default": "deny", "hide": ["h"]},
        {**STRICT, "server_requests": {"sampling": "deny"}},
    ],
)
def test_what_only_tightens_is_not_looser(document: dict[str, Any]) -> None:
    assert loosened(policy(STRICT), policy(document), ["a", "q", "r", "h"]) == ()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({**STRICT, "default": "allow"}, "any other tool: deny becomes allow"),
        ({**STRICT, "default": "approve"}, "any other tool: deny becomes approve"),
        ({**STRICT, "hide": []}, "`h`: hide becomes deny"),
        (with_tools(q={}), "`q`: approve becomes allow"),
        (with_tools(n={}), "`n`: deny becomes allow"),
        (with_tools(**{"new_*": {}}), "`new_`: deny becomes allow"),
        (with_tools(r={"rate_limit": "5/hour"}), "`r`: a condition, limit or schedule is gone"),
        (
            with_tools(r={"require": [{"path": "args.x", "op": "eq", "value": 2}], "rate_limit": "5/hour"}),
            "`r`: a condition, limit or schedule is gone or is another",
        ),
        ({**STRICT, "resources": {"file:///**": {}}}, "what it says of resources is another"),
        ({**STRICT, "default": "approve"}, "any other prompt or resource: deny becomes approve"),
        ({**STRICT, "methods": {"vendor/x": "allow"}}, "the method `vendor/x`: hide becomes allow"),
        (
            {**STRICT, "default": "approve", "server_requests": {"sampling": "allow", "roots": "deny"}},
            "`sampling` asked for by the server: deny becomes allow",
        ),
        (
            {**STRICT, "default": "allow"},
            "`elicitation`, `sampling`, `roots` asked for by the server: deny becomes allow",
        ),
    ],
)
def test_what_lets_more_through_is_told(document: dict[str, Any], said: str) -> None:
    assert any(sentence.startswith(said) for sentence in loosened(policy(STRICT), policy(document), ["a"]))


@pytest.mark.parametrize("part", ["prompts", "resources"])
def test_an_entry_that_is_taken_away_is_told_where_the_default_lets_things_through(part: str) -> None:
    entries = {part: {"file:///secret": {"action": "deny"}}}

    assert loosened(policy({"default": "allow", **entries}), policy({"default": "allow"}), []) == (
        f"what it says of {part} is another",
    )
    assert loosened(policy({"default": "deny", **entries}), policy({"default": "deny"}), []) == ()


def test_a_default_that_reaches_no_tool_is_still_told() -> None:
    asks = {"tools": {"*": {"action": "approve"}}}

    told = loosened(policy({"default": "deny", **asks}), policy({"default": "allow", **asks}), [])
    assert told[0] == "any other prompt or resource: deny becomes allow"


@pytest.mark.parametrize("answer", ["approve", "allow"])
def test_a_question_that_may_be_asked_again_is_told(answer: str) -> None:
    denies = {"default": "allow", "server_requests": {"roots": "deny"}}
    now = policy({"default": "allow", "server_requests": {"roots": answer}})

    assert loosened(policy(denies), now, []) == (f"`roots` asked for by the server: deny becomes {answer}",)


def test_a_first_policy_is_looser_than_none() -> None:
    assert loosened(None, policy({"tools": {"a": {}}}), ()) == ("`a`: deny becomes allow",)


def test_taking_a_policy_away_is_not_looser() -> None:
    assert loosened(policy(STRICT), None, ["a"]) == ()


@given(DOCUMENTS, DOCUMENTS, NAMES, ARGUMENTS)
def test_what_is_not_told_as_looser_never_lets_more_through(
    before: dict[str, Any], after: dict[str, Any], tool: str, arguments: dict[str, Any]
) -> None:
    """Either a difference is told, or every call fares at least as strictly; an edit of `before` alike."""
    old = policy(before)
    for document in (after, {**before, "tools": {**before.get("tools", {}), **after.get("tools", {})}}):
        new = policy(document)
        if not loosened(old, new, [tool]):
            assert decided(new, tool, arguments).effect >= decided(old, tool, arguments).effect
