"""What a click in the builder writes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.model.decision import Effect
from latchward.model.errors import PolicyError
from latchward.policy.document import Policy, load
from latchward.policy.edit import with_effects
from latchward.policy.shown import shown

CLICKS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(list(Effect)))


def policy(**document: Any) -> Policy:
    return load(json.dumps({"version": "1", **document}), source="p.json")


def edited(before: Policy | None, effects: dict[str, Effect], **more: Any) -> Policy:
    return load(with_effects(before, effects, **more), source="p.json")


@given(CLICKS, CLICKS)
def test_every_tool_gets_its_clicked_effect(first: dict[str, Effect], then: dict[str, Effect]) -> None:
    after = edited(edited(policy(default="approve"), first), then)
    for tool, effect in {**first, **then}.items():
        assert shown(after, tool).effect is effect


def test_tools_that_were_not_clicked_stay_as_they_are() -> None:
    before = policy(hide=["x"], tools={"y": {"action": "deny", "reason": "no"}, "z": {}})
    after = edited(before, {"z": Effect.HIDE})
    assert [shown(after, tool).effect for tool in "xyz"] == [Effect.HIDE, Effect.DENY, Effect.HIDE]
    assert after.document.tools["y"] == before.document.tools["y"]


def test_conditions_and_limits_of_a_clicked_tool_stay() -> None:
    before = policy(tools={"t": {"action": "deny", "rate_limit": "5/hour"}})
    assert edited(before, {"t": Effect.ALLOW}).document.tools["t"].rate_limit == "5/hour"


def test_a_rate_is_given_only_where_there_is_no_limit_yet() -> None:
    before = policy(tools={"old": {"rate_limit": "5/hour"}})
    after = edited(before, {"old": Effect.ALLOW, "new": Effect.ALLOW}, rates={"old": 30, "new": 30})
    assert json.loads(with_effects(after, {}))["tools"] == {
        "old": {"rate_limit": "5/hour"},
        "new": {"rate_limit": {"max": 30, "window": 60}},
    }


def test_a_click_that_another_rule_would_undo_is_refused() -> None:
    with pytest.raises(PolicyError, match="`t` stays at `hide`: the rule `/hide/0` says so"):
        with_effects(policy(hide=["t*"]), {"t": Effect.ALLOW})


def test_a_first_click_makes_a_document_that_denies_the_rest() -> None:
    after = edited(None, {"t": Effect.ALLOW})
    assert [shown(after, tool).effect for tool in ("t", "u")] == [Effect.ALLOW, Effect.DENY]
