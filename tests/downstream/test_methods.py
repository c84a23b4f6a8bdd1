"""Methods and what they may reach: what is not in the table of its era does not exist here."""

from collections.abc import Iterator

import pytest
from mcp_types.methods import CLIENT_NOTIFICATIONS, CLIENT_REQUESTS, SERVER_NOTIFICATIONS, SERVER_REQUESTS

from tests.support.jr import MODERN, Era, Message, encode
from tests.support.scene import SERVER, Scene, scene

ERAS: list[Era] = ["modern", "legacy"]
BOTH = {
    "tools/list", "tools/call", "prompts/list", "prompts/get", "resources/list", "resources/templates/list",
    "resources/read", "completion/complete",
}  # fmt: skip
OFFERED: dict[Era, set[str]] = {
    "legacy": BOTH | {
        "initialize", "ping", "resources/subscribe", "resources/unsubscribe", "logging/setLevel",
    },
    "modern": BOTH | {"server/discover", "subscriptions/listen"},
}  # fmt: skip
REQUESTS = sorted({method for method, _ in [*CLIENT_REQUESTS, *SERVER_REQUESTS]} | {
    "tasks/get", "tasks/list", "tasks/update", "tasks/cancel", "tasks/result",
})  # fmt: skip
NOTIFICATIONS = sorted({method for method, _ in [*CLIENT_NOTIFICATIONS, *SERVER_NOTIFICATIONS]})
ENDPOINTS = [SERVER, None]
SECRET = "file:///home/me/secret"
PARAMS: Message = {
    "name": "delete", "uri": SECRET, "ref": {"type": "ref/prompt", "name": "delete"}, "level": "debug",
    "argument": {"name": "path", "value": "/"}, "arguments": {"path": SECRET}, "taskId": "1", "cursor": "1",
    "messages": [], "maxTokens": 1, "message": "?", "requestedSchema": {"type": "object", "properties": {}},
    "inputResponses": {"1": {"action": "accept"}}, "requestState": "x",
}  # fmt: skip


@pytest.fixture(scope="module")
def house() -> Iterator[Scene]:
    """A gateway whose server has a denied and a hidden tool; no method may reach either."""
    policy = {"version": "1", "default": "allow", "hide": ["delete"], "tools": {"fail": {"action": "deny"}}}
    with scene(policies={SERVER: policy}) as house:
        yield house
        assert house.calls() == []


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    ("era", "method"),
    [(era, method) for era in ERAS for method in REQUESTS if method not in OFFERED[era]],
)
def test_a_method_of_either_schema_that_is_not_offered_is_not_found(
    house: Scene, era: Era, method: str, endpoint: str | None
) -> None:
    reply = house.client(era, server=endpoint).request(method, PARAMS)
    assert reply.error == {"code": -32601, "message": "Method not found"}
    assert reply.status == (404 if era == "modern" else 200)


@pytest.mark.parametrize("era", ERAS)
def test_every_method_that_is_offered_is_one_of_its_schema(era: Era) -> None:
    known = {method for method, version in CLIENT_REQUESTS if (version == MODERN) == (era == "modern")}
    assert OFFERED[era] <= known


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("method", [name for name in NOTIFICATIONS if name != "notifications/cancelled"])
def test_a_notification_is_taken_and_changes_nothing(
    house: Scene, era: Era, method: str, endpoint: str | None
) -> None:
    reply = house.client(era, server=endpoint).notify(method, PARAMS)
    assert (reply.status, reply.body) == (202, b"")


STRANGE = (
    "tools/exec", "tools/Call", "TOOLS/CALL", "tools/call ", " tools/call", "tools//call", "tools/call/",
    "/tools/call", "tools\uff0fcall", "tools/c\u0430ll", "tools/call\u0000", "tools/call\n", "tools.call",
    "tools", "rpc.discover", "rpc.call", "notifications/initialized", "notifications/cancelled",
    "__proto__", "_tools_call", "*", "vendor/thing",
)  # fmt: skip
OURS = (
    "latchward/approve", "latchward/allow", "approvals/answer", "approve", "policy/set", "policy/edit",
    "policies/write", "settings/save", "server/add", "servers/add", "grant/new", "grants/put",
    "grant/revoke", "gateway/stop", "shutdown", "admin/status", "control/hello", "ask/answer",
    "audit/clear", "log/clear",
)  # fmt: skip


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("method", [*STRANGE, "tools/call" + "x" * 246, *OURS])
def test_no_spelling_of_a_method_and_no_method_of_control_is_found(
    house: Scene, era: Era, method: str
) -> None:
    client = house.client(era, server=SERVER)
    header = encode(method)
    reply = client.post(client.message(method, PARAMS), {"Mcp-Method": header})
    said_twice = era == "modern" and header != method  # a header cannot say it, so it says something else
    assert reply.error["code"] == (-32020 if said_twice else -32601)


