"""What is listed."""

import pytest

from latchward.policy.beyond_tools import prompt_visible, resource_visible
from latchward.policy.visible import visible

from .support import policy


def test_a_hidden_tool_is_not_listed() -> None:
    assert not visible(policy(default="allow", hide=["t"]), "t")


def test_a_tool_hidden_by_its_entry_is_not_listed() -> None:
    assert not visible(policy(tools={"t": {"action": "hide"}}), "t")


@pytest.mark.parametrize("action", ["allow", "deny", "approve"])
def test_every_other_tool_is_listed(action: str) -> None:
    assert visible(policy(tools={"t": {"action": action}}), "t")


def test_a_tool_that_the_default_denies_is_listed() -> None:
    assert visible(policy(), "t")


def test_nothing_is_listed_without_a_policy() -> None:
    assert not visible(None, "t")


def test_a_hidden_prompt_is_not_listed() -> None:
    assert not prompt_visible(policy(prompts={"p": {"action": "hide"}}), "p")


def test_a_hidden_resource_is_not_listed_under_another_spelling() -> None:
    assert not resource_visible(policy(resources={"file:///a": {"action": "hide"}}), "FILE:///b/../a")
