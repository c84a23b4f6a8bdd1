"""What changes while a question is open: nothing goes but the call that was shown, under the same rules."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import jr
from tests.support.a11y import BUTTON
from tests.support.asked_fixture import Asked
from tests.support.desktop import Desktop
from tests.support.desktop_fixtures import on
from tests.support.gateway import Gateway
from tests.support.recorder import DEFAULT_TOOLS, received, spec
from tests.support.waiting import wait_for
from tests.support.whole import ASKS, TITLE, call, children, name_of, text_of

pytestmark = pytest.mark.desktop

ECHO = "fixture__echo"
LITTLE = Path(__file__).with_name("little.py")
REFUSED = {"changed-while-waiting", "abandoned"}


def _policy_edited(asked: Asked) -> None:
    asked.whole.write_policy("ask", {**ASKS, "tools": {"add": {}}})


def _policy_removed(asked: Asked) -> None:
    (asked.whole.home / "policies" / "ask.json").unlink()


def _server_taken_from_the_grant(asked: Asked) -> None:
    asked.whole.edit_settings(lambda settings: settings["grants"]["agent"].update(servers={}))


def _grant_removed(asked: Asked) -> None:
    asked.whole.edit_settings(lambda settings: settings["grants"].pop("agent"))


def _command_edited(asked: Asked) -> None:
    asked.whole.edit_settings(lambda settings: settings["mcpServers"]["fixture"]["env"].update(MORE="1"))


def _definition_changed(asked: Asked) -> None:
    [file] = asked.record.parent.glob("tools.json")
    tools = [{**tool, "description": "Does something else."} for tool in DEFAULT_TOOLS]
    file.write_text(json.dumps(tools))
    lists = len(_lists(asked.record))
    [server] = [pid for pid in children(asked.whole.program.pid) if not name_of(pid).startswith("latchward")]
    os.kill(server, signal.SIGKILL)
    with asked.whole.agent("other") as other:  # its call has the server started again
        other.send(call(1, "fixture__slow", {"seconds": 60}))
        wait_for(lambda: len(_lists(asked.record)) > lists, "second list of the server")


def _lists(record: Path) -> list[bytes]:
    return [line for line in received(record) if b'"tools/list"' in line]


CHANGES = (
    _policy_edited,
    _policy_removed,
    _server_taken_from_the_grant,
    _grant_removed,
    _command_edited,
    _definition_changed,
)


@pytest.mark.parametrize("asked", [{"tools": DEFAULT_TOOLS}], indirect=True, ids=[""])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
@on()
def test_what_was_asked_under_other_rules_is_refused(asked: Asked, change: Callable[[Asked], None]) -> None:
    with asked.whole.agent() as agent:
        agent.send(call(1, ECHO, {"text": "shown"}))
        dialog = asked.whole.dialog("^agent wants")
        dialog.bring_up()
        where = dialog.armed("Allow").centre
        change(asked)
        asked.whole.desktop.click(*where)
        wait_for(lambda: [v for v in _verdicts(asked) if v], "row of the call")
        assert set(_verdicts(asked)) <= REFUSED
    assert asked.calls == []


def _verdicts(asked: Asked) -> list[str]:
    return [str(row["verdict"]) for row in asked.whole.rows() if row["tool"] == "echo"]


@on()
def test_the_same_id_sent_again_with_other_arguments_changes_nothing_of_the_question(asked: Asked) -> None:
    with asked.whole.agent() as agent:
        agent.send(call(1, ECHO, {"text": "shown"}))
        dialog = asked.whole.dialog()
        agent.send(call(1, ECHO, {"text": "other"}))
        assert "error" in agent.answer(1)
        assert "text\nshown" in dialog.arguments
        dialog.allow()
        assert text_of(agent.answer(1)) == "shown"
    assert asked.calls == [{"text": "shown"}]
    [row] = [row for row in asked.whole.rows() if row["verdict"] == "allow"]
    assert json.loads(row["arguments"]) == {"text": "shown"}


@on()
def test_when_the_tray_is_killed_all_that_waits_is_refused_within_a_second(asked: Asked) -> None:
    whole = asked.whole
    with whole.agent() as agent:
        for number in range(5):
            agent.send(call(number, ECHO, {"text": f"call {number}"}))
        whole.dialog().node.find("label", "^1 of 5$")
        tray = whole.tray_pid()
        os.kill(tray, signal.SIGKILL)
        killed = time.monotonic()
        answers = [agent.answer(number)["result"] for number in range(5)]
        assert time.monotonic() - killed < 1
        assert all(answer["isError"] for answer in answers)
        new = whole.tray_pid(other_than=tray)
        whole.desktop.tree.app("", pid=new)
        assert not [window for window in whole.desktop.windows() if TITLE.strip("^$") in window.title]
        agent.send(call(9, ECHO, {"text": "afterwards"}))
        dialog = whole.dialog()
        assert not [label for label in dialog.labels if label.startswith("1 of")]
        dialog.allow()
        assert text_of(agent.answer(9)) == "afterwards"
    assert asked.calls == [{"text": "afterwards"}]
    assert asked.verdicts.count("nobody-to-ask") == 5


@pytest.mark.parametrize("asked", [{"tokens": True}], indirect=True, ids=["http"])
@on()
def test_over_http_too_a_client_that_leaves_takes_its_question_with_it(asked: Asked) -> None:
    client = jr.Client(asked.whole.url, asked.whole.tokens["agent"])
    with client.stream("tools/call", {"name": ECHO, "arguments": {"text": "gone"}}):
        dialog = asked.whole.dialog()
    left = time.monotonic()
    dialog.node.find("label", "^This question is over", seconds=1)
    assert time.monotonic() - left < 1
    assert not dialog.node.all(BUTTON, "^Allow$")
    wait_for(lambda: asked.verdicts == ["abandoned"], "row of the call")
    assert asked.calls == []


CROWD = tuple(f"client{number}" for number in range(6))


@pytest.mark.parametrize("asked", [{"clients": CROWD}], indirect=True, ids=["crowd"])
@on("xfwm4", "xembed", "xfce")
def test_a_hundred_questions_at_once_are_one_window_that_takes_no_focus(
    asked: Asked, desktop: Desktop
) -> None:
    desktop.run([sys.executable, LITTLE])
    mine = desktop.wait_window("Little question")
    desktop.focus(mine)
    agents = [asked.whole.agent(client) for client in CROWD]
    try:
        began = time.monotonic()
        for agent in agents:
            agent.write(
                b"".join(
                    json.dumps(call(number, ECHO, {"text": f"{number}"})).encode() + b"\n"
                    for number in range(25)
                )
            )
        dialog = asked.whole.dialog()
        dialog.node.find("label", "^1 of 100$")
        print(f"a hundred questions within {time.monotonic() - began:.3f} s")
        busy = [row for row in asked.verdicts if row == "too-many-questions"]
        assert len(busy) == 50
        assert len([window for window in desktop.windows() if "Latchward asks" in window.title]) == 1
        assert desktop.screen.active() == mine.id
        shown = len(desktop.notices())
        assert shown <= 5, "a notification for each question would be a flood"
        waiting = 100
        while waiting:
            dialog = asked.whole.dialog()
            dialog.click("Deny all 20 from this client")
            waiting -= 20
            if waiting:
                dialog.node.find("label", f"^1 of {waiting}$")
        asked.whole.no_dialog()
        wait_for(lambda: len(asked.verdicts) == 150, "row of every call")
    finally:
        for agent in agents:
            agent.__exit__(None, None, None)
    assert asked.calls == []


def test_without_a_tray_what_needs_a_person_is_refused_with_what_to_do(tmp_path: Path) -> None:
    record = tmp_path / "record"
    servers = {"fixture": spec(record=record)}
    with Gateway(servers, {"ask": ASKS}, {"agent": {"fixture": "ask"}}) as gateway:
        client = jr.Client(gateway.url, gateway.token)
        wait_for(client.tools, "tools of the server")
        reply = client.call(ECHO, {"text": "nobody"})
        assert reply.result["isError"]
        assert "nobody can be asked" in reply.text
    assert not [line for line in received(record) if b"tools/call" in line]


WAYS_ROUND = (
    "approve-all approve_all allow-all allow_all auto-approve auto_approve auto-allow LATCHWARD_APPROVE "
    "LATCHWARD_ALLOW skip-approval skip_approval yolo"
).split()


def test_no_variable_and_no_option_answers_questions() -> None:
    root = Path(__file__).parents[2] / "desktop" / "latchward"
    texts = {path: path.read_text(encoding="utf-8") for path in root.rglob("*.py")}
    found = [(path, words) for path, text in texts.items() for words in WAYS_ROUND if words in text]
    assert not found
