"""Answers that take time: event streams, progress, cancellation, news of the list, and sessions."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.support import raw, recorder
from tests.support.jr import META, Client, Era, Message, Stream, dump
from tests.support.scene import OPEN, SERVER, Scene, scene, wait_until

ERAS: list[Era] = ["modern", "legacy"]
Result = TypeVar("Result")


@pytest.fixture(scope="module")
def both() -> Iterator[dict[Era, Scene]]:
    """A gateway before a server of each era: what is told to a server differs by its era."""
    with (
        scene("--era", "modern", clients=("agent", "other")) as modern,
        scene("--era", "legacy", clients=("agent", "other")) as legacy,
    ):
        yield {"modern": modern, "legacy": legacy}


@pytest.fixture
def house(both: dict[Era, Scene]) -> Scene:
    return both["modern"]


@contextmanager
def meanwhile(work: Callable[..., Result], *arguments: Any, **named: Any) -> Iterator[Future[Result]]:
    """Do `work` on another thread while the block runs; its result is waited for at the end."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(work, *arguments, **named)


def session(house: Scene, who: str | None = None) -> Client:
    """A legacy client that has shaken hands."""
    client = house.client("legacy", server=SERVER, who=who)
    client.initialize()
    return client


_unlike = count(1)


def about(seconds: float) -> float:
    """A length for a call of `slow` that no other call here has."""
    return round(seconds + next(_unlike) / 10_000, 4)


def begun(house: Scene, seconds: float) -> None:
    """Wait until the `slow` call of that length has arrived."""
    wait_until(lambda: any(call["arguments"] == {"seconds": seconds} for call in house.calls()))


def newly_cancelled(house: Scene, before: int) -> Callable[[], bool]:
    return lambda: len(house.cancelled()) > before


# how an answer comes


@pytest.mark.parametrize("era", ERAS)
def test_a_quick_answer_is_plain_json(house: Scene, era: Era) -> None:
    reply = house.client(era, server=SERVER).call("echo", {"text": "x"})
    assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize("era", ERAS)
def test_an_answer_that_takes_longer_than_a_second_is_a_stream_that_ends_with_it(
    house: Scene, era: Era
) -> None:
    reply = house.client(era, server=SERVER).call("slow", {"seconds": 1.2})
    assert reply.headers["content-type"] == "text/event-stream"
    assert [message.get("id") is not None for message in reply.messages] == [True]
    assert reply.text == "waited 1.2 s"


def test_a_client_that_reads_no_stream_gets_plain_json_later(house: Scene) -> None:
    client = house.client(server=SERVER)
    reply = client.call("slow", {"seconds": 1.1}, headers={"Accept": "application/json"})
    assert reply.headers["content-type"] == "application/json"
    assert reply.text == "waited 1.1 s"


# progress


@pytest.mark.parametrize("token", ["p", 0, 7, "7"])
@pytest.mark.parametrize("client_era", ERAS)
@pytest.mark.parametrize("server_era", ERAS)
def test_progress_comes_under_the_clients_own_token_and_rises(
    both: dict[Era, Scene], server_era: Era, client_era: Era, token: int | str
) -> None:
    client = both[server_era].client(client_era, server=SERVER)
    reply = client.call("slow", {"seconds": 0.2}, meta={"progressToken": token})
    values = [note["params"]["progress"] for note in reply.notifications]
    assert {note["method"] for note in reply.notifications} == {"notifications/progress"}
    assert all(note["params"]["progressToken"] == token for note in reply.notifications)
    assert len(values) >= 2
    assert values == sorted(set(values))


@pytest.mark.parametrize(
    "meta", [None, {}, {"progressToken": None}, {"progressToken": True}, {"progressToken": 1.5}]
)
def test_no_progress_comes_that_was_not_asked_for(house: Scene, meta: Message | None) -> None:
    reply = house.client("legacy", server=SERVER).call("slow", {"seconds": 0.2}, meta=meta)
    assert reply.notifications == []


def test_two_clients_with_one_token_each_hear_of_their_own_call(house: Scene) -> None:
    other = house.client(who="other", server=SERVER)
    with meanwhile(other.call, "slow", {"seconds": 0.4}, meta={"progressToken": 1}) as theirs:
        mine = house.client(server=SERVER).call("slow", {"seconds": 0.2}, meta={"progressToken": 1})
    assert {note["params"]["total"] for note in mine.notifications} == {0.2}
    assert {note["params"]["total"] for note in theirs.result().notifications} == {0.4}


# cancellation


