"""Every method against the SDK's own server, in both eras, by an upstream of our own."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from latchward.model.caller import NOBODY, Caller
from latchward.model.listed import Listed
from latchward.model.outcome import Fault, Outcome, ToolResult
from latchward.upstream import lists
from latchward.upstream.http import HttpUpstream
from tests.support.sdk_server import SdkServer

from .far import hearing, request
from .scripted import Client, Message, allowed, made_call, until
from .support import on_loop, text_of

ERAS = ["legacy", "modern"]
NAME = {"elicitation/create": {"action": "accept", "content": {"name": "Ada"}}}


@pytest.fixture(scope="module", params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def url(era: str) -> Iterator[str]:
    """The SDK's server in one era."""
    with SdkServer("--era", era) as server:
        yield server.url


async def use(far: HttpUpstream, tool: str, caller: Caller = NOBODY, **arguments: Any) -> Outcome:
    made = made_call("tools/call", arguments, "far", tool)
    return await far.send(allowed(made), made, caller)


def body(outcome: Outcome) -> Message:
    assert isinstance(outcome, ToolResult), outcome
    found: Message = json.loads(outcome.result)
    return found


def test_prompts_resources_and_templates_are_listed(url: str) -> None:
    async def main() -> None:
        async with hearing(url) as (far, _):
            assert "letter" in [it["name"] for it in await far.entries(Listed.PROMPTS)]
            assert [it["uri"] for it in await far.entries(Listed.RESOURCES)] == ["memo://one"]
            templates = await far.entries(Listed.TEMPLATES)
            assert [it["uriTemplate"] for it in templates] == ["memo://{day}/note"]
            assert {"tools", "prompts", "resources"} <= far.capabilities().keys()

    on_loop(main())


def test_a_prompt_and_a_resource_are_got(url: str) -> None:
    async def main() -> None:
        async with hearing(url) as (far, _):
            prompt = body(await request(far, "prompts/get", name="letter", arguments={"to": "Ada"}))
            assert prompt["messages"][0]["content"]["text"] == "Dear Ada"
            for uri, text in (("memo://one", "the memo"), ("memo://may/note", "the note of may")):
                assert body(await request(far, "resources/read", uri=uri))["contents"][0]["text"] == text
            assert isinstance(await request(far, "resources/read", uri="memo://two"), Fault)

    on_loop(main())


def test_a_question_in_a_call_is_answered(url: str) -> None:
    async def main() -> None:
        async with hearing(url) as (far, _):
            client = Client(NAME, elicitation={"form": {}})
            assert text_of(await use(far, "greet", client.caller())) == "Hello Ada"
            assert [method for method, _ in client.asked] == ["elicitation/create"]

    on_loop(main())


def test_roots_are_asked_of_the_client_of_the_call(url: str) -> None:
    async def main() -> None:
        async with hearing(url) as (far, _):
            clients = {
                name: Client({"roots/list": {"roots": [{"uri": f"file:///{name}"}]}}, roots={})
                for name in ("ada", "bob")
            }
            found = await asyncio.gather(
                *(use(far, "roots", client.caller(name)) for name, client in clients.items())
            )
            assert [text_of(one) for one in found] == ["file:///ada", "file:///bob"]

    on_loop(main())


def test_a_client_that_declared_nothing_is_not_asked(url: str) -> None:
    async def main() -> None:
        async with hearing(url) as (far, _):
            client = Client(NAME)
            outcome = await use(far, "greet", client.caller())
            assert isinstance(outcome, Fault) or outcome.is_error
            assert client.asked == []

    on_loop(main())


def test_a_log_line_reaches_the_call_that_wants_it(url: str) -> None:
    async def main() -> None:
        async with hearing(url) as (far, told):
            client = Client()
            await use(far, "say", client.caller(log_level="debug"), words="hi")
            assert [(method, params["data"]) for method, params in client.said] == [
                ("notifications/message", "hi")
            ]
            assert told == []

    on_loop(main())


def test_a_new_prompt_is_known_soon(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "REFRESH_EVERY", 0.05)

    def known(far: HttpUpstream) -> list[str]:
        return [it["name"] for it in far.entries_now(Listed.PROMPTS) or ()]

    async def main() -> None:
        async with hearing(url) as (far, _):
            await far.entries(Listed.PROMPTS)
            if far.capabilities()["prompts"].get("listChanged"):
                open_ = far._open
                assert open_ is not None
                await until(lambda: "prompts" in open_.watched)
            await use(far, "add_prompt")
            await until(lambda: "another" in known(far))

    on_loop(main())


def test_a_modern_server_tells_of_a_resource_that_is_subscribed_to(url: str, era: str) -> None:
    async def main() -> None:
        async with hearing(url) as (far, told):
            outcome = await request(far, "resources/subscribe", uri="memo://one")
            if era == "legacy":
                assert isinstance(outcome, Fault)  # that server does not offer it there
                return
            assert isinstance(outcome, ToolResult)
            await use(far, "touch", uri="memo://other")
            await use(far, "touch", uri="memo://one")
            await until(lambda: told)
            assert [(method, params["uri"]) for method, params, _ in told] == [
                ("notifications/resources/updated", "memo://one")
            ]
            far.unsubscribe("", "memo://one")
            assert far.subscribed() == frozenset()

    on_loop(main())
