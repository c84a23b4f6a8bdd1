"""The routing headers of the modern era: compared with the body, and never believed."""

import base64
from collections.abc import Iterator

import pytest

from tests.support import raw
from tests.support.jr import META, MODERN, Client, Message, dump, encode
from tests.support.scene import SERVER, Scene, scene

MISMATCH = -32020


@pytest.fixture(scope="module")
def house() -> Iterator[Scene]:
    """A gateway whose `delete` is denied; no header may bring it there, nor anything else to the server."""
    policy = {"version": "1", "default": "allow", "tools": {"delete": {"action": "deny"}}}
    with scene(policies={SERVER: policy}) as house:
        yield house
        assert house.calls() == []


@pytest.fixture
def client(house: Scene) -> Client:
    return house.client(server=SERVER)


def call(client: Client, tool: str = "delete") -> Message:
    return client.message("tools/call", {"name": tool, "arguments": {"path": "/"}})


def base64_of(text: bytes) -> str:
    return f"=?base64?{base64.b64encode(text).decode()}?="


@pytest.mark.parametrize(
    "headers",
    [
        {"Mcp-Method": "tools/list"}, {"Mcp-Method": None}, {"Mcp-Method": ""},
        {"Mcp-Method": "Tools/Call"}, {"Mcp-Method": "TOOLS/CALL"}, {"Mcp-Method": "tools/call,tools/list"},
        {"Mcp-Method": "tools/call;x"}, {"Mcp-Name": "echo"}, {"Mcp-Name": None}, {"Mcp-Name": ""},
        {"Mcp-Name": "Delete"}, {"Mcp-Name": "delete,echo"}, {"Mcp-Name": "=?base64?!!!!?="},
        {"Mcp-Name": "=?base64??="}, {"Mcp-Name": "=?base64?ZGVsZXRl"}, {"Mcp-Name": "=?BASE64?ZGVsZXRl?="},
        {"Mcp-Name": base64_of(b"echo")}, {"Mcp-Name": base64_of(b"\xff")},
        {"Mcp-Name": "=?base64?ZGVsZXRl=?="}, {"Mcp-Name": "=?base64?ZGVs ZXRl?="},
        {"Mcp-Name": '"delete"'},
    ],
    ids=repr,
)  # fmt: skip
def test_headers_that_differ_from_the_body_are_refused(
    client: Client, headers: dict[str, str | None]
) -> None:
    reply = client.post(call(client), headers)
    assert (reply.status, reply.error["code"]) == (400, MISMATCH)


@pytest.mark.parametrize(
    "header", ["Mcp-Method: tools/call", "Mcp-Name: delete", "MCP-Protocol-Version: 2026-07-28"]
)
def test_a_header_that_stands_twice_is_refused(house: Scene, client: Client, header: str) -> None:
    body = dump(call(client))
    lines = [f"{name}: {value}" for name, value in client.request_headers(call(client)).items()]
    response = raw.exchange(
        "127.0.0.1", house.gateway.port, raw.post(house.gateway.port, client.path, body, *lines, header)
    )
    assert response.status == 400
    assert b"-32020" in response.body


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (MODERN, "2025-11-25"), (MODERN, "2026-07-29"), ("2026-07-29", MODERN), (None, MODERN),
        ("2025-11-25", MODERN), ("2024-11-05", MODERN), (MODERN, None), (MODERN, 5), (MODERN, [MODERN]),
    ],
)  # fmt: skip
def test_a_version_that_differs_from_the_body_is_refused(
    client: Client, header: str | None, body: object
) -> None:
    message = call(client)
    message["params"]["_meta"][META + "protocolVersion"] = body
    reply = client.post(message, {"MCP-Protocol-Version": header})
    assert (reply.status, reply.error["code"]) == (400, MISMATCH)


@pytest.mark.parametrize("meta", [None, [], "x", 5])
def test_an_envelope_that_is_no_object_is_refused(client: Client, meta: object) -> None:
    message = call(client)
    message["params"]["_meta"] = meta
    reply = client.post(message)
    assert (reply.status, reply.error["code"]) == (400, -32602)


def test_an_envelope_without_capabilities_is_refused(client: Client) -> None:
    message = call(client)
    del message["params"]["_meta"][META + "clientCapabilities"]
    assert client.post(message).error["code"] == -32602


@pytest.mark.parametrize("headers", [{}, {"Mcp-Name": base64_of(b"delete")}], ids=["plain", "base64"])
def test_headers_that_agree_with_the_body_leave_the_decision_to_it(
    client: Client, headers: dict[str, str | None]
) -> None:
    reply = client.post(call(client), headers)
    assert reply.result["_meta"]["latchward/refusal"]["rule"] == "/tools/delete/action"


def test_a_name_that_no_header_can_hold_is_compared_in_base64(client: Client) -> None:
    name = "l\u00f6sche\n"
    assert encode(name).startswith("=?base64?")
    assert client.call(name).error["code"] == -32602  # compared, found equal, and no such tool


@pytest.mark.parametrize("headers", [{"Mcp-Method": "tools/list", "Mcp-Name": "echo"}, {"Mcp-Name": "echo"}])
def test_in_the_older_era_such_headers_say_nothing(house: Scene, headers: dict[str, str | None]) -> None:
    client = house.client("legacy", server=SERVER)
    reply = client.post(call(client), headers)
    assert reply.result["_meta"]["latchward/refusal"]["rule"] == "/tools/delete/action"
