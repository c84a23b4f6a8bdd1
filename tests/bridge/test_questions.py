"""What may be asked of a client: what it declared less what the policy denies. A server is told just that."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.bridge.house import SERVERS, House
from tests.support.jr import META
from tests.support.scripted import FORM
from tests.support.talker import ALL, Kind, Message, Talker

KINDS: list[Kind] = ["legacy", "modern"]
URL: Message = {
    "method": "elicitation/create",
    "params": {"mode": "url", "url": "https://example.test/", "message": "Sign in", "elicitationId": "1"},
}
SAMPLING: Message = {
    "method": "sampling/createMessage",
    "params": {"messages": [{"role": "user", "content": {"type": "text", "text": "hm"}}], "maxTokens": 1},
}
ROOTS: Message = {"method": "roots/list", "params": {}}
QUESTIONS = {"elicitation": FORM, "sampling": SAMPLING, "roots": ROOTS}


def told(house: House, server: str) -> Message:
    """The capabilities that a server was told last."""
    if house.met_in(server) == "legacy":
        return _of(house.arrived(server, "initialize")[-1]["params"]["capabilities"])
    meta = house.arrived(server, "tools/call")[-1]["params"]["_meta"]
    return _of(meta[META + "clientCapabilities"])


def _of(value: Any) -> Message:
    assert isinstance(value, dict)
    return value


def replied(house: House, server: str, talker: Talker, question: Message) -> Message | None:
    """The error that a server got for its question, or that ended its call; None where it was answered."""
    said = talker.ask({"q": question})
    if "error" in said.answer:
        return said.error
    if "structuredContent" not in said.result:
        return {"code": 0, "message": said.text}
    error: Message | None = said.answers[0]["q"].get("error")
    return error


DECLARED: dict[str, Message] = {
    "nothing": {},
    "elicitation as it was before there were modes": {"elicitation": {}},
    "pages alone": {"elicitation": {"url": {}}},
    "forms alone": {"elicitation": {"form": {"x": 1}}},
    "sampling with tools": {"sampling": {"tools": {}, "context": {}}},
    "roots": {"roots": {}},
    "all": ALL,
    "an extension": {"extensions": {"io.example/thing": {"deep": [1, None]}}, "sampling": {}},
}


@pytest.mark.parametrize("declared", DECLARED.values(), ids=DECLARED)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_server_is_told_what_the_client_declared_and_nothing_else(
    house: House, server: str, kind: Kind, declared: Message
) -> None:
    whole = house.record(server).stat().st_size
    house.web(server, kind, capabilities=declared).call("echo")
    if house.met_in(server) == "legacy" and not house.arrived(server, "initialize"):
        house._before.pop(f"{server}.record")  # the connection of an earlier test serves this one, too
        assert declared in [
            greeting["params"]["capabilities"] for greeting in house.arrived(server, "initialize")
        ]
    else:
        assert told(house, server) == declared
    assert house.record(server).stat().st_size > whole


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", SERVERS)
def test_what_we_cannot_carry_is_not_told(house: House, server: str, kind: Kind) -> None:
    declared = {
        "roots": {"listChanged": True},
        "tasks": {"list": {}, "cancel": {}},
        "experimental": {"x": {}},
        "extensions": {"io.modelcontextprotocol/tasks": {}, f"io.example/{kind}": {}},
    }
    house.web(server, kind, capabilities=declared).call("echo")
    assert told(house, server) == {"roots": {}, "extensions": {f"io.example/{kind}": {}}}


# what was not declared


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("capability", QUESTIONS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_client_is_never_asked_what_it_did_not_declare(
    house: House, server: str, capability: str, kind: Kind
) -> None:
    declared = {name: value for name, value in ALL.items() if name != capability}
    talker = house.web(server, kind, capabilities=declared)
    said = talker.ask({"q": QUESTIONS[capability]})
    assert said.asked == []
    assert said.rounds == 0
    if house.met_in(server) == "legacy":
        [error] = [reply["error"] for reply in house.arrived(server)]
        assert error["code"] == -32601
    elif capability == "elicitation":
        assert said.answers == [{"q": {"result": {"action": "decline"}}}]
    else:
        assert said.error["code"] == -32601


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", ["old", "new"])
def test_a_client_that_declared_nothing_is_asked_nothing(house: House, server: str, kind: Kind) -> None:
    said = house.web(server, kind, capabilities={}).ask({"q": FORM})
    assert (said.asked, said.rounds) == ([], 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", ["old", "new"])
@pytest.mark.parametrize(
    ("modes", "question"),
    [({"form": {}}, URL), ({"url": {}}, FORM), ({}, URL)],
    ids=["a page where forms", "a form where pages", "a page where nothing was said of modes"],
)
def test_a_client_is_not_asked_in_a_mode_that_it_did_not_declare(
    house: House, server: str, kind: Kind, modes: Message, question: Message
) -> None:
    said = house.web(server, kind, capabilities={"elicitation": modes}).ask({"q": question})
    assert said.asked == []
    if server == "old":
        [error] = [reply["error"] for reply in house.arrived(server)]
        assert error["code"] == -32602


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_question_of_no_kind_that_is_known_is_put_to_nobody(house: House, server: str, kind: Kind) -> None:
    question = {"method": "vendor/ask", "params": {"x": 1}}
    said = house.web(server, kind).ask({"q": question})
    assert said.asked == []
    if house.met_in(server) == "legacy":
        assert house.arrived(server)[0]["error"]["code"] == -32601


def test_a_legacy_server_that_pings_is_answered_by_us(house: House) -> None:
    said = house.web("old").ask({"q": {"method": "ping"}})
    assert said.asked == []
    assert said.answers == [{"q": {"result": {}}}]


def test_what_one_client_declared_is_not_true_of_another(house: House) -> None:
    house.web("old", "legacy", capabilities=ALL).ask({"q": FORM})
    said = house.web("old", "legacy", who="other", capabilities={}).ask({"q": FORM})
    assert said.asked == []


# the policy's word


@pytest.fixture
def ruled(house: House) -> Iterator[Any]:
    """Have `server_requests` be this in a server's policy for one test."""
    changed: list[str] = []

    def rule(server: str, **effects: str) -> None:
        changed.append(server)
        house.policy(server, {"version": "1", "default": "allow", "server_requests": effects})

    yield rule
    for server in changed:
        house.open(server)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("capability", QUESTIONS)