@pytest.mark.parametrize("server_era", ERAS)
def test_a_legacy_cancellation_reaches_the_server_and_nothing_comes_after_it(
    both: dict[Era, Scene], server_era: Era
) -> None:
    house = both[server_era]
    client, before, seconds = session(house), len(house.cancelled()), about(20)
    params = {"name": "slow", "arguments": {"seconds": seconds}}
    with meanwhile(client.request, "tools/call", params, identity="to-cancel") as waiting:
        begun(house, seconds)
        client.notify("notifications/cancelled", {"requestId": "to-cancel"})
        wait_until(newly_cancelled(house, before))
    assert waiting.result().messages == []


@pytest.mark.parametrize("server_era", ERAS)
def test_a_legacy_cancellation_ends_a_stream_that_is_open(both: dict[Era, Scene], server_era: Era) -> None:
    house = both[server_era]
    client, before, seconds = session(house), len(house.cancelled()), about(20)
    message = client.message("tools/call", {"name": "slow", "arguments": {"seconds": seconds}})
    message["params"]["_meta"] = {"progressToken": 1}
    with meanwhile(client.post, message) as waiting:
        begun(house, seconds)
        client.notify("notifications/cancelled", {"requestId": message["id"]})
        wait_until(newly_cancelled(house, before))
    assert all(note.get("method") == "notifications/progress" for note in waiting.result().messages)


@pytest.mark.parametrize("server_era", ERAS)
@pytest.mark.parametrize("accept", ["application/json, text/event-stream", "application/json"])
def test_a_modern_client_that_goes_cancels_its_call(
    both: dict[Era, Scene], server_era: Era, accept: str
) -> None:
    house = both[server_era]
    client, before, seconds = house.client(server=SERVER), len(house.cancelled()), about(20)
    message = client.message("tools/call", {"name": "slow", "arguments": {"seconds": seconds}})
    lines = [
        f"{name}: {value}" for name, value in client.request_headers(message, {"Accept": accept}).items()
    ]
    with raw.Connection("127.0.0.1", house.gateway.port) as connection:
        connection.send(raw.post(house.gateway.port, client.path, dump(message), *lines))
        begun(house, seconds)
    began = time.monotonic()
    wait_until(newly_cancelled(house, before))
    assert time.monotonic() - began < 2.5  # 1.5 on a machine that has nothing else to do


def test_a_legacy_client_that_goes_cancels_nothing(house: Scene) -> None:
    client, before = session(house), len(house.cancelled())
    with client.stream("tools/call", {"name": "slow", "arguments": {"seconds": 1.3}}):
        pass  # it leaves as soon as the stream is open
    wait_until(lambda: finished(house, {"seconds": 1.3}) == "result")
    assert len(house.cancelled()) == before


def finished(house: Scene, arguments: Message) -> str | None:
    """How the call with these arguments ended, by the record."""
    rows = house.rows()
    decided = [row["seq"] for row in rows if row["arguments"] and json.loads(row["arguments"]) == arguments]
    return next((row["ending"] for row in rows if row["decided"] in decided), None)


@pytest.mark.parametrize("wanted", [True, 1.0, None, [1], "1", {"x": 1}, 2])
def test_a_cancellation_of_another_id_cancels_nothing(house: Scene, wanted: object) -> None:
    client, before, seconds = session(house), len(house.cancelled()), about(0.3)
    params = {"name": "slow", "arguments": {"seconds": seconds}}
    with meanwhile(client.request, "tools/call", params, identity=1) as waiting:
        begun(house, seconds)
        client.notify("notifications/cancelled", {"requestId": wanted})
    assert waiting.result().text == f"waited {seconds} s"
    assert len(house.cancelled()) == before


def test_no_client_cancels_what_another_one_asked(house: Scene) -> None:
    mine, theirs = session(house), session(house, "other")
    theirs.session = mine.session
    params = {"name": "slow", "arguments": {"seconds": 0.35}}
    with meanwhile(mine.request, "tools/call", params, identity=1) as waiting:
        begun(house, 0.35)
        theirs.notify("notifications/cancelled", {"requestId": 1})
    assert waiting.result().text == "waited 0.35 s"


# ids


def test_an_id_that_is_under_way_in_a_session_is_refused_a_second_time(house: Scene) -> None:
    client = session(house)
    params = {"name": "slow", "arguments": {"seconds": 0.45}}
    with meanwhile(client.request, "tools/call", params, identity=9) as waiting:
        begun(house, 0.45)
        second = client.request("ping", identity=9)
    assert (second.status, second.error["code"]) == (400, -32600)
    assert waiting.result().text == "waited 0.45 s"
    assert client.request("ping", identity=9).result == {}


