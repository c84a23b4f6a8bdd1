"""One line of the record, for people."""

from typing import Any

import pytest

from latchward.cli.log import line

ROW: dict[str, Any] = {
    "seq": 7,
    "at": "2026-11-24T10:00:00.000+00:00",
    "kind": "decided",
    "client": "cursor",
    "session": "s",
    "upstream": "files",
    "tool": "read_file",
    "arguments": "{}",
    "digest": "d",
    "effect": "allow",
    "rule": "/r",
    "message": "m",
    "verdict": "allow",
    "by": "policy",
    "policy": "p",
    "revision": "r",
    "method": "tools/call",
}


@pytest.mark.parametrize(
    ("method", "tool", "said"),
    [
        ("tools/call", "read_file", "cursor  files/read_file  {}"),
        ("prompts/get", "review", "cursor  use the prompt files/review  {}"),
        ("resources/read", "file:///a", "cursor  read the resource files/file:///a  {}"),
        ("resources/subscribe", "file:///a", "cursor  follow changes of the resource files/file:///a  {}"),
        ("completion/complete", "review", "cursor  look up values for files/review  {}"),
        ("vendor/x", "vendor/x", "cursor  use the method files/vendor/x  {}"),
        ("elicitation/create", "elicitation/create", "files asked you a question through cursor  {}"),
        (
            "sampling/createMessage",
            "sampling/createMessage",
            "files asked cursor to run its text through the model  {}",
        ),
        ("roots/list", "roots/list", "files asked which folders cursor works in  {}"),
    ],
)
def test_a_line_says_what_was_to_be_done(method: str, tool: str, said: str) -> None:
    assert said in line({**ROW, "method": method, "tool": tool})


def test_names_in_a_line_are_spelled_out_and_bounded() -> None:
    said = line({**ROW, "method": "resources/read", "tool": "file:///\u202e" + "a" * 9000})
    assert "file:///<U+202E>aaa" in said
    assert len(said) < 300
