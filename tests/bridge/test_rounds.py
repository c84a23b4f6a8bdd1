"""Clients of the envelope era: a call that is answered with questions, and comes again with the answers."""

from collections.abc import Iterator

import pytest

from tests.bridge.house import NEW, OLD, SERVERS, House
from tests.bridge.house import house as build
from tests.support.scripted import FORM
from tests.support.talker import Message, Said, WebTalker, for_a_while
from tests.support.waiting import wait_for

ROOTS: Message = {"method": "roots/list", "params": {}}
SAMPLING: Message = {
    "method": "sampling/createMessage",
    "params": {"messages": [{"role": "user", "content": {"type": "text", "text": "hm"}}], "maxTokens": 1},
}
BLUE: Message = {"action": "accept", "content": {"colour": "blue"}}
RED: Message = {"action": "accept", "content": {"colour": "red"}}
REFUSED: Message = {
    "code": -32602,
    "message": "`requestState` belongs to no call that waits for this client with these arguments;"
    " begin the call anew, without it",
}


def asking(questions: Message | None = None, rounds: int = 1) -> Message:
    return {"name": "ask", "arguments": {"questions": questions or {"q": FORM}, "rounds": rounds}}


def leg(talker: WebTalker, params: Message, method: str = "tools/call", **more: object) -> Message:
    """One request, whatever its answer is: the whole answer."""
    return talker.leg(method, {**params, **more}, Said())


def begun(talker: WebTalker, params: Message, method: str = "tools/call") -> Message:
    """The result of a request that is answered with questions."""
    result: Message = leg(talker, params, method)["result"]
    assert result["resultType"] == "input_required"
    return result


def nothing_more(house: House, server: str, number: int) -> None:
    """No more calls than these have reached the server, and no answer to its question."""
    assert len(house.arrived(server, "tools/call", "resources/read", "prompts/get")) == number
    assert house.arrived(server) == []


def again(result: Message, reply: Message = BLUE) -> Message:
    """What a client sends besides where it comes again, with this reply to every question."""
    replies = {"inputResponses": dict.fromkeys(result.get("inputRequests", {}), reply)}
    return {"requestState": result["requestState"], **replies}


def finish(talker: WebTalker, params: Message, result: Message, reply: Message = BLUE) -> None:
    """The call that still waits goes on to its end, so that none is left."""
    answer = leg(talker, params, **again(result, reply))
    assert answer["result"]["structuredContent"]["answers"] == [{"q": {"result": reply}}]


# one call


@pytest.mark.parametrize("server", OLD)
def test_a_legacy_server_sees_one_call_however_often_the_client_comes(house: House, server: str) -> None:
    said = house.web(server).ask({"q": FORM}, rounds=3)
    assert said.rounds == 3
    assert len(house.arrived(server, "tools/call")) == 1
    assert [row["method"] for row in house.rows() if row["kind"] == "decided"].count("tools/call") == 1


@pytest.mark.parametrize("server", OLD)
def test_several_questions_at_once_come_in_as_many_rounds_as_the_server_takes(
    house: House, server: str
) -> None:
    said = house.web(server).ask({"a": FORM, "b": ROOTS, "c": SAMPLING})
    assert len(said.asked) == 3
    assert said.rounds <= 3
    assert said.answers[0].keys() == {"a", "b", "c"}


@pytest.mark.parametrize("server", NEW)
def test_a_modern_server_gets_its_own_state_back_and_the_client_another_one(
    house: House, server: str
) -> None:
    talker, params = house.web(server), asking()
    result = begun(talker, params)
    finish(talker, params, result)
    first, second = house.arrived(server, "tools/call")
    assert "requestState" not in first["params"]
    assert second["params"]["requestState"] != result["requestState"]
    assert second["params"]["inputResponses"] == {"q": BLUE}
    assert result["requestState"].encode() not in house.sent(server)
    assert second["id"] != first["id"]


