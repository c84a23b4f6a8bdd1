"""What the tray is told of a question that is not about a tool."""

from typing import Any, cast

from latchward.control.messages import Question
from latchward.daemon.views import HOLDS_OWN, SENDS_OWN, Risks, Views
from latchward.model.approval import ApprovalRequest, Scope
from latchward.model.call import Aspect, ToolCall
from latchward.model.ids import ToolId
from latchward.model.mask import Mask
from latchward.model.tool import ToolDefinition

NOBODY = cast(Any, None)
PAGE = {"mode": "url", "url": "https://a.example"}


def call(aspect: Aspect, method: str, name: str, arguments: dict[str, Any] | None = None) -> ToolCall:
    return ToolCall(
        "c", "s", ToolId("files", name), arguments or {}, b'{"x":"my-secret"}', "d", method, aspect
    )


def shown(wanted: ToolCall, entry: dict[str, Any], *secrets: str) -> Question:
    definition = ToolDefinition(wanted.tool.name, entry, "d")
    request = ApprovalRequest("n", "b", wanted, definition, "/r", "look", 50.0)
    return Views(NOBODY, NOBODY, NOBODY, NOBODY, Risks(), Mask(secrets)).question(request)


def test_a_prompt_is_told_with_what_its_entry_says() -> None:
    entry = {"name": "delete_everything", "title": "Review", "description": "Reviews."}
    told = shown(call(Aspect.PROMPT, "prompts/get", "delete_everything"), entry)
    assert (told.aspect, told.method, told.title, told.description) == (
        "prompt", "prompts/get", "Review", "Reviews.",
    )  # fmt: skip
    assert (told.category, told.severity) == ("Read", "Low")


def test_a_resource_is_told_with_its_name() -> None:
    told = shown(call(Aspect.RESOURCE, "resources/read", "file:///a"), {"uri": "file:///a", "name": "Notes"})
    assert (told.aspect, told.title, told.chips) == ("resource", "Notes", ("reads files",))


def test_a_question_of_a_server_is_told_with_what_comes_of_it() -> None:
    told = shown(call(Aspect.QUESTION, "elicitation/create", "elicitation/create"), {})
    assert (told.aspect, told.category, told.severity) == ("question", "Write", "Medium")
    assert told.chips == ("the server sees your answer",)


def test_a_secret_in_a_question_was_not_sent_by_the_agent() -> None:
    asked = shown(call(Aspect.QUESTION, "elicitation/create", "elicitation/create"), {}, "my-secret")
    assert asked.chips[0] == HOLDS_OWN
    assert "my-secret" not in asked.arguments
    assert shown(call(Aspect.PROMPT, "prompts/get", "p"), {}, "my-secret").chips[0] == SENDS_OWN


def test_each_page_is_asked_about_and_other_questions_may_be_answered_for_the_session() -> None:
    risks, nothing = Risks(), ToolDefinition("x", {}, "x")
    form = call(Aspect.QUESTION, "elicitation/create", "elicitation/create")
    page = call(Aspect.QUESTION, "elicitation/create", "elicitation/create", PAGE)
    read = call(Aspect.RESOURCE, "resources/read", "file:///a")
    method = call(Aspect.METHOD, "vendor/delete_all", "vendor/delete_all")
    assert [risks.scopes(one, nothing) for one in (form, page, read, method)] == [
        (Scope.CALL, Scope.SESSION),
        (Scope.CALL,),
        (Scope.CALL, Scope.SESSION),
        (Scope.CALL,),
    ]
