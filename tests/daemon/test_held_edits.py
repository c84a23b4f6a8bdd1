"""An edit on disk that loosens waits for the person; what tightens holds at once."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from latchward.control import messages as say
from tests.support import recorder
from tests.support.at_tray import Refused, TrayGateway
from tests.support.connect import Agent
from tests.support.gateway import token_hash
from tests.support.jr import Client
from tests.support.waiting import wait_for

OPEN: dict[str, Any] = {"version": "1", "default": "allow"}
TIGHT: dict[str, Any] = {"version": "1", "default": "allow", "tools": {"echo": {"action": "deny"}}}
GRANTS = {"agent": {"fixture": "fixture"}}


@pytest.fixture
def gateway(request: pytest.FixtureRequest) -> Iterator[TrayGateway]:
    policy = getattr(request, "param", TIGHT)
    with TrayGateway({"fixture": recorder.spec()}, {"fixture": policy}, GRANTS) as running:
        running.person.server("fixture")
        yield running


def goes(gateway: TrayGateway, tool: str = "echo") -> bool:
    """Whether a call goes through now."""
    client = Client(gateway.server_url("fixture"), gateway.token)
    reply = client.call(tool, {"text": "x"}).answer
    return "result" in reply and not reply["result"].get("isError")


def answer(gateway: TrayGateway, held: say.Held, accept: bool) -> None:
    gateway.person.ask(say.AnswerHeld, key=held.key, digest=held.digest, accept=accept)
    gateway.person.until(say.HeldList, lambda told: held.key not in {one.key for one in told.held})


def test_a_policy_that_loosens_waits_and_the_accepted_one_decides(gateway: TrayGateway) -> None:
    gateway.write_policy("fixture", {**OPEN, "tools": {"add": {"action": "deny"}}}, seen=False)
    held = gateway.person.held("policy:fixture")
    assert held.sort == "policy"
    assert any("`echo`: deny becomes allow" in line for line in held.lines)
    assert not goes(gateway)
    assert not goes(gateway, "add")  # the part that tightens holds
    assert gateway.person.tool("fixture", "echo").effect == "deny"
    with pytest.raises(Refused, match="changed meanwhile"):
        gateway.person.ask(say.AnswerHeld, key=held.key, digest="0" * 64, accept=True)
    assert not goes(gateway)
    answer(gateway, held, accept=True)
    assert goes(gateway)
    assert not goes(gateway, "add")


def test_a_policy_that_is_put_back_stands_in_its_file_again(gateway: TrayGateway) -> None:
    path = gateway.write_policy("fixture", OPEN, seen=False)
    answer(gateway, gateway.person.held("policy:fixture"), accept=False)
    assert json.loads(path.read_text())["tools"]["echo"]["action"] == "deny"
    assert not goes(gateway)


def test_a_held_edit_is_held_over_a_restart(gateway: TrayGateway) -> None:
    gateway.write_policy("fixture", OPEN, seen=False)
    gateway.person.held("policy:fixture")
    gateway.stop()
    gateway.start()
    assert not goes(gateway)
    answer(gateway, gateway.person.held("policy:fixture"), accept=True)
    assert goes(gateway)


@pytest.mark.parametrize("gateway", [OPEN], indirect=True)
def test_a_policy_that_tightens_holds_at_once_and_asks_nobody(gateway: TrayGateway) -> None:
    assert goes(gateway)
    gateway.write_policy("fixture", TIGHT, seen=False)
    assert not goes(gateway)
    gateway.person.until(say.Servers, lambda _: gateway.person.tool("fixture", "echo").effect == "deny")
    assert gateway.person.until(say.HeldList).held == ()


def test_an_answer_to_an_edit_that_was_edited_again_is_refused(gateway: TrayGateway) -> None:
    gateway.write_policy("fixture", OPEN, seen=False)
    held = gateway.person.held("policy:fixture")
    gateway.write_policy("fixture", {"version": "1", "default": "allow", "hide": ["add"]}, seen=False)
    with pytest.raises(Refused, match="changed meanwhile"):
        gateway.person.ask(say.AnswerHeld, key=held.key, digest=held.digest, accept=True)
    assert not goes(gateway)


def test_a_new_client_in_the_file_comes_in_only_after_a_look(gateway: TrayGateway) -> None:
    token = "t" * 43
    entry = {"token": token_hash(token), "servers": {"fixture": "fixture"}}

    def calls() -> int:
        return Client(gateway.server_url("fixture"), token).request("tools/list").status

    gateway.edit_settings(lambda settings: settings["grants"].update(thief=entry), seen=False)
    held = gateway.person.held("settings")
    assert any("thief" in line for line in held.lines)
    assert calls() == 403
    answer(gateway, held, accept=False)
    assert "thief" not in json.loads((gateway.home / "settings.json").read_text())["grants"]
    assert calls() == 403
    gateway.edit_settings(lambda settings: settings["grants"].update(friend=entry), seen=False)
    answer(gateway, gateway.person.held("settings"), accept=True)
    assert calls() == 200


def test_a_client_that_is_taken_out_of_the_file_is_out_at_once(gateway: TrayGateway) -> None:
    client = Client(gateway.server_url("fixture"), gateway.token)
    assert client.request("tools/list").status == 200
    gateway.edit_settings(lambda settings: settings["grants"].clear(), seen=False)
    assert client.request("tools/list").status == 403
    assert gateway.person.until(say.HeldList).held == ()


def test_accepting_the_settings_starts_no_server(gateway: TrayGateway, tmp_path: Path) -> None:
    record = tmp_path / "record"

    def edit(settings: dict[str, Any]) -> None:
        settings["mcpServers"]["evil"] = recorder.spec(record=record)
        settings["grants"]["agent"]["servers"]["evil"] = "fixture"

    gateway.edit_settings(edit, seen=False)
    answer(gateway, gateway.person.held("settings"), accept=True)
    assert gateway.person.server("evil", "consent")
    assert not record.exists()


def test_a_program_that_is_new_sees_nothing_until_it_was_let_in() -> None:
    with TrayGateway({"fixture": recorder.spec()}, {"fixture": OPEN}, GRANTS) as gateway:
        gateway.person.server("fixture")
        (gateway.home / "accepted/peers.json").write_text("{}")
        socket = gateway.home / "run/gateway.sock"
        with Agent(socket, "agent") as agent:
            agent.initialize()
            assert agent.request("tools/list")["result"]["tools"] == []
            held = gateway.person.held("peer:agent")
            assert "wants to come in as agent" in held.what
            told = agent.request("tools/call", {"name": "fixture__echo", "arguments": {"text": "x"}})
            assert "has not come in as agent before" in json.dumps(told)
            answer(gateway, held, accept=True)
            told = agent.request("tools/call", {"name": "fixture__echo", "arguments": {"text": "x"}})
            assert told["result"]["content"][0]["text"] == "x"
        accepted = json.loads((gateway.home / "accepted/peers.json").read_text())
        assert accepted == {"agent": [held.digest]}


def test_a_program_that_was_kept_out_stays_out_and_is_not_asked_about_again() -> None:
    with TrayGateway({"fixture": recorder.spec()}, {"fixture": OPEN}, GRANTS) as gateway:
        gateway.person.server("fixture")
        (gateway.home / "accepted/peers.json").write_text("{}")
        socket = gateway.home / "run/gateway.sock"
        with Agent(socket, "agent") as agent:
            agent.initialize()
            agent.request("tools/list")
            answer(gateway, gateway.person.held("peer:agent"), accept=False)
            told = agent.request("tools/call", {"name": "fixture__echo", "arguments": {"text": "x"}})
            assert "does not want" in json.dumps(told)
        with Agent(socket, "agent") as agent:
            agent.initialize()
            assert agent.request("tools/list")["result"]["tools"] == []
            assert gateway.person.until(say.HeldList).held == ()


def test_broken_settings_are_told_and_the_last_good_ones_hold(gateway: TrayGateway) -> None:
    path = gateway.home / "settings.json"
    good = path.read_text()
    path.write_text("{")
    trouble = gateway.person.until(say.Status, lambda told: told.mode == "trouble")
    assert "settings.json" in trouble.problems[0]
    assert goes(gateway, "add")
    assert not goes(gateway)
    path.write_text(good)
    gateway.person.until(say.Status, lambda told: told.mode == "normal")


def test_what_a_restart_finds_loosened_is_held_from_its_first_call_on(gateway: TrayGateway) -> None:
    gateway.stop()
    gateway.write_policy("fixture", OPEN, seen=False)
    gateway.edit_settings(lambda s: s["grants"].update(x={"servers": {"fixture": "fixture"}}), seen=False)
    gateway.start()
    assert not goes(gateway)
    assert {one.key for one in gateway.person.until(say.HeldList, lambda t: len(t.held) == 2).held} == {
        "settings",
        "policy:fixture",
    }


def test_an_edit_that_loosens_is_held_within_a_second_even_without_a_call(gateway: TrayGateway) -> None:
    began = time.monotonic()
    gateway.write_policy("fixture", OPEN, seen=False)
    gateway.person.held("policy:fixture")
    assert time.monotonic() - began < 1.5
    wait_for(lambda: gateway.person.until(say.Status).waiting == 1, "count")
