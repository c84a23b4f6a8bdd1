"""A server at a URL that turns us away, is not there, or comes back as another."""

import asyncio
from typing import Any

import pytest

from latchward.model.errors import NotSent, OutcomeUnknown
from latchward.upstream import conversation, remote
from tests.support.recorder import text
from tests.support.web import Era, Exchange, WebServer, refused_port

from .far import SECRET, refusal, start_refusal, upstream
from .support import call, client, code, eventually, gateway, names, on_loop, said_of, text_of

ERAS: list[Era] = ["legacy", "modern"]
OTHER = {"name": "echo", "description": "Is another now.", "inputSchema": {"type": "object"}}


def every(behaviour: Any) -> dict[str, Any]:
    """The behaviour for all that a server can be asked."""
    return dict.fromkeys(("server/discover", "initialize", "tools/list", "tools/call", "GET"), behaviour)


# redirects and refusals


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_named(status: int, caplog: pytest.LogCaptureFixture) -> None:
    def redirect(exchange: Exchange) -> None:
        target = elsewhere.url.replace("http://", "http://user:pass@") + "?key=in-the-query"
        exchange.reply(status, {"Location": target})

    async def main() -> None:
        async with upstream(server.url) as far:
            said = await start_refusal(far)
            assert f"redirects to `{elsewhere.url}` (HTTP {status}), which is not followed" in said
            server.on.clear()
            server.on["tools/call"] = redirect
            said = await refusal(NotSent, far)
            assert f"redirects to `{elsewhere.url}`" in said
            assert "in-the-query" not in said

    with WebServer() as elsewhere, WebServer() as server:
        server.on = every(redirect)
        on_loop(main())
        assert elsewhere.requests == []
        assert SECRET not in caplog.text


@pytest.mark.parametrize("location", ["/other", "//evil.test/x", "http://[", "", "javascript:alert(1)"])
def test_no_redirect_of_any_kind_is_followed(location: str) -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            assert "which is not followed" in await start_refusal(far)

    with WebServer() as server:
        server.on = every(lambda it: it.reply(308, {"Location": location}))
        on_loop(main())
        assert {request.path for request in server.requests} == {"/mcp"}
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("era", ERAS)
def test_a_server_that_wants_authorization_is_told_of(
    era: Era, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with upstream(server.url, {}) as far:
            said = await start_refusal(far)
            assert f"HTTP {status}" in said
            assert "authorization" in said
            assert "`headers`" in said
        async with upstream(server.url) as far:
            said = await start_refusal(far)
            assert "token in its `headers`" in said
            server.on.clear()
            await far.tools()
            server.on["tools/call"] = deny
            assert f"HTTP {status}" in await refusal(NotSent, far)

    def deny(exchange: Exchange) -> None:
        exchange.reply(status, {"WWW-Authenticate": "Bearer"}, b"no")

    with WebServer(era) as server:
        server.on = every(deny)
        on_loop(main())
        assert SECRET not in caplog.text
        assert len(server.sent("tools/call")) == 1


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 429])
def test_a_call_that_is_turned_away_unread_was_not_sent(status: int) -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            await far.tools()
            assert f"HTTP {status}" in await refusal(NotSent, far)
            server.on.clear()
            assert text_of(await call(far, "echo", text="again")) == "again"

    with WebServer("modern") as server:
        server.on["tools/call"] = lambda it: it.reply(status)
        on_loop(main())


def test_a_server_that_repeats_our_token_does_not_get_it_into_messages(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            said = await start_refusal(far)
            assert "you sent •••" in said

    with WebServer("legacy") as server:
        server.on["initialize"] = lambda it: it.error(
            -32000, f"you sent {it.request.headers['authorization']}"
        )
        on_loop(main())
        assert SECRET not in caplog.text


@pytest.mark.parametrize("session", ["with blank", "ü", "x" * 2000])
def test_a_session_id_that_no_header_can_hold_is_refused(session: str) -> None:
    def greet(exchange: Exchange) -> None:
        result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}
        exchange.result(result, {"Mcp-Session-Id": session})

    async def main() -> None:
        async with upstream(server.url) as far:
            assert "gave our session an id" in await start_refusal(far)

    with WebServer("legacy") as server:
        server.on["initialize"] = greet
        on_loop(main())


def test_a_url_that_is_no_mcp_server_is_explained() -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            assert "speaks no MCP at its `url` (HTTP 404)" in await start_refusal(far)

    with WebServer() as server:
        server.on = every(lambda it: it.reply(404, {"Content-Type": "text/html"}, b"<h1>Not Found"))
        on_loop(main())


# not there


def test_a_server_that_is_not_there_is_tried_again_with_pauses() -> None:
    async def main() -> None:
        async with upstream(f"http://127.0.0.1:{port}/mcp") as far:
            first = await refusal(NotSent, far)
            assert "the server `far` cannot be used" in first
            assert f"http://127.0.0.1:{port} cannot be reached (connection refused)" in first
            await refusal(NotSent, far)
            assert "it may be tried again in 1 s" in await refusal(NotSent, far)
            assert far.last_error == first

    with refused_port() as port:
        on_loop(main())


def test_a_host_that_does_not_exist_is_named() -> None:
    async def main() -> None:
        async with upstream("http://no-such-host.invalid/mcp?key=in-the-query") as far:
            said = await start_refusal(far)
            assert "`no-such-host.invalid` was not found" in said
            assert "in-the-query" not in said

    on_loop(main())


