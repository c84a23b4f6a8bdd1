"""A server at a URL that speaks the older transport: a stream of events, and POSTs beside it."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from latchward.model.errors import NotSent, OutcomeUnknown
from latchward.model.listed import Listed
from latchward.model.outcome import ToolResult
from latchward.model.upstream import UpstreamSpec
from latchward.upstream import kept, old_sse
from latchward.upstream.carrying import Ties
from latchward.upstream.http import HttpUpstream
from tests.support.recorder import text
from tests.support.sdk_server import SdkServer
from tests.support.web import ECHO, Exchange, WebServer

from .far import refusal, request, start_refusal
from .scripted import Client, Message, until
from .support import call, on_loop, text_of

ELICIT: Message = {"method": "elicitation/create", "params": {"message": "?"}}
VERSION = "2024-11-05"


class OldServer(WebServer):
    """`endpoint` is what the first event names; `answers` is what is said to each method on the stream."""

    def __init__(self) -> None:
        super().__init__("legacy")
        self.endpoint = "/messages?session={}"
        self.refuses = 405
        self.opened = 0
        self.posts: dict[str, Any] = {}
        self.told: list[Message] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/sse"

    def handle(self, exchange: Exchange) -> None:
        wanted = exchange.request
        self.requests.append(wanted)
        if wanted.verb == "GET":
            self._stream(exchange)
        elif not wanted.path.startswith("/messages"):
            exchange.reply(self.refuses)
        elif wanted.method in self.posts:
            self.posts[wanted.method](exchange)
        else:
            exchange.reply(202)
            self.react(exchange)

    def _stream(self, exchange: Exchange) -> None:
        self.opened += 1
        exchange.stream()
        self.streams.append(exchange)
        exchange.raw(f"event: endpoint\ndata: {self.endpoint.format(self.opened)}\n\n".encode())
        exchange.closed_by_peer()
        with suppress(ValueError):
            self.streams.remove(exchange)

    def stream_of(self, exchange: Exchange) -> Exchange:
        """The stream on which this POST is answered."""
        number = int(exchange.request.path.partition("=")[2])
        return next(one for one in self.streams if self.number_of(one) == number)

    def number_of(self, stream: Exchange) -> int:
        opened = [one for one in self.requests if one.verb == "GET"]
        return 1 + [id(one) for one in opened].index(id(stream.request))

    def react(self, exchange: Exchange) -> None:
        message = exchange.request.message
        if "method" not in message:
            self.told.append(message)
        elif message["method"] == "initialize":
            capabilities = {"tools": {"listChanged": True}, "prompts": {}}
            info = {"name": "old", "version": "1"}
            self.say(exchange, {"protocolVersion": VERSION, "capabilities": capabilities, "serverInfo": info})
        elif message["method"] == "tools/list":
            self.say(exchange, {"tools": self.tools})
        elif message["method"] == "tools/call":
            self.say(exchange, text(str(message["params"]["arguments"].get("text", ""))))

    def say(self, exchange: Exchange, result: Message) -> None:
        with suppress(StopIteration, OSError):  # nobody listens to it any more
            self.stream_of(exchange).event({"id": exchange.id, "result": result})


@pytest.fixture
def server() -> Iterator[OldServer]:
    with OldServer() as made:
        yield made


@asynccontextmanager
async def using(url: str, *, sse: bool = False, told: list[Any] | None = None) -> AsyncIterator[HttpUpstream]:
    def heard(name: str, method: str, params: Any, grant: str) -> None:
        if told is not None:
            told.append((method, params, grant))

    made = HttpUpstream(UpstreamSpec("far", url=url, sse=sse), lambda: None, None, Ties(heard))
    try:
        yield made
    finally:
        await made.stop()


@pytest.mark.parametrize("status", [400, 404, 405])
def test_a_server_that_takes_no_post_at_its_url_is_spoken_to_the_older_way(
    server: OldServer, status: int
) -> None:
    server.refuses = status

    async def main() -> None:
        async with using(server.url) as far:
            assert [tool.name for tool in await far.tools()] == ["echo"]
            assert text_of(await call(far, "echo", text="hi")) == "hi"

    on_loop(main())
    assert [it.path for it in server.sent("tools/call")] == ["/messages?session=1"]


def test_an_entry_that_says_so_is_spoken_to_that_way_at_once(server: OldServer) -> None:
    async def main() -> None:
        async with using(server.url, sse=True) as far:
            assert text_of(await call(far, "echo", text="hi")) == "hi"

    on_loop(main())
    assert server.requests[0].verb == "GET"


def test_many_calls_at_once_each_get_their_own_answer(server: OldServer) -> None:
    async def main() -> None:
        async with using(server.url, sse=True) as far:
            texts = [str(number) for number in range(50)]
            found = await asyncio.gather(*(call(far, "echo", text=one) for one in texts))
            assert [text_of(one) for one in found] == texts

    on_loop(main())


def test_no_request_overtakes_that_we_are_ready(server: OldServer) -> None:
    ready = threading.Event()

    def initialized(exchange: Exchange) -> None:
        ready.wait(0.2)
        server.told.append({"ready": len(server.sent("tools/list"))})
        exchange.reply(202)

    server.posts["notifications/initialized"] = initialized

    async def main() -> None:
        async with using(server.url, sse=True) as far:
            await far.tools()

    on_loop(main())
    assert server.told == [{"ready": 0}]


@pytest.mark.parametrize(
    "endpoint",
    ["https://elsewhere.test/messages", "//elsewhere.test/x", "http://127.0.0.1:1/x", "http://[", ""],
)
def test_an_address_on_another_origin_is_not_used(
    server: OldServer, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.endpoint = endpoint

    async def main() -> None:
        async with using(server.url, sse=True) as far:
            said = await start_refusal(far)
            assert "own origin" in said or (not endpoint and "takes messages" in said)

    monkeypatch.setattr(old_sse, "ENDPOINT_LIMIT", 0.3)
    on_loop(main())
    assert [it.verb for it in server.requests] == ["GET"]


def test_a_url_where_nobody_speaks_either_way_is_named_as_before(server: OldServer) -> None:
    async def main() -> None:
        async with using(server.url.replace("/sse", "/messages?session=1")) as far:
            assert "speaks no MCP at its `url` (HTTP 405)" in await start_refusal(far)

    server.handle = lambda exchange: exchange.reply(405)  # type: ignore[method-assign]
    on_loop(main())


def test_a_call_under_way_when_the_stream_ends_is_of_unknown_outcome(server: OldServer) -> None:
    def cut(exchange: Exchange) -> None:
        exchange.reply(202)
        server.stream_of(exchange).cut()

    async def main() -> None:
        async with using(server.url, sse=True) as far:
            await far.tools()
            server.posts["tools/call"] = cut
            assert "ended its stream" in await refusal(OutcomeUnknown, far)
            server.posts.clear()
            await until(lambda: far._open is not None)  # although nobody calls
            assert text_of(await call(far, "echo", text="hi")) == "hi"

    on_loop(main())
    assert server.opened == 2
    assert len(server.sent("tools/call")) == 2


def test_a_server_that_ends_its_stream_again_and_again_is_left_alone_longer(
    server: OldServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "BACKOFF", (0.0, 60.0))

    async def main() -> None:
        async with using(server.url, sse=True) as far:
            await far.tools()
            for count in (1, 2):
                await until(lambda count=count: server.opened == count and far._open is not None)  # type: ignore[misc]
                await until(lambda: server.streams)
                server.streams[0].cut()
                await until(lambda: far._open is None)
            with pytest.raises(NotSent, match="tried again in"):
                await call(far, "echo")

    on_loop(main())
    assert server.opened == 2


@pytest.mark.parametrize(("status", "kind"), [(400, NotSent), (500, OutcomeUnknown)])
def test_a_message_that_is_turned_away_says_so(server: OldServer, status: int, kind: Any) -> None:
    server.posts["tools/call"] = lambda it: it.reply(status)

    async def main() -> None:
        async with using(server.url, sse=True) as far:
            assert f"HTTP {status}" in await refusal(kind, far)

    on_loop(main())


def test_a_session_that_the_server_does_not_know_is_begun_anew_once(server: OldServer) -> None:
    def gone(exchange: Exchange) -> None:
        if exchange.request.path.endswith("=1"):
            exchange.reply(404)
        else:
            exchange.reply(202)
            server.react(exchange)

    server.posts["tools/call"] = gone

    async def main() -> None:
        async with using(server.url, sse=True) as far:
            assert text_of(await call(far, "echo", text="hi")) == "hi"

    on_loop(main())
    assert [it.path[-1] for it in server.sent("tools/call")] == ["1", "2"]


def test_a_call_that_is_given_up_is_cancelled_at_the_server(server: OldServer) -> None:
    server.posts["tools/call"] = lambda it: it.reply(202)

    async def main() -> None:
        async with using(server.url, sse=True) as far:
            await far.tools()
            calling = asyncio.ensure_future(call(far, "echo"))
            await until(lambda: server.sent("tools/call"))
            calling.cancel()
            await until(lambda: server.sent("notifications/cancelled"))
            assert calling.cancelled() or not calling.done()

    on_loop(main())


def test_what_it_tells_and_asks_reaches_the_client_of_the_call(server: OldServer) -> None:
    def take(exchange: Exchange) -> None:
        exchange.reply(202)  # its connection is free for our answer then
        threading.Thread(target=ask, args=(exchange,), daemon=True).start()

    def ask(exchange: Exchange) -> None:
        stream = server.stream_of(exchange)
        stream.event({"method": "notifications/message", "params": {"level": "info", "data": 1}})
        stream.event({"id": "q", **ELICIT})
        answered.wait(10)
        server.say(exchange, text(json.dumps(server.told[0]["result"])))

    def post(exchange: Exchange) -> None:
        exchange.reply(202)
        server.react(exchange)
        answered.set()

    answered = threading.Event()
    server.posts |= {"tools/call": take, "POST": post}

    async def main() -> None:
        async with using(server.url, sse=True) as far:
            client = Client({"elicitation/create": {"action": "accept"}}, elicitation={})
            outcome = await request(far, "tools/call", client.caller("ada"))
            assert json.loads(text_of(outcome)) == {"action": "accept"}
            assert client.said == [("notifications/message", {"level": "info", "data": 1})]

    on_loop(main())
    told = [it.message["params"]["capabilities"] for it in server.sent("initialize")]
    assert told == [{}, {"elicitation": {}}]


def test_a_changed_list_is_looked_at_again(server: OldServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "REFRESH_EVERY", 0.05)

    async def main() -> None:
        async with using(server.url, sse=True) as far:
            await far.tools()
            server.tools = [ECHO, {**ECHO, "name": "more"}]
            server.tell_changed()
            await until(lambda: far.current("more") is not None)

    on_loop(main())


def test_the_stream_is_closed_when_the_server_is_no_longer_wanted(server: OldServer) -> None:
    async def main() -> None:
        async with using(server.url, sse=True) as far:
            await far.tools()
        await until(lambda: not server.streams)

    on_loop(main())


@pytest.mark.parametrize("sse", [False, True])
def test_the_sdks_own_server_is_spoken_to(sse: bool) -> None:
    async def main() -> None:
        async with using(sdk.url, sse=sse) as far:
            assert text_of(await call(far, "echo", text="hi ü")) == "hi ü"
            client = Client(
                {"elicitation/create": {"action": "accept", "content": {"name": "Ada"}}}, elicitation={}
            )
            made = await request(far, "resources/read", client.caller(), uri="memo://one")
            assert isinstance(made, ToolResult)
            assert "letter" in [it["name"] for it in await far.entries(Listed.PROMPTS)]

    with SdkServer("--sse") as sdk:
        on_loop(main())
