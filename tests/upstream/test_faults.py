"""A server does something bad: its caller gets one clear answer, the log one sentence, the rest goes on."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support import recorder
from tests.support.gateway import Gateway
from tests.support.jr import Reply

from . import bad_server
from .support import PYTHON, QUICK_LOOKS, client, code, eventually, gateway, names, said_of

GOOD = recorder.spec()
SHORT_GRACE = {"upstream.process.GRACE": 0.3}
"""For a server that does not end by itself."""


def must_work(gateway: Gateway) -> None:
    """The healthy server lists and answers as if nothing had happened."""
    good = client(gateway, "good")
    eventually(lambda: "echo" in names(good))  # a list waits for no server that is still starting
    started = time.monotonic()
    assert "echo" in names(good)
    assert good.call("echo", {"text": "hi"}).text == "hi"
    assert client(gateway).call("good__echo", {"text": "hi"}).text == "hi"
    assert time.monotonic() - started < 1.0
    assert "Traceback" not in gateway.stderr
    assert "never retrieved" not in gateway.stderr


# it does not start


@pytest.mark.parametrize(
    ("entry", "why", "remedy"),
    [
        ({"command": "no-such-program-anywhere"}, "`no-such-program-anywhere` was not found", "install it"),
        ({"command": "/no/such/program"}, "`/no/such/program` was not found", "write its whole path"),
        (
            {"command": PYTHON, "cwd": "/no/such/folder"},
            "folder `/no/such/folder` is not there",
            "correct `cwd`",
        ),
        ({"command": __file__}, "may not be run", "make it executable"),
        ({"command": "/"}, "may not be run", "correct `command`"),
        ({"command": PYTHON, "args": ["-c", "raise SystemExit(3)"]}, "ended with code 3", "in a terminal"),
        (
            {"command": PYTHON, "args": ["-c", "import sys; sys.exit('no \\x1b[31mdatabase')"]},
            "(it said: no <U+001B>[31mdatabase)",
            "in a terminal",
        ),
        (
            {"command": PYTHON, "args": ["-c", "import os; os.kill(os.getpid(), 11)"]},
            "by signal 11",
            "terminal",
        ),
        (recorder.spec("--banner", "101"), "more than 100 lines", "log to standard error"),
    ],
)
def test_a_server_that_does_not_start_is_explained_in_one_sentence(
    entry: dict[str, Any], why: str, remedy: str
) -> None:
    with gateway({"bad": entry, "good": GOOD}) as running:
        eventually(lambda: said_of(running, "bad"))
        must_work(running)
        sentence = said_of(running, "bad")[0]
        assert "the server `bad` did not start" in sentence
        assert why in sentence
        assert remedy in sentence
        reply = client(running, "bad").call("echo", {"text": "hi"})
        assert code(reply) == "server-unavailable"
        assert why in reply.text


def test_a_file_that_is_no_program_is_explained(tmp_path: Path) -> None:
    program = tmp_path / "server"
    program.write_text("no program\n")
    program.chmod(0o700)
    with gateway({"bad": {"command": str(program)}, "good": GOOD}) as running:
        eventually(lambda: said_of(running, "bad"))
        assert f"`{program}` could not be started" in said_of(running, "bad")[0]
        must_work(running)


def test_the_servers_own_values_are_masked_in_what_is_shown_of_it() -> None:
    entry = {
        "command": PYTHON,
        "args": ["-c", "import os; raise SystemExit('bad key ' + os.environ['KEY'])"],
        "env": {"KEY": "canary-of-the-server"},
    }
    with gateway({"bad": entry}) as running:
        eventually(lambda: said_of(running, "bad"))
        client(running, "bad").call("echo")
        assert "bad key" in running.stderr
        assert "canary-of-the-server" not in running.stderr


def test_some_banner_lines_on_standard_output_are_stepped_over() -> None:
    with gateway({"chatty": recorder.spec("--banner", "90")}) as running:
        assert client(running, "chatty").call("echo", {"text": "hi"}).text == "hi"
        assert said_of(running, "chatty") == []


def test_a_server_that_dies_at_the_modern_probe_is_started_again_without_it(tmp_path: Path) -> None:
    record = tmp_path / "calls"
    entry = bad_server.spec("dies-at-unknown", "--era", "legacy", record=record)
    with gateway({"old": entry}) as running:
        assert client(running, "old").call("echo", {"text": "hi"}).text == "hi"
        assert said_of(running, "old") == []
        assert len(recorder.calls(record)) == 1


def test_a_hung_handshake_delays_no_call_and_only_the_first_lists() -> None:
    limits = {"upstream.kept.FIRST_WAIT": 3.0}
    with gateway({"bad": recorder.spec("--hang"), "good": GOOD}, limits=limits) as running:
        must_work(running)
        everything = client(running)
        started = time.monotonic()
        assert "good__echo" in names(everything)
        assert time.monotonic() - started < 5
        started = time.monotonic()
        assert "good__echo" in names(everything)
        assert time.monotonic() - started < 2
        must_work(running)


def test_a_broken_start_delays_no_list_at_all() -> None:
    with gateway({"bad": {"command": "/no/such/program"}, "good": GOOD}) as running:
        everything = client(running)
        eventually(lambda: "good__echo" in names(everything))
        for _ in range(5):
            started = time.monotonic()
            assert "good__echo" in names(everything)
            assert time.monotonic() - started < 1


def test_a_client_that_goes_while_a_list_waits_leaves_no_trace() -> None:
    dying = {"command": PYTHON, "args": ["-c", "import time; time.sleep(1.5); raise SystemExit(3)"]}
    with gateway({"bad": dying, "good": GOOD}) as running:
        with pytest.raises(TimeoutError):
            names(client(running, timeout=0.3))
        eventually(lambda: said_of(running, "bad"))
        must_work(running)


# it fails in the middle of a call


BROKEN_ANSWERS = {
    "--bad-utf8": "not UTF-8",
    "--duplicate-keys": "stands twice",
    "--nan": "not a JSON object",
    "--batch": "not a JSON object",
    "--crash-mid-line": "its process ended with code 4",
}
BROKEN_RUNS = {
    "wrong-id": "an id that it was not given",
    "text-id": "an id that it was not given",
    "closes-output": "it closed its standard output",
    "endless-line": "more than 67108864 bytes",
}


@pytest.mark.parametrize("era", ["legacy", "modern"])
@pytest.mark.parametrize(("flag", "why"), BROKEN_ANSWERS.items())
def test_a_broken_answer_is_one_outcome_unknown(flag: str, why: str, era: str, tmp_path: Path) -> None:
    record = tmp_path / "calls"
    must_fail_once(recorder.spec(flag, "--era", era, record=record), why, record)


@pytest.mark.parametrize(("fault", "why"), BROKEN_RUNS.items())
def test_a_run_that_cannot_go_on_is_ended_and_begun_anew(fault: str, why: str, tmp_path: Path) -> None:
    record = tmp_path / "calls"
    must_fail_once(bad_server.spec(fault, record=record), why, record)


def must_fail_once(entry: dict[str, Any], why: str, record: Path) -> None:
    """Each call gets its one answer, is never sent again, and delays nobody."""
    with gateway({"bad": entry, "good": GOOD}, limits=SHORT_GRACE) as running:
        calling = client(running, "bad", timeout=10)
        reply = calling.call("echo", {"text": "hi"})
        assert code(reply) == "outcome-unknown"
        assert why in reply.text
        assert "look before repeating it" in reply.text
        must_work(running)
        assert len(recorder.calls(record)) == 1
        assert code(calling.call("echo", {"text": "again"})) == "outcome-unknown"
        assert [call["arguments"]["text"] for call in recorder.calls(record)] == ["hi", "again"]


def test_a_server_that_ended_keeps_its_tools_listed_and_is_started_at_the_next_call(tmp_path: Path) -> None:
    with gateway({"bad": recorder.spec("--crash-mid-line"), "good": GOOD}) as running:
        everything = client(running)
        eventually(lambda: {"bad__echo", "good__echo"} <= set(names(everything)))
        before = names(everything)
        client(running, "bad").call("echo", {"text": "hi"})
        assert names(everything) == before


def test_a_call_is_not_sent_where_the_tool_changed_while_the_server_was_started_again(tmp_path: Path) -> None:
    record = tmp_path / "calls"
    entry = bad_server.spec("changes-at-restart", "--crash-mid-line", record=record)
    with gateway({"bad": entry}) as running:
        calling = client(running, "bad")
        assert code(calling.call("echo", {"text": "first"})) == "outcome-unknown"
        reply = calling.call("echo", {"text": "second"})
        assert reply.result["isError"]
        assert len(recorder.calls(record)) == 1 or code(reply) == "outcome-unknown"


def test_an_answer_twice_is_one_answer() -> None:
    with gateway({"twice": bad_server.spec("twice")}) as running:
        calling = client(running, "twice")
        assert [calling.call("echo", {"text": str(n)}).text for n in range(20)] == [str(n) for n in range(20)]
        assert said_of(running, "twice") == []


def test_a_late_answer_is_dropped_and_reaches_nobody(tmp_path: Path) -> None:
    record = tmp_path / "calls"
    with gateway({"late": recorder.spec("--late-answer", record=record)}) as running:
        calling = client(running, "late", timeout=0.7)
        with pytest.raises(TimeoutError):
            calling.call("echo", {"text": "given up"})
        recorder.wait_for(record, b"notifications/cancelled")
        with pytest.raises(TimeoutError):
            calling.call("echo", {"text": "given up too"})  # it would get the late answer, if anyone did
        assert "Traceback" not in running.stderr


def test_a_server_that_closes_its_input_is_started_again() -> None:
    with gateway({"shut": bad_server.spec("closes-input"), "good": GOOD}, limits=SHORT_GRACE) as running:
        calling = client(running, "shut", timeout=10)
        assert calling.call("echo", {"text": "hi"}).text == "hi"
        eventually(lambda: calling.call("echo", {"text": "hi"}).text == "hi")
        must_work(running)


def test_calls_under_way_on_a_dying_server_all_end_within_a_second(tmp_path: Path) -> None:
    record = tmp_path / "calls"
    with gateway({"bad": recorder.spec("--crash-mid-line", record=record), "good": GOOD}) as running:
        replies: list[Reply] = []
        slow = [
            threading.Thread(
                target=lambda: replies.append(client(running, "bad").call("slow", {"seconds": 30}))
            )
            for _ in range(5)
        ]
        for thread in slow:
            thread.start()
        eventually(lambda: len(recorder.calls(record)) == 5)
        started = time.monotonic()
        client(running, "bad").call("echo", {"text": "hi"})
        for thread in slow:
            thread.join(5)
        assert time.monotonic() - started < 1.5
        assert [code(reply) for reply in replies] == ["outcome-unknown"] * 5
        must_work(running)


# it says too much, or what it may not


def test_a_flood_on_standard_error_stops_nothing() -> None:
    with gateway({"noisy": recorder.spec("--flood-stderr"), "good": GOOD}) as running:
        calling = client(running, "noisy")
        assert [calling.call("echo", {"text": "hi"}).text for _ in range(3)] == ["hi"] * 3
        must_work(running)
        assert "noise" not in running.stderr


def test_endless_bytes_on_standard_error_stop_nothing() -> None:
    with gateway({"noisy": bad_server.spec("endless-errors"), "good": GOOD}) as running:
        calling = client(running, "noisy")
        assert [calling.call("echo", {"text": "hi"}).text for _ in range(3)] == ["hi"] * 3
        must_work(running)


@pytest.mark.parametrize("kind", ["echo", "big"])
def test_a_flood_of_notifications_leaves_the_other_servers_quick(kind: str) -> None:
    with gateway({"flood": bad_server.spec("floods"), "good": GOOD}) as running:
        good, flood = client(running, "good"), client(running, "flood")
        flood.call(kind, {"text": "hi", "bytes": 1})
        spent = []
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            started = time.monotonic()
            assert good.call("echo", {"text": "hi"}).text == "hi"
            spent.append(time.monotonic() - started)
        assert sorted(spent)[len(spent) // 2] < 0.05
        assert max(spent) < 0.3
        must_work(running)


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_half_an_emoji_in_progress_and_in_an_error_is_no_fault_of_ours(era: str) -> None:
    with gateway({"cut": bad_server.spec("cut-emoji", "--era", era), "good": GOOD}) as running:
        reply = client(running, "cut", timeout=5).call("echo", {"text": "hi"}, meta={"progressToken": "p"})
        assert reply.error["code"] == -32000
        assert reply.error["message"].startswith("half ")
        must_work(running)


def test_what_a_server_asks_of_us_is_answered_and_nothing_is_carried_to_the_client() -> None:
    with gateway({"asks": bad_server.spec("asks", "--era", "legacy")}) as running:
        reply = client(running, "asks").call("echo", {"text": "hi"})
        assert reply.notifications == []
        assert '"id": "q-ping", "result": {}' in reply.text
        assert reply.text.count("-32601") == 2


@pytest.mark.parametrize("kind", ["new", "same"])
def test_a_list_without_an_end_is_a_fault_of_that_server_alone(kind: str) -> None:
    with gateway({"bad": recorder.spec("--endless-cursor", kind), "good": GOOD}) as running:
        eventually(lambda: said_of(running, "bad"))
        assert "list of tools" in said_of(running, "bad")[0]
        must_work(running)


def test_all_pages_of_a_list_are_one_list() -> None:
    with gateway({"paged": recorder.spec("--pages", "4"), "whole": GOOD}) as running:
        eventually(lambda: names(client(running, "whole")))
        eventually(lambda: names(client(running, "paged")) == names(client(running, "whole")))


# its tools change


@pytest.mark.parametrize("upstream_era", ["legacy", "modern"])
def test_a_tool_that_is_gone_is_listed_no_more_and_the_client_is_told(upstream_era: str) -> None:
    entry = bad_server.spec("loses-tool", "--era", upstream_era)
    with gateway({"moving": entry}, limits=QUICK_LOOKS) as running:
        listening = client(running, "moving", timeout=10)
        eventually(lambda: "fail" in names(listening))
        with listening.stream(
            "subscriptions/listen", {"notifications": {"toolsListChanged": True}}
        ) as stream:
            assert (stream.next() or {})["method"] == "notifications/subscriptions/acknowledged"
            listening.call("echo", {"text": "hi"})
            assert (stream.next() or {})["method"] == "notifications/tools/list_changed"
            assert "fail" not in names(listening)


@pytest.mark.parametrize("upstream_era", ["legacy", "modern"])
def test_a_tool_that_came_later_is_not_called_before_the_person_saw_it(
    upstream_era: str, tmp_path: Path
) -> None:
    record = tmp_path / "calls"
    entry = recorder.spec("--change-tools-after-first-list", "--era", upstream_era, record=record)
    with gateway({"moving": entry}, limits=QUICK_LOOKS) as running:
        calling = client(running, "moving")
        eventually(lambda: "accepted" in str(calling.call("added").messages))
        assert "added" not in names(calling)
        assert recorder.calls(record) == []
