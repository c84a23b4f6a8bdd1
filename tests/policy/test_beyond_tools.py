"""Prompts, resources, requests of the server, unknown methods: what the corpus cannot say in one row."""

from dataclasses import replace
from typing import Any

import pytest

from latchward.model.call import Aspect, ToolCall
from latchward.model.decision import Effect
from latchward.policy import beyond_tools as beyond
from latchward.policy.decide import decide_call

from .support import NOON, Used, call, policy, refusal

ALL = {
    "default": "deny",
    "tools": {"x:a": {"action": "approve"}},
    "prompts": {"x:a": {}},
    "resources": {"x:a": {"action": "deny"}},
    "server_requests": {"elicitation": "allow", "sampling": "approve"},
    "methods": {"vendor/a": "allow"},
}


def of(aspect: Aspect, name: str = "x:a", method: str = "", **changes: Any) -> ToolCall:
    return replace(call(name), aspect=aspect, method=method, **changes)


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        (of(Aspect.TOOL), "/tools/x:a/action"),
        (of(Aspect.PROMPT, method="prompts/get"), "/prompts/x:a"),
        (of(Aspect.RESOURCE, method="resources/read"), "/resources/x:a/action"),
        (of(Aspect.RESOURCE, method="resources/subscribe"), "/resources/x:a/action"),
        (of(Aspect.PROMPT, method="completion/complete"), "/prompts/x:a"),
        (of(Aspect.QUESTION, method="elicitation/create"), "/server_requests/elicitation"),
        (of(Aspect.QUESTION, method="sampling/createMessage"), "/server_requests/sampling"),
        (of(Aspect.QUESTION, method="roots/list"), "(default deny)"),
        (of(Aspect.QUESTION, method="elicitation"), "(unknown request)"),
        (of(Aspect.METHOD, method="vendor/a"), "/methods/vendor~1a"),
        (of(Aspect.METHOD, method="vendor/b"), "(unknown method)"),
    ],
)
def test_each_request_is_judged_by_the_part_of_the_policy_that_speaks_of_it(
    asked: ToolCall, rule: str
) -> None:
    assert decide_call([policy(**ALL)], asked, Used(), NOON).rule == rule


@pytest.mark.parametrize("aspect", list(Aspect))
def test_of_two_documents_the_stricter_one_holds_for_every_request(aspect: Aspect) -> None:
    asked = of(aspect, "x:a", "roots/list")
    strict = policy(default="deny", methods={"roots/list": "deny"})
    open_ = policy(default="allow", methods={"roots/list": "allow"})

    for documents in ([strict, open_], [open_, strict]):
        assert decide_call(documents, asked, Used(), NOON).effect is Effect.DENY
    assert decide_call([open_, open_], asked, Used(), NOON).effect is Effect.ALLOW


@pytest.mark.parametrize("aspect", list(Aspect))
def test_no_document_at_all_denies_every_request(aspect: Aspect) -> None:
    assert decide_call([], of(aspect, "x", "roots/list"), Used(), NOON).rule == "(no policy)"


def test_what_two_documents_charge_to_one_counter_is_charged_once_at_the_greater_amount() -> None:
    once = policy(resources={"x:a": {"limits": [{"window": "day", "max": 9}]}})
    twice = policy(resources={"x:a": {"limits": [{"window": "day", "max": 9, "increment": 2}]}})

    decision = decide_call([twice, once], of(Aspect.RESOURCE), Used(), NOON)
    assert [int(made.amount) for made in decision.reservations] == [2]


def test_a_resource_is_judged_by_its_normal_address() -> None:
    document = policy(resources={"file:///home/me/project/**": {}})

    inside = of(Aspect.RESOURCE, "FILE://localhost/home/me/project/%61.txt")
    outside = of(Aspect.RESOURCE, "file:///home/me/project/../.ssh/id")
    hidden = of(Aspect.RESOURCE, "file:///home/me/project/..%2f.ssh/id")
    effects = [decide_call([document], asked, Used(), NOON).effect for asked in (inside, outside, hidden)]
    assert effects == [Effect.ALLOW, Effect.DENY, Effect.DENY]


@pytest.mark.parametrize(
    ("template", "glob"),
    [
        ("file:///{+path}", "file:///**"),
        ("{scheme}://{host}", "{scheme}:**"),
        ("no address at all", "no *"),
        ("file:///a%2fb", "*"),
    ],
)
def test_a_template_is_listed_unless_it_is_hidden(template: str, glob: str) -> None:
    assert beyond.resource_visible(policy(default="deny"), template)
    assert beyond.resource_visible(policy(resources={glob: {"action": "deny"}}), template)
    assert not beyond.resource_visible(policy(resources={glob: {"action": "hide"}}), template)


def test_a_server_may_ask_for_what_no_document_denies() -> None:
    one = policy(server_requests={"elicitation": "allow", "sampling": "approve", "roots": "allow"})
    other = policy(server_requests={"elicitation": "approve", "sampling": "approve", "roots": "deny"})

    assert beyond.questions_allowed([one]) == {"elicitation", "sampling", "roots"}
    assert beyond.questions_allowed([one, other]) == {"elicitation", "sampling"}
    assert beyond.questions_allowed([policy()]) == frozenset()
    assert beyond.questions_allowed([]) == frozenset()


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
