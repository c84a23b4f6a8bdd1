"""The SDK's own server over HTTP, through the whole gateway: client and server in each of the two eras."""

import threading
import time
from collections.abc import Iterator

import pytest

from latchward.protocol.headers import encode
from tests.support.gateway import Gateway
from tests.support.jr import Client, Era
from tests.support.sdk_server import SdkServer

from .support import QUICK_LOOKS, client, eventually, gateway, names

TOOLS = {"echo", "steps", "slow", "was_cancelled", "region", "grow"}

SERVERS = ("legacy", "modern", "dual --json", "legacy --stateless")
"""How the SDK's server is started. One without sessions cannot tell of anything in between."""
EVERY = pytest.mark.parametrize("running", SERVERS, indirect=True)
WITH_SESSIONS = pytest.mark.parametrize(
    "running", [it for it in SERVERS if "stateless" not in it], indirect=True
)
STREAMING = pytest.mark.parametrize("running", ["legacy", "modern", "legacy --stateless"], indirect=True)
CANCELLED_BY = pytest.mark.parametrize("running", ["legacy", "modern"], indirect=True)
"""With neither sessions nor a stream the SDK's server is not told that somebody gave up."""


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    """A gateway before an SDK server of this era."""
    with (
        SdkServer("--era", *request.param.split()) as server,
        gateway({"far": {"url": server.url}}, limits=QUICK_LOOKS) as running,
    ):
        yield running


@pytest.fixture(params=["legacy", "modern"])
def calling(request: pytest.FixtureRequest, running: Gateway) -> Client:
    """A client of that gateway, in this era."""
    era: Era = request.param
    return client(running, "far", era)


@EVERY
def test_the_tools_are_listed(calling: Client) -> None:
    assert set(names(calling)) >= TOOLS


@EVERY
def test_a_call_is_answered(calling: Client) -> None:
    reply = calling.call("echo", {"text": "hi ü"})
    assert reply.text == "hi ü"
    assert ("resultType" in reply.result) == (calling.era == "modern")


@EVERY
def test_a_tool_that_fails_says_so(calling: Client) -> None:
    assert calling.call("echo", {"wrong": 1}).result["isError"] is True


@EVERY
def test_a_parameter_that_a_header_repeats_arrives(calling: Client) -> None:
    repeated = {"Mcp-Param-Region": encode("eu ü")} if calling.era == "modern" else {}
    where = calling.call("region", {"where": "eu ü"}, headers=repeated).text
    assert where.startswith("eu ü ")


@STREAMING
def test_progress_arrives_under_the_clients_token(calling: Client) -> None:
    told = calling.call("steps", {"count": 3}, meta={"progressToken": "mine"}).notifications
    assert [(it["params"]["progressToken"], it["params"]["progress"]) for it in told] == [
        ("mine", 1),
        ("mine", 2),
        ("mine", 3),
    ]


@pytest.mark.parametrize("running", ["dual --json"], indirect=True)
def test_no_progress_is_made_up_where_a_server_answers_with_json(calling: Client) -> None:
    assert calling.call("steps", {"count": 3}, meta={"progressToken": "mine"}).notifications == []


@CANCELLED_BY
def test_a_cancelled_call_is_cancelled_at_the_server(calling: Client, request: pytest.FixtureRequest) -> None:
    mark = request.node.name
    number = 4711
    message = calling.message("tools/call", {"name": "slow", "arguments": {"mark": mark}}, number)
    if calling.era == "legacy":
        sending = threading.Thread(target=calling.post, args=(message,), daemon=True)
        sending.start()
        time.sleep(0.3)
        calling.notify("notifications/cancelled", {"requestId": number})
    else:
        hasty = Client(f"http://{calling.host}:{calling.port}{calling.path}", calling.token, timeout=0.3)
        with pytest.raises(TimeoutError):
            hasty.post(message)
    eventually(lambda: calling.call("was_cancelled", {"mark": mark}).text == "True")


@WITH_SESSIONS
def test_a_tool_that_appears_is_known_soon_and_waits_for_the_person(calling: Client) -> None:
    assert calling.call("grow").text == "grown"
    eventually(lambda: "you have not accepted it yet" in str(calling.call("grown", {"text": "hi"}).messages))
    assert "grown" not in names(calling)