def test_a_server_that_went_away_is_used_again_when_it_is_back() -> None:
    async def main() -> None:
        async with upstream(f"http://127.0.0.1:{port}/mcp") as far:
            with WebServer("modern", port):
                await far.tools()
            assert "cannot be reached" in await refusal(NotSent, far)
            assert far.current("echo") is not None
            with WebServer("modern", port) as back:
                assert text_of(await call(far, "echo", text="back")) == "back"
                assert len(back.sent("tools/call")) == 1

    with refused_port() as port:
        pass
    on_loop(main())


def test_a_server_that_never_answers_the_probe_is_greeted_the_older_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remote, "PROBE_WAIT", 0.2)

    async def main() -> None:
        async with upstream(server.url) as far:
            assert text_of(await call(far, "echo", text="old")) == "old"

    with WebServer("legacy") as server:
        server.on["server/discover"] = lambda it: server.hold()
        on_loop(main())


def test_a_call_that_is_never_answered_ends_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "ANSWER_LIMIT", 0.2)

    def trickle(exchange: Exchange) -> None:
        exchange.stream()
        while not server.ended.wait(0.02):
            exchange.raw(b":\n")

    async def main() -> None:
        async with upstream(server.url) as far:
            assert "did not answer within" in await refusal(OutcomeUnknown, far)
            await asyncio.to_thread(server.wait_for, "notifications/cancelled")

    with WebServer("legacy") as server:
        server.on["tools/call"] = trickle
        on_loop(main())


# sessions


def test_a_call_under_an_ended_session_goes_once_more_under_a_new_one() -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            await far.tools()
            server.sessions.clear()
            assert text_of(await call(far, "echo", text="hi")) == "hi"

    with WebServer("legacy") as server:
        on_loop(main())
        sent = server.sent("tools/call")
        assert [request.headers["mcp-session-id"] for request in sent] == ["session-1", "session-2"]
        assert server.sent("DELETE")[-1].headers["mcp-session-id"] == "session-2"


def test_a_call_is_sent_twice_at_most() -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            assert "ended our session" in await refusal(NotSent, far)

    with WebServer("legacy") as server:
        server.on["tools/call"] = lambda it: it.reply(404)
        on_loop(main())
        assert len(server.sent("tools/call")) == 2


def test_many_calls_under_an_ended_session_share_one_new_one() -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            await far.tools()
            server.sessions.clear()
            answered = await asyncio.gather(*(call(far, "echo", text="hi") for _ in range(20)))
            assert {text_of(outcome) for outcome in answered} == {"hi"}

    with WebServer("legacy") as server:
        on_loop(main())
        assert len(server.sent("initialize")) == 2


def test_a_tool_that_changed_with_the_session_is_not_called() -> None:
    def restart(exchange: Exchange) -> None:
        server.tools = [OTHER]
        server.sessions.clear()
        server.on.clear()
        exchange.reply(404)

    with WebServer("legacy") as server, gateway({"far": {"url": server.url}}) as running:
        calling = client(running, "far")
        assert names(calling) == ["echo"]
        server.on["tools/call"] = restart
        assert code(calling.call("echo", {"text": "hi"})) == "changed-while-waiting"
        assert len(server.sent("tools/call")) == 1


def test_a_session_is_ended_when_the_gateway_stops() -> None:
    with WebServer("legacy") as server:
        with gateway({"far": {"url": server.url}}) as running:
            assert client(running, "far").call("echo", {"text": "hi"}).text == "hi"
        assert server.sent("DELETE")[0].headers["mcp-session-id"] == "session-1"
        assert server.sessions == set()


# through the gateway


@pytest.mark.parametrize("era", ERAS)
def test_what_a_client_hears_of_a_broken_call_is_its_outcome(era: Any) -> None:
    with (
        WebServer() as server,
        gateway({"far": {"url": server.url, "headers": {"X-Key": SECRET}}}) as running,
    ):
        calling = client(running, "far", era)
        assert calling.call("echo", {"text": "hi"}).text == "hi"
        server.on["tools/call"] = lambda it: it.cut()
        assert code(calling.call("echo")) == "outcome-unknown"
        server.on["tools/call"] = lambda it: it.reply(401)
        reply = calling.call("echo")
        assert code(reply) == "server-unavailable"
        assert "wants authorization (HTTP 401)" in reply.text
        assert len(server.sent("tools/call")) == 3
        eventually(lambda: said_of(running, "far"))
        assert SECRET not in running.stderr
        assert "Traceback" not in running.stderr


def test_a_server_that_is_not_there_delays_no_other() -> None:
    with (
        refused_port() as port,
        WebServer() as server,
        gateway({"gone": {"url": f"http://127.0.0.1:{port}/mcp"}, "far": {"url": server.url}}) as running,
    ):
        assert names(client(running)) == ["far__echo"]
        assert client(running).call("far__echo", {"text": "hi"}).text == "hi"


def test_the_bytes_of_an_answer_come_through_as_the_server_sent_them() -> None:
    odd = b'{"content":[{"type":"text","text":"cut \\ud83d"}],"big":123456789012345678901234567890,"n":1.50}'

    def answer(exchange: Exchange) -> None:
        body = b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (str(exchange.id).encode(), odd)
        exchange.reply(200, {"Content-Type": "application/json"}, body)

    with WebServer("legacy") as server, gateway({"far": {"url": server.url}}) as running:
        server.on["tools/call"] = answer
        assert odd in client(running, "far", "legacy").call("echo").body


def test_a_large_answer_comes_through() -> None:
    with WebServer() as server, gateway({"far": {"url": server.url}}) as running:
        server.on["tools/call"] = lambda it: it.result(text("x" * 10_000_000))
        assert len(client(running, "far").call("echo").text) == 10_000_000
