"""Calls that are given up: by the client, by going away, by a revoked grant; in whatever state they are."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.bridge.house import NEW, OLD, SERVERS, House
from tests.bridge.house import house as build
from tests.support import raw
from tests.support.jr import dump
from tests.support.scripted import FORM
from tests.support.talker import Kind, Message, Said, WebTalker, WireTalker, for_a_while, meanwhile
from tests.support.waiting import wait_for

KINDS: list[Kind] = ["legacy", "modern"]
SLOW: Message = {"name": "slow", "arguments": {"seconds": 30}}
ASKING: Message = {"name": "ask", "arguments": {"questions": {"q": FORM}}}


def endings(house: House) -> list[str]:
    """How that ended which was begun in this test."""
    rows = house.rows()
    begun = {row["seq"] for row in rows if row["kind"] == "decided"}
    return [row["ending"] for row in rows if row["decided"] in begun]


def on_all(server: str, params: Message) -> Message:
    """The same where all servers are together."""
    return {**params, "name": f"{server}__{params['name']}"}


@pytest.fixture
def wire(house: House) -> Iterator[Callable[..., WireTalker]]:
    made: list[WireTalker] = []

    def opened(kind: Kind, **options: object) -> WireTalker:
        made.append(house.wire(kind, **options))  # type: ignore[arg-type]
        return made[-1]

    yield opened
    for talker in made:
        talker.close()


@contextmanager
def posted(house: House, talker: WebTalker, params: Message) -> Iterator[raw.Connection]:
    """A request whose answer nobody reads; the connection is closed at the end."""
    message = talker.client.message("tools/call", params)
    lines = [f"{name}: {value}" for name, value in talker.client.request_headers(message).items()]
    with raw.Connection("127.0.0.1", house.gateway.port) as connection:
        connection.send(raw.post(house.gateway.port, talker.client.path, dump(message), *lines))
        yield connection


# by its word


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_call_that_is_cancelled_at_the_socket_ends_at_the_server_and_is_not_answered(
    house: House, wire: Callable[..., WireTalker], server: str, kind: Kind
) -> None:
    talker = wire(kind)
    identity = talker.send("tools/call", on_all(server, SLOW), "my own")
    [call] = house.wait_arrived(server, "tools/call")
    talker.notify("notifications/cancelled", {"requestId": identity, "reason": "changed my mind"})
    house.wait_given_up(server)
    assert talker.request("tools/list").result["tools"]
    assert identity not in talker._answered
    wait_for(lambda: endings(house) == ["cancelled"], "end of the call")
    for note in house.arrived(server, "notifications/cancelled"):
        assert note["params"]["requestId"] == call["id"]
    assert b"my own" not in house.sent(server)


@pytest.mark.parametrize("server", OLD)
def test_a_cancellation_reaches_a_legacy_server_under_the_id_that_it_knows(house: House, server: str) -> None:
    talker = house.web(server, "legacy")
    message = talker.client.message("tools/call", SLOW, "mine")
    with meanwhile(lambda: talker.client.post(message)) as waiting:
        [call] = house.wait_arrived(server, "tools/call")
        talker.client.notify("notifications/cancelled", {"requestId": "mine"})
        [note] = house.wait_arrived(server, "notifications/cancelled")
    assert note["params"]["requestId"] == call["id"]
    assert [message for message in waiting.result.messages if "method" not in message] == []


def test_a_cancellation_of_another_clients_call_cancels_nothing(
    house: House, wire: Callable[..., WireTalker]
) -> None:
    mine, theirs = wire("legacy"), wire("legacy", who="other")
    params = {"name": "old__slow", "arguments": {"seconds": 0.4}}
    mine.send("tools/call", params, "same")
    house.wait_arrived("old", "tools/call")
    theirs.notify("notifications/cancelled", {"requestId": "same"})
    assert "result" in mine.answer("same")
    assert house.events("old", "given up") == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", ["old", "new"])
def test_a_call_that_is_cancelled_while_it_waits_for_an_answer_ends(
    house: House, wire: Callable[..., WireTalker], server: str, kind: Kind
) -> None:
    """At a client of the handshake era, which is asked in the middle. The other has its answer already."""
    talker = wire(kind, answers=lambda method, params: {})
    identity = talker.send("tools/call", on_all(server, ASKING))
    if kind == "modern":
        assert talker.answer(identity)["result"]["resultType"] == "input_required"
        talker.notify("notifications/cancelled", {"requestId": identity})
        for_a_while(0.2, lambda: house.events(server, "given up"))
        return
    [question] = talker.heard.wait("elicitation/create")
    talker.notify("notifications/cancelled", {"requestId": identity})
    talker.line.send({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept"}})
    if server == "old":
        house.wait_given_up(server)
    wait_for(lambda: endings(house) == ["cancelled", "cancelled"], "ends of call and question")
    assert b"accept" not in house.sent(server)


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_that_is_cancelled_before_it_left_never_leaves(
    house: House, wire: Callable[..., WireTalker], kind: Kind
) -> None:
    talker = wire(kind)
    lines = []
    for number in range(20):
        params = {"name": "old__slow", "arguments": {"seconds": 5, "number": number}}
        if kind == "modern":
            params["_meta"] = _envelope(talker)
        call = {"jsonrpc": "2.0", "id": f"n{number}", "method": "tools/call", "params": params}
        note = {
            "jsonrpc": "2.0",
            "method": "notifications/cancelled",
            "params": {"requestId": f"n{number}"},
        }
        lines += [json.dumps(call), json.dumps(note)]
    talker.line.write("\n".join([*lines, ""]).encode())
    assert talker.request("tools/list").result["tools"]
    wait_for(lambda: len(house.events("old", "given up")) == len(house.arrived("old", "tools/call")), "ends")
    assert not [identity for identity in talker._answered if str(identity).startswith("n")]


def _envelope(talker: WireTalker) -> Message:
    prefix = "io.modelcontextprotocol/"
    return {
        f"{prefix}protocolVersion": "2026-07-28",
        f"{prefix}clientInfo": {"name": "test", "version": "1"},
        f"{prefix}clientCapabilities": talker.capabilities,
    }


# by going


@pytest.mark.parametrize("server", SERVERS)
def test_a_modern_client_that_goes_ends_its_call(house: House, server: str) -> None:
    with posted(house, house.web(server), SLOW):
        house.wait_arrived(server, "tools/call")
    house.wait_given_up(server)
    wait_for(lambda: endings(house) == ["cancelled"], "end of the call")


@pytest.mark.parametrize("server", SERVERS)
def test_a_legacy_client_that_goes_ends_nothing(house: House, server: str) -> None:
    params = {"name": "slow", "arguments": {"seconds": 1.3}}
    with posted(house, house.web(server, "legacy"), params):
        house.wait_arrived(server, "tools/call")
    wait_for(lambda: endings(house) == ["result"], "end of the call")
    assert house.events(server, "given up") == []
    assert house.arrived(server, "notifications/cancelled") == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", ["old", "new"])
def test_a_client_at_the_socket_that_goes_ends_its_calls(
    house: House, wire: Callable[..., WireTalker], server: str, kind: Kind
) -> None:
    talker = wire(kind)
    for _ in range(3):
        talker.send("tools/call", on_all(server, SLOW))
    house.wait_arrived(server, "tools/call", 3)
    talker.close()
    house.wait_given_up(server, 3)


@pytest.mark.parametrize("server", ["old", "oldweb"])
def test_a_modern_client_that_goes_in_a_later_round_ends_the_call_at_the_server(
    house: House, server: str
) -> None:
    talker = house.web(server)
    params = {"name": "ask", "arguments": {"questions": {"q": FORM}, "then": 30}}
    asked = talker.leg("tools/call", params, Said())["result"]
    [key] = asked["inputRequests"]
    more = {
        "requestState": asked["requestState"],
        "inputResponses": {key: {"action": "accept", "content": {}}},
    }
    with posted(house, talker, {**params, **more}):
        wait_for(lambda: house.arrived(server), "answer to the question")
    house.wait_given_up(server)


# by the person


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_revoked_client_gets_no_answer_and_its_call_ends(house: House, server: str, kind: Kind) -> None:
    talker = house.web(server, kind, who="other")
    with meanwhile(lambda: talker.client.request("tools/call", SLOW)) as calling:
        house.wait_arrived(server, "tools/call")
        grant = house.revoke("other")
        house.wait_given_up(server)
    house.grant("other", grant)
    assert [message for message in calling.result.messages if "method" not in message] == []
    wait_for(lambda: house.web(server, who="other").client.discover().status == 200, "client that is back")


@pytest.mark.parametrize("server", ["new", "newweb"])
def test_another_clients_call_goes_on_when_one_is_revoked(house: House, server: str) -> None:
    params = {"name": "slow", "arguments": {"seconds": 1.5}}
    with meanwhile(lambda: house.web(server).client.request("tools/call", params)) as calling:
        house.wait_arrived(server, "tools/call")
        grant = house.revoke("other")
    house.grant("other", grant)
    assert calling.result.text == "slow"
    wait_for(lambda: house.web(server, who="other").client.discover().status == 200, "client that is back")


def test_modern_servers_are_told_by_a_word_on_a_pipe_and_by_going_over_http(house: House) -> None:
    for server in NEW:
        house.fresh()
        with posted(house, house.web(server), SLOW):
            [call] = house.wait_arrived(server, "tools/call")
        house.wait_given_up(server)
        told = [note["params"]["requestId"] for note in house.arrived(server, "notifications/cancelled")]
        assert told == ([] if server.endswith("web") else [call["id"]])


@pytest.fixture(scope="module")
def slow_to_look() -> Iterator[House]:
    """A gateway that looks for edits at calls alone, so that a call may end before the edit is noticed."""
    with build("old", "new", limits={"daemon.assembly.LOOK_EVERY": 1000.0}) as made:
        yield made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", ["old", "new"])
def test_an_answer_that_comes_after_the_grant_was_revoked_is_withheld(
    slow_to_look: House, server: str, kind: Kind
) -> None:
    house, params = slow_to_look, {"name": "slow", "arguments": {"seconds": 0.6}}
    house.fresh()
    talker = house.web(server, kind, who="other")
    with meanwhile(lambda: talker.leg("tools/call", params, Said())) as calling:
        house.wait_arrived(server, "tools/call")
        grant = house.revoke("other")
    house.grant("other", grant)
    assert "result" not in calling.result
    assert "revoked" in calling.result["error"]["message"]