@pytest.mark.parametrize("era", ERAS)
def test_equal_ids_of_many_calls_never_swap_their_answers(house: Scene, era: Era) -> None:
    def ask(number: int) -> tuple[str, str]:
        client = house.client(era, server=SERVER, who=("agent", "other")[number % 2])
        if number % 3:
            return client.request(
                "tools/call", {"name": "echo", "arguments": {"text": str(number)}}, identity=1
            ).text, str(number)
        seconds = 0.1 + number / 1000
        params = {"name": "slow", "arguments": {"seconds": seconds}}
        return client.request("tools/call", params, identity=1).text, f"waited {seconds} s"

    with ThreadPoolExecutor(20) as pool:
        for got, wanted in pool.map(ask, range(60)):
            assert got == wanted


# sessions


def test_an_unknown_session_is_taken_up_anew(house: Scene) -> None:
    client = house.client("legacy", server=SERVER)
    client.session = "long-forgotten"
    assert client.call("echo", {"text": "x"}).text == "x"


def test_a_session_that_was_ended_is_taken_up_anew(house: Scene) -> None:
    client = session(house)
    assert client.delete() == 200
    assert client.call("echo", {"text": "x"}).text == "x"


def test_ending_a_session_twice_or_without_one_harms_nothing(house: Scene) -> None:
    client = session(house)
    assert [client.delete(), client.delete()] == [200, 200]
    client.session = None
    assert client.delete() == 200


def test_a_session_gives_nothing_without_its_clients_token(house: Scene) -> None:
    client = session(house)
    client.token = None
    assert client.request("tools/list").status == 403


def test_every_initialize_gets_a_session_of_its_own(house: Scene) -> None:
    assert session(house).session != session(house).session


def test_a_get_without_an_event_stream_is_refused(house: Scene) -> None:
    with house.client("legacy").get({"Accept": "application/json"}) as stream:
        assert stream.status == 406


# news of the list


HIDING: Message = {**OPEN, "hide": ["delete"]}


@contextmanager
def listening(client: Client) -> Iterator[Stream]:
    """A stream on which `client` hears of its list: in the modern era acknowledged first."""
    if client.era == "legacy":
        with client.get() as stream:
            yield stream
        return
    with client.stream("subscriptions/listen", {"notifications": {"toolsListChanged": True}}) as stream:
        first = stream.next()
        assert first is not None
        assert first["method"] == "notifications/subscriptions/acknowledged"
        assert first["params"]["notifications"] == {"toolsListChanged": True}
        yield stream


def news(stream: Stream, *, expected: bool = True) -> list[Message]:
    """What comes until it is quiet; where something is `expected`, the first of it is waited for longer."""
    heard: list[Message] = []
    if expected:
        first = stream.next()
        heard += [first] if first else []
    stream.patience(0.5 if expected else 1.0)
    try:
        while (message := stream.next()) is not None:
            heard.append(message)
    except TimeoutError:
        pass
    return heard


@contextmanager
def policy(house: Scene, document: Message) -> Iterator[None]:
    """Another policy in force, taken back afterwards."""
    house.gateway.write_policy(SERVER, document)
    try:
        yield
    finally:
        house.gateway.write_policy(SERVER, OPEN)
        client = house.client(server=SERVER)
        wait_until(lambda: len(client.tools()) == len(recorder.DEFAULT_TOOLS))


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("endpoint", [SERVER, None])
def test_an_edit_that_changes_the_list_is_told_once(house: Scene, era: Era, endpoint: str | None) -> None:
    client = house.client(era, server=endpoint)
    client.tools()
    with listening(client) as stream, policy(house, HIDING):
        [heard] = news(stream)
    assert heard["method"] == "notifications/tools/list_changed"


@pytest.mark.parametrize("era", ERAS)
def test_an_edit_that_leaves_the_list_as_it_was_is_not_told(house: Scene, era: Era) -> None:
    client = house.client(era, server=SERVER)
    client.tools()
    with listening(client) as stream, policy(house, {**OPEN, "tools": {"delete": {"action": "deny"}}}):
        assert news(stream, expected=False) == []


def test_a_client_that_never_listed_hears_nothing_while_nothing_changes(house: Scene) -> None:
    with (
        listening(house.client(who="other", server=SERVER)) as stream,
        policy(house, {**OPEN, "description": "other words"}),
    ):
        assert news(stream, expected=False) == []


