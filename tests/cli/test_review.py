"""`latchward review`: the person's look at a terminal, and only there."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import recorder
from tests.support.connect import environment
from tests.support.gateway import Gateway
from tests.support.jr import Client
from tests.support.terminal import Terminal
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
OPEN: dict[str, Any] = {"version": "1", "default": "allow"}
TIGHT: dict[str, Any] = {**OPEN, "tools": {"echo": {"action": "deny"}}}
PROMPT = "accept or leave: "


def review(gateway: Gateway) -> Terminal:
    """`latchward review` on a terminal of its own."""
    return Terminal(
        [sys.executable, "-m", "latchward", "review"], environment(LATCHWARD_HOME=str(gateway.home))
    )


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    grants = {"agent": {"fixture": "fixture"}}
    with Gateway({"fixture": recorder.spec()}, {"fixture": TIGHT}, grants) as running:
        wait_for(lambda: Client(running.server_url("fixture"), running.token).tools(), "tools")
        yield running


def goes(gateway: Gateway, server: str = "fixture") -> bool:
    reply = Client(gateway.server_url(server), gateway.token).call("echo", {"text": "x"}).answer
    return "result" in reply and not reply["result"].get("isError")


def test_a_held_edit_counts_after_the_whole_word_and_the_running_gateway_takes_it_up(
    gateway: Gateway,
) -> None:
    gateway.write_policy("fixture", OPEN, seen=False)
    assert not goes(gateway)
    terminal = review(gateway)
    assert "`echo`: deny becomes allow" in terminal.until(PROMPT)
    for word in ("", "y", "yes", "a", "ok"):
        terminal.type(word)
        terminal.until(PROMPT)
    assert not goes(gateway)
    terminal.type("accept")
    assert terminal.end() == 0
    wait_for(lambda: goes(gateway), "call that goes")


def test_a_held_edit_that_is_left_is_asked_about_again(gateway: Gateway) -> None:
    gateway.write_policy("fixture", OPEN, seen=False)
    for _ in range(2):
        terminal = review(gateway)
        terminal.until(PROMPT)
        terminal.type("leave")
        assert terminal.end() == 0
        assert not goes(gateway)


def test_a_new_server_is_shown_whole_and_started_after_the_word(gateway: Gateway, tmp_path: Path) -> None:
    record = tmp_path / "record"
    evil = "\x1b[2K\u202eword"
    spec = recorder.spec(record=record, KEY="hush")
    spec["args"] = [*spec["args"], "--tools", str(tmp_path / "tools.json")]
    (tmp_path / "tools.json").write_text(json.dumps(recorder.DEFAULT_TOOLS))
    other = {"command": "/bin/cat", "args": [evil]}
    gateway.edit_settings(lambda settings: settings["mcpServers"].update(notes=spec, evil=other), seen=False)
    terminal = review(gateway)
    shown = terminal.until(PROMPT)
    assert f"--record {record}" in shown
    assert "KEY=…" in shown
    assert "hush" not in shown
    assert not record.exists()
    terminal.type("accept")
    shown = terminal.until(PROMPT)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    terminal.type("leave")
    assert terminal.end() == 0
    wait_for(record.exists, "server that runs")
    wait_for(lambda: Client(gateway.server_url("notes"), gateway.token).tools(), "tools of the new server")


def test_nothing_to_look_at_is_said(gateway: Gateway) -> None:
    terminal = review(gateway)
    assert terminal.until("nothing waits for your look") == ""
    assert terminal.end() == 0


def test_without_a_terminal_nothing_is_accepted(gateway: Gateway) -> None:
    gateway.write_policy("fixture", OPEN, seen=False)
    done = subprocess.run(
        [sys.executable, "-m", "latchward", "review"],
        env=environment(LATCHWARD_HOME=str(gateway.home)),
        input=b"accept\naccept\n",
        capture_output=True,
        start_new_session=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert b"there is no terminal to ask on" in done.stderr
    assert not goes(gateway)


def test_the_end_of_the_terminal_is_no_yes(gateway: Gateway) -> None:
    gateway.write_policy("fixture", OPEN, seen=False)
    terminal = review(gateway)
    terminal.until(PROMPT)
    os.close(terminal.screen)
    terminal.process.wait(10)
    assert not goes(gateway)
