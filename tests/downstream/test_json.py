"""One strict parser on the wire: what two parsers could read in two ways does not come through."""

import json
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.corpus import json_cases
from tests.support import raw, recorder
from tests.support.jr import META, MODERN, Era, Message, Reply, dump
from tests.support.scene import SERVER, Scene, scene

ERAS: list[Era] = ["modern", "legacy"]
CORPUS = json_cases()
ENVELOPE = {META + "protocolVersion": MODERN, META + "clientCapabilities": {}}


@pytest.fixture(scope="module")
def house() -> Iterator[Scene]:
    """A gateway through which nothing of this module may come."""
    with scene(clients=("agent", "other")) as house:
        yield house
        assert house.calls() == []


@pytest.fixture(scope="module")
def open_house() -> Iterator[Scene]:
    """A gateway through which the good half of the corpus comes."""
    with scene() as house:
        yield house


def send(house: Scene, body: bytes | Message, era: Era = "modern", **headers: str | None) -> Reply:
    """Exactly this body, under headers that fit a call of `echo`."""
    routing = {"Mcp-Method": "tools/call", "Mcp-Name": "echo"} if era == "modern" else {}
    return house.client(era, server=SERVER).post(body, {**routing, **headers})


def call(arguments: bytes, era: Era = "modern") -> bytes:
    """A call of `echo` with these arguments, as they stand."""
    meta = b',"_meta":' + dump(ENVELOPE) if era == "modern" else b""
    return b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":%b%b}}' % (
        arguments,
        meta,
    )


def refused(reply: Reply, *codes: int) -> bool:
    return reply.status == 400 and reply.error["code"] in codes


META_TEXT = dump(ENVELOPE).decode()
HEAD_TEXT = '{"jsonrpc":"2.0","id":1'
CALL_TEXT = HEAD_TEXT + ',"method":"tools/call","params":{'
DEEP_TEXT = '{"x":' * 20 + '{"a":1,"a":2}' + "}" * 20
REST_TEXT = '"arguments":{},"_meta":META}}'
TWICE = {
    "name, safe first": 'CALL"name":"echo","name":"delete",REST',
    "name, danger first": 'CALL"name":"delete","name":"echo",REST',
    "name, escaped": 'CALL"name":"echo","n\\u0061me":"delete",REST',
    "method": 'HEAD,"method":"tools/list","method":"tools/call","params":{"name":"echo",REST',
    "params": 'CALL},"params":{"name":"echo",REST',
    "id": 'HEAD,"id":2,"method":"tools/call","params":{"name":"echo",REST',
    "arguments": 'CALL"name":"echo","arguments":{},"arguments":{"x":1},"_meta":META}}',
    "_meta": 'CALL"name":"echo","arguments":{},"_meta":{},"_meta":META}}',
    "inside arguments": 'CALL"name":"echo","arguments":{"a":1,"a":2},"_meta":META}}',
    "20 levels down": 'CALL"name":"echo","arguments":DEEP,"_meta":META}}',
    "Name beside name": 'CALL"name":"echo","Name":"delete",REST',
    "ARGUMENTS beside arguments": 'CALL"name":"echo","arguments":{},"ARGUMENTS":{"x":1},"_meta":META}}',
    "argument\u017f beside arguments": 'CALL"name":"echo","arguments":{},"argument\u017f":{},"_meta":META}}',
    "Method beside method": 'HEAD,"method":"tools/list","Method":"tools/call","params":{"name":"echo",REST',
    "PARAMS beside params": 'HEAD,"method":"tools/call","PARAMS":{},"params":{"name":"echo",REST',
}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("text", TWICE.values(), ids=TWICE)
def test_a_key_that_stands_twice_is_refused(house: Scene, text: str, era: Era) -> None:
    meta = META_TEXT if era == "modern" else "{}"
    words = {"HEAD": HEAD_TEXT, "CALL": CALL_TEXT, "DEEP": DEEP_TEXT, "REST": REST_TEXT, "META": meta}
    for word, meant in words.items():
        text = text.replace(word, meant)
    assert refused(send(house, text.encode(), era), -32700, -32600)


CALL = json.loads(call(b"{}"))
BATCHES: dict[str, Any] = {
    "one call": [CALL],
    "allowed and denied": [CALL, {**CALL, "id": 2}],
    "none": [],
    "a batch in a batch": [[CALL]],
    "notifications": [{"jsonrpc": "2.0", "method": "notifications/initialized"}] * 2,
    "a call and a notification": [CALL, {"jsonrpc": "2.0", "method": "notifications/initialized"}],
}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_a_batch_is_refused_whole(house: Scene, batch: Any, era: Era) -> None:
    reply = send(house, json.dumps(batch).encode(), era)
    assert refused(reply, -32600)
    assert "one message at a time" in reply.error["message"]