@pytest.mark.parametrize("server", NEW)
def test_a_modern_server_that_only_wants_the_call_again_gets_it_without_the_client(
    house: House, server: str
) -> None:
    said = house.web(server).ask({}, rounds=2)
    assert said.rounds == 0
    assert said.answers == [{}, {}]


@pytest.mark.parametrize("server", SERVERS)
def test_what_was_not_answered_is_asked_again_and_nothing_else(house: House, server: str) -> None:
    talker, params = house.web(server), asking({"a": FORM, "b": ROOTS})
    result = begun(talker, params)
    seen: list[Message] = []
    while result["resultType"] == "input_required":
        seen.append(result["inputRequests"])
        [key, *_] = sorted(result["inputRequests"])
        reply = BLUE if result["inputRequests"][key]["method"] == FORM["method"] else {"roots": []}
        more = {"requestState": result["requestState"], "inputResponses": {key: reply}}
        result = leg(talker, params, **more)["result"]
    assert result["structuredContent"]["answers"] == [{"a": {"result": BLUE}, "b": {"result": {"roots": []}}}]
    assert len(seen) == 2
    assert len(seen[-1]) == 1


@pytest.mark.parametrize("server", OLD)
def test_a_retry_without_any_answer_gets_the_same_question_again(house: House, server: str) -> None:
    talker, params = house.web(server), asking()
    first = begun(talker, params)
    second = leg(talker, params, requestState=first["requestState"])["result"]
    assert second["inputRequests"] == first["inputRequests"]
    assert second["requestState"] != first["requestState"]
    finish(talker, params, second)


@pytest.mark.parametrize("server", OLD)
def test_an_answer_to_what_was_not_asked_is_dropped(house: House, server: str) -> None:
    talker, params = house.web(server), asking()
    result = begun(talker, params)
    more = {"requestState": result["requestState"], "inputResponses": {"other": BLUE}}
    second = leg(talker, params, **more)["result"]
    assert second["resultType"] == "input_required"
    finish(talker, params, second)


# what does not continue it


@pytest.mark.parametrize("server", SERVERS)
def test_other_arguments_do_not_continue_a_call_and_nothing_is_sent(house: House, server: str) -> None:
    talker, params = house.web(server), asking()
    result = begun(talker, params)
    other = leg(talker, asking(rounds=2), **again(result))
    assert other["error"] == REFUSED
    nothing_more(house, server, 1)
    finish(talker, params, result)


@pytest.mark.parametrize("server", SERVERS)
def test_another_client_does_not_continue_a_call(house: House, server: str) -> None:
    talker, params = house.web(server), asking()
    result = begun(talker, params)
    foreign = leg(house.web(server, who="other"), params, **again(result))
    assert foreign["error"] == REFUSED
    nothing_more(house, server, 1)
    finish(talker, params, result)


def test_another_method_does_not_continue_a_call(house: House) -> None:
    talker, params = house.web("old"), {"uri": "ask://old"}
    result = begun(talker, params, "resources/read")
    assert leg(talker, asking(), **again(result))["error"] == REFUSED
    assert leg(talker, {"name": "asking"}, "prompts/get", **again(result))["error"] == REFUSED
    nothing_more(house, "old", 1)
    assert "contents" in leg(talker, params, "resources/read", **again(result))["result"]


def test_the_same_tool_of_another_server_does_not_continue_a_call(house: House) -> None:
    """Where all servers stand together the tools of two may have one name and the same arguments."""
    talker, params = house.web(None), asking()
    mine = {**params, "name": "old__ask"}
    result = begun(talker, mine)
    theirs = leg(talker, {**params, "name": "both__ask"}, **again(result))
    assert theirs["error"] == REFUSED
    assert house.arrived("both", "tools/call") == []
    nothing_more(house, "old", 1)
    finish(talker, mine, result)


def test_another_endpoint_does_not_continue_a_call(house: House) -> None:
    talker, params = house.web("old"), asking()
    result = begun(talker, params)
    elsewhere = leg(house.web(None), {**params, "name": "old__ask"}, **again(result))
    assert elsewhere["error"] == REFUSED
    finish(talker, params, result)


