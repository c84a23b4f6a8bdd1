"""Shutting a client out: what is open ends, what waits is withdrawn, nothing more is let in."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import cast

import pytest

from tests.support.asking import CLOSED, AskingGateway
from tests.support.gateway import token_hash
from tests.support.jr import Client, Era, Message, Reply
from tests.support.scene import SERVER, Scene, scene, wait_until

ERAS: list[Era] = ["modern", "legacy"]
ASKING = {
    "version": "1",
    "default": "allow",
    "tools": {"delete": {"action": "approve", "reason": "look first"}},
}
LIMITS = {"gateway.approvals.PROGRESS_EVERY": 0.5}
IN_TIME = 3.0
"""Seconds: a look every half, what it sets going, and a machine that has other things to do."""


@pytest.fixture(scope="module")
def shared() -> Iterator[Scene]:
    """A gateway that asks on a terminal, for two clients."""
    with scene(
        policies={SERVER: ASKING}, clients=("steady", "agent"), kind=AskingGateway, limits=LIMITS
    ) as house:
        yield house


@pytest.fixture
def house(shared: Scene) -> Iterator[Scene]:
    """The same, as it was at first: with both clients, and nothing seen yet."""
    shared.fresh()
    original = (shared.gateway.home / "settings.json").read_text()
    yield shared
    shared.gateway.write_policy(SERVER, ASKING)
    shared.gateway.edit_settings(lambda settings: settings.update(json.loads(original)))
    wait_until(lambda: shared.client(who="agent").discover().status == 200)


def person(house: Scene) -> AskingGateway:
    return cast(AskingGateway, house.gateway)


def revoke(settings: Message) -> None:
    del settings["grants"]["agent"]


def exchange(settings: Message) -> None:
    settings["grants"]["agent"]["token"] = token_hash("another token altogether")


@contextmanager
def calling(client: Client, tool: str, arguments: Message) -> Iterator[Future[Reply]]:
    """A call under way on another thread."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(client.call, tool, arguments)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("edit", [revoke, exchange])
def test_revoking_ends_streams_calls_and_questions_at_once(
    house: Scene, era: Era, edit: Callable[[Message], None]
) -> None:
    client = house.client(era, server=SERVER, who="agent")
    assert len(client.tools()) == 6
    with ExitStack() as stack:
        if era == "legacy":
            stream = stack.enter_context(client.get())
        else:
            stream = stack.enter_context(client.stream("subscriptions/listen", {"notifications": {}}))
            assert stream.next() is not None
        running = stack.enter_context(calling(client, "slow", {"seconds": 30}))
        wait_until(lambda: house.calls())
        asked = stack.enter_context(calling(client, "delete", {"path": "/x"}))
        assert "/x" in person(house).question()
        began = time.monotonic()
        house.gateway.edit_settings(edit)
        assert stream.next() is None
        assert running.result().messages == asked.result().messages == []
        assert time.monotonic() - began < IN_TIME
        person(house).until(CLOSED)
    assert client.discover().status == 403
    assert [call["name"] for call in house.calls()] == ["slow"]
    wait_until(lambda: len(house.cancelled()) == 1)
    wait_until(lambda: {"abandoned", "allow"} <= {row["verdict"] for row in house.rows()})
    wait_until(lambda: "cancelled" in {row["ending"] for row in house.rows()})


def test_a_grant_that_was_there_for_a_moment_only_leaves_no_stream_open(house: Scene) -> None:
    brief: Message = {"token": token_hash("a token for a moment"), "servers": {SERVER: SERVER}}
    house.gateway.edit_settings(lambda settings: settings["grants"].update(brief=brief))
    client = Client(house.gateway.server_url(SERVER), "a token for a moment", "legacy", timeout=IN_TIME)
    with client.get() as stream:
        house.gateway.edit_settings(lambda settings: settings["grants"].pop("brief"))
        assert stream.next() is None


def test_a_late_yes_to_a_withdrawn_question_sends_nothing(house: Scene) -> None:
    client = house.client(server=SERVER, who="agent")
    with calling(client, "delete", {"path": "/x"}) as asked:
        person(house).question()
        house.gateway.edit_settings(revoke)
        person(house).until(CLOSED)
        person(house).answer("allow")
    assert asked.result().messages == []
    assert house.calls() == []


