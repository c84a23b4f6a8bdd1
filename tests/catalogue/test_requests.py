"""What a request may do that is no call of a tool."""

from typing import Any

import pytest

from latchward.catalogue.requests import facts_of, is_page, risk_of
from latchward.model.call import Aspect, ToolCall
from latchward.model.ids import ToolId
from latchward.model.risk import Category, Severity

PAGE = {"mode": "url", "url": "https://a.example"}


def call(aspect: Aspect, method: str, name: str = "", **arguments: Any) -> ToolCall:
    return ToolCall("c", "s", ToolId("files", name or method), arguments, b"{}", "d", method, aspect)


def question(method: str, **arguments: Any) -> ToolCall:
    return call(Aspect.QUESTION, method, **arguments)


@pytest.mark.parametrize(
    ("asked", "category", "severity", "facts"),
    [
        (call(Aspect.PROMPT, "prompts/get", "p"), "Read", "Low", ["gives the agent a text"]),
        (call(Aspect.RESOURCE, "resources/read", "FILE:///a"), "Read", "Low", ["reads files"]),
        (call(Aspect.RESOURCE, "resources/read", "https://a"), "Read", "Low", ["leaves this machine"]),
        (call(Aspect.RESOURCE, "resources/read", "memo:a"), "Read", "Low", ["gives the agent a text"]),
        (question("elicitation/create"), "Write", "Medium", ["the server sees your answer"]),
        (question("elicitation/create", **PAGE), "Write", "High", ["opens a web page"]),
        (
            question("sampling/createMessage", tools=[{}], includeContext="allServers"),
            "Write",
            "Medium",
            [
                "wants what your client knows",
                "brings tools of its own",
                "the server sees the answer",
                "uses your model",
            ],
        ),
        (question("roots/list"), "Read", "Low", ["tells the server your folders"]),
    ],
)
def test_what_each_request_does_is_said_in_plain_facts(
    asked: ToolCall, category: str, severity: str, facts: list[str]
) -> None:
    risk = risk_of(asked)
    assert (risk.category.word, risk.severity.word, list(facts_of(asked))) == (category, severity, facts)


def test_a_method_is_read_as_the_name_of_a_tool_would_be() -> None:
    assert risk_of(call(Aspect.METHOD, "vendor/delete_repository")).category is Category.DESTRUCTIVE
    assert risk_of(call(Aspect.METHOD, "vendor/xyzzy")).severity >= Severity.HIGH


def test_only_a_question_in_the_mode_of_an_address_opens_a_page() -> None:
    assert is_page(question("elicitation/create", mode="url"))
    assert not is_page(question("elicitation/create", mode="form"))
    assert not is_page(question("sampling/createMessage", mode="url"))