@pytest.mark.parametrize("state", ["", "x", "../..", "\u0000", "0" * 32, "é"])
def test_a_state_that_was_never_given_continues_nothing(house: House, state: str) -> None:
    answer = leg(house.web("old"), asking(), requestState=state, inputResponses={"q": BLUE})
    assert answer["error"] == REFUSED
    nothing_more(house, "old", 0)


@pytest.mark.parametrize("state", [None, 5, True, ["x"], {"x": 1}])
def test_a_state_that_is_no_text_continues_nothing(house: House, state: object) -> None:
    answer = leg(house.web("old"), asking(), requestState=state)
    assert answer["error"]["code"] == -32602
    nothing_more(house, "old", 0)


@pytest.mark.parametrize("responses", [5, [BLUE], {"q": "yes"}, {"q": None}, {"q": [BLUE]}])
def test_answers_of_another_shape_are_refused_and_the_call_still_waits(
    house: House, responses: object
) -> None:
    talker, params = house.web("old"), asking()
    result = begun(talker, params)
    answer = leg(talker, params, requestState=result["requestState"], inputResponses=responses)
    assert answer["error"] == {"code": -32602, "message": "`inputResponses` must be an object of objects"}
    nothing_more(house, "old", 1)
    finish(talker, params, result)


@pytest.mark.parametrize("server", SERVERS)
def test_a_state_is_good_once(house: House, server: str) -> None:
    talker, params = house.web(server), asking()
    result = begun(talker, params)
    finish(talker, params, result)
    before = len(house.arrived(server, "tools/call"))
    late = leg(talker, params, **again(result))
    assert late["error"] == REFUSED
    assert len(house.arrived(server, "tools/call")) == before


def test_states_are_long_and_never_alike(house: House) -> None:
    talker, states = house.web("old"), set()
    for _ in range(5):
        result = begun(talker, asking())
        states.add(result["requestState"])
        finish(talker, asking(), result)
    assert len(states) == 5
    assert all(len(state) >= 32 for state in states)


def test_answers_without_a_state_begin_a_call_without_them(house: House) -> None:
    talker = house.web("old")
    result = leg(talker, asking(), inputResponses={"q": BLUE})["result"]
    assert result["resultType"] == "input_required"
    assert b"inputResponses" not in house.sent("old")
    finish(talker, asking(), result)


@pytest.mark.parametrize("method", ["completion/complete", "vendor/thing"])
def test_a_request_that_cannot_come_again_takes_no_state(house: House, method: str) -> None:
    params = {
        "ref": {"type": "ref/prompt", "name": "greeting"},
        "argument": {"name": "name", "value": "A"},
        "requestState": "x",
    }
    house.policy("old", {"version": "1", "default": "allow", "methods": {"vendor/thing": "allow"}})
    try:
        answer = leg(house.web("old"), params, method)
    finally:
        house.open("old")
    assert answer["result"]["resultType"] == "complete"
    assert b"requestState" not in house.sent("old")


# two of them


@pytest.mark.parametrize("server", SERVERS)
def test_equal_calls_of_one_client_are_two(house: House, server: str) -> None:
    talker, params = house.web(server), asking()
    first, second = begun(talker, params), begun(talker, params)
    finish(talker, params, second, RED)
    finish(talker, params, first, BLUE)


@pytest.mark.parametrize("server", SERVERS)
def test_the_answers_of_two_clients_never_cross(house: House, server: str) -> None:
    mine, theirs = house.web(server), house.web(server, who="other")
    asked = [begun(talker, asking()) for talker in (mine, theirs)]
    finish(theirs, asking(), asked[1], RED)
    finish(mine, asking(), asked[0], BLUE)


# what ends it


@pytest.fixture
def hasty() -> Iterator[House]:
    """A gateway that waits for a client for a second only, and lets three calls of it wait."""
    limits = {"downstream.rounds.KEEP_SECONDS": 1.0, "downstream.rounds.MAX_EACH": 3}
    with build("old", "new", limits=limits) as made:
        made.fresh()
        yield made


