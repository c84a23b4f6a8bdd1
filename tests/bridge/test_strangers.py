"""A program that the person has not let in: it sees, hears and gets nothing, in either era."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridge.house import House
from tests.bridge.house import house as build
from tests.support.talker import Kind, Message, Said, WireTalker, for_a_while
from tests.support.waiting import wait_for

KINDS: list[Kind] = ["legacy", "modern"]


@pytest.fixture(scope="module")
def whole() -> Iterator[House]:
    """A gateway whose client `other` is another program than this one."""
    with build("old", "new", programs={"other": [Path("/usr/bin/env")]}) as made:
        yield made


@pytest.fixture(params=KINDS)
def stranger(request: pytest.FixtureRequest, house: House) -> Iterator[WireTalker]:
    made = house.wire(request.param, who="other", capabilities={})
    yield made
    made.close()


@pytest.mark.parametrize(
    "method", ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]
)
def test_every_list_is_empty(stranger: WireTalker, method: str) -> None:
    lists = [value for value in stranger.request(method).result.values() if isinstance(value, list)]
    assert lists == [[]]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("prompts/get", {"name": "old__greeting"}),
        ("prompts/get", {"name": "old__none"}),
        ("resources/read", {"uri": "res://old/one"}),
        ("resources/read", {"uri": "res://old/none"}),
        (
            "completion/complete",
            {"ref": {"type": "ref/prompt", "name": "old__greeting"}, "argument": {"name": "n", "value": "A"}},
        ),
    ],
)
def test_nothing_is_given_and_nothing_told_apart(
    house: House, stranger: WireTalker, method: str, params: Message
) -> None:
    error = stranger.leg(method, params, Said())["error"]
    assert (error["code"], error["data"]["code"]) == (403, "program-not-known")
    assert house.arrived("old", method) == []


def test_a_resource_is_not_subscribed_to(house: House, stranger: WireTalker) -> None:
    if stranger.era == "legacy":
        answer = stranger.leg("resources/subscribe", {"uri": "res://old/one"}, Said())
        assert answer["error"]["code"] == 403
    else:
        stranger.send("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["res://old/one"]}})
        [acknowledged] = stranger.heard.wait("notifications/subscriptions/acknowledged")
        assert acknowledged["params"]["notifications"] == {"resourceSubscriptions": []}
    assert house.arrived("old", "resources/subscribe") == []


def test_one_that_is_let_in_hears_that_its_lists_changed_and_nothing_before_that() -> None:
    programs = {"other": [Path("/usr/bin/env")]}
    with build("old", programs=programs) as house:
        house.fresh()
        stranger = house.wire("legacy", who="other", capabilities={})
        assert stranger.request("tools/list").result == {"tools": []}
        house.policy("old", {"version": "1", "default": "allow", "description": "something to look for"})
        for_a_while(1.2, lambda: stranger.heard.messages)
        accepted = house.gateway.home / "accepted" / "peers.json"
        peers = json.loads(accepted.read_text())
        house.gateway._accept("peers.json", {**peers, "other": peers["agent"]})
        house.policy("old", {"version": "1", "default": "allow", "description": "something else"})
        for kind in ("tools", "prompts", "resources"):
            stranger.heard.wait(f"notifications/{kind}/list_changed")
        assert len(stranger.heard.messages) == 3
        assert stranger.request("tools/list").result["tools"] != []


def test_no_log_is_heard(house: House) -> None:
    stranger = house.wire("legacy", who="other", capabilities={})
    known = house.web("old", "legacy", capabilities={})
    with known.hearing() as heard:
        for talker in (stranger, known):
            assert talker.request("logging/setLevel", {"level": "debug"}).result == {}
        params = {"level": "alert", "data": "secret"}
        house.order("old", "say", method="notifications/message", params=params)
        wait_for(lambda: heard.of("notifications/message"), "line of the log")
        for_a_while(0.2, lambda: stranger.heard.messages)
    stranger.close()
