"""The question on a terminal, as text."""

from typing import Any

import pytest

from latchward.cli.terminal import question
from latchward.model.approval import ApprovalRequest
from latchward.model.call import Aspect, ToolCall
from latchward.model.ids import ToolId
from latchward.model.tool import ToolDefinition


def asked(aspect: Aspect, method: str, name: str, payload: bytes = b"{}") -> str:
    call = ToolCall("cursor", "s", ToolId("files", name), {}, payload, "d", method, aspect)
    request: dict[str, Any] = {"nonce": "n", "binding": "b", "rule": "/r", "reason": "look", "deadline": 50.0}
    return question(ApprovalRequest(call=call, definition=ToolDefinition(name, {}, "d"), **request))


@pytest.mark.parametrize(
    ("aspect", "method", "name", "said"),
    [
        (Aspect.TOOL, "tools/call", "write", "Wants:     write on the server files"),
        (Aspect.PROMPT, "prompts/get", "review", "Wants:     to use the prompt review of the server files"),
        (
            Aspect.RESOURCE,
            "resources/read",
            "file:///a",
            "Wants:     to read the resource file:///a of the server files",
        ),
        (Aspect.METHOD, "vendor/x", "vendor/x", "Wants:     to use the method vendor/x of the server files"),
        (
            Aspect.QUESTION,
            "sampling/createMessage",
            "sampling/createMessage",
            "Asks:      the server files asked cursor to run its text through the model",
        ),
    ],
)
def test_it_says_who_wants_or_asks_what(aspect: Aspect, method: str, name: str, said: str) -> None:
    assert f"\n{said}\n" in asked(aspect, method, name)


def test_what_a_server_says_is_whole_and_spelled_out() -> None:
    said = asked(
        Aspect.QUESTION, "elicitation/create", "elicitation/create", '{"message":"a\u202eb"}'.encode()
    )
    assert 'It says:\n{\n  "message": "a<U+202E>b"\n}' in said
    assert "Holds for: this question alone" in said
