"""Each method, for a client of each kind before a server of each kind, over each way.

Whatever a client is told, and whatever a server is sent, is of the schema of its own era.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.bridge.house import OLD, SERVERS, House
from tests.bridge.schema import check_said, check_server
from tests.support.scripted import FORM, PROMPTS, RESOURCES, SHARED, TOOLS
from tests.support.talker import Kind, Message, Said, Talker

KINDS: list[Kind] = ["legacy", "modern", "dual"]
URL: Message = {
    "method": "elicitation/create",
    "params": {
        "mode": "url",
        "url": "https://example.test/login",
        "message": "Sign in",
        "elicitationId": "e-1",
    },
}
SAMPLING: Message = {
    "method": "sampling/createMessage",
    "params": {
        "messages": [{"role": "user", "content": {"type": "text", "text": "a poem"}}],
        "maxTokens": 100,
    },
}
ROOTS: Message = {"method": "roots/list", "params": {}}
BLUE: Message = {"action": "accept", "content": {"colour": "blue"}}
POEM: Message = {
    "role": "assistant", "content": {"type": "text", "text": "a poem"}, "model": "m", "stopReason": "endTurn",
}  # fmt: skip
HOME: Message = {"roots": [{"uri": "file:///home/me", "name": "home"}]}
QUESTIONS: dict[str, tuple[Message, Message]] = {
    "form": (FORM, BLUE),
    "url": (URL, {"action": "accept"}),
    "sampling": (SAMPLING, POEM),
    "roots": (ROOTS, HOME),
}


@pytest.fixture(params=[(kind, server) for server in SERVERS for kind in KINDS], ids="-".join)
def leg(request: pytest.FixtureRequest, house: House) -> Iterator["Leg"]:
    """A client of some kind before a server of some kind."""
    kind, server = request.param
    yield Leg(house, house.web(server, kind), server)
    check_server(house, server)


class Leg:
    """One combination."""

    def __init__(self, house: House, talker: Talker, server: str) -> None:
        self.house = house
        self.talker = talker
        self.server = server

    def request(self, method: str, params: Message | None = None, meta: Message | None = None) -> Said:
        said = self.talker.request(method, params, meta)
        check_said(self.talker, method, said)
        return said

    def ask(self, questions: dict[str, Message], rounds: int = 1) -> Said:
        return self.request(
            "tools/call", {"name": "ask", "arguments": {"questions": questions, "rounds": rounds}}
        )


def test_a_client_that_speaks_both_meets_us_in_the_newer(house: House) -> None:
    assert house.web("old", "dual").era == "modern"


# lists


def test_tools_are_listed(leg: Leg) -> None:
    assert {tool["name"] for tool in leg.request("tools/list").result["tools"]} == set(TOOLS)


def test_prompts_are_listed(leg: Leg) -> None:
    listed = leg.request("prompts/list").result["prompts"]
    assert [prompt["name"] for prompt in listed] == list(PROMPTS)
    assert listed[0]["arguments"] == [{"name": "name", "required": False}]


def test_resources_are_listed(leg: Leg) -> None:
    own = [f"res://{leg.server}/{name}" for name in RESOURCES]
    listed = leg.request("resources/list").result["resources"]
    assert [resource["uri"] for resource in listed] == [*own, SHARED, f"ask://{leg.server}"]


def test_templates_are_listed(leg: Leg) -> None:
    [template] = leg.request("resources/templates/list").result["resourceTemplates"]
    assert template["uriTemplate"] == f"item://{leg.server}/{{id}}"


# what is done


def test_a_tool_is_called(leg: Leg) -> None:
    assert leg.request("tools/call", {"name": "echo", "arguments": {"text": "hi"}}).text == "hi"


def test_a_prompt_is_got_with_its_arguments(leg: Leg) -> None:
    result = leg.request("prompts/get", {"name": "greeting", "arguments": {"name": "Ada"}}).result
    assert result["messages"][0]["content"]["text"] == f"greeting of {leg.server} for Ada"


@pytest.mark.parametrize("uri", ["res://{}/one", "item://{}/7"])
def test_a_resource_is_read(leg: Leg, uri: str) -> None:
    uri = uri.format(leg.server)
    result = leg.request("resources/read", {"uri": uri}).result
    assert result["contents"] == [{"uri": uri, "text": f"{uri} of {leg.server}"}]


@pytest.mark.parametrize(
    "ref", [{"type": "ref/prompt", "name": "greeting"}, {"type": "ref/resource", "uri": "item://{}/{{id}}"}]
)
def test_an_argument_is_completed(leg: Leg, ref: Message) -> None:
    ref = {key: value.format(leg.server) if key == "uri" else value for key, value in ref.items()}
    params = {"ref": ref, "argument": {"name": "name", "value": "A"}, "context": {"arguments": {"x": "y"}}}
    values = leg.request("completion/complete", params).result["completion"]["values"]
    assert values == [f"{leg.server} {ref.get('name') or ref['uri']} name=A"]


def test_a_resource_that_is_not_there_is_not_found_in_the_words_of_the_clients_era(leg: Leg) -> None:
    error = leg.request("resources/read", {"uri": f"res://{leg.server}/none"}).error
    assert error["code"] == (-32002 if leg.talker.era == "legacy" else -32602)


def test_an_error_of_the_server_comes_as_it_is(leg: Leg) -> None:
    arguments = {"code": -31999, "message": "it broke"}
    error = leg.request("tools/call", {"name": "fail", "arguments": arguments}).error
    assert error == {"code": -31999, "message": "it broke"}


# what is asked in the middle


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_reaches_the_client_and_its_answer_the_server(leg: Leg, question: str) -> None:
    asked, answer = QUESTIONS[question]
    said = leg.ask({"q": asked})
    assert [one["method"] for one in said.asked] == [asked["method"]]
    assert said.asked[0].get("params", {}).items() >= asked["params"].items()
    assert said.answers == [{"q": {"result": answer}}]
    decided = [row["method"] for row in leg.house.rows() if row["kind"] == "decided"]
    assert decided == ["tools/call", asked["method"]]


def test_several_questions_at_once_are_each_answered(leg: Leg) -> None:
    said = leg.ask({"a": FORM, "b": SAMPLING, "c": ROOTS})
    assert sorted(one["method"] for one in said.asked) == sorted(
        one["method"] for one in (FORM, SAMPLING, ROOTS)
    )
    assert said.answers == [{"a": {"result": BLUE}, "b": {"result": POEM}, "c": {"result": HOME}}]


def test_a_server_may_ask_ten_times_in_one_call(leg: Leg) -> None:
    said = leg.ask({"q": FORM}, rounds=10)
    assert len(said.asked) == 10
    assert said.answers == [{"q": {"result": BLUE}}] * 10


def test_a_prompt_may_ask(leg: Leg) -> None:
    said = leg.request("prompts/get", {"name": "asking"})
    assert said.asked == [FORM]
    assert json.loads(said.result["messages"][0]["content"]["text"]) == [{"colour": {"result": BLUE}}]


def test_a_resource_may_ask(leg: Leg) -> None:
    said = leg.request("resources/read", {"uri": f"ask://{leg.server}"})
    assert said.asked == [FORM]
    assert json.loads(said.result["contents"][0]["text"]) == [{"colour": {"result": BLUE}}]


def test_a_refusal_of_the_person_reaches_the_server(leg: Leg) -> None:
    leg.talker.answers = lambda method, params: {"result": {"action": "decline"}}
    assert leg.ask({"q": FORM}).answers == [{"q": {"result": {"action": "decline"}}}]


# what is said on the way


@pytest.mark.parametrize("token", ["p", "7", 7, 0])
def test_progress_comes_under_the_clients_token_which_the_server_never_sees(
    leg: Leg, token: int | str
) -> None:
    params = {"name": "slow", "arguments": {"seconds": 0.2}}
    said = leg.request("tools/call", params, {"progressToken": token, "x/y": "the client's own"})
    values = [note["progress"] for note in said.notes_of("notifications/progress")]
    assert len(values) >= 2
    assert values == sorted(set(values))
    assert {repr(note["progressToken"]) for note in said.notes_of("notifications/progress")} == {repr(token)}
    [call] = leg.house.arrived(leg.server, "tools/call")
    assert call["params"]["_meta"]["progressToken"] == call["id"]
    assert b"the client's own" not in leg.house.sent(leg.server)


def test_no_progress_is_asked_for_that_the_client_does_not_want(leg: Leg) -> None:
    said = leg.request("tools/call", {"name": "slow", "arguments": {"seconds": 0.15}})
    assert said.notes == []
    [call] = leg.house.arrived(leg.server, "tools/call")
    assert "progressToken" not in call["params"].get("_meta", {})


@pytest.mark.parametrize(("level", "number"), [("debug", 8), ("warning", 5), ("emergency", 1)])
def test_of_a_servers_log_a_client_hears_the_level_that_it_wants_and_above(
    leg: Leg, level: str, number: int
) -> None:
    if leg.talker.era == "legacy":
        leg.request("logging/setLevel", {"level": level})
    else:
        leg.talker.log_level = level
    said = leg.request("tools/call", {"name": "log"})
    heard = [note["level"] for note in said.notes_of("notifications/message")]
    assert len(heard) == number
    assert heard[0] == level


def test_a_modern_client_that_wants_no_log_hears_none(leg: Leg) -> None:
    said = leg.request("tools/call", {"name": "log"})
    heard = said.notes_of("notifications/message")
    assert len(heard) == (0 if "modern" in (leg.talker.era, leg.house.met_in(leg.server)) else 8)


def test_a_notification_that_nobody_knows_comes_with_its_call(leg: Leg) -> None:
    arguments = {"method": "notifications/vendor/thing", "params": {"x": [1, None]}}
    said = leg.talker.call("notify", arguments)
    assert said.notes_of("notifications/vendor/thing") == [{"x": [1, None]}]


# what belongs to one era


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("ping", {}),
        ("logging/setLevel", {"level": "info"}),
        ("resources/subscribe", {"uri": "res://{}/one"}),
        ("resources/unsubscribe", {"uri": "res://{}/one"}),
    ],
)
def test_a_method_of_the_handshake_era_is_there_for_its_clients_alone(
    leg: Leg, method: str, params: Message
) -> None:
    params = {key: value.format(leg.server) for key, value in params.items()}
    said = leg.talker.request(method, params)
    if leg.talker.era == "legacy":
        assert said.result == {}
    else:
        assert said.error == {"code": -32601, "message": "Method not found"}


def test_discovery_is_there_for_clients_of_the_envelope_alone(leg: Leg) -> None:
    said = leg.talker.request("server/discover")
    if leg.talker.era == "modern":
        check_said(leg.talker, "server/discover", said)
        assert said.result["supportedVersions"] == ["2026-07-28"]
    else:
        assert said.error == {"code": -32601, "message": "Method not found"}


# ids


@pytest.mark.parametrize("identity", ["7", 7, 0, "", "é\u2028", 2**80])
def test_the_id_of_a_request_comes_back_as_it_was_and_the_server_never_sees_it(
    leg: Leg, identity: int | str
) -> None:
    client = leg.talker.client  # type: ignore[attr-defined]
    message = client.message("tools/call", {"name": "echo", "arguments": {"text": "x"}}, identity)
    answer = client.post(message).answer
    assert repr(answer["id"]) == repr(identity)
    [call] = leg.house.arrived(leg.server, "tools/call")
    assert isinstance(call["id"], int)


def test_questions_reach_legacy_clients_under_ids_of_ours(leg: Leg) -> None:
    seen: list[Any] = []
    taken: Callable[[Message, Said], Message | None] = leg.talker.taken

    def look(message: Message, said: Said) -> Message | None:
        seen.append(message.get("id"))
        return taken(message, said)

    leg.talker.taken = look  # type: ignore[method-assign]
    leg.ask({"q": FORM})
    assert all(isinstance(identity, int) for identity in seen if identity is not None)
    assert bool(seen) == (leg.talker.era == "legacy")


def test_a_call_that_crosses_no_era_comes_back_to_the_byte(house: House) -> None:
    for server in OLD:
        reply = house.web(server, "legacy").client.call("echo", {"text": "\u00fc"})
        assert b'"text":"\\u00fc"' in reply.body.replace(b'": "', b'":"')