WRONG_PARAMS: dict[str, Message] = {
    "arguments are an array": {"name": "echo", "arguments": []},
    "arguments are a text": {"name": "echo", "arguments": "{}"},
    "arguments are a number": {"name": "echo", "arguments": 0},
    "arguments are null": {"name": "echo", "arguments": None},
    "arguments are true": {"name": "echo", "arguments": True},
    "name is a number": {"name": 5, "arguments": {}},
    "name is an object": {"name": {"x": 1}, "arguments": {}},
    "name is null": {"name": None, "arguments": {}},
    "name is an array": {"name": ["echo"], "arguments": {}},
    "name is empty": {"name": "", "arguments": {}},
    "name is missing": {"arguments": {}},
    "name is too long": {"name": "x" * 300, "arguments": {}},
}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("params", WRONG_PARAMS.values(), ids=WRONG_PARAMS)
def test_params_of_the_wrong_shape_are_refused(house: Scene, params: Message, era: Era) -> None:
    reply = house.client(era, server=SERVER).request("tools/call", params)
    assert reply.error["code"] == -32602


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("params", ["[]", '["echo"]', "null", '"echo"', "1"])
def test_params_that_are_no_object_are_refused(house: Scene, params: str, era: Era) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":%b}' % params.encode()
    assert send(house, body, era).error["code"] == -32602


def test_params_that_are_missing_are_refused(house: Scene) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}'
    assert send(house, body, "legacy").error["code"] == -32602


NUMBERS = ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 4301, "9" * 1_000_000, "0." + "9" * 4301)
PLACES = {
    "arguments": CALL_TEXT + '"name":"echo","arguments":{"x":[NUMBER]}}}',
    "id": '{"jsonrpc":"2.0","id":NUMBER,"method":"tools/call","params":{"name":"echo","arguments":{}}}',
    "_meta": CALL_TEXT + '"name":"echo","arguments":{},"_meta":{"progressToken":NUMBER}}}',
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("number", NUMBERS, ids=[number[:10] + f" ({len(number)})" for number in NUMBERS])
def test_a_number_that_is_none_is_refused_at_once(house: Scene, place: str, number: str) -> None:
    process = house.gateway.process
    assert process is not None
    before = cpu_seconds(process.pid)
    assert refused(send(house, place.replace("NUMBER", number).encode(), "legacy"), -32700)
    assert cpu_seconds(process.pid) - before <= 0.05


WHOLE = call(b'{"text":"\xc3\xa9"}')
ENCODINGS = {
    "invalid": WHOLE.replace(b"\xc3\xa9", b"\xff"),
    "overlong": WHOLE.replace(b"\xc3\xa9", b"\xc0\xaf"),
    "latin-1": WHOLE.replace(b"\xc3\xa9", b"\xe9"),
    "cesu-8": WHOLE.replace(b"\xc3\xa9", b"\xed\xa0\xbd\xed\xb8\x80"),
    "high surrogate alone": WHOLE.replace(b"\xc3\xa9", b"\\ud83d"),
    "low surrogate alone": WHOLE.replace(b"\xc3\xa9", b"\\ude00"),
    "byte order mark": b"\xef\xbb\xbf" + WHOLE,
    "utf-16 with mark": WHOLE.decode().encode("utf-16"),
    "utf-16 little": WHOLE.decode().encode("utf-16-le"),
    "utf-16 big": WHOLE.decode().encode("utf-16-be"),
    "utf-32 with mark": WHOLE.decode().encode("utf-32"),
    "utf-32 little": WHOLE.decode().encode("utf-32-le"),
    "utf-32 big": WHOLE.decode().encode("utf-32-be"),
    "utf-7": WHOLE.decode().encode("utf-7").replace(b"{", b"+AHs-"),
    "surrogate in a name": call(b"{}").replace(b'"echo"', b'"echo\\ud83d"'),
    "surrogate in a key": call(b'{"\\ud83d":1}'),
}


@pytest.mark.parametrize("body", ENCODINGS.values(), ids=ENCODINGS)
def test_what_is_not_strict_utf8_is_refused(house: Scene, body: bytes) -> None:
    assert refused(send(house, body), -32700)


DEEP = 100_000
LARGE = {
    "arrays in arrays": call(b"[" * DEEP + b"]" * DEEP),
    "objects in objects": call(b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "four million brackets": b"[" * 4_000_000,
    "pairs of brackets": b"[]" * 2_000_000,
    "a million values": call(b'{"x":[' + b"0," * 999_999 + b"0]}"),
    "300,000 keys": call(b"{" + b",".join(b'"k%d":1' % number for number in range(300_000)) + b"}"),
    "an open text of quotes": b'{"a":' + b"[" * 65 + b'"' + b'\\"' * 2_000_000,
    "an open text of backslashes": b"[" * 65 + b'"' + b"\\" * 4_000_001,
    "half a million texts": b"[" + b'"",' * 1_000_000,
}


@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE)
def test_a_message_that_is_too_deep_or_too_large_is_refused_cheaply(house: Scene, body: bytes) -> None:
    process = house.gateway.process
    assert process is not None
    before = cpu_seconds(process.pid)
    assert refused(send(house, body), -32700)
    assert cpu_seconds(process.pid) - before < 0.2


@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE)
def test_a_message_that_is_too_deep_or_too_large_holds_nobody_else_up(house: Scene, body: bytes) -> None:
    """50 ms of the gateway's, and what else goes on here: in one round of five it must be quiet."""
    assert min(slowest_beside(house, body) for _ in range(5)) < 0.1


