"""Clients of the handshake era: questions come as requests, on the way of the call that they belong to."""

from collections.abc import Callable, Iterator

import pytest

from tests.bridge.house import ONLY_NEW, SERVERS, House
from tests.bridge.house import house as build
from tests.bridge.schema import check_question
from tests.support.scripted import FORM, LEGACY
from tests.support.talker import Message, Said, WireTalker, for_a_while, meanwhile, obliging
from tests.support.waiting import wait_for

ROOTS: Message = {"method": "roots/list", "params": {}}
PAGE: Message = {
    "method": "elicitation/create",
    "params": {"mode": "url", "url": "https://example.test/", "message": "Sign in"},
}
BLUE: Message = {"action": "accept", "content": {"colour": "blue"}}
RED: Message = {"action": "accept", "content": {"colour": "red"}}


def silent(method: str, params: Message) -> Message:
    """A client that answers nothing."""
    return {}


def answering(content: Message) -> Callable[[str, Message], Message]:
    return lambda method, params: {"result": content}


@pytest.fixture
def wires(house: House) -> Iterator[Callable[..., WireTalker]]:
    """Clients over the local socket; each goes at the end of the test."""
    made: list[WireTalker] = []

    def wire(**options: object) -> WireTalker:
        made.append(house.wire("legacy", **options))  # type: ignore[arg-type]
        return made[-1]

    yield wire
    for talker in made:
        talker.close()


# where a question comes


@pytest.mark.parametrize("server", SERVERS)
def test_over_http_a_question_comes_on_the_calls_own_stream_and_on_no_other(
    house: House, server: str
) -> None:
    talker = house.web(server, "legacy")
    with talker.hearing() as heard:
        said = talker.ask({"q": FORM})
    assert said.asked == [FORM]
    assert [message for message in heard.messages if "id" in message] == []


@pytest.mark.parametrize("server", SERVERS)
def test_over_the_socket_a_question_comes_between_the_other_lines(
    wires: Callable[..., WireTalker], server: str
) -> None:
    said = wires().ask({"a": FORM, "b": ROOTS}, rounds=2, tool=f"{server}__ask")
    assert len(said.asked) == 4
    assert said.answers[1].keys() == {"a", "b"}


@pytest.mark.parametrize("server", ONLY_NEW)
def test_a_page_to_open_gets_the_id_that_this_era_wants(house: House, server: str) -> None:
    said = house.web(server, "legacy").ask({"a": PAGE, "b": {**PAGE}})
    ids = {question["params"].pop("elicitationId") for question in said.asked}
    assert len(ids) == 2
    assert said.asked == [PAGE, PAGE]
    for identity in ids:
        check_question({**PAGE, "params": {**PAGE["params"], "elicitationId": identity}}, LEGACY)


@pytest.mark.parametrize("server", ONLY_NEW)
def test_a_modern_server_sees_the_call_anew_with_its_state_and_the_answers(house: House, server: str) -> None:
    house.web(server, "legacy").ask({"q": FORM}, rounds=2)
    first, second, third = house.arrived(server, "tools/call")
    assert len({call["id"] for call in (first, second, third)}) == 3
    assert "requestState" not in first["params"]
    assert second["params"]["requestState"] != third["params"]["requestState"]
    assert third["params"]["inputResponses"] == {"q": BLUE}
    arguments = {str(call["params"]["arguments"]) for call in (first, second, third)}
    assert len(arguments) == 1


@pytest.mark.parametrize("server", ONLY_NEW)
def test_the_eleventh_round_ends_a_call_with_the_reason(house: House, server: str) -> None:
    said = house.web(server, "legacy").ask({"q": FORM}, rounds=11)
    assert len(said.asked) == 10
    assert said.result["isError"] is True
    assert "more than 10 times" in said.text
    assert len(house.arrived(server, "tools/call")) == 11


@pytest.mark.parametrize("server", ONLY_NEW)
def test_a_call_of_ten_rounds_is_one_call_in_the_record(house: House, server: str) -> None:
    house.web(server, "legacy").ask({"q": FORM}, rounds=10)
    decided = [row["method"] for row in house.rows() if row["kind"] == "decided"]
    assert decided == ["tools/call", *["elicitation/create"] * 10]


# whose answer it is


@pytest.mark.parametrize("server", SERVERS)
def test_the_answers_of_two_clients_never_cross(house: House, server: str) -> None:
    """Both have the same ids, from us and from themselves; what one says is nothing to the other's call."""
    mine = house.web(server, "legacy", answers=answering(BLUE))
    theirs = house.web(server, "legacy", who="other", answers=answering(RED))
    with meanwhile(lambda: theirs.ask({"q": FORM}, rounds=8)) as other:
        said = mine.ask({"q": FORM}, rounds=8)
    assert said.answers == [{"q": {"result": BLUE}}] * 8
    assert other.result.answers == [{"q": {"result": RED}}] * 8


@pytest.mark.parametrize("server", ["old", "new"])
def test_an_answer_of_another_client_or_session_is_dropped(house: House, server: str) -> None:
    asked: list[Message] = []
    talker = house.web(server, "legacy", answers=silent)
    taken = talker.taken

    def look(message: Message, said: Said) -> Message | None:
        asked.append(message)
        return taken(message, said)

    talker.taken = look  # type: ignore[method-assign]
    with meanwhile(lambda: talker.ask({"q": FORM})) as asking:
        wait_for(lambda: asked, "question")
        reply = {"jsonrpc": "2.0", "id": asked[0]["id"], "result": RED}
        foreign = [house.web(server, "legacy", who="other"), house.web(server, "legacy")]
        for other in foreign:
            assert other.client.post(reply).status == 202
        for_a_while(0.2, lambda: asking.value)
        assert talker.client.post({**reply, "result": BLUE}).status == 202
    assert asking.result.answers == [{"q": {"result": BLUE}}]