@pytest.mark.parametrize("era", ERAS)
def test_a_method_of_ten_kilobytes_is_refused(house: Scene, era: Era) -> None:
    client = house.client(era, server=SERVER)
    reply = client.post(client.message("tools/call" * 1024), {"Mcp-Method": "tools/call"})
    assert reply.error["code"] == -32600


@pytest.mark.parametrize("era", ERAS)
def test_a_denied_tool_is_not_reached_by_naming_it_in_another_method(house: Scene, era: Era) -> None:
    client = house.client(era, server=SERVER)
    for method in REQUESTS:
        if method not in ("tools/call", "subscriptions/listen"):
            client.request(method, {**PARAMS, "name": "fail"})
    assert house.calls() == []


def test_params_of_initialize_name_no_tool(house: Scene) -> None:
    client = house.client("legacy")
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x"}, **PARAMS}
    reply = client.request("initialize", params)
    assert set(reply.result) == {"protocolVersion", "capabilities", "serverInfo"}


@pytest.mark.parametrize("asked", ["2026-07-28", "2099-01-01", "", None, 5, {"x": 1}])
def test_a_version_that_the_handshake_does_not_know_gets_our_latest(house: Scene, asked: object) -> None:
    reply = house.client("legacy").request("initialize", {"protocolVersion": asked})
    assert reply.result["protocolVersion"] == "2025-11-25"


@pytest.mark.parametrize("version", ["2099-01-01", "1", "2026-07-29", "draft"])
def test_a_version_of_the_envelope_that_we_do_not_speak_is_refused_with_those_we_do(
    house: Scene, version: str
) -> None:
    client = house.client()
    client.version = version
    reply = client.discover()
    assert (reply.status, reply.error["code"]) == (400, -32022)
    assert reply.error["data"] == {"supported": [MODERN], "requested": version}


# hidden means that it does not exist


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_hidden_tool_is_not_listed(house: Scene, era: Era, endpoint: str | None) -> None:
    names = {tool["name"].removeprefix(f"{SERVER}__") for tool in house.client(era, server=endpoint).tools()}
    assert names == {"echo", "add", "slow", "big", "fail"}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("arguments", [{"path": "/"}, {"path": 5}, {}, {"unheard": [1, 2]}])
def test_a_hidden_tool_answers_byte_for_byte_as_one_that_never_existed(
    house: Scene, era: Era, endpoint: str | None, arguments: Message
) -> None:
    prefix = "" if endpoint else f"{SERVER}__"
    client = house.client(era, server=endpoint)
    answers = []
    for name in ("delete", "absent"):
        message = client.message("tools/call", {"name": prefix + name, "arguments": arguments}, "same")
        reply = client.post(message)
        assert reply.error == {"code": -32602, "message": f"Unknown tool: {prefix}{name}"}
        kept = {key: value for key, value in reply.headers.items() if key != "content-length"}
        answers.append((reply.status, kept, reply.body.replace(name.encode(), b"NAME")))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("era", ERAS)
def test_a_denied_tool_is_listed_and_says_why_it_is_refused(house: Scene, era: Era) -> None:
    reply = house.client(era, server=SERVER).call("fail")
    assert reply.result["isError"] is True
    assert "Blocked by the user's policy" in reply.text
    assert reply.result["_meta"]["latchward/refusal"] == {
        "code": "denied-by-rule",
        "rule": "/tools/fail/action",
    }


# the endpoints


def test_a_server_that_was_not_granted_does_not_exist(house: Scene) -> None:
    client = house.client(server="somebody-elses")
    assert client.discover().status == 404


def test_a_list_has_one_page(house: Scene) -> None:
    assert house.client().request("tools/list", {"cursor": "x"}).error["code"] == -32602
