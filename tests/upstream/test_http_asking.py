"""A server at a URL that tells and asks in the middle of a call, and the headers of every method."""

import asyncio
import json
import threading
from typing import Any

import pytest

from latchward.model.errors import OutcomeUnknown
from latchward.model.outcome import Fault, ToolResult
from tests.support.recorder import META, text
from tests.support.web import Exchange, WebServer

from .far import hearing, request
from .scripted import Client, Message
from .support import on_loop, text_of

FORM: Message = {"message": "Your name?", "requestedSchema": {"type": "object", "properties": {}}}
ELICIT: Message = {"method": "elicitation/create", "params": FORM}
ACCEPTED = {"action": "accept", "content": {"name": "Ada"}}


def asking_client() -> Client:
    return Client({"elicitation/create": ACCEPTED}, elicitation={})


# headers


@pytest.mark.parametrize(
    ("method", "params", "name"),
    [
        ("tools/call", {"text": "hi"}, "echo"),
        ("prompts/get", {"name": "grüße"}, "=?base64?Z3LDvMOfZQ==?="),
        ("resources/read", {"uri": "file:///a b"}, "file:///a b"),
        ("completion/complete", {"ref": {}}, None),
        ("x/vendor", {"name": "x"}, None),
    ],
)
def test_every_method_has_its_routing_headers(method: str, params: Message, name: str | None) -> None:
    async def main() -> None:
        async with hearing(server.url) as (far, _):
            assert isinstance(await request(far, method, **params), ToolResult)

    with WebServer("modern") as server:
        server.on[method] = lambda it: it.result({})
        on_loop(main())
        [sent] = server.sent(method)
        assert sent.headers["mcp-method"] == method
        assert sent.headers.get("mcp-name") == name


def test_a_legacy_server_gets_none_of_them() -> None:
    async def main() -> None:
        async with hearing(server.url) as (far, _):
            assert isinstance(await request(far, "prompts/get", name="greet"), ToolResult)

    with WebServer("legacy") as server:
        server.on["prompts/get"] = lambda it: it.result({})
        on_loop(main())
        [sent] = server.sent("prompts/get")
        assert not {"mcp-method", "mcp-name"} & sent.headers.keys()
        assert sent.message["params"] == {"name": "greet"}


# what is told


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_what_comes_on_a_calls_own_stream_is_told_to_it_whatever_else_is_under_way(era: Any) -> None:
    def tell(exchange: Exchange) -> None:
        exchange.stream()
        both.wait(10)
        data = exchange.request.message["params"]["arguments"]["text"]
        exchange.event({"method": "notifications/message", "params": {"level": "info", "data": data}})
        exchange.event({"method": "notifications/vendor", "params": {"x": data}})
        exchange.event(exchange.answer(text(data)))

    async def main() -> None:
        async with hearing(server.url) as (far, told):
            clients = {name: Client() for name in "ab"}
            await asyncio.gather(
                *(
                    request(far, "tools/call", client.caller(log_level="info"), text=name)
                    for name, client in clients.items()
                )
            )
            for name, client in clients.items():
                assert client.said == [
                    ("notifications/message", {"level": "info", "data": name}),
                    ("notifications/vendor", {"x": name}),
                ]
            assert told == []

    both = threading.Barrier(2)
    with WebServer(era) as server:
        server.on["tools/call"] = tell
        on_loop(main())


def test_a_modern_call_that_wants_no_log_gets_none() -> None:
    def tell(exchange: Exchange) -> None:
        exchange.stream()
        exchange.event({"method": "notifications/message", "params": {"level": "info", "data": 1}})
        exchange.event(exchange.answer(text("x")))

    async def main() -> None:
        async with hearing(server.url) as (far, told):
            client = Client()
            await request(far, "tools/call", client.caller())
            assert (client.said, told) == ([], [])

    with WebServer("modern") as server:
        server.on["tools/call"] = tell
        on_loop(main())


def test_what_a_legacy_server_tells_on_its_standing_stream_belongs_to_no_call() -> None:
    def tell(exchange: Exchange) -> None:
        for stream in server.streams:
            stream.event({"method": "notifications/message", "params": {"level": "info", "data": 1}})
        exchange.result(text("x"))

    async def main() -> None:
        async with hearing(server.url) as (far, told):
            await request(far, "tools/list")
            await asyncio.to_thread(server.wait_for_streams)
            client = Client()
            await request(far, "tools/call", client.caller())
            async with asyncio.timeout(10):
                while not told:
                    await asyncio.sleep(0.01)
            assert client.said == []
            assert told == [("notifications/message", {"level": "info", "data": 1}, "")]

    with WebServer("legacy") as server:
        server.on["tools/call"] = tell
        on_loop(main())


# rounds of a modern server


