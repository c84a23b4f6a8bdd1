"""Calls to a server at a URL: what leaves, what comes back, and that nothing is sent twice."""

import asyncio
import threading
from typing import Any

import pytest
from mcp.shared import inbound

from latchward.model.errors import NotSent, OutcomeUnknown
from latchward.model.outcome import Fault
from latchward.upstream import sse, wire
from tests.support.recorder import text
from tests.support.web import Era, Exchange, WebServer

from .far import ANSWER, SECRET, refusal, stream_of, upstream
from .support import call, on_loop, text_of

ERAS: list[Era] = ["legacy", "modern"]


@pytest.mark.parametrize("era", ERAS)
def test_a_call_is_answered(era: Era) -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            assert [tool.name for tool in await far.tools()] == ["echo"]
            assert text_of(await call(far, "echo", text="hi ü")) == "hi ü"

    with WebServer(era) as server:
        on_loop(main())
        assert server.sent("tools/call")[0].headers["authorization"] == f"Bearer {SECRET}"
        assert server.sent("tools/call")[0].headers["accept-encoding"] == "identity"


def test_modern_requests_pass_the_checks_of_the_sdk() -> None:
    schema = {
        "type": "object",
        "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "deep": {"type": "object", "properties": {"n": {"type": "integer", "x-mcp-header": "N"}}},
            "flag": {"type": "boolean", "x-mcp-header": "Flag"},
        },
    }
    arguments = {"region": " eu-ü", "deep": {"n": 10**30}, "flag": False, "text": "x"}

    async def main() -> None:
        async with upstream(server.url) as far:
            await call(far, "tool ü", **arguments)
            await asyncio.to_thread(server.wait_for, "subscriptions/listen")

    with WebServer("modern") as server:
        server.tools = [{"name": "tool ü", "inputSchema": schema}]
        on_loop(main())
        assert {request.method for request in server.requests} == {
            "server/discover",
            "tools/list",
            "tools/call",
            "subscriptions/listen",
        }
        for request in server.requests:
            verdict = inbound.classify_inbound_request(request.message, headers=request.headers)
            assert isinstance(verdict, inbound.InboundModernRoute), verdict
        [sent] = server.sent("tools/call")
        assert inbound.validate_mcp_param_headers(schema, arguments, sent.headers) is None
        assert sent.headers["mcp-param-n"] == str(10**30)


def test_a_tool_whose_header_annotation_is_invalid_is_not_offered(caplog: pytest.LogCaptureFixture) -> None:
    broken = {"name": "b", "inputSchema": {"properties": {"x": {"type": "number", "x-mcp-header": "X"}}}}

    async def main() -> None:
        async with upstream(server.url) as far:
            assert [tool.name for tool in await far.tools()] == ["echo"]

    with WebServer("modern") as server:
        server.tools = [*server.tools, broken]
        on_loop(main())
        assert "the tool `b` of `far` is not offered" in caplog.text


@pytest.mark.parametrize("era", ERAS)
def test_headers_of_the_protocol_cannot_be_set_by_a_servers_entry(era: Era) -> None:
    own = {
        "Accept": "x/y",
        "Mcp-Session-Id": "mine",
        "Host": "evil.test",
        "X-Own": "yes",
        "Accept-Encoding": "gzip",
    }

    async def main() -> None:
        async with upstream(server.url, own) as far:
            await call(far, "echo", text="hi")

    with WebServer(era) as server:
        on_loop(main())
        sent = server.sent("tools/call")[0].headers
        assert sent["x-own"] == "yes"
        assert sent["host"] == f"127.0.0.1:{server.port}"
        assert sent["accept"] == "application/json, text/event-stream"
        assert sent["accept-encoding"] == "identity"
        assert sent.get("mcp-session-id") != "mine"


def test_a_cookie_of_the_server_is_not_kept() -> None:
    async def main() -> None:
        async with upstream(server.url.replace("127.0.0.1", "localhost")) as far:
            await call(far, "echo")
            await call(far, "echo")

    with WebServer("modern") as server:
        server.on["tools/call"] = lambda it: it.result(text("ok"), {"Set-Cookie": "a=b"})
        on_loop(main())
        assert all("cookie" not in request.headers for request in server.requests)


def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def main() -> None:
        async with upstream(server.url) as far:
            assert text_of(await call(far, "echo", text="direct")) == "direct"

    with WebServer() as server:
        on_loop(main())


def cut_json(exchange: Exchange) -> None:
    exchange.head(200, {"Content-Type": "application/json", "Content-Length": "500"})
    exchange.raw(b'{"jsonrpc":"2.0","id":')
    exchange.cut()