@pytest.mark.parametrize("identity", ["1", 1.0, True, 2**70, -1, ""])
def test_an_answer_under_another_id_is_dropped(house: House, identity: object) -> None:
    """Of each kind that looks like the one that was given."""
    talker = house.web("old", "legacy")

    def reply(method: str, params: Message) -> Message:
        talker.client.post({"jsonrpc": "2.0", "id": identity, "result": RED})
        return obliging(method, params)

    talker.answers = reply
    assert talker.ask({"q": FORM}).answers == [{"q": {"result": BLUE}}]


def test_only_the_first_answer_to_a_question_counts(house: House) -> None:
    talker = house.web("old", "legacy")
    asked: list[Message] = []
    taken = talker.taken

    def twice(message: Message, said: Said) -> Message | None:
        reply = taken(message, said)
        if reply is not None:
            asked.append(message)
            talker.client.post({**reply, "result": RED})
        return reply

    talker.taken = twice  # type: ignore[method-assign]
    assert talker.ask({"q": FORM}).answers == [{"q": {"result": RED}}]
    assert len(house.arrived("old")) == 1


# what may go wrong


@pytest.fixture
def hasty() -> Iterator[House]:
    """A gateway that waits for an answer for a second only."""
    with build("old", "new", limits={"downstream.asking.ASK_SECONDS": 1.0}) as made:
        made.fresh()
        yield made


def test_a_question_that_is_not_answered_in_time_is_an_error_and_is_taken_back(hasty: House) -> None:
    said = hasty.web("old", "legacy", answers=silent).ask({"q": FORM})
    assert said.answers[0]["q"]["error"]["message"] == "the client did not answer within 1 seconds"
    [cancelled] = said.notes_of("notifications/cancelled")
    assert isinstance(cancelled["requestId"], int)


def test_a_client_that_goes_while_it_is_asked_does_not_keep_the_server_for_ever(hasty: House) -> None:
    """A client of this era may come back: its call goes on, and the question gets an error."""
    talker = hasty.web("old", "legacy", answers=silent)
    message = talker.client.message("tools/call", {"name": "ask", "arguments": {"questions": {"q": FORM}}})
    with talker.client._answer("POST", message, None) as response:
        assert response.readline()
    wait_for(lambda: hasty.arrived("old"), "answer to the question")
    assert hasty.arrived("old")[0]["error"]["code"] == -32603
    assert hasty.arrived("old", "notifications/cancelled") == []


@pytest.mark.parametrize("server", ["old", "new"])
def test_a_client_at_the_socket_that_goes_while_it_is_asked_ends_its_call(
    house: House, wires: Callable[..., WireTalker], server: str
) -> None:
    talker = wires(answers=silent)
    talker.send("tools/call", {"name": f"{server}__ask", "arguments": {"questions": {"q": FORM}}})
    wait_for(lambda: talker.heard.of("elicitation/create"), "question")
    talker.close()
    if server == "old":
        house.wait_given_up(server)
    wait_for(lambda: "cancelled" in [row["ending"] for row in house.rows()], "end of the call")


def test_a_client_that_reads_no_stream_is_asked_nothing(house: House) -> None:
    talker = house.web("old", "legacy")
    params = {"name": "ask", "arguments": {"questions": {"q": FORM}}}
    reply = talker.client.request("tools/call", params, headers={"Accept": "application/json"})
    [replied] = reply.result["structuredContent"]["answers"]
    assert replied["q"]["error"] == {"code": -32601, "message": "the client reads no questions"}


def test_a_client_that_has_no_session_is_asked_nothing(house: House) -> None:
    """It said nothing of itself, and could not be told from another when it answers."""
    talker = house.web("old", "legacy")
    talker.client.session = None
    said = talker.ask({"q": FORM})
    assert said.asked == []
    assert said.answers[0]["q"]["error"]["code"] == -32601


@pytest.mark.parametrize("server", ["old", "new"])
def test_a_revoked_client_gets_no_answer_and_gives_none(house: House, server: str) -> None:
    asked: list[str] = []

    def reply(method: str, params: Message) -> Message:
        asked.append(method)
        return {}

    talker = house.web(server, "legacy", who="other", answers=reply)
    with meanwhile(lambda: talker.ask({"q": FORM})) as asking:
        wait_for(lambda: asked, "question")
        grant = house.revoke("other")
        wait_for(lambda: talker.client.post({"jsonrpc": "2.0", "method": "x"}).status == 403, "door")
    house.grant("other", grant)
    assert asking.result.answer == {}
    assert b"blue" not in house.sent(server)
    wait_for(lambda: house.web(server, who="other").client.discover().status == 200, "client that is back")


def test_a_server_that_withdraws_its_question_has_it_taken_back_from_the_client(house: House) -> None:
    talker = house.web("old", "legacy", answers=silent)
    said = talker.call("ask", {"questions": {"q": FORM}, "withdraw": True})
    assert said.text == "withdrawn"
    [cancelled] = said.notes_of("notifications/cancelled")
    assert isinstance(cancelled["requestId"], int)
    assert "old" not in str(cancelled)
