"""From an agent over stdio to a server and back: a real bridge, a real gateway, real clients."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import TextContent

from latchward import endpoint
from tests.support import recorder
from tests.support.connect import Agent, environment, message, modern
from tests.support.gateway import Gateway
from tests.support.scene import OPEN, SERVER, Scene, scene, wait_until

TWO_SECONDS: Final = 2.0
HOPE: Final = 1.0
HASTY: Final = f"""
from latchward.bridge import book
assert book.RESTART > {HOPE}
book.RESTART = {HOPE}
from latchward.__main__ import main
raise SystemExit(main())
"""
"""A bridge that gives up hope soon once the gateway has gone."""
ECHO: Final = {"name": f"{SERVER}__echo", "arguments": {"text": "hi"}}
SLOW: Final = {"name": f"{SERVER}__slow", "arguments": {"seconds": 30}}


@pytest.fixture(scope="module")
def shared() -> Iterator[Scene]:
    with scene() as house:
        yield house


@pytest.fixture
def house(shared: Scene) -> Scene:
    shared.fresh()
    return shared


def place(gateway: Gateway) -> Path:
    return gateway.home / "run" / endpoint.NAME


def text(answer: dict[str, Any]) -> str:
    return "".join(part["text"] for part in answer["result"]["content"])


# the SDK's client


def parameters(gateway: Gateway) -> StdioServerParameters:
    arguments = ["-m", "latchward", "connect", "--client", "agent", "--endpoint", str(place(gateway))]
    return StdioServerParameters(command=sys.executable, args=arguments, env=environment())


async def echo(client: Client, words: str) -> str:
    result = await client.call_tool(ECHO["name"], {"text": words})  # type: ignore[arg-type]
    return "".join(part.text for part in result.content if isinstance(part, TextContent))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_sdk_comes_through_in_both_eras(house: Scene, mode: Literal["auto", "legacy"]) -> None:
    async def journey() -> None:
        async with asyncio.timeout(30), Client(stdio_client(parameters(house.gateway)), mode=mode) as client:
            assert ECHO["name"] in [tool.name for tool in (await client.list_tools()).tools]
            assert await echo(client, "one") == "one"
            answers = await asyncio.gather(*(echo(client, str(number)) for number in range(20)))
            assert answers == [str(number) for number in range(20)]

    asyncio.run(journey())


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_sdk_does_not_notice_that_the_gateway_was_started_anew(mode: Literal["auto", "legacy"]) -> None:
    async def journey(house: Scene) -> None:
        async with asyncio.timeout(50), Client(stdio_client(parameters(house.gateway)), mode=mode) as client:
            assert await echo(client, "before") == "before"
            await asyncio.to_thread(house.gateway.stop)
            waiting = asyncio.create_task(echo(client, "during"))
            await asyncio.to_thread(house.gateway.start)
            assert await waiting == "during"
            assert await echo(client, "after") == "after"

    with scene() as house:
        asyncio.run(journey(house))


# what goes wrong


def test_a_call_under_way_when_the_gateway_dies_is_told_and_made_once() -> None:
    with scene() as house, Agent(place(house.gateway)) as agent:
        agent.initialize()
        agent.send(message("tools/call", SLOW, 1))
        wait_until(house.calls)
        house.gateway.kill()
        assert "may have been done" in agent.answer(1)["error"]["message"]
        house.gateway.start()
        assert text(agent.request("tools/call", ECHO)) == "hi"
        assert [call["name"] for call in house.calls()] == ["slow", "echo"]


def test_an_agent_that_was_there_first_is_served_once_the_gateway_comes(tmp_path: Path) -> None:
    entries = {SERVER: recorder.spec()}
    gateway = Gateway(entries, {SERVER: OPEN}, {"agent": {SERVER: SERVER}}, home=tmp_path / "p")
    with Agent(place(gateway), command=(sys.executable, "-c", HASTY)) as agent:
        agent.send(modern("server/discover", None, 0))
        assert "not running" in agent.answer(0, TWO_SECONDS)["error"]["message"]
        with gateway:
            wait_until(lambda: "result" in agent.request("tools/call", modern("x", ECHO, 0)["params"]), 5.0)
        agent.send(modern("tools/list", None, 1))
        assert "not running" in agent.answer(1, HOPE + TWO_SECONDS)["error"]["message"]


def test_a_stranger_is_told_how_to_be_let_in_and_needs_no_restart() -> None:
    grant = {"servers": {SERVER: SERVER}}
    with scene(clients=("agent", "newcomer")) as house:
        house.gateway.edit_settings(lambda settings: settings["grants"].pop("newcomer"))
        with Agent(place(house.gateway), "newcomer") as agent:
            agent.send(message("initialize", {}, 0))
            assert "latchward grant new newcomer" in agent.answer(0, TWO_SECONDS)["error"]["message"]
            house.gateway.edit_settings(lambda settings: settings["grants"].update(newcomer=grant))
            wait_until(lambda: "result" in agent.request("ping"))
            assert text(agent.request("tools/call", ECHO)) == "hi"


def test_a_call_ends_with_the_agent_that_wanted_it(house: Scene) -> None:
    with Agent(place(house.gateway)) as agent:
        agent.initialize()
        agent.send(message("tools/call", SLOW, 1))
        wait_until(house.calls)
        agent.process.kill()
    wait_until(house.cancelled)


def test_a_result_of_ten_megabytes_arrives_whole(house: Scene) -> None:
    with Agent(place(house.gateway)) as agent:
        agent.initialize()
        big = {"name": f"{SERVER}__big", "arguments": {"bytes": 10_000_000}}
        assert len(text(agent.request("tools/call", big))) == 10_000_000


def test_a_line_of_65_megabytes_disturbs_nobody(house: Scene) -> None:
    with Agent(place(house.gateway)) as agent:
        agent.write(b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"')
        for _ in range(1000):
            agent.write(b"z" * 65_000)
        agent.write(b'"}}\r\n')
        assert agent.answer(1)["error"]["code"] == -32600
        assert text(agent.request("tools/call", ECHO)) == "hi"


@pytest.mark.parametrize(
    "sent", [b"{\n", b'"a\nb"\n', b'{"jsonrpc":"2.0","id":1,"method":"ping"}[]\n', b"\xff\n"]
)
def test_a_broken_line_is_answered_and_the_next_one_served(house: Scene, sent: bytes) -> None:
    with Agent(place(house.gateway)) as agent:
        agent.write(sent)
        assert agent.answer(None)["error"]["code"] == -32700
        assert text(agent.request("tools/call", ECHO)) == "hi"


# where nothing is told


def test_home_and_path_are_enough_to_find_the_gateway() -> None:
    with tempfile.TemporaryDirectory(prefix="lw-") as name:
        home = Path(name)
        bare = {**environment(), "HOME": name}
        entries = {SERVER: recorder.spec()}
        with Gateway(entries, {SERVER: OPEN}, {"agent": {SERVER: SERVER}}, home=home / "unused") as unused:
            unused.stop()
            config, state = home / ".config" / "latchward", home / ".local" / "state" / "latchward"
            config.parent.mkdir(mode=0o700)
            state.mkdir(mode=0o700, parents=True)
            (home / "unused").rename(config)
            (config / "accepted").rename(state / "accepted")
            unused._env = bare
            unused.start()
            with Agent(None, env=bare) as agent:
                assert text(agent.request("tools/call", ECHO)) == "hi"
                started = time.monotonic()
                assert agent.end() == 0
                assert time.monotonic() - started < TWO_SECONDS
        assert os.listdir(config)
