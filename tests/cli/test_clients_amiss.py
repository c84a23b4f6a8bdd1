"""`latchward client` where something is in the way, or in another order: a sentence, and nothing is lost."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import recorder
from tests.support.client_machine import PROMPT, Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
BROKEN = {"command": sys.executable, "args": ["-c", "raise SystemExit('no such account')"]}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_server_that_does_not_answer_stays_where_it_is(machine: Machine) -> None:
    machine.write("cursor", {"good": recorder.spec(), "broken": BROKEN, "gone": {"command": "/no/such"}})
    status, shown = machine.answered("adopt", word="accept")
    assert status == 1
    assert "good: its clients reach it through Latchward now" in shown
    assert shown.count("it said: no such account") == 1
    assert shown.count("`/no/such` was not found") == 1
    assert machine.servers("cursor").keys() == {"broken", "gone", "latchward"}
    assert machine.servers("cursor")["broken"] == BROKEN
    assert list(machine.settings["mcpServers"]) == ["good"]


def test_where_no_server_answers_nothing_is_left_of_it(machine: Machine) -> None:
    first = machine.write("cursor", {"broken": BROKEN})
    status, shown = machine.answered("adopt", word="accept")
    assert (status, "it stays as it was" in shown, "Restart" in shown) == (1, True, False)
    assert machine.file("cursor").read_bytes() == first
    assert (machine.settings["mcpServers"], machine.settings["grants"]) == ({}, {})
    assert not machine.listed()["cursor"]["undo"]


def test_a_server_whose_only_file_is_read_only_is_not_taken_in(machine: Machine) -> None:
    first = machine.write("cursor")
    machine.file("cursor").chmod(0o400)
    status, shown = machine.answered("adopt", word="accept")
    assert status == 1
    assert shown.count("it stays as it was: no file of its clients could be changed") == 2
    assert f"latchward: `{machine.file('cursor')}` is read-only" in shown
    assert "reach it through Latchward" not in shown
    assert machine.file("cursor").read_bytes() == first
    assert (machine.settings["mcpServers"], machine.settings["grants"]) == ({}, {})


def test_of_two_clients_the_one_with_a_read_only_file_stays_as_it_was(machine: Machine) -> None:
    first, other = (
        machine.write("cursor", {"notes": recorder.spec()}),
        machine.write("gemini", {"notes": recorder.spec()}),
    )
    machine.file("cursor").chmod(0o400)
    status, shown = machine.answered("adopt", word="accept")
    assert status == 1
    assert "notes: Gemini CLI alone can reach it through Latchward now" in shown
    assert machine.file("cursor").read_bytes() == first
    assert machine.settings["grants"] == {"gemini": {"servers": {"notes": "notes"}}}
    machine.done("restore", "--all")
    assert machine.file("gemini").read_bytes() == other
    assert machine.settings["mcpServers"] == {}


def test_a_project_loses_no_server_where_ours_cannot_be_written(machine: Machine) -> None:
    machine.write("cursor", {})
    machine.file("cursor").chmod(0o400)
    project = machine.home / "web/.cursor/mcp.json"
    project.parent.mkdir(parents=True)
    project.write_text(json.dumps({"mcpServers": {"shop": recorder.spec()}}))
    before = project.read_bytes()
    status, shown = machine.answered("adopt", "shop", "--project", "web", word="accept")
    assert (status, "is read-only" in shown) == (1, True)
    assert project.read_bytes() == before
    machine.file("cursor").chmod(0o600)
    machine.done("adopt", "shop", "--project", "web")
    assert "shop" not in project.read_text()
    project.chmod(0o400)
    status, shown = machine.answered("restore", "cursor", word="accept")
    assert (status, f"latchward: `{project}` is read-only" in shown) == (1, True)
    assert list(machine.servers("cursor")) == ["latchward"]
    project.chmod(0o600)
    machine.done("restore", "cursor")
    assert project.read_bytes() == before


def test_one_of_two_files_that_cannot_be_given_back_keeps_no_other(machine: Machine) -> None:
    first, other = machine.write("cursor"), machine.write("codex")
    machine.done("adopt")
    machine.file("cursor").chmod(0o400)
    status, shown = machine.answered("restore", "--all", word="accept")
    assert status == 1
    assert "given back: Codex\n" in shown
    assert f"latchward: `{machine.file('cursor')}` is read-only" in shown
    assert machine.file("codex").read_bytes() == other
    machine.file("cursor").chmod(0o600)
    machine.done("restore", "--all")
    assert machine.file("cursor").read_bytes() == first


def test_a_link_stays_and_the_file_behind_it_is_edited(machine: Machine) -> None:
    first = machine.write("cursor")
    kept = machine.home / "dotfiles/cursor.json"
    kept.parent.mkdir()
    machine.file("cursor").rename(kept)
    machine.file("cursor").symlink_to(kept)
    machine.done("adopt")
    assert machine.file("cursor").is_symlink()
    assert b'"latchward"' in kept.read_bytes()
    machine.done("restore", "cursor")
    assert machine.file("cursor").is_symlink()
    assert kept.read_bytes() == first


def test_byte_order_mark_and_line_ends_of_windows_stay(machine: Machine) -> None:
    text = json.dumps({"mcpServers": {"notes": recorder.spec()}, "last": 1.0}, indent=2).replace("\n", "\r\n")
    first = machine.write("claude-code", b"\xef\xbb\xbf" + text.encode())
    machine.done("adopt")
    now = machine.file("claude-code").read_bytes()
    assert now.startswith(b"\xef\xbb\xbf{")
    assert now.count(b"\n") == now.count(b"\r\n") > 0
    machine.done("restore", "claude-code")
    assert machine.file("claude-code").read_bytes() == first


def test_a_file_of_ten_megabytes_is_taken_in_and_given_back_within_seconds(machine: Machine) -> None:
    projects = {
        f"/projects/{number}": {"history": ["x" * 500] * 20, "lastCost": 0.5} for number in range(1000)
    }
    whole = {"projects": projects, "mcpServers": {"notes": recorder.spec()}}
    first = machine.write("claude-code", json.dumps(whole, indent=2).encode())
    assert len(first) > 10_000_000
    started = time.monotonic()
    machine.done("adopt")
    assert list(machine.servers("claude-code")) == ["latchward"]
    machine.done("restore", "claude-code")
    assert time.monotonic() - started < 20
    assert machine.file("claude-code").read_bytes() == first


def test_a_server_that_was_edited_while_the_question_was_open_is_not_taken_in(machine: Machine) -> None:
    machine.write("cursor", {"notes": recorder.spec()})
    terminal = machine.terminal("adopt")
    terminal.until(PROMPT)
    other = machine.write("cursor", {"notes": BROKEN})
    terminal.type("accept")
    assert terminal.end() == 1
    assert terminal.shown.endswith("changed or went meanwhile; look at the list again\n")
    assert machine.file("cursor").read_bytes() == other
    assert (machine.settings["mcpServers"], machine.settings["grants"]) == ({}, {})


def test_what_else_was_edited_while_the_question_was_open_stays(machine: Machine) -> None:
    machine.write("cursor", {"notes": recorder.spec()})
    terminal = machine.terminal("adopt")
    terminal.until(PROMPT)
    more = {"later": BROKEN, "notes": recorder.spec()}
    machine.write("cursor", json.dumps({"theme": "light", "mcpServers": more}).encode())
    terminal.type("accept")
    assert terminal.end(20) == 0
    assert json.loads(machine.file("cursor").read_bytes())["theme"] == "light"
    assert list(machine.servers("cursor")) == ["later", "latchward"]
    machine.done("restore", "cursor")
    assert machine.servers("cursor") == more


@pytest.mark.parametrize("name", ["notes", "latchward"])
def test_a_file_whose_entries_were_edited_while_the_question_was_open_is_not_given_back(
    name: str, machine: Machine
) -> None:
    machine.write("cursor", {"notes": recorder.spec()})
    machine.done("adopt")
    terminal = machine.terminal("restore", "cursor")
    terminal.until(PROMPT)
    ours = machine.entry("cursor")
    edited = BROKEN if name == "notes" else {**ours, "disabled": True}
    other = machine.write("cursor", {"latchward": ours, name: edited})
    terminal.type("accept")
    assert terminal.end() == 1
    assert "changed meanwhile; look at the change again" in terminal.shown
    assert "given back" not in terminal.shown
    assert machine.file("cursor").read_bytes() == other


def test_what_a_client_writes_elsewhere_while_the_question_is_open_does_not_close_it(
    machine: Machine,
) -> None:
    servers = {"notes": recorder.spec(), "broken": BROKEN}

    def document(**counts: int) -> bytes:
        now = machine.servers("claude-code") if counts else servers
        return json.dumps(
            {**counts, "tips": {"seen": 1}, "mcpServers": now, "last": counts}, indent=2
        ).encode()

    machine.write("claude-code", document())
    machine.answered("adopt", "notes", word="accept")
    terminal = machine.terminal("restore", "claude-code")
    terminal.until(PROMPT)
    machine.write("claude-code", document(numStartups=42))
    terminal.type("accept")
    assert terminal.end(20) == 0, terminal.shown
    assert machine.servers("claude-code") == servers
    assert json.loads(machine.file("claude-code").read_bytes())["last"] == {"numStartups": 42}


def test_who_stops_it_while_a_server_starts_has_everything_as_it_was(machine: Machine) -> None:
    first = machine.write("cursor", {"slow": recorder.spec("--hang"), "good": recorder.spec()})
    terminal = machine.terminal("adopt")
    terminal.until(PROMPT)
    terminal.type("accept")
    terminal.until("good: it is started")
    terminal.press("\x03")
    assert terminal.end(20) == 130
    assert "Traceback" not in terminal.shown
    assert machine.file("cursor").read_bytes() == first
    assert (machine.settings["mcpServers"], machine.settings["grants"]) == ({}, {})
    assert json.loads((machine.profile / "clients/taken.json").read_text()) == {}


# in another order


def test_what_was_taken_in_is_not_taken_in_twice(machine: Machine) -> None:
    machine.write("cursor")
    machine.done("adopt")
    before = machine.everything
    done = machine.run("adopt")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "there is nothing to take in: no client uses a server without Latchward\n"
    assert machine.everything == before


def test_a_client_that_was_connected_first_is_given_back_as_it_was_before(machine: Machine) -> None:
    first = machine.write("cursor")
    machine.done("connect", "cursor")
    assert "and change this file" not in machine.done("connect", "cursor")
    assert machine.listed()["cursor"]["state"] == "partly"
    machine.done("adopt")
    assert machine.listed()["cursor"]["state"] == "protected"
    machine.done("restore", "cursor")
    assert machine.file("cursor").read_bytes() == first
    assert "there is nothing to give back" in machine.refused("restore", "cursor")


def test_a_file_that_was_not_there_is_gone_again(machine: Machine) -> None:
    machine.done("connect", "cursor")
    assert list(machine.servers("cursor")) == ["latchward"]
    machine.done("restore", "cursor")
    assert not machine.file("cursor").exists()


def test_where_nothing_is_kept_of_a_file_with_our_entry_that_is_said(machine: Machine) -> None:
    machine.write("cursor")
    machine.done("adopt")
    shutil.rmtree(machine.profile)
    before = machine.file("cursor").read_bytes()
    for arguments in (("restore", "cursor"), ("restore", "--all")):
        said = machine.refused(*arguments)
        assert said.startswith("latchward: what Cursor had before is kept nowhere")
        assert str(machine.file("cursor")) in said
    assert machine.file("cursor").read_bytes() == before


def test_a_server_that_is_switched_off_in_latchward_stays_where_it_is(machine: Machine) -> None:
    first = machine.write("cursor", {"notes": recorder.spec()})
    machine.profile.mkdir(mode=0o700)
    off = {**recorder.spec(), "disabled": True}
    mine = {"version": 1, "mcpServers": {"mine": off}, "grants": {"cursor": {"servers": {}}}}
    settings = machine.profile / "settings.json"
    settings.touch(mode=0o600)
    settings.write_text(json.dumps(mine))
    status, shown = machine.answered("adopt", word="accept")
    assert status == 1
    assert "it is the server mine of Latchward" in shown
    assert "mine: it stays as it was: it is switched off in Latchward" in shown
    assert machine.file("cursor").read_bytes() == first
    assert machine.settings == mine


def test_a_server_that_was_added_and_not_looked_at_yet_is_in_force_once_it_is_taken_in(
    machine: Machine,
) -> None:
    machine.write("cursor", {"notes": recorder.spec()})
    spec = recorder.spec()
    latchward = [sys.executable, "-m", "latchward"]
    add = [*latchward, "server", "add", "mine", "--", spec["command"], *spec["args"]]
    subprocess.run(add, env=machine.env, check=True, timeout=20, capture_output=True)
    assert "mine: its clients reach it through Latchward now" in machine.done("adopt")
    done = subprocess.run(
        [*latchward, "review"], env=machine.env, check=True, timeout=20, capture_output=True
    )
    assert done.stderr == b"nothing waits for your look\n"
    machine.done("restore", "cursor")
    assert list(machine.settings["mcpServers"]) == ["mine"]


def test_one_server_under_two_names_is_one(machine: Machine) -> None:
    first = machine.write("cursor", {"notes": recorder.spec(), "again": recorder.spec()})
    assert "Take in notes, and change these files?" in machine.done("adopt")
    assert list(machine.servers("cursor")) == ["latchward"]
    assert list(machine.settings["mcpServers"]) == ["notes"]
    machine.done("restore", "cursor")
    assert machine.file("cursor").read_bytes() == first
