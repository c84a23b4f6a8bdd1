"""What eight released agents send gets them on: opening, list, call, in both eras of the server behind."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support import jr, recorder
from tests.support.gateway import Gateway
from tests.support.waiting import wait_for

from .wires import CALL, CLIENTS, LISTEN, TOOL, WIRES, Heard, Talk, Wire, talk

OPEN: Final = {"version": "1", "default": "allow"}
SERVERS: Final = {"old": "legacy", "new": "modern"}
"""The servers, and the era of each."""
OPENINGS: Final = ("initialize", "server/discover")
LISTS: Final = {"tools/list": "tools", "prompts/list": "prompts", "resources/list": "resources"}
"""The lists that these agents ask for, and the capability of each, which is also the member of the result."""
OF_MODERN_LISTS: Final = {"ttlMs", "cacheScope"}

EVERY: Final = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)


@dataclass(frozen=True, slots=True)
class Behind:
    """A gateway that knows each agent, and what its two servers were sent."""

    gateway: Gateway
    folder: Path

    def calls(self, server: str) -> list[dict[str, Any]]:
        """The params of each call that the server was sent."""
        return recorder.calls(self.folder / server)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder = tmp_path_factory.mktemp("servers")
    with Gateway(
        {server: recorder.spec("--era", era, record=folder / server) for server, era in SERVERS.items()},
        {"open": OPEN},
        {client: dict.fromkeys(SERVERS, "open") for client in CLIENTS},
    ) as gateway:
        client = jr.Client(gateway.url, gateway.token)
        wait_for(
            lambda: {tool["name"].partition("__")[0] for tool in client.tools()} == set(SERVERS), "both lists"
        )
        yield Behind(gateway, folder)
        assert "Traceback" not in gateway.stderr


@dataclass(frozen=True, slots=True)
class Told:
    """One wire said to its end: the name of the tool it called, what came back, what the server was sent."""

    wire: Wire
    tool: str
    heard: list[Heard]
    arrived: list[dict[str, Any]]

    def of(self, *methods: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.step.method in methods]

    @property
    def call(self) -> Heard:
        [call] = self.of(CALL)
        return call


@pytest.fixture(
    scope="module",
    params=[(wire, server) for wire in WIRES for server in SERVERS],
    ids=lambda both: f"{both[0].name}-{both[1]}",
)
def told(request: pytest.FixtureRequest, behind: Behind) -> Told:
    """Over HTTP the new server is called at its own endpoint, where the agent's words need no change."""
    wire, server = request.param
    alone = wire.is_http and server == "new"
    tool = TOOL if alone else f"{server}__{TOOL}"
    before = len(behind.calls(server))
    with talk(wire, behind.gateway, server if alone else "") as talking:
        for step in wire.steps:
            talking.say(step.calling(tool))
    return Told(wire, tool, talking.heard, behind.calls(server)[before:])


def is_modern(heard: Heard) -> bool:
    """Whether a step was said in the newer era."""
    return jr.META + "protocolVersion" in heard.step.message["params"].get("_meta", {})


def same(one: Any, other: Any) -> bool:
    """Whether two values are spelt the same: 1 is not 1.0, and not true."""
    return json.dumps(one) == json.dumps(other)


def test_the_opening_is_answered_in_the_version_that_the_agent_speaks(told: Told) -> None:
    openings = told.of(*OPENINGS)
    assert openings
    for heard in openings:
        if is_modern(heard):
            assert jr.MODERN in heard.result["supportedVersions"]
            assert heard.result["resultType"] == "complete"
        else:
            assert heard.result["protocolVersion"] == heard.step.message["params"]["protocolVersion"]
        assert "tools" in heard.result["capabilities"]


def test_the_tool_is_listed_and_its_call_is_answered(told: Told) -> None:
    [listed] = told.of("tools/list")
    assert told.tool in [tool["name"] for tool in listed.result["tools"]]
    assert told.call.result["content"] == [{"type": "text", "text": "hi"}]
    assert not told.call.result.get("isError")


def test_results_are_shaped_for_the_era_that_the_agent_speaks(told: Told) -> None:
    for heard in told.of("tools/list", CALL):
        wanted = is_modern(told.call)
        assert ("resultType" in heard.result) == wanted
        assert (heard.result.keys() >= OF_MODERN_LISTS) == (wanted and heard.step.method == "tools/list")


