"""The emergency brake, temporary answers, and what becomes of calls when the tray or the gateway dies."""

import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from latchward.control import messages as say
from latchward.daemon.keeper import CRASHES
from tests.support import recorder
from tests.support.at_tray import TrayGateway
from tests.support.jr import Client, Stream
from tests.support.waiting import wait_for

OPEN: dict[str, Any] = {"version": "1", "default": "allow"}
ASKS: dict[str, Any] = {"version": "1", "default": "allow", "tools": {"echo": {"action": "approve"}}}
GRANTS = {"agent": {"fixture": "fixture"}}


class House:
    """A gateway before one recorder."""

    def __init__(self, gateway: TrayGateway, record: Path) -> None:
        self.gateway = gateway
        self.person = gateway.person
        self.record = record

    @property
    def client(self) -> Client:
        return Client(self.gateway.server_url("fixture"), self.gateway.token)

    def result(self, tool: str = "add") -> dict[str, Any]:
        return self.client.call(tool, {"text": "x"}).result

    def goes(self, tool: str = "add") -> bool:
        return not self.result(tool).get("isError")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    record = tmp_path / "record"
    servers = {"fixture": recorder.spec(record=record)}
    with TrayGateway(servers, {"fixture": ASKS}, GRANTS, home=tmp_path / "home") as gateway:
        gateway.person.server("fixture")
        yield House(gateway, record)


def asked(house: House, stack: ExitStack) -> tuple[Stream, say.Question]:
    """A call that waits for the person, and its question."""
    call = {"name": "echo", "arguments": {"text": "x"}}
    stream = stack.enter_context(house.client.stream("tools/call", call))
    return stream, house.person.question()


def answer(stream: Stream) -> dict[str, Any]:
    while (message := stream.next()) is not None:
        if "method" not in message:
            return dict(message)
    raise AssertionError("the stream ended without an answer")


# Blocking everything


def test_blocking_stops_a_flood_of_calls_within_200_ms(house: House) -> None:
    over = threading.Event()
    refused = []

    def flood() -> None:
        client = house.client
        while not over.is_set():
            refused.append(bool(client.call("add").result.get("isError")))

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(recorder.calls(house.record)) > 50, "flood")
    house.person.send(say.Block(1, True))
    until = time.monotonic() + 0.2
    wait_for(lambda: time.monotonic() >= until, "200 ms")
    after = len(recorder.calls(house.record))
    count = len(refused)
    wait_for(lambda: len(refused) > count + 50, "more calls")
    over.set()
    for thread in threads:
        thread.join()
    assert len(recorder.calls(house.record)) == after
    assert all(refused[count:])
    assert house.person.until(say.Status, lambda told: told.mode == "blocked")


def test_what_is_blocked_stays_blocked_over_a_restart_until_the_person_ends_it(house: House) -> None:
    house.person.ask(say.Block, on=True)
    assert "blocked" in json.dumps(house.result())
    house.gateway.stop()
    house.gateway.start()
    assert house.person.until(say.Status).mode == "blocked"
    assert not house.goes()
    house.gateway.kill()
    house.gateway.start()
    assert not house.goes()
    house.person.ask(say.Block, on=False)
    house.person.until(say.Status, lambda told: told.mode == "normal")
    assert house.goes()
    house.gateway.stop()
    house.gateway.start()
    assert house.goes()


def test_blocking_refuses_what_waits_for_an_answer_whatever_the_answer_is(house: House) -> None:
    with ExitStack() as stack:
        stream, question = asked(house, stack)
        house.person.ask(say.Block, on=True)
        house.person.answer(question, allowed=True)
        assert answer(stream)["result"]["isError"]
    assert recorder.calls(house.record) == []


# Answers that hold for a while


def test_an_answer_that_holds_is_listed_and_ended(house: House) -> None:
    with ExitStack() as stack:
        stream, question = asked(house, stack)
        assert "session" in question.scopes
        house.person.answer(question, allowed=True, scope="session")
        assert not answer(stream)["result"].get("isError")
    kept = house.person.until(say.TemporaryList, lambda told: told.answers).answers
    assert [(one.client, one.server, one.tool, one.allowed) for one in kept] == [
        ("agent", "fixture", "echo", True)
    ]
    assert house.goes("echo")
    house.person.ask(say.EndTemporary, key=kept[0].key)
    house.person.until(say.TemporaryList, lambda told: not told.answers)
    with ExitStack() as stack:
        stream, question = asked(house, stack)
        house.person.answer(question, allowed=False)
        assert answer(stream)["result"]["isError"]


# The end of the tray