def slowest_beside(house: Scene, body: bytes) -> float:
    """Seconds of the slowest request of another client while this body is sent and refused."""
    probe, slowest = house.client(who="other", server=SERVER), 0.0
    sending = threading.Thread(target=send, args=(house, body))
    sending.start()
    while sending.is_alive():
        began = time.monotonic()
        assert probe.discover().status == 200
        slowest = max(slowest, time.monotonic() - began)
    sending.join()
    return slowest


def cpu_seconds(pid: int) -> float:
    """Seconds of processor time of a process, in steps of a hundredth."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.mark.parametrize("name", [name for name in CORPUS if name[0] == "n"])
def test_what_is_no_json_gets_a_clean_refusal(house: Scene, name: str) -> None:
    for body in (CORPUS[name], call(b'{"v":' + CORPUS[name] + b"}")):
        reply = send(house, body)
        assert refused(reply, -32700)
        assert reply.answer["id"] is None


@pytest.mark.parametrize("name", [name for name in CORPUS if name[0] == "y"])
def test_json_arrives_at_the_server_with_the_same_meaning(open_house: Scene, name: str) -> None:
    before = len(open_house.calls())
    reply = send(open_house, call(b'{"v":' + CORPUS[name] + b"}"))
    assert "result" in reply.answer
    line = recorder.received(open_house.records[SERVER])[-1]
    assert len(open_house.calls()) == before + 1
    arrived = json.loads(line, parse_float=Decimal)["params"]["arguments"]["v"]
    assert arrived == json.loads(CORPUS[name], parse_float=Decimal)


GOOD = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": {}}}
ENVELOPES: dict[str, Message] = {
    "jsonrpc is missing": {key: value for key, value in GOOD.items() if key != "jsonrpc"},
    "jsonrpc is 1.0": {**GOOD, "jsonrpc": "1.0"},
    "jsonrpc is a number": {**GOOD, "jsonrpc": 2.0},
    "jsonrpc is null": {**GOOD, "jsonrpc": None},
    "id is null": {**GOOD, "id": None},
    "id is an object": {**GOOD, "id": {}},
    "id is an array": {**GOOD, "id": [1]},
    "id is true": {**GOOD, "id": True},
    "id is a fraction": {**GOOD, "id": 1.5},
    "id has 10 KB": {**GOOD, "id": "x" * 10_240},
    "id has 300 digits": {**GOOD, "id": 10**300},
    "result beside method": {**GOOD, "result": {}},
    "error beside method": {**GOOD, "error": {"code": 1, "message": "x"}},
    "an unknown member": {**GOOD, "extra": 1},
    "method is missing": {"jsonrpc": "2.0", "id": 1, "params": {}},
    "method is null": {**GOOD, "method": None},
    "method is a number": {**GOOD, "method": 1},
    "method is empty": {**GOOD, "method": ""},
    "method has 10 KB": {**GOOD, "method": "tools/call" * 1024},
    "result and error": {"jsonrpc": "2.0", "id": 1, "result": {}, "error": {"code": 1, "message": "x"}},
    "a result without id": {"jsonrpc": "2.0", "result": {}},
}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("message", ENVELOPES.values(), ids=ENVELOPES)
def test_an_envelope_that_is_wrong_is_refused(house: Scene, message: Message, era: Era) -> None:
    assert refused(send(house, dump(message), era), -32600)


@pytest.mark.parametrize("body", [b"null", b"1", b'"tools/call"', b"true"])
def test_a_message_that_is_no_object_is_refused(house: Scene, body: bytes) -> None:
    assert refused(send(house, body), -32600)


@pytest.mark.parametrize(
    "message", [{"id": 99, "result": {}}, {"id": "x", "error": {"code": 1, "message": ""}}]
)
def test_an_answer_that_nobody_asked_for_is_dropped(house: Scene, message: Message) -> None:
    reply = send(house, {"jsonrpc": "2.0", **message}, "legacy")
    assert (reply.status, reply.body) == (202, b"")


@pytest.mark.parametrize("era", ERAS)
def test_a_call_without_an_id_is_no_call(house: Scene, era: Era) -> None:
    message = {key: value for key, value in GOOD.items() if key != "id"}
    assert send(house, message, era).status == 202


@pytest.mark.parametrize("identity", [0, -1, 2**53 + 1, 10**200, "", "7", "ü", "a" * 256])
def test_an_id_comes_back_as_it_was_sent(house: Scene, identity: int | str) -> None:
    client = house.client("legacy", server=SERVER)
    assert client.request("ping", identity=identity).answer["id"] == identity


def test_the_bytes_of_a_refusal_are_one_json_message(house: Scene) -> None:
    response = raw.exchange(
        "127.0.0.1",
        house.gateway.port,
        raw.post(
            house.gateway.port,
            "/mcp",
            b"{",
            f"Authorization: Bearer {house.gateway.token}",
            "Content-Type: application/json",
        ),
    )
    assert json.loads(response.body)["error"]["code"] == -32700
