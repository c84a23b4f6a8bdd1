"""Prompts, resources, requests of the server, unknown methods: what the corpus cannot say in one row."""

import pytest

from latchward.model.decision import Effect
from latchward.policy import beyond_tools as beyond

from .support import NOON, Used, call, policy, refusal


def test_without_a_policy_nothing_is_allowed_for_not_being_a_tool() -> None:
    decisions = [
        beyond.decide_prompt(None, call("p"), Used(), NOON),
        beyond.decide_resource(None, call("file:///a"), Used(), NOON),
        beyond.decide_server_request(None, "sampling"),
        beyond.decide_method(None, "x/y"),
    ]

    assert {decision.rule for decision in decisions} == {"(no policy)"}


@pytest.mark.parametrize("part", ["prompts", "resources"])
def test_limits_count_here_too(part: str) -> None:
    document = policy(**{part: {"x:a": {"limits": [{"window": "day", "max": 1}]}}})
    decide = beyond.decide_prompt if part == "prompts" else beyond.decide_resource

    (reservation,) = decide(document, call("x:a"), Used(), NOON).reservations
    assert reservation.key.entry == f"/{part}/x:a"


def test_rules_for_all_tools_do_not_reach_prompts() -> None:
    document = policy(default="allow", all_tools={"action": "deny"})

    assert beyond.decide_prompt(document, call("p"), Used(), NOON).effect is Effect.ALLOW


def test_two_spellings_of_one_resource_are_refused_as_entries() -> None:
    text = '{"version": "1", "resources": {"file:///a": {}, "FILE:///b/../a": {"action": "deny"}}}'
    error = refusal(text)

    assert (
        "names the same resource as another entry at `/resources/FILE:~1~1~1b~1..~1a`: keep one"
        in error.message
    )
    assert error.column == text.index('"FILE') + 1
