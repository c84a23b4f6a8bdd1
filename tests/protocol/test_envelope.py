"""JSON-RPC as MCP uses it."""

from typing import Any

import pytest

from latchward.model.errors import ClientError
from latchward.protocol import envelope
from latchward.protocol.envelope import Notification, Reply, Request


def message(**members: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": "ping", **members}


def test_a_message_with_an_id_is_a_request() -> None:
    assert envelope.read(message(id="7", params={"a": 1})) == Request("7", "ping", {"a": 1})


def test_a_message_without_an_id_is_a_notification() -> None:
    assert envelope.read({"jsonrpc": "2.0", "method": "x"}) == Notification("x", {})


def test_a_message_without_a_method_is_a_reply() -> None:
    assert envelope.read({"jsonrpc": "2.0", "id": 3, "result": {"a": 1}}) == Reply(3, {"a": 1}, None)
    assert envelope.read({"jsonrpc": "2.0", "id": 3, "error": {"code": 1}}) == Reply(3, None, {"code": 1})


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([], -32600),
        ([message()], -32600),
        ([[message()]], -32600),
        ("ping", -32600),
        (None, -32600),
        (message(jsonrpc="1.0"), -32600),
        (message(jsonrpc=2), -32600),
        ({"id": 1, "method": "ping"}, -32600),
        (message(id=None), -32600),
        (message(id={}), -32600),
        (message(id=True), -32600),
        (message(id="x" * 10_000), -32600),
        (message(id=10**300), -32600),
        (message(method=""), -32600),
        (message(method=7), -32600),
        (message(method="x" * 10_000), -32600),
        (message(result={}), -32600),
        (message(extra=1), -32600),
        (message(Method="tools/call"), -32600),
        (message(params=[]), -32602),
        (message(params=None), -32602),
        (message(params={"name": "a", "Name": "b"}), -32600),
        ({"jsonrpc": "2.0", "id": 1}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "result": {}, "error": {}}, -32600),
    ],
)
def test_everything_else_is_refused(value: Any, code: int) -> None:
    with pytest.raises(ClientError) as refused:
        envelope.read(value)
    assert refused.value.code == code


def test_a_result_is_passed_to_the_byte() -> None:
    assert (
        envelope.result('a"b', b'{ "x" : 1.0 }') == b'{"jsonrpc":"2.0","id":"a\\"b","result":{ "x" : 1.0 }}'
    )