def huge(kind: str, start: bytes) -> Any:
    def behave(exchange: Exchange) -> None:
        exchange.head(200, {"Content-Type": kind, "Connection": "close"})
        exchange.raw(start)
        for _ in range(70):
            exchange.raw(b"x" * 1024 * 1024)
        exchange.cut()

    return behave


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (cut_json, "broke in the middle"),
        (lambda it: it.cut(), "broke before it answered"),
        (lambda it: it.raw(b"SSH-2.0-OpenSSH\r\n\r\n"), "broke before it answered"),
        (lambda it: it.reply(200, {"X-Long": "x" * 100_000}), "broke before it answered"),
        (stream_of(b"data: " + ANSWER[:30]), "ended before the answer came"),
        (stream_of(b": only this\n\n"), "ended before the answer came"),
        (stream_of(b"data: {]\n\n"), "not a JSON object"),
        (stream_of(b"data: " + ANSWER.replace(b"%ID%", b"999") + b"\n\n"), "an id that is not the call's"),
        (stream_of(b"data: " + ANSWER.replace(b"%ID%", b'"%ID%"') + b"\n\n"), "an id that is not the call's"),
        (lambda it: it.json({"id": 999, "result": {}}), "an id that is not the call's"),
        (lambda it: it.json({"method": "notifications/message"}), "holds no answer"),
        (lambda it: it.reply(200, {"Content-Type": "text/html"}, b"<h1>hi"), "answered with `text/html`"),
        (lambda it: it.reply(200, {}, b"{}"), "answered with `nothing`"),
        (lambda it: it.reply(202), "answered with `nothing`"),
        (
            lambda it: it.json(it.answer(text("x")), headers={"Content-Encoding": "gzip"}),
            "compressed its answer",
        ),
        (lambda it: it.reply(500), "HTTP 500"),
        (lambda it: it.reply(503, {"Content-Type": "application/json"}, b"{}"), "HTTP 503"),
        (lambda it: it.json({"id": it.id, "result": {}, "error": {}}), "exactly one of result and error"),
        (huge("application/json", b'{"'), f"more than {wire.MAX_BODY} bytes"),
        (huge("text/event-stream", b"data: "), f"more than {sse.MAX_EVENT} bytes"),
    ],
)
@pytest.mark.parametrize("era", ERAS)
def test_a_call_without_a_whole_answer_is_of_unknown_outcome_and_sent_once(
    era: Era, behaviour: Any, reason: str
) -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            await far.tools()
            assert reason in await refusal(OutcomeUnknown, far)
            server.on.clear()
            assert text_of(await call(far, "echo", text="after")) == "after"

    with WebServer(era) as server:
        server.on["tools/call"] = behaviour
        on_loop(main())
        assert len(server.sent("tools/call")) == 2


@pytest.mark.parametrize("status", [200, 400, 404, 500])
def test_a_json_rpc_error_is_the_servers_answer_whatever_its_status(status: int) -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            outcome = await call(far, "echo")
            assert isinstance(outcome, Fault)
            assert (outcome.code, outcome.message) == (-32602, "no such thing")

    with WebServer("modern") as server:
        server.on["tools/call"] = lambda it: it.error(-32602, "no such thing", status)
        on_loop(main())


@pytest.mark.parametrize("era", ERAS)
def test_a_cancelled_call_is_cancelled_at_the_server(era: Era) -> None:
    closed = threading.Event()

    def hold(exchange: Exchange) -> None:
        exchange.stream()
        if exchange.closed_by_peer():
            closed.set()

    async def main() -> None:
        async with upstream(server.url) as far:
            running = asyncio.create_task(call(far, "echo"))
            await asyncio.to_thread(server.wait_for, "tools/call")
            running.cancel()
            assert await asyncio.to_thread(closed.wait, 5)
            if era == "legacy":
                await asyncio.to_thread(server.wait_for, "notifications/cancelled")

    with WebServer(era) as server:
        server.on["tools/call"] = hold
        on_loop(main())
        told = [request.message["params"]["requestId"] for request in server.sent("notifications/cancelled")]
        assert told == ([server.sent("tools/call")[0].message["id"]] if era == "legacy" else [])


@pytest.mark.parametrize("era", ERAS)
def test_many_slow_calls_do_not_wait_for_each_other(era: Era) -> None:
    all_here = threading.Barrier(150)

    def meet(exchange: Exchange) -> None:
        all_here.wait(10)
        exchange.result(text("met"))

    async def main() -> None:
        async with upstream(server.url) as far:
            await far.tools()
            met = await asyncio.gather(*(call(far, "echo") for _ in range(150)))
            assert {text_of(outcome) for outcome in met} == {"met"}

    with WebServer(era) as server:
        server.on["tools/call"] = meet
        on_loop(main())


def test_a_call_under_way_when_the_upstream_stops_is_of_unknown_outcome() -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            running = asyncio.create_task(call(far, "echo"))
            await asyncio.to_thread(server.wait_for, "tools/call")
            await far.stop()
            with pytest.raises(OutcomeUnknown):
                await asyncio.wait_for(running, 2)
            assert "is stopping" in await refusal(NotSent, far)

    with WebServer() as server:
        server.on["tools/call"] = lambda it: server.hold()
        on_loop(main())


def test_questions_of_a_legacy_server_are_answered_by_us() -> None:
    def ask(exchange: Exchange) -> None:
        exchange.stream()
        exchange.event({"id": "p-1", "method": "ping"})
        exchange.event({"id": 2, "method": "sampling/createMessage", "params": {}})
        server.wait_for("POST", 2)
        exchange.event(exchange.answer(text("answered")))

    async def main() -> None:
        async with upstream(server.url) as far:
            assert text_of(await call(far, "echo")) == "answered"

    with WebServer("legacy") as server:
        server.on["tools/call"] = ask
        server.on["POST"] = lambda it: it.reply(202)
        on_loop(main())
        said = {request.message["id"]: request.message for request in server.sent("POST")}
        assert said["p-1"]["result"] == {}
        assert said[2]["error"]["code"] == -32601
