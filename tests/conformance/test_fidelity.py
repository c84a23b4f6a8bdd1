"""What a server says reaches the agent as it was said: to the byte within an era, and between eras all but
the few members in which the eras differ. The arguments of a call arrive as they were sent."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.gateway import Gateway
from tests.support.jr import Client, Era, Message, Reply
from tests.support.web import WebServer

from . import verbatim
from .not_yet import kept

ERAS: list[Era] = ["legacy", "modern"]
OTHER: dict[Era, Era] = {"legacy": "modern", "modern": "legacy"}
UPSTREAMS = ["stdio", "json", "events"]
OPEN: Message = {"version": "1", "default": "allow"}

C = '"content":[{"type":"text","text":"x"}]'
RESULTS = {
    "unknown fields": f'{{{C},"vendor/more":{{"a":[true,false]}},"other":1}}',
    "unknown fields of content": '{"content":[{"type":"text","text":"x","vendor":{"a":1},"annotations":{}}]}',
    "unknown content types": '{"content":[{"type":"vendor/hologram","depth":3},{"type":"video"}]}',
    "content that is no list": '{"content":{"type":"text"},"isError":"maybe"}',
    "no content": "{}",
    "nulls": f'{{{C},"isError":null,"structuredContent":null,"_meta":null,"more":[null,{{"a":null}}]}}',
    "integers beyond 64 bits": f'{{{C},"n":[18446744073709551616,-9223372036854775809,{"9" * 300}]}}',
    "numbers as they are spelt": f'{{{C},"n":[1.0,1.00,-0,-0.0,0e0,1E5,1e+5,1e400,9007199254740993]}}',
    "long fractions": f'{{{C},"n":[0.1{"0" * 60}1,3.{"14159265358979" * 8},2.50]}}',
    "half an emoji": r'{"content":[{"type":"text","text":"\ud83d and \udc00\ud83d"}],"\ud800":"\udfff"}',
    "escapes": r'{"content":[{"type":"text","text":"\/\u0041\u00e9\ud83d\ude00\u0000\b\f\n\r\t\"\\\u2028"}]}',
    "letters of all kinds": '{"content":[{"type":"text","text":"é 漢字 😀 \u2028 \u0085 \ufeff \u202e"}]}',
    "key order": f'{{"z":1,{C},"a":{{"y":1,"x":2,"b":{{}},"a":[]}},"0":0,"":""}}',
    "white space": '{ "content" :\t[ { "type":"text" , "text" : "x" } ] , "a" : [ ] }',
    "depth": f'{{{C},"deep":{"[" * 200}{"]" * 200}}}',
    "meta": f'{{"_meta":{{"vendor/x":{{"n":1.0}},"io.modelcontextprotocol/related":[null],"ui":{{}}}},{C}}}',
    "structured content": f'{{"structuredContent":{{"b":1,"a":[1.10,null]}},{C},"isError":false}}',
    "a key twice, deep down": f'{{{C},"more":{{"a":1,"a":2}}}}',
    "links": '{"content":[{"type":"resource_link","uri":"file:///a b/../c?x=%2f","name":"n","size":null}]}',
}
MODERN_ONLY = '"resultType":"complete",'


def text_of(name: str, era: Era) -> str:
    """The result of that name as a server of that era writes it: the modern one says what kind it is."""
    text = RESULTS[name]
    return text if era == "legacy" or text == "{}" else text.replace("{", "{" + MODERN_ONLY, 1)


@pytest.fixture(scope="module")
def house() -> Iterator[Gateway]:
    """A gateway before one server of each kind and era, all open."""
    with ExitStack() as stack:
        servers: dict[str, Message] = {}
        for era in ERAS:
            command = [str(Path(verbatim.__file__)), era]
            servers[f"stdio-{era}"] = {"command": sys.executable, "args": ["-I", "-S", *command]}
            for kind in ("json", "events"):
                web = stack.enter_context(WebServer(era))
                web.on.update(verbatim.behaviours(as_events=kind == "events"))
                servers[f"{kind}-{era}"] = {"url": web.url}
        policy = dict.fromkeys(servers, "open")
        yield stack.enter_context(Gateway(servers, {"open": OPEN}, {"agent": policy}))


@pytest.fixture(params=UPSTREAMS)
def upstream(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def client_of(house: Gateway, upstream: str, origin: Era, era: Era) -> Client:
    """A client of one era before a server of another, or the same."""
    client = Client(house.server_url(f"{upstream}-{origin}"), house.token, era)
    if era == "legacy":
        client.initialize()
    return client


def say(
    client: Client, *, meta: Message | None = None, identity: int | str = 1, **arguments: object
) -> Reply:
    params: Message = {"name": "say", "arguments": arguments}
    return client.request("tools/call", {**params, "_meta": meta} if meta else params, identity=identity)


def answer(reply: Reply) -> bytes:
    """The bytes of the message that answers, whether it came as JSON or as the last of several events."""
    if reply.headers["content-type"].startswith("application/json"):
        return reply.body
    return events(reply)[-1]


def events(reply: Reply) -> list[bytes]:
    """The bytes of each message of an event stream."""
    lines = reply.body.splitlines()
    return [line.removeprefix(b"data: ") for line in lines if line.startswith(b"data: ")]


def result(reply: Reply) -> bytes:
    """The bytes of the result."""
    before = b'{"jsonrpc":"2.0","id":1,"result":'
    data = answer(reply)
    assert data.startswith(before)
    assert data.endswith(b"}")
    return data[len(before) : -1]


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("era", ERAS)
def test_a_result_comes_through_to_the_byte(house: Gateway, upstream: str, era: Era, name: str) -> None:
    text = text_of(name, era)
    assert result(say(client_of(house, upstream, era, era), result=text)) == text.encode()


@pytest.mark.parametrize("era", ERAS)
def test_twenty_megabytes_come_through_to_the_byte(house: Gateway, upstream: str, era: Era) -> None:
    size = 20_000_000
    assert result(say(client_of(house, upstream, era, era), size=size)) == verbatim.big(size)


def members(text: str) -> list[tuple[str, str]]:
    """The members of an object, each value as it is spelt."""
    found, at = [], _start(text, 1)
    while text[at] != "}":
        key, at = _SCANNER.raw_decode(text, at)
        begin = _start(text, text.index(":", at) + 1)
        _, at = _SCANNER.raw_decode(text, begin)
        found.append((key, text[begin:at]))
        at = _start(text, at)
        at = _start(text, at + 1) if text[at] == "," else at
    return found


_SCANNER = json.JSONDecoder()


def _start(text: str, at: int) -> int:
    return at + len(text[at:]) - len(text[at:].lstrip(" \t"))


@pytest.mark.parametrize("name", RESULTS)
def test_a_modern_client_gets_all_of_a_legacy_result_and_its_kind(
    house: Gateway, upstream: str, name: str
) -> None:
    text = text_of(name, "legacy")
    reply = say(client_of(house, upstream, "legacy", "modern"), result=text)
    with kept(f"between eras: {name}"):
        assert members(result(reply).decode()) == [("resultType", '"complete"'), *members(text)]


@pytest.mark.parametrize("name", RESULTS)
def test_a_legacy_client_gets_all_of_a_modern_result_but_its_kind(
    house: Gateway, upstream: str, name: str
) -> None:
    reply = say(client_of(house, upstream, "modern", "legacy"), result=text_of(name, "modern"))
    with kept(f"between eras: {name}"):
        assert members(result(reply).decode()) == members(text_of(name, "legacy"))


ERRORS = {
    "a code of the server's own": '{"code":-31999,"message":"no","data":{"uri":"file:///x"}}',
    "nulls and order": '{"code":-32602,"message":"","data":{"z":null,"a":[null,{"y":1,"b":2}]}}',
    "data that is no object": '{"code":1,"message":"x","data":"text"}',
    "integers beyond 64 bits": '{"code":-32603,"message":"x","data":[18446744073709551616]}',
    "fractions": '{"code":-32603,"message":"x","data":[0.10000000000000000000001,1.0,2.50]}',
    "unknown members": '{"code":-32603,"message":"x","vendor":{"a":[1]}}',
    "half an emoji": r'{"code":-32603,"message":"\ud83d cut","data":{"\udc00":"\ud83d"}}',
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("origin", ERAS)
def test_an_error_comes_through_with_all_that_is_in_it(
    house: Gateway, upstream: str, origin: Era, era: Era, name: str
) -> None:
    data = answer(say(client_of(house, upstream, origin, era), error=ERRORS[name]))
    with kept(f"an error: {name}"):
        assert data == b'{"jsonrpc":"2.0","id":1,"error":%b}' % ERRORS[name].encode()


def definition(house: Gateway, upstream: str, origin: Era, era: Era) -> str:
    """The definition of `odd` as the client gets it."""
    client = client_of(house, upstream, origin, era)
    reply = client.request("tools/list", identity=1)
    tools = dict(members(result(reply).decode()))["tools"]
    [odd] = [text for text in elements(tools) if json.loads(text)["name"] == "odd"]
    return odd


def elements(text: str) -> list[str]:
    """The elements of a list without white space, each as it is spelt."""
    found, at = [], 1
    while at < len(text):
        _, end = _SCANNER.raw_decode(text, at)
        found.append(text[at:end])
        at = end + 1
    return found


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("origin", ERAS)
def test_a_definition_comes_through_with_every_digit(
    house: Gateway, upstream: str, origin: Era, era: Era
) -> None:
    def exact(text: str) -> object:
        return json.loads(text, parse_float=str, parse_int=str)

    assert exact(definition(house, upstream, origin, era)) == exact(verbatim.ODD_TOOL.decode())


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("origin", ERAS)
def test_a_definition_comes_through_in_its_order(
    house: Gateway, upstream: str, origin: Era, era: Era
) -> None:
    with kept("a definition: key order"):
        got = json.loads(definition(house, upstream, origin, era))
        assert json.dumps(got) == json.dumps(json.loads(verbatim.ODD_TOOL))


@pytest.mark.parametrize("identity", ["1", "x" * 100, 0, -1, 2**53 + 1, 2**63 - 1])
@pytest.mark.parametrize("era", ERAS)
def test_an_answer_carries_the_id_of_its_request_as_it_was(
    house: Gateway, upstream: str, era: Era, identity: int | str
) -> None:
    text = text_of("no content", era)
    data = answer(say(client_of(house, upstream, era, era), identity=identity, result=text))
    assert data == b'{"jsonrpc":"2.0","id":%b,"result":{}}' % json.dumps(identity).encode()


PROGRESS = {
    "all that is known": '"progress":1,"total":2,"message":"half"',
    "fractions": '"progress":0.5,"total":1.0',
    "unknown members": '"progress":1,"vendor/speed":{"n":18446744073709551616},"_meta":{"vendor/a":null}',
}


def progress(client: Client, origin: Era, token: int | str, told: str) -> bytes:
    """The params of the notification of progress that came."""
    text = text_of("no content", origin)
    reply = say(client, meta={"progressToken": token}, progress=told, result=text)
    [notification, _] = events(reply)
    before = b'{"jsonrpc":"2.0","method":"notifications/progress","params":'
    assert notification.startswith(before)
    return notification[len(before) : -1]


@pytest.mark.parametrize("name", PROGRESS)
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("origin", ERAS)
def test_progress_comes_through_with_all_that_is_in_it(
    house: Gateway, upstream: str, origin: Era, era: Era, name: str
) -> None:
    params = progress(client_of(house, upstream, origin, era), origin, "mine", PROGRESS[name])
    with kept(f"progress: {name}"):
        assert params == f'{{"progressToken":"mine",{PROGRESS[name]}}}'.encode()


@pytest.mark.parametrize("token", ["1", 1, 0, 2**53 + 1])
@pytest.mark.parametrize("era", ERAS)
def test_progress_carries_the_token_of_its_request_as_it_was(
    house: Gateway, upstream: str, era: Era, token: int | str
) -> None:
    params = progress(client_of(house, upstream, era, era), era, token, '"progress":1')
    assert params == f'{{"progressToken":{json.dumps(token)},"progress":1}}'.encode()


ARGUMENTS = {
    "unknown fields": '"vendor/a":{"b":[true,false,""]}',
    "nulls": '"a":null,"b":[null],"c":{"d":null}',
    "integers beyond 64 bits": f'"n":[18446744073709551616,-9223372036854775809,{"9" * 300}]',
    "long fractions": f'"n":[0.1{"0" * 60}1,3.{"14159265358979" * 8},2.50,1.0]',
    "key order": '"z":1,"a":{"y":1,"x":2,"b":{},"a":[]},"0":0,"":""',
    "letters of all kinds": '"t":"é 漢字 😀 \u2028 \ufeff \u202e"',
}


def received(client: Client, arguments: str) -> str:
    """The arguments that arrive at the server of a call that is sent in these very bytes."""
    meta = json.dumps(client.envelope()) if client.era == "modern" else "{}"
    params = f'{{"name":"say","arguments":{arguments},"_meta":{meta}}}'
    body = f'{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}'
    headers = {"Mcp-Method": "tools/call", "Mcp-Name": "say"} if client.era == "modern" else {}
    got: str = client.post(body.encode(), headers).result["got"]
    return dict(members(dict(members(got))["params"]))["arguments"]


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("origin", ERAS)
def test_the_arguments_of_a_call_arrive_as_they_were_sent(
    house: Gateway, upstream: str, origin: Era, era: Era, name: str
) -> None:
    arguments = f'{{"back":true,{ARGUMENTS[name]}}}'
    assert received(client_of(house, upstream, origin, era), arguments) == arguments