def test_each_request_has_one_answer_under_the_id_that_was_sent(told: Told) -> None:
    for heard in told.heard:
        if heard.step.asks:
            [answer] = heard.answers
            assert same(answer["id"], heard.step.message["id"])


def test_every_request_gets_what_it_asks_for_and_what_was_not_offered_is_empty(told: Told) -> None:
    offered = {name for heard in told.of(*OPENINGS) for name in heard.result["capabilities"]}
    for heard in told.heard:
        if not heard.step.asks:
            continue
        [answer] = heard.answers
        capability = LISTS.get(heard.step.method)
        assert "result" in answer, heard
        if capability in offered:
            assert isinstance(answer["result"][capability], list)
        elif capability is not None:
            assert answer["result"][capability] == []
    if told.wire.is_http:
        assert {heard.status for heard in told.heard if heard.step.asks} == {200}


def test_what_wants_no_answer_gets_none(told: Told) -> None:
    for heard in told.heard:
        if heard.step.method.startswith("notifications/"):
            assert heard.status == (202 if told.wire.is_http else 0)
            assert heard.messages == []
        if heard.step.method == "DELETE":
            assert (heard.status, heard.messages) == (200, [])


def test_what_the_agent_listens_to_is_a_stream_that_says_so_first(told: Told) -> None:
    for heard in told.of("GET", LISTEN):
        if told.wire.is_http:
            assert (heard.status, heard.kind.partition(";")[0]) == (200, "text/event-stream")
        if heard.step.method == LISTEN:
            first = heard.messages[0]
            assert first["method"] == "notifications/subscriptions/acknowledged"
            assert first["params"]["notifications"] == {"toolsListChanged": True}
            assert same(first["params"]["_meta"][jr.META + "subscriptionId"], heard.step.message["id"])


def test_the_server_is_sent_the_arguments_and_nothing_that_is_the_agents_own(told: Told) -> None:
    [arrived] = told.arrived
    sent = told.call.step.message["params"]
    assert (arrived["name"], arrived["arguments"]) == (TOOL, sent["arguments"])
    own = {key for key in sent.get("_meta", {}) if not key.startswith(jr.META)} - {"progressToken"}
    assert not own & arrived.get("_meta", {}).keys()
    assert told.wire.client not in json.dumps(arrived)


@EVERY
@pytest.mark.parametrize("server", SERVERS)
def test_progress_comes_under_the_agents_own_token(wire: Wire, server: str, behind: Behind) -> None:
    with talk(wire, behind.gateway) as talking:
        for step in wire.before_the_call:
            talking.say(step)
        call = talking.say(wire.call.calling(f"{server}__slow", {"seconds": 0.3}))
    assert call.result["content"][0]["text"] == "waited 0.3 s"
    meta = wire.call.message["params"].get("_meta", {})
    assert bool(call.notes) == ("progressToken" in meta)
    for note in call.notes:
        assert note["method"] == "notifications/progress"
        assert same(note["params"]["progressToken"], meta["progressToken"])
    made = [note["params"]["progress"] for note in call.notes]
    assert all(earlier < later for earlier, later in pairwise(made))


@pytest.fixture(scope="module")
def restarted(behind: Behind) -> Iterator[dict[str, Talk]]:
    """Every agent, having said all that comes before its call; since then the gateway was started anew."""
    with ExitStack() as stack:
        talks = {wire.name: stack.enter_context(talk(wire, behind.gateway)) for wire in WIRES}
        for wire in WIRES:
            for step in wire.before_the_call:
                talks[wire.name].say(step)
        behind.gateway.stop()
        behind.gateway.start()
        for talking in talks.values():
            talking.after_restart()
        yield talks


@EVERY
@pytest.mark.parametrize("server", SERVERS)
def test_an_agent_that_never_opens_again_is_served_after_our_restart(
    wire: Wire, server: str, restarted: dict[str, Talk]
) -> None:
    heard = restarted[wire.name].say(wire.call.calling(f"{server}__{TOOL}"))
    assert heard.result["content"] == [{"type": "text", "text": "hi"}]
    assert same(heard.answers[0]["id"], wire.call.message["id"])
