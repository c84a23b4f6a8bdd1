"""What a policy hides does not exist, what it denies is refused by its rule: prompts, resources, methods."""

from collections.abc import Iterator

import pytest

from tests.bridge.house import SERVERS, House
from tests.bridge.house import house as build
from tests.support.talker import Kind, Message, Said, WebTalker

KINDS: list[Kind] = ["legacy", "modern"]
REFUSED = 403


def policy(server: str) -> Message:
    return {
        "version": "1",
        "default": "allow",
        "prompts": {"secret": {"action": "hide"}, "denied": {"action": "deny", "reason": "not today"}},
        "resources": {
            f"res://{server}/secret": {"action": "hide"},
            f"res://{server}/denied": {"action": "deny", "reason": "not today"},
            f"item://{server}/7": {"action": "hide"},
        },
        "methods": {"vendor/thing": "allow", "vendor/denied": "deny", "vendor/asked": "approve"},
    }


@pytest.fixture(scope="module")
def whole() -> Iterator[House]:
    with build(policies={server: policy(server) for server in SERVERS}) as made:
        yield made


@pytest.fixture(params=[(kind, server) for server in SERVERS for kind in KINDS], ids="-".join)
def leg(request: pytest.FixtureRequest, house: House) -> tuple[WebTalker, str, House]:
    kind, server = request.param
    return house.web(server, kind), server, house


Leg = tuple[WebTalker, str, House]


def answered(leg: Leg, method: str, params: Message) -> Message:
    """The whole answer, its id left out."""
    answer = leg[0].leg(method, params, Said())
    return {key: value for key, value in answer.items() if key != "id"}


def nothing_arrived(leg: Leg, *methods: str) -> None:
    assert leg[2].arrived(leg[1], *methods) == []


def test_what_is_hidden_is_not_listed_and_what_is_denied_is(leg: Leg) -> None:
    talker, server, _ = leg
    prompts = [prompt["name"] for prompt in talker.request("prompts/list").result["prompts"]]
    assert prompts == ["greeting", "asking", "denied"]
    uris = [one["uri"] for one in talker.request("resources/list").result["resources"]]
    assert f"res://{server}/secret" not in uris
    assert f"res://{server}/denied" in uris


def test_a_hidden_prompt_answers_as_one_that_never_was(leg: Leg) -> None:
    hidden, absent = (
        answered(leg, "prompts/get", {"name": name, "arguments": {"x": "y"}}) for name in ("secret", "secreT")
    )
    assert hidden["error"] == {"code": -32602, "message": "Unknown prompt: secret"}
    assert str(hidden) == str(absent).replace("secreT", "secret")
    nothing_arrived(leg, "prompts/get")


def test_a_hidden_resource_answers_as_one_that_never_was(leg: Leg) -> None:
    talker, server, house = leg
    hidden, absent = (
        answered(leg, "resources/read", {"uri": f"res://{server}/{name}"}) for name in ("secret", "secreT")
    )
    uri = f"res://{server}/secret"
    code = -32002 if talker.era == "legacy" else -32602
    assert hidden["error"] == {"code": code, "message": "Resource not found", "data": {"uri": uri}}
    assert str(hidden) == str(absent).replace("secreT", "secret")
    assert b'/secret"' not in house.sent(server)


def test_a_resource_of_a_template_can_be_hidden(leg: Leg) -> None:
    hidden = answered(leg, "resources/read", {"uri": f"item://{leg[1]}/7"})
    assert hidden["error"]["message"] == "Resource not found"
    assert "result" in answered(leg, "resources/read", {"uri": f"item://{leg[1]}/8"})


@pytest.mark.parametrize("spelling", ["res://{}/./secret", "res://{}/x/../secret", "res://{}/%73ecret"])
def test_no_spelling_of_a_hidden_address_reaches_it(leg: Leg, spelling: str) -> None:
    answer = answered(leg, "resources/read", {"uri": spelling.format(leg[1])})
    assert "error" in answer
    nothing_arrived(leg, "resources/read")


@pytest.mark.parametrize(
    "ref", [{"type": "ref/prompt", "name": "{}secret"}, {"type": "ref/resource", "uri": "res://{}/secret"}]
)
def test_an_argument_of_what_is_hidden_is_completed_as_that_of_what_never_was(leg: Leg, ref: Message) -> None:
    server = leg[1]
    own = {key: value.format(server if key == "uri" else "") for key, value in ref.items()}
    absent = {**own, **{key: own[key].replace("secret", "secreT") for key in own if key != "type"}}
    argument = {"name": "name", "value": "A"}
    hidden = answered(leg, "completion/complete", {"ref": own, "argument": argument})
    assert hidden["error"]["code"] == -32602
    if ref["type"] == "ref/prompt":
        assert hidden == answered(leg, "completion/complete", {"ref": absent, "argument": argument})
    nothing_arrived(leg, "completion/complete")


