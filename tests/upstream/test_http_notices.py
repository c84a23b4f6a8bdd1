"""A server at a URL tells that its tools changed: on a stream of its own, in both eras."""

import asyncio
import time

import pytest

from latchward.upstream import http, kept, watching
from tests.support.web import ECHO, Era, WebServer

from .far import upstream
from .support import QUICK_LOOKS, call, client, eventually, gateway, names, on_loop, text_of

ERAS: list[Era] = ["legacy", "modern"]
MORE = {**ECHO, "name": "more"}


@pytest.mark.parametrize("era", ERAS)
def test_clients_of_both_eras_hear_that_the_tools_of_a_server_changed(era: Era) -> None:
    with WebServer(era) as server:
        server.tools = [ECHO, MORE]
        hear_of_a_tool_that_went(server)


def hear_of_a_tool_that_went(server: WebServer) -> None:
    with gateway({"far": {"url": server.url}}, limits=QUICK_LOOKS) as running:
        modern, legacy = (client(running, "far", its, timeout=10) for its in ("modern", "legacy"))
        server.wait_for_streams()
        wanted = {"notifications": {"toolsListChanged": True}}
        with modern.stream("subscriptions/listen", wanted) as listening, legacy.get() as open_stream:
            assert (listening.next() or {})["method"] == "notifications/subscriptions/acknowledged"
            assert names(modern) == names(legacy) == ["echo", "more"]
            server.tools = [ECHO]
            server.tell_changed()
            for stream in (listening, open_stream):
                assert (stream.next() or {})["method"] == "notifications/tools/list_changed"
        assert names(modern) == names(legacy) == ["echo"]


@pytest.mark.parametrize("era", ERAS)
def test_a_stream_of_notices_that_ends_is_opened_again_and_the_list_looked_at(
    era: Era, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "REOPEN", (0.05, 0.05))
    monkeypatch.setattr(kept, "REFRESH_EVERY", 0.05)

    async def main() -> None:
        async with upstream(server.url) as far:
            await far.tools()
            await asyncio.to_thread(server.wait_for_streams)
            await asyncio.to_thread(server.wait_for, "tools/list", 2)
            server.tools = [ECHO, MORE]
            server.streams[0].cut()
            await asyncio.to_thread(server.wait_for, listen, 2)
            await asyncio.to_thread(eventually, lambda: far.current("more") is not None)

    listen = "GET" if era == "legacy" else "subscriptions/listen"
    with WebServer(era) as server:
        on_loop(main())


def test_a_server_that_closes_its_stream_at_once_is_not_asked_in_a_busy_loop() -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            await far.tools()
            await asyncio.sleep(1.5)

    with WebServer("legacy") as server:
        server.on["GET"] = lambda it: it.stream()
        on_loop(main())
        assert len(server.sent("GET")) == 2


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_a_server_without_a_stream_of_notices_works_as_well(status: int) -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            await far.tools()
            await asyncio.to_thread(server.wait_for, "GET")
            await asyncio.sleep(0.1)
            assert text_of(await call(far, "echo", text="as well")) == "as well"

    with WebServer("legacy") as server:
        server.on["GET"] = lambda it: it.reply(status)
        on_loop(main())
        assert len(server.sent("initialize")) == 1
        assert len(server.sent("GET")) == 1


def test_the_list_of_a_server_that_tells_nothing_is_looked_at_when_it_is_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "STALE", 0.1)
    monkeypatch.setattr(kept, "REFRESH_EVERY", 0.05)

    async def main() -> None:
        async with upstream(server.url) as far:
            assert len(await far.tools()) == 1
            server.tools = [ECHO, MORE]
            await asyncio.sleep(0.15)
            assert len(await far.tools()) == 1, "nobody waits for the look"
            await asyncio.to_thread(eventually, lambda: far.current("more") is not None)

    with WebServer("legacy") as server:
        server.on["GET"] = lambda it: it.reply(405)
        on_loop(main())


@pytest.mark.parametrize("era", ERAS)
def test_a_flood_of_notices_makes_few_looks(era: Era) -> None:
    def flood() -> None:
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            server.tell_changed()

    async def main() -> None:
        async with upstream(server.url) as far:
            await far.tools()
            await asyncio.to_thread(server.wait_for_streams)
            await asyncio.to_thread(flood)

    with WebServer(era) as server:
        on_loop(main())
        # The list at the start and the one when its stream opens, besides.
        assert len(server.sent("tools/list")) <= 2 + kept.REFRESH_BURST


def test_a_session_that_ends_while_nobody_calls_is_begun_anew_at_the_next_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "REOPEN", (0.05,))

    async def main() -> None:
        async with upstream(server.url) as far:
            await far.tools()
            await asyncio.to_thread(server.wait_for_streams)
            server.sessions.clear()
            server.streams[0].cut()
            await asyncio.to_thread(server.wait_for, "GET", 2)
            await asyncio.to_thread(eventually, lambda: far._open is None)
            await far.tools()
            await asyncio.to_thread(server.wait_for, "initialize", 2)

    with WebServer("legacy") as server:
        on_loop(main())