@pytest.mark.parametrize("server", ["old", "new"])
def test_a_call_whose_client_does_not_come_again_is_cancelled(hasty: House, server: str) -> None:
    result = begun(hasty.web(server), asking())
    if server == "old":
        hasty.wait_given_up(server)  # a modern server has answered and waits for nothing
    wait_for(lambda: [row["ending"] for row in hasty.rows() if row["ending"]], "end of the call")
    wait_for(lambda: len(hasty.rows()) == 4, "ends of call and question")
    assert {row["ending"] for row in hasty.rows() if row["ending"]} == {"cancelled"}
    late = leg(hasty.web(server), asking(), **again(result))
    assert late["error"] == REFUSED
    assert len(hasty.arrived(server, "tools/call")) == 1


def test_only_so_many_calls_of_a_client_wait_and_no_other_client_is_the_worse(hasty: House) -> None:
    talker = hasty.web("old")
    for _ in range(3):
        begun(talker, asking())
    answer = leg(talker, asking())["result"]
    [replied] = answer["structuredContent"]["answers"]
    assert replied["q"]["error"]["message"] == "too many calls wait for this client"
    other = hasty.web("old", who="other")
    finish(other, asking(), begun(other, asking()))


@pytest.mark.parametrize("server", ["old", "oldweb"])
def test_a_revoked_client_leaves_no_call_that_waits(house: House, server: str) -> None:
    result = begun(house.web(server, who="other"), asking())
    grant = house.revoke("other")
    try:
        house.wait_given_up(server)
    finally:
        house.grant("other", grant)
    wait_for(lambda: _let_in(house, server), "client that is back")
    late = leg(house.web(server, who="other"), asking(), **again(result))
    assert late["error"] == REFUSED
    assert len(house.arrived(server, "tools/call")) == 1


def _let_in(house: House, server: str) -> bool:
    return house.web(server, who="other").client.discover().status == 200


def test_what_a_policy_takes_away_in_between_is_not_answered(house: House) -> None:
    """The answer of the client stays here: the call that it belongs to would not be allowed now."""
    talker, params = house.web("old"), asking()
    result = begun(talker, params)
    house.policy("old", {"version": "1", "default": "deny"})
    try:
        told = leg(talker, params, **again(result))["result"]
    finally:
        house.open("old")
    [replied] = told["structuredContent"]["answers"]
    assert replied["q"]["error"]["code"] == 403
    assert b"blue" not in house.sent("old")


@pytest.mark.parametrize("server", ["new", "newweb"])
def test_a_policy_that_denies_in_between_stops_the_call_from_going_again(house: House, server: str) -> None:
    talker, params = house.web(server), asking()
    result = begun(talker, params)
    house.policy(server, {"version": "1", "default": "deny"})
    try:
        answer = leg(talker, params, **again(result))
    finally:
        house.open(server)
    assert answer["result"]["isError"] is True
    assert len(house.arrived(server, "tools/call")) == 1
    assert b"blue" not in house.sent(server)


def test_a_server_that_withdraws_its_question_leaves_nothing_to_answer(house: House) -> None:
    """A legacy server that gives its question up answers the call without it."""
    talker = house.web("old")
    params = {"name": "ask", "arguments": {"questions": {"q": FORM}, "withdraw": True}}
    result = begun(talker, params)
    for_a_while(0.5, lambda: house.arrived("old"))  # the server answers meanwhile
    told = leg(talker, params, requestState=result["requestState"])["result"]
    assert told["content"][0]["text"] == "withdrawn"


def test_a_client_that_waits_for_the_rest_is_told_nothing_twice(house: House) -> None:
    talker, params = house.web("old"), asking(rounds=2)
    first = begun(talker, params)
    second = leg(talker, params, **again(first))["result"]
    assert second["resultType"] == "input_required"
    for_a_while(0.2, lambda: len(house.arrived("old")) > 1)
    answer = leg(talker, params, **again(second))
    assert len(answer["result"]["structuredContent"]["answers"]) == 2