@pytest.mark.parametrize("ref", [None, {}, {"type": "ref/other"}, {"type": "ref/prompt"}, "ref/prompt", []])
def test_a_reference_that_is_none_is_refused(leg: Leg, ref: object) -> None:
    params = {"ref": ref, "argument": {"name": "name", "value": "A"}}
    assert answered(leg, "completion/complete", params)["error"]["code"] == -32602
    nothing_arrived(leg, "completion/complete")


@pytest.mark.parametrize(
    ("method", "params", "rule"),
    [
        ("prompts/get", {"name": "denied"}, "/prompts/denied/action"),
        ("resources/read", {"uri": "res://{}/denied"}, "/resources/res:~1~1{}~1denied/action"),
    ],
)
def test_what_is_denied_is_refused_with_code_rule_and_reason(
    leg: Leg, method: str, params: Message, rule: str
) -> None:
    server = leg[1]
    params = {key: value.format(server) for key, value in params.items()}
    error = answered(leg, method, params)["error"]
    assert error["code"] == REFUSED
    assert error["data"] == {"code": "denied-by-rule", "rule": rule.format(server)}
    assert "not today" in error["message"]
    assert rule.format(server) in error["message"]
    nothing_arrived(leg, method)


def test_each_request_that_is_judged_has_a_row_with_its_method(leg: Leg) -> None:
    server, house = leg[1], leg[2]
    answered(leg, "prompts/get", {"name": "greeting"})
    answered(leg, "prompts/get", {"name": "denied"})
    answered(leg, "resources/read", {"uri": f"res://{server}/one"})
    rows = [row for row in house.rows() if row["kind"] == "decided"]
    assert [(row["method"], row["tool"], row["verdict"]) for row in rows] == [
        ("prompts/get", "greeting", "allow"),
        ("prompts/get", "denied", "denied-by-rule"),
        ("resources/read", f"res://{server}/one", "allow"),
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("method", "params"),
    [("prompts/get", {"name": "greeting"}), ("resources/read", {"uri": "res://old/one"})],
)
def test_what_a_person_must_allow_is_refused_where_nobody_can_be_asked(
    house: House, kind: Kind, method: str, params: Message
) -> None:
    house.policy("old", {"version": "1", "default": "approve"})
    try:
        answer = house.web("old", kind).leg(method, params, Said())
    finally:
        house.policy("old", policy("old"))
    assert answer["error"]["code"] == REFUSED
    assert answer["error"]["data"] == {"code": "nobody-to-ask", "rule": "(default approve)"}
    assert house.arrived("old", method) == []


@pytest.mark.parametrize("method", ["prompts/get", "resources/read"])
def test_a_name_of_another_shape_is_refused(leg: Leg, method: str) -> None:
    key = "name" if method == "prompts/get" else "uri"
    talker = leg[0]
    for value in ("", None, 5, ["greeting"], {"x": 1}, "x" * 10_000):
        message = talker.client.message(method, {key: value})
        reply = talker.client.post(message)
        assert reply.error["code"] == -32602
    nothing_arrived(leg, method)


# methods that only a policy knows


def test_a_method_that_the_policy_names_is_passed_on(leg: Leg) -> None:
    params = {"x": [1, None, 2**70], "deep": {"é": "\u2028"}}
    answer = answered(leg, "vendor/thing", params)
    assert answer["result"]["name"] == leg[1]
    assert answer["result"]["params"] == params
    assert ("resultType" in answer["result"]) == (leg[0].era == "modern")


def test_a_method_that_no_policy_names_does_not_exist(leg: Leg) -> None:
    answer = answered(leg, "vendor/other", {"x": 1})
    assert answer["error"] == {"code": -32601, "message": "Method not found"}
    nothing_arrived(leg, "vendor/other")


@pytest.mark.parametrize(
    ("method", "code"), [("vendor/denied", "denied-by-rule"), ("vendor/asked", "nobody-to-ask")]
)
def test_a_method_that_is_refused_says_so(leg: Leg, method: str, code: str) -> None:
    error = answered(leg, method, {})["error"]
    assert error["code"] == REFUSED
    assert error["data"]["code"] == code
    nothing_arrived(leg, method)


@pytest.mark.parametrize("kind", KINDS)
def test_where_all_servers_are_together_no_such_method_exists(house: House, kind: Kind) -> None:
    for talker in (house.web(None, kind), house.wire(kind)):
        answer = talker.leg("vendor/thing", {}, Said())
        assert answer["error"] == {"code": -32601, "message": "Method not found"}
    assert [house.arrived(server, "vendor/thing") for server in SERVERS] == [[]] * len(SERVERS)