def test_a_yes_in_the_very_moment_of_revoking_sends_nothing(house: Scene) -> None:
    client = house.client(server=SERVER, who="agent")
    with calling(client, "delete", {"path": "/x"}):
        person(house).question()
        house.gateway.edit_settings(revoke)
        person(house).answer("allow")
    assert house.calls() == []


def test_a_result_that_comes_after_revoking_is_withheld(house: Scene) -> None:
    client = house.client(server=SERVER, who="agent")
    with calling(client, "slow", {"seconds": 0.3}) as running:
        wait_until(lambda: house.calls())
        house.gateway.edit_settings(revoke)
    assert "result" not in str(running.result().messages)


def test_other_clients_do_not_notice(house: Scene) -> None:
    steady = house.client(server=SERVER, who="steady")
    with calling(steady, "slow", {"seconds": 1.2}) as running:
        house.gateway.edit_settings(revoke)
        assert house.client(server=SERVER, who="steady").call("echo", {"text": "x"}).text == "x"
    assert running.result().text == "waited 1.2 s"


def test_a_server_taken_from_a_grant_is_gone_at_once(house: Scene) -> None:
    client = house.client(server=SERVER, who="agent")
    assert client.discover().status == 200
    house.gateway.edit_settings(lambda settings: settings["grants"]["agent"].update(servers={}))
    assert client.discover().status == 404
    assert house.client(who="agent").tools() == []


# what a person is asked, and what may change meanwhile


@pytest.mark.parametrize("era", ERAS)
def test_a_yes_sends_exactly_the_call_that_was_shown(house: Scene, era: Era) -> None:
    with calling(house.client(era, server=SERVER), "delete", {"path": "/shown"}) as asked:
        shown = person(house).question()
        person(house).answer("allow")
    assert '"path": "/shown"' in shown
    assert asked.result().text == "deleted /shown"
    assert [call["arguments"] for call in house.calls()] == [{"path": "/shown"}]


@pytest.mark.parametrize(
    "policy",
    [{"version": "1", "default": "deny"}, {**ASKING, "description": "changed"}],
    ids=["denies", "asks still"],
)
def test_a_policy_edited_while_a_question_is_open_makes_the_yes_void(house: Scene, policy: Message) -> None:
    with calling(house.client(server=SERVER), "delete", {"path": "/x"}) as asked:
        person(house).question()
        house.gateway.write_policy(SERVER, policy)
        person(house).answer("allow")
    assert asked.result().result["_meta"]["latchward/refusal"]["code"] == "changed-while-waiting"
    assert house.calls() == []


@pytest.mark.parametrize("how", ["cancels", "goes"])
def test_the_question_closes_when_the_client_gives_up(house: Scene, how: str) -> None:
    client = house.client("legacy" if how == "cancels" else "modern", server=SERVER)
    client.session = "one"
    params: Message = {"name": "delete", "arguments": {"path": "/x"}}
    if how == "goes":
        with client.stream("tools/call", params) as stream:
            assert stream.headers["content-type"] == "text/event-stream"
    else:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(client.request, "tools/call", params, identity=5)
            person(house).question()
            client.notify("notifications/cancelled", {"requestId": 5})
            assert waiting.result().messages == []
    person(house).until(CLOSED)
    person(house).answer("allow")
    wait_until(lambda: "abandoned" in {row["verdict"] for row in house.rows()})
    assert house.calls() == []


def test_a_client_that_asked_for_progress_is_kept_alive_while_a_person_thinks(house: Scene) -> None:
    client = house.client(server=SERVER)
    params: Message = {"name": "delete", "arguments": {"path": "/x"}, "_meta": {"progressToken": "p"}}
    with client.stream("tools/call", params) as stream:
        first = stream.next()
        assert first is not None
        assert (first["method"], first["params"]["progressToken"]) == ("notifications/progress", "p")
        person(house).question()
        person(house).answer("deny")
        last = stream.next()
    assert last is not None
    assert last["result"]["_meta"]["latchward/refusal"]["code"] == "denied-by-person"
    assert house.calls() == []