def test_everyone_who_listens_hears_although_one_has_looked_already(house: Scene) -> None:
    early, late = house.client(server=SERVER), house.client(server=SERVER)
    early.tools()
    with listening(early) as stream, policy(house, HIDING):
        wait_until(lambda: len(late.tools()) < len(recorder.DEFAULT_TOOLS))
        assert news(stream)


def test_news_name_the_subscription_that_they_belong_to(house: Scene) -> None:
    client = house.client(server=SERVER)
    client.tools()
    message = client.message("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, "mine")
    with client._answer("POST", message, None) as response, policy(house, HIDING):
        stream = Stream(response)
        heard = [stream.next(), stream.next()]
    assert [note and note["params"]["_meta"][META + "subscriptionId"] for note in heard] == ["mine", "mine"]


def test_who_did_not_ask_for_news_gets_none(house: Scene) -> None:
    client = house.client(server=SERVER)
    client.tools()
    wanted = {"notifications": {"toolsListChanged": False, "resourcesListChanged": "yes", "x": True}}
    with client.stream("subscriptions/listen", wanted) as stream, policy(house, HIDING):
        first = stream.next()
        assert first is not None
        assert first["params"]["notifications"] == {}
        assert news(stream, expected=False) == []


@pytest.mark.parametrize("wanted", [None, [], "all", 1])
def test_a_subscription_that_is_no_object_is_refused(house: Scene, wanted: object) -> None:
    reply = house.client(server=SERVER).request("subscriptions/listen", {"notifications": wanted})
    assert (reply.status, reply.error["code"]) == (400, -32602)


@pytest.mark.parametrize("era", ERAS)
def test_a_server_that_comes_with_other_tools_is_told(house: Scene, era: Era, tmp_path: Path) -> None:
    fewer = tmp_path / "tools.json"
    fewer.write_text(json.dumps(recorder.DEFAULT_TOOLS[:2]))
    client = house.client(era, server=SERVER)
    client.tools()

    def entry(settings: Message) -> list[str]:
        arguments: list[str] = settings["mcpServers"][SERVER]["args"]
        return arguments

    with listening(client) as stream:
        house.gateway.edit_settings(lambda settings: entry(settings).extend(["--tools", str(fewer)]))
        try:
            assert news(stream)
            assert len(client.tools()) == 2
        finally:
            house.gateway.edit_settings(lambda settings: entry(settings).__delitem__(slice(-2, None)))
            wait_until(lambda: len(client.tools()) == len(recorder.DEFAULT_TOOLS))


@pytest.mark.parametrize("era", ERAS)
def test_a_stream_ends_when_the_gateway_does(era: Era) -> None:
    with scene() as house:
        client = house.client(era, server=SERVER)
        with listening(client) as stream, meanwhile(house.gateway.stop) as stopping:
            last = [message for message in (stream.next(), stream.next()) if message]
        assert stopping.result() == 0
        house.gateway.start()
    assert [said["result"]["resultType"] for said in last] == (["complete"] if era == "modern" else [])


# clients that do not play along


def test_a_client_that_does_not_read_holds_nobody_else_up(house: Scene) -> None:
    client = house.client(server=SERVER)
    message = client.message("tools/call", {"name": "big", "arguments": {"bytes": 16_000_000}})
    lines = [f"{name}: {value}" for name, value in client.request_headers(message).items()]
    with raw.Connection("127.0.0.1", house.gateway.port) as connection:
        connection.send(raw.post(house.gateway.port, client.path, dump(message), *lines))
        wait_until(lambda: any(call["arguments"] == {"bytes": 16_000_000} for call in house.calls()))
        assert house.healthy()


def test_clients_that_come_and_go_in_the_middle_leave_nothing_behind(house: Scene) -> None:
    client = house.client(server=SERVER)
    message = client.message("tools/call", {"name": "slow", "arguments": {"seconds": 0.05}})
    lines = [f"{name}: {value}" for name, value in client.request_headers(message).items()]
    request = raw.post(house.gateway.port, client.path, dump(message), *lines)
    before = len([row for row in house.rows() if row["kind"] == "decided"])

    def come_and_go(number: int) -> None:
        with raw.Connection("127.0.0.1", house.gateway.port) as connection:
            connection.send(request)
            if number % 2:
                threading.Event().wait(number / 2000)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(come_and_go, range(100)))
    wait_until(lambda: not unfinished(house))
    assert len([row for row in house.rows() if row["kind"] == "decided"]) <= before + 100


def unfinished(house: Scene) -> set[int]:
    """Calls that the record let go and says nothing more of."""
    rows = house.rows()
    allowed = {row["seq"] for row in rows if row["verdict"] == "allow"}
    return allowed - {row["decided"] for row in rows if row["kind"] == "finished"}
