"""The one word that a policy has for a tool."""

import json
from typing import Any

import pytest

from latchward.model.decision import Effect
from latchward.policy.document import load
from latchward.policy.shown import Shown, shown


def policy(**document: Any) -> Any:
    return load(json.dumps({"version": "1", **document}), source="p.json")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"tools": {"t": {}}}, Shown(Effect.ALLOW, "/tools/t")),
        ({"tools": {"t": {"action": "approve"}}}, Shown(Effect.APPROVE, "/tools/t/action")),
        ({"tools": {"t": {"action": "deny"}}}, Shown(Effect.DENY, "/tools/t/action")),
        ({"hide": ["t*"]}, Shown(Effect.HIDE, "/hide/0", own=False)),
        ({"hide": ["x", "t"]}, Shown(Effect.HIDE, "/hide/1")),
        ({"tools": {"t?": {}}}, Shown(Effect.DENY, "(default deny)")),
        ({"tools": {"*": {"action": "deny"}}}, Shown(Effect.DENY, "/tools/*/action", own=False)),
        ({}, Shown(Effect.DENY, "(default deny)")),
        ({"default": "approve"}, Shown(Effect.APPROVE, "(default approve)")),
        ({"default": "allow"}, Shown(Effect.ALLOW, "(default allow)")),
        ({"tools": {"t": {"rate_limit": "5/hour"}}}, Shown(Effect.ALLOW, "/tools/t", custom=True)),
        (
            {"tools": {"t": {"require": [{"path": "args.a", "op": "eq", "value": 1}]}}},
            Shown(Effect.ALLOW, "/tools/t", custom=True),
        ),
    ],
)
def test_a_tool_has_one_word(document: dict[str, Any], expected: Shown) -> None:
    assert shown(policy(**document), "t") == expected


def test_without_a_policy_everything_is_denied() -> None:
    assert shown(None, "t") == Shown(Effect.DENY, "(no policy)")