@pytest.mark.parametrize("server", SERVERS)
def test_what_the_policy_denies_is_neither_told_nor_asked(
    house: House, ruled: Any, server: str, capability: str, kind: Kind
) -> None:
    ruled(server, **{capability: "deny"})
    talker = house.web(server, kind)
    house.fresh()
    said = talker.ask({"q": QUESTIONS[capability]})
    assert said.asked == []
    if house.met_in(server) == "modern":
        assert told(house, server) == {name: value for name, value in ALL.items() if name != capability}
    other = next(name for name in QUESTIONS if name != capability)
    assert talker.ask({"q": QUESTIONS[other]}).asked != []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", ["old", "new"])
def test_a_client_of_a_server_with_a_strict_policy_is_told_of_none(
    house: House, ruled: Any, server: str, kind: Kind
) -> None:
    ruled(server, elicitation="deny", sampling="deny", roots="deny")
    said = house.web(server, kind).ask({"q": FORM})
    assert said.asked == []
    if server == "new":
        assert told(house, server) == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("capability", QUESTIONS)
@pytest.mark.parametrize("server", ["old", "new"])
def test_a_question_that_a_person_must_allow_is_not_put_where_nobody_can_be_asked(
    house: House, ruled: Any, server: str, capability: str, kind: Kind
) -> None:
    ruled(server, **{capability: "approve"})
    talker = house.web(server, kind)
    house.fresh()
    said = talker.ask({"q": QUESTIONS[capability]})
    assert said.asked == []
    rows = [row for row in house.rows() if row["kind"] == "decided"]
    assert [(row["method"], row["effect"], row["verdict"]) for row in rows] == [
        ("tools/call", "allow", "allow"),
        (QUESTIONS[capability]["method"], "approve", "nobody-to-ask"),
    ]
    assert rows[1]["rule"] == f"/server_requests/{capability}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", ["old", "new"])
def test_each_question_that_is_put_has_a_row_with_what_was_asked(
    house: House, server: str, kind: Kind
) -> None:
    talker = house.web(server, kind)
    house.fresh()
    talker.ask({"a": FORM, "b": ROOTS})
    rows = [row for row in house.rows() if row["kind"] == "decided"]
    assert rows[0]["method"] == "tools/call"
    assert sorted(row["method"] for row in rows[1:]) == ["elicitation/create", "roots/list"]
    [form] = [row for row in rows if row["method"] == "elicitation/create"]
    assert "Which colour?" in form["arguments"]
    assert "blue" not in form["arguments"]


def test_more_questions_than_a_round_may_have_are_not_put(house: House) -> None:
    said = house.web("new").ask({f"q{number}": ROOTS for number in range(30)})
    assert said.asked == []
    assert said.result["isError"] is True


def test_what_the_client_gets_wrong_reaches_a_legacy_server_as_its_error(house: House) -> None:
    error = {"code": -1, "message": "the person went home", "data": {"x": [1]}}
    talker = house.web("old", "legacy", answers=lambda method, params: {"error": error})
    assert talker.ask({"q": FORM}).answers == [{"q": {"error": error}}]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", ["old", "new"])
def test_a_question_and_its_answer_keep_every_digit_and_every_null(
    house: House, server: str, kind: Kind
) -> None:
    question = {
        "method": "elicitation/create",
        "params": {"message": "é \u2028 \U0001f600", "big": 2**70, "none": None, "requestedSchema": {}},
    }
    given = {"action": "accept", "content": {"big": 2**80, "none": None, "deep": {"x": [1.5, "\u2028"]}}}
    talker = house.web(server, kind, answers=lambda method, params: {"result": given})
    said = talker.ask({"q": question})
    assert said.asked == [question]
    assert said.answers == [{"q": {"result": given}}]