def test_a_tray_that_goes_refuses_what_waits_and_comes_back(house: House) -> None:
    with ExitStack() as stack:
        stream, _ = asked(house, stack)
        house.person.vanish()
        began = time.monotonic()
        assert answer(stream)["result"]["isError"]
        assert time.monotonic() - began < 1
        assert house.goes()  # what nobody has to be asked about goes on
        wait_for(lambda: house.person.links == 2 and house.person.latest(say.Status), "new tray")
    assert recorder.calls(house.record)[-1]["name"] == "add"
    with ExitStack() as stack:
        stream, question = asked(house, stack)
        house.person.answer(question, allowed=True)
        assert not answer(stream)["result"].get("isError")


def test_a_call_that_needs_a_person_is_refused_while_there_is_no_tray(tmp_path: Path) -> None:
    servers = {"fixture": recorder.spec(record=tmp_path / "record")}
    with TrayGateway(servers, {"fixture": ASKS}, GRANTS, greets=False) as gateway:
        house = House(gateway, tmp_path / "record")
        assert "nobody" in json.dumps(house.result("echo"))
        assert house.goes()


@pytest.mark.parametrize(
    "data",
    [
        b"garbage\n",
        b'{"kind":"hello"}\n',
        b'{"kind":"block","serial":1,"on":false,"more":1}\n',
        b"[" * 100_000 + b"\n",
    ],
    ids=["words", "of the other end", "too much", "deep"],
)
def test_garbage_on_the_link_ends_it_and_refuses_what_waits(house: House, data: bytes) -> None:
    with ExitStack() as stack:
        stream, _ = asked(house, stack)
        house.person.write(data)
        assert answer(stream)["result"]["isError"]
    wait_for(lambda: house.person.links == 2, "new tray")
    assert recorder.calls(house.record) == []
    assert house.goes()


def test_a_tray_that_says_something_before_its_greeting_is_not_heard(tmp_path: Path) -> None:
    servers = {"fixture": recorder.spec(record=tmp_path / "record")}
    with TrayGateway(servers, {"fixture": OPEN}, GRANTS, greets=False) as gateway:
        wait_for(lambda: gateway.person.is_linked, "link")
        gateway.person.send(say.Quit())
        wait_for(lambda: gateway.person.links == 2, "new tray")
        assert House(gateway, tmp_path / "record").goes()


def test_five_ends_within_a_minute_close_the_gate_with_a_notice(house: House) -> None:
    for number in range(1, CRASHES + 1):
        wait_for(lambda number=number: house.person.links == number and house.person.is_linked, "tray")
        house.person.vanish()
    wait_for(lambda: "every call is refused" in house.gateway.stderr, "notice")
    assert "start Latchward anew" in json.dumps(house.result())
    assert house.person.links == CRASHES
    house.gateway.stop()
    house.gateway.start()
    assert house.goes()


# The end of the gateway


def test_quit_ends_everything_and_the_tray_is_told_to_stay_away(house: House) -> None:
    process = house.gateway.process
    assert process is not None
    with ExitStack() as stack:
        stream, _ = asked(house, stack)
        house.person.send(say.Quit())
        assert not went(stream)
    assert process.wait(8) == 0
    assert recorder.calls(house.record) == []
    assert say.Stop() in house.person.heard
    assert not house.gateway.home.joinpath("run/gateway.sock").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_in_the_middle_of_calls_ends_all_in_eight_seconds(
    house: House, tmp_path: Path, number: signal.Signals
) -> None:
    process = house.gateway.process
    assert process is not None
    slow = {"name": "slow", "arguments": {"seconds": 30}}
    with ExitStack() as stack:
        running = stack.enter_context(house.client.stream("tools/call", slow))
        recorder.wait_for(house.record, b'"slow"')
        waiting, _ = asked(house, stack)
        process.send_signal(number)
        assert not went(waiting)
        process.send_signal(number)  # a second one neither hurries nor hangs
        assert process.wait(8) == 0
        assert not went(running)
    assert say.Stop() in house.person.heard
    assert not servers_of(house.record)
    rows = record_of(house.gateway.home)
    [slow_row] = [row for row in rows if row["tool"] == "slow"]
    assert [row["ending"] for row in rows if row["decided"] == slow_row["seq"]] == ["cancelled"]
    assert [row["verdict"] for row in rows if row["tool"] == "echo"] != ["allow"]


def went(stream: Stream) -> bool:
    """Whether a call succeeded, by what came before its stream ended."""
    while (message := stream.next()) is not None:
        if "method" not in message:
            return "result" in message and not message["result"].get("isError")
    return False


def record_of(home: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{home / 'audit.db'}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM record ORDER BY seq")]


def servers_of(record: Path) -> list[int]:
    """The processes that carry this record's name."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(record).encode() in entry.read_bytes() and int(entry.parent.name) != os.getpid():
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found