def test_a_modern_server_gets_its_answers_in_the_same_call_sent_again() -> None:
    def ask(exchange: Exchange) -> None:
        params = exchange.request.message["params"]
        if "inputResponses" in params:
            exchange.result(text(json.dumps([params["inputResponses"], params["requestState"]])))
        else:
            asked = {"inputRequests": {"who": ELICIT}, "requestState": "st"}
            exchange.result({"resultType": "input_required", **asked})

    async def main() -> None:
        async with hearing(server.url) as (far, _):
            client = asking_client()
            outcome = await request(far, "tools/call", client.caller(), text="hi")
            assert json.loads(text_of(outcome)) == [{"who": ACCEPTED}, "st"]
            assert client.asked == [("elicitation/create", FORM)]

    with WebServer("modern") as server:
        server.on["tools/call"] = ask
        on_loop(main())
        first, second = (sent.message for sent in server.sent("tools/call"))
        assert first["id"] != second["id"]
        assert second["params"]["_meta"][META + "clientCapabilities"] == {"elicitation": {}}
        assert len(server.sent("initialize")) == 0


def test_a_server_that_turns_the_second_round_away_leaves_the_outcome_unknown() -> None:
    def ask(exchange: Exchange) -> None:
        if "inputResponses" in exchange.request.message["params"]:
            exchange.reply(400)
        else:
            exchange.result({"resultType": "input_required", "inputRequests": {"who": ELICIT}})

    async def main() -> None:
        async with hearing(server.url) as (far, _):
            with pytest.raises(OutcomeUnknown, match="begun and could not be ended"):
                await request(far, "tools/call", asking_client().caller())

    with WebServer("modern") as server:
        server.on["tools/call"] = ask
        on_loop(main())
        assert len(server.sent("tools/call")) == 2


# questions of a legacy server


def legacy_asking(server: WebServer, on_stream: bool) -> None:
    """Ask in each call, on its own stream or on the standing one, and answer with what came back."""
    answers: dict[str, Message] = {}
    came = threading.Condition()

    def post(exchange: Exchange) -> None:
        with came:
            answers[str(exchange.id)] = exchange.request.message
            came.notify_all()
        exchange.reply(202)

    def ask(exchange: Exchange) -> None:
        exchange.stream()
        identity = f"q-{exchange.id}-{exchange.request.headers['mcp-session-id']}"
        question = {"id": identity, **ELICIT}
        if on_stream:
            own = [
                stream
                for stream in server.streams
                if stream.request.headers["mcp-session-id"] == exchange.request.headers["mcp-session-id"]
            ]
            own[0].event(question)
        else:
            exchange.event(question)
        with came:
            came.wait_for(lambda: identity in answers, 10)
        message = answers.get(identity, {})
        exchange.event(exchange.answer(text(json.dumps(message.get("result", message.get("error"))))))

    server.on["tools/call"] = ask
    server.on["POST"] = post


@pytest.mark.parametrize("on_stream", [False, True])
def test_a_legacy_server_gets_its_answer_from_the_client_of_the_call(on_stream: bool) -> None:
    async def main() -> None:
        async with hearing(server.url) as (far, _):
            client = asking_client()
            if on_stream:  # its standing stream is there once a first call is through
                server.on["tools/call"] = lambda it: it.result(text(""))
                await request(far, "tools/call", client.caller())
                await asyncio.to_thread(server.wait_for_streams, 2)
                legacy_asking(server, on_stream)
            outcome = await request(far, "tools/call", client.caller())
            assert json.loads(text_of(outcome)) == ACCEPTED
            assert client.asked == [("elicitation/create", FORM)]

    with WebServer("legacy") as server:
        legacy_asking(server, on_stream)
        on_loop(main())


def test_each_call_that_is_under_way_is_asked_its_own_question() -> None:
    async def main() -> None:
        async with hearing(server.url) as (far, _):
            clients = [Client({"elicitation/create": {"n": n}}, elicitation={}) for n in range(5)]
            outcomes = await asyncio.gather(
                *(request(far, "tools/call", client.caller()) for client in clients)
            )
            assert [json.loads(text_of(outcome)) for outcome in outcomes] == [{"n": n} for n in range(5)]

    with WebServer("legacy") as server:
        legacy_asking(server, on_stream=False)
        on_loop(main())
        assert len(server.sent("initialize")) == 2


def test_a_client_that_declared_nothing_is_asked_nothing() -> None:
    async def main() -> None:
        async with hearing(server.url) as (far, _):
            client = Client({"elicitation/create": ACCEPTED})
            outcome = await request(far, "tools/call", client.caller())
            assert json.loads(text_of(outcome))["code"] == -32601
            assert client.asked == []

    with WebServer("legacy") as server:
        legacy_asking(server, on_stream=False)
        on_loop(main())


def test_a_fault_of_the_client_reaches_the_legacy_server_as_an_error() -> None:
    async def main() -> None:
        async with hearing(server.url) as (far, _):
            client = Client({"elicitation/create": Fault(403, "no")}, elicitation={})
            outcome = await request(far, "tools/call", client.caller())
            assert json.loads(text_of(outcome)) == {"code": 403, "message": "no"}

    with WebServer("legacy") as server:
        legacy_asking(server, on_stream=False)
        on_loop(main())
