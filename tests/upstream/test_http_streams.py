"""Answers of a server at a URL that come as event streams: whole, cut, taken up again, never ended."""

import asyncio
import json
import threading
import time

import pytest

from latchward.model.errors import OutcomeUnknown
from latchward.upstream import wire
from tests.support.recorder import text
from tests.support.web import Era, Exchange, WebServer

from .far import ANSWER, refusal, stream_of, upstream
from .support import call, on_loop, text_of

ERAS: list[Era] = ["legacy", "modern"]


@pytest.mark.parametrize(
    "pieces",
    [
        [b"data: " + ANSWER + b"\n\n"],
        [b"data:" + ANSWER + b"\r\n\r\n"],
        [b"data: " + ANSWER + b"\r\r"],
        [b"\xef\xbb\xbf: hello\n\n: again\n\ndata: " + ANSWER + b"\n\n"],
        [b"event: message\r", b"\nid: 1\r\nretry: 10\r\ndata: ", ANSWER[:20], ANSWER[20:] + b"\r", b"\n\r\n"],
        [b"data: " + ANSWER.replace(b',"result"', b',\ndata: "result"') + b"\n\n"],
        [b"event: ping\ndata: not for us\n\nid: 7\ndata:\n\ndata: " + ANSWER + b"\n\n"],
        [b'data: {"jsonrpc":"2.0","method":"notifications/vendor"}\n\ndata: ' + ANSWER + b"\n\n"],
    ],
)
@pytest.mark.parametrize("era", ERAS)
def test_an_event_stream_is_read_however_it_is_written(era: Era, pieces: list[bytes]) -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            assert text_of(await call(far, "echo")) == "yes"

    with WebServer(era) as server:
        server.on["tools/call"] = stream_of(*pieces)
        on_loop(main())


def test_a_broken_legacy_stream_with_ids_is_taken_up_again_without_a_second_call() -> None:
    waiting: list[bytes] = []

    def first(exchange: Exchange) -> None:
        waiting.append(ANSWER.replace(b"%ID%", str(exchange.id).encode()))
        stream_of(b"id: e-7\nretry: 20\ndata:\n\n")(exchange)

    def again(exchange: Exchange) -> None:
        if "last-event-id" in exchange.request.headers:
            stream_of(b"id: e-8\ndata: " + waiting[0] + b"\n\n")(exchange)
        else:
            exchange.reply(405)

    async def main() -> None:
        async with upstream(server.url) as far:
            assert text_of(await call(far, "echo")) == "yes"

    with WebServer("legacy") as server:
        server.on = {"tools/call": first, "GET": again}
        on_loop(main())
        assert len(server.sent("tools/call")) == 1
        assert server.sent("GET")[-1].headers["last-event-id"] == "e-7"
        assert server.sent("GET")[-1].headers["mcp-session-id"] == "session-1"


def test_a_stream_that_never_gets_to_the_answer_is_not_taken_up_for_ever() -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            assert "ended before the answer came" in await refusal(OutcomeUnknown, far)

    with WebServer("legacy") as server:
        server.on = dict.fromkeys(("tools/call", "GET"), stream_of(b"id: 1\nretry: 10\ndata:\n\n"))
        on_loop(main())
        taken_up = [request for request in server.sent("GET") if "last-event-id" in request.headers]
        assert len(taken_up) == 3


def test_a_connection_is_used_again_after_an_answer_in_events() -> None:
    ports = set()

    def answer(exchange: Exchange) -> None:
        ports.add(exchange.peer_port)
        event = b"data: " + json.dumps(exchange.answer(text("yes"))).encode() + b"\n\n"
        exchange.head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        exchange.raw(b"%x\r\n%b\r\n" % (len(event), event))
        time.sleep(0.02)
        exchange.raw(b"0\r\n\r\n")

    async def main() -> None:
        async with upstream(server.url) as far:
            for _ in range(5):
                assert text_of(await call(far, "echo")) == "yes"
                await asyncio.sleep(0.1)

    with WebServer("modern") as server:
        server.on["tools/call"] = answer
        on_loop(main())
        assert len(ports) == 1


def test_a_stream_that_a_server_does_not_end_after_the_answer_is_ended_by_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "DRAIN_LIMIT", 0.1)
    ended = threading.Event()

    def answer(exchange: Exchange) -> None:
        exchange.stream()
        exchange.event(exchange.answer(text("yes")))
        if exchange.closed_by_peer():
            ended.set()

    async def main() -> None:
        async with upstream(server.url) as far:
            assert text_of(await call(far, "echo")) == "yes"
            assert await asyncio.to_thread(ended.wait, 5)

    with WebServer("modern") as server:
        server.on["tools/call"] = answer
        on_loop(main())
