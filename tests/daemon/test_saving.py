"""What is saved in the window is in force for the next call, and says no more than was shown."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from latchward.control import messages as say
from tests.support import recorder
from tests.support.at_tray import Refused, TrayGateway
from tests.support.jr import Client

OPEN: dict[str, Any] = {"version": "1", "default": "allow"}


class Pair:
    """A gateway, the person at it, and two clients of one server."""

    def __init__(self, gateway: TrayGateway) -> None:
        self.gateway = gateway
        self.person = gateway.person
        self.one, self.other = (
            Client(gateway.server_url("fixture"), gateway.tokens[name]) for name in ("one", "other")
        )
        self.policy = gateway.home / "policies/fixture.json"


@pytest.fixture
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    policy = getattr(request, "param", OPEN)
    grants = {name: {"fixture": "fixture"} for name in ("one", "other")}
    with TrayGateway({"fixture": recorder.spec()}, {"fixture": policy}, grants) as gateway:
        gateway.person.server("fixture")
        yield Pair(gateway)


def refusal(client: Client, tool: str) -> str:
    """Why a call is refused; "" where it is not."""
    result = client.call(tool, {"text": "x"}).result
    return json.dumps(result) if result.get("isError") else ""


def test_the_next_call_of_every_client_meets_what_was_saved(pair: Pair) -> None:
    assert pair.one.call("echo", {"text": "a"}).text == "a"
    pair.person.save("fixture", {"echo": "deny", "add": "hide"})
    assert "rule-denied" in refusal(pair.other, "echo") or "denied" in refusal(pair.other, "echo")
    assert "error" in pair.one.call("add", {"a": 1, "b": 2}).answer
    assert [tool["name"] for tool in pair.other.tools()].count("add") == 0
    assert json.loads(pair.policy.read_text())["tools"]["echo"] == {"action": "deny"}
    pair.person.until(say.Servers, lambda _: pair.person.tool("fixture", "echo").effect == "deny")
    pair.person.save("fixture", {"echo": "allow", "add": "allow"})  # loosens, and needs no second look
    assert pair.other.call("echo", {"text": "b"}).text == "b"
    assert pair.person.until(say.HeldList).held == ()


def test_a_preview_tells_in_words_and_lines_and_changes_nothing(pair: Pair) -> None:
    before = pair.policy.read_bytes()
    preview = pair.person.ask(
        say.Propose, policy="fixture", server="fixture", effects={"echo": "deny", "add": "allow"}
    )
    assert isinstance(preview, say.Preview)
    assert preview.words == ("echo: Allow becomes Deny",)
    assert '+      "action": "deny"' in preview.difference
    assert pair.policy.read_bytes() == before
    assert refusal(pair.one, "echo") == ""


def test_a_preset_sets_every_tool_and_single_choices_win_over_it(pair: Pair) -> None:
    pair.person.save("fixture", {"delete": "allow"}, preset="read_only")
    told = {tool.name: tool.effect for tool in pair.person.server("fixture").tools}
    pair.person.until(say.Servers, lambda _: pair.person.tool("fixture", "slow").effect != "allow")
    told = {tool.name: tool.effect for tool in pair.person.server("fixture").tools}
    assert told["delete"] == "allow"
    assert told["echo"] == "allow"
    with pytest.raises(Refused, match="there is no preset `nonsense`"):
        pair.person.save("fixture", {}, preset="nonsense")


def test_a_policy_that_is_another_one_by_now_is_not_overwritten(pair: Pair) -> None:
    seen = pair.person.server("fixture")
    pair.gateway.write_policy("fixture", {**OPEN, "tools": {"add": {"action": "deny"}}})
    with pytest.raises(Refused, match="changed meanwhile"):
        pair.person.ask(
            say.Save,
            policy="fixture",
            server="fixture",
            revision=seen.revision,
            effects={"echo": "deny"},
        )
    assert refusal(pair.one, "echo") == ""
    assert "echo" not in pair.policy.read_text()


@pytest.mark.parametrize(
    "pair",
    [{**OPEN, "tools": {"e*": {"action": "deny"}}}, {**OPEN, "hide": ["ec*"]}],
    indirect=True,
    ids=["a glob", "a hidden glob"],
)
def test_a_click_that_another_rule_would_undo_is_refused(pair: Pair) -> None:
    assert "the rule" in pair.person.tool("fixture", "echo").fixed
    before = pair.policy.read_bytes()
    for kind in (say.Propose, say.Save):
        fields = {"policy": "fixture", "server": "fixture", "effects": {"echo": "allow"}}
        if kind is say.Save:
            fields["revision"] = pair.person.server("fixture").revision
        with pytest.raises(Refused, match="edit that rule first"):
            pair.person.ask(kind, **fields)
    assert pair.policy.read_bytes() == before


def test_a_policy_in_yaml_is_not_rewritten(pair: Pair) -> None:
    pair.policy.unlink()
    yaml = pair.policy.with_suffix(".yaml")
    yaml.write_text("version: '1'\ndefault: deny  # by hand\n")
    yaml.chmod(0o600)
    pair.person.until(say.Servers, lambda _: pair.person.tool("fixture", "echo").effect == "deny")
    with pytest.raises(Refused, match="is YAML and is not rewritten"):
        pair.person.save("fixture", {"echo": "allow"})
    assert "by hand" in yaml.read_text()
    assert not pair.policy.exists()


def test_a_policy_with_an_edit_that_waits_is_not_saved_over(pair: Pair) -> None:
    pair.person.save("fixture", {"echo": "deny"})
    pair.gateway.write_policy("fixture", OPEN, seen=False)
    held = pair.person.held("policy:fixture")
    with pytest.raises(Refused, match="waits for your look"):
        pair.person.save("fixture", {"add": "deny"})
    assert refusal(pair.one, "echo")
    pair.person.ask(say.AnswerHeld, key=held.key, digest=held.digest, accept=False)
    pair.person.until(say.HeldList, lambda told: not told.held)
    pair.person.save("fixture", {"add": "deny"})
    assert refusal(pair.one, "echo")


def test_a_policy_file_that_is_broken_is_not_saved_over(pair: Pair) -> None:
    pair.policy.write_text('{"version": "1", "default": ')
    pair.person.until(say.Status, lambda told: told.mode == "trouble")
    with pytest.raises(Refused, match=r"fixture\.json"):
        pair.person.save("fixture", {"echo": "deny"})
    assert pair.policy.read_text() == '{"version": "1", "default": '
    assert refusal(pair.one, "echo") == ""  # the last good one stays in force


def test_the_name_of_a_policy_is_no_way_out_of_its_folder(pair: Pair) -> None:
    before = pair.policy.read_bytes()
    with pytest.raises(Refused):
        pair.person.save("fixture", {"echo": "deny"}, policy="../settings", revision="")
    assert pair.policy.read_bytes() == before
    ours = {"greetings.json", "settings.json"}
    assert {path.name for path in pair.gateway.home.iterdir() if path.suffix == ".json"} <= ours
