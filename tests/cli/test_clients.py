"""`latchward client` as a person types it: at a real terminal, with real servers and files as people have."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import recorder
from tests.support.client_machine import PATHS, PROMPT, Machine
from tests.support.connect import Agent
from tests.support.gateway import Gateway
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
EVERY = pytest.mark.parametrize("client", PATHS)
CANARY = "canary-0f3a-token-of-a-server"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# what is there


def test_the_list_names_the_clients_their_files_and_what_goes_round_us(machine: Machine) -> None:
    machine.write("cursor")
    machine.write("codex")
    before = machine.everything
    lines = machine.run("list").stdout.splitlines()
    assert "cursor  goes round Latchward; directly: notes, files" in lines
    codex = lines.index("codex  goes round Latchward; directly: notes, files")
    assert lines[codex + 1] == "    ~/.codex/config.toml"
    assert "gemini  not found" in lines
    both = next(number for number, line in enumerate(lines) if line.startswith("notes  "))
    assert lines[both + 1 : both + 3] == [
        "    Codex: `notes` in ~/.codex/config.toml", "    Cursor: `notes` in ~/.cursor/mcp.json"
    ]  # fmt: skip
    told = machine.listed()
    assert (told["cursor"]["state"], told["gemini"]["state"]) == ("direct", "absent")
    assert [server["name"] for server in told["servers"]] == ["notes", "files", "files-cursor"]
    assert machine.everything == before
    assert not machine.profile.exists()


def test_a_project_is_looked_into_wherever_it_is_named_from(machine: Machine) -> None:
    machine.write("cursor", {})
    project = machine.home / "web/.cursor/mcp.json"
    project.parent.mkdir(parents=True)
    project.write_text(json.dumps({"mcpServers": {"shop": recorder.spec()}}))
    assert "shop" not in machine.run("list").stdout
    for named in ("web", "./web", str(machine.home / "web")):
        assert "Cursor: `shop` in ~/web/.cursor/mcp.json" in machine.run("list", "--project", named).stdout
    assert machine.refused("list", "--project", "wbe") == "latchward: there is no folder `wbe`: correct it"


@pytest.mark.parametrize(
    ("client", "data", "where", "what"),
    [
        ("cursor", b'{\n  "mcpServers": {\n    "a" 1}}', ":3:9: ", "a `:` is missing after a key"),
        ("claude-code", b'{\n  // mine\n  "mcpServers": {}}', ":2:3: ", "a comment stands here"),
        ("claude-desktop", b'{"mcpServers": {},}', ":1:19: ", "a comma stands before"),
        ("gemini", b'\xef\xbb\xbf{"mcpServers": {}}', ":1:1: ", "a byte order mark"),
        ("codex", b'[mcp_servers.a]\ncommand = "x\n', ":2:", "TOML"),
        ("vscode", b"", ":1:1: ", "the file is empty"),
        ("cursor", '{"mcpServers": {}}'.encode("utf-16"), ":1:1: ", "the file is UTF-16"),
    ],
)
def test_a_file_that_its_client_could_not_read_is_told_with_line_and_column(
    client: str, data: bytes, where: str, what: str, machine: Machine
) -> None:
    machine.write(client, data)
    before = machine.everything
    assert machine.listed()[client]["state"] == "unreadable"
    for said in (machine.listed()[client]["problem"], machine.refused("connect", client)):
        assert f"{machine.file(client)}{where}" in said
        assert what in said
    done = machine.run("adopt")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{machine.file(client)}{where}" in done.stderr
    assert machine.everything == before


def test_one_file_that_cannot_be_read_keeps_no_other_from_being_taken_in(machine: Machine) -> None:
    machine.write("claude-code", b"{")
    machine.write("cursor")
    assert str(machine.file("claude-code")) in machine.done("adopt")
    assert machine.listed()["cursor"]["state"] == "protected"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("connect", "cursr"), "there is no client `cursr`: did you mean `cursor`?"),
        (("restore", "claude-dektop"), "there is no client `claude-dektop`: did you mean `claude-desktop`?"),
        (("adopt", "--client", "codx"), "there is no client `codx`: did you mean `codex`?"),
        (("adopt", "nots"), "no client uses a server `nots` without Latchward: did you mean `notes`?"),
        (("restore",), "name a client, or write `--all`; to be given back: none"),
        (("restore", "cursor"), "there is nothing to give back: no file of Cursor is changed by us"),
    ],
)
def test_a_name_that_is_none_is_answered_with_the_nearest(
    arguments: tuple[str, ...], said: str, machine: Machine
) -> None:
    machine.write("cursor")
    before = machine.everything
    assert machine.refused(*arguments) == f"latchward: {said}"
    assert machine.everything == before


def test_what_stands_in_a_file_draws_nothing_on_the_terminal(machine: Machine) -> None:
    name, evil = "n\u202e\x1b[2Kx\n    stays as it is", "\u202e\x1b[31m\ngood  /bin/true"
    machine.write("cursor", {name: {"command": "/bin/evil", "args": [evil]}})
    for arguments in (("list",), ("adopt", "--dry-run")):
        shown = machine.run(*arguments).stdout
        assert shown.replace("\n", "").isprintable()
        assert "<U+001B>" in shown
        lines = shown.splitlines()
        assert not [line for line in lines if line.startswith(("    stays as it is", "good  /bin/true"))]


def test_settings_that_cannot_be_read_are_told_of_once(machine: Machine) -> None:
    machine.write("cursor")
    machine.profile.mkdir(mode=0o700)
    settings = machine.profile / "settings.json"
    settings.touch(mode=0o600)
    settings.write_text("{")
    for verb in (("list",), ("adopt",), ("connect", "cursor"), ("restore", "--all")):
        assert machine.refused(*verb).startswith(f"latchward: {settings}:1:2: ")


# the question


@EVERY
def test_a_client_is_taken_in_and_given_back_to_the_byte(client: str, machine: Machine) -> None:
    first = machine.write(client)
    mode = machine.file(client).stat().st_mode
    shown = machine.done("adopt")
    assert "Take in notes, files, and change these files?" in shown
    path = str(machine.profile / "run/gateway.sock")
    assert machine.entry(client)["args"][-5:] == ["connect", "--client", client, "--endpoint", path]
    assert Path(machine.entry(client)["command"]).is_absolute()
    told = machine.listed()
    assert (told[client]["state"], told["servers"]) == ("protected", [])
    assert list(machine.settings["mcpServers"]) == ["notes", "files"]
    assert machine.settings["grants"] == {client: {"servers": {"notes": "notes", "files": "files"}}}
    assert machine.file(client).stat().st_mode == mode

    shown = machine.done("restore", client)
    assert f"given back: {told[client]['title']}" in shown
    assert machine.file(client).read_bytes() == first
    assert machine.file(client).stat().st_mode == mode
    assert (machine.settings["mcpServers"], machine.settings["grants"]) == ({}, {})
    assert machine.listed()[client]["state"] == "direct"


def test_only_the_whole_word_counts(machine: Machine) -> None:
    first = machine.write("cursor")
    terminal = machine.terminal("adopt")
    terminal.until(PROMPT)
    for word in ("", "y", "yes", "a", "accep", "accept all", "no"):
        terminal.type(word)
        terminal.until(f"Type the whole word: {PROMPT}")
    assert machine.file("cursor").read_bytes() == first
    assert machine.settings["mcpServers"] == {}
    terminal.type("Accept ")
    assert terminal.end(20) == 0
    assert machine.listed()["cursor"]["state"] == "protected"


@pytest.mark.parametrize("verb", [("adopt",), ("connect", "cursor"), ("restore", "--all")])
def test_leave_changes_nothing(verb: tuple[str, ...], machine: Machine) -> None:
    machine.write("cursor")
    if verb[0] == "restore":
        machine.done("adopt")
    before = machine.everything
    status, shown = machine.answered(*verb, word="leave")
    assert status == 1
    assert shown.endswith("nothing was changed\n")
    assert machine.everything == before


@pytest.mark.parametrize("verb", [("adopt",), ("connect", "cursor"), ("restore", "--all")])
def test_without_a_terminal_nothing_is_changed(verb: tuple[str, ...], machine: Machine) -> None:
    machine.write("cursor")
    if verb[0] == "restore":
        machine.done("adopt")
    before = machine.everything
    asked = f"latchward: there is no terminal to ask on; run `latchward client {verb[0]}` at one"
    assert machine.refused(*verb) == asked
    assert machine.everything == before


def test_what_was_typed_before_the_question_stood_there_is_no_answer(machine: Machine) -> None:
    first = machine.write("cursor")
    terminal = machine.terminal("adopt")
    terminal.type("accept")
    terminal.until(PROMPT)
    terminal.type("leave")
    assert terminal.end() == 1
    assert machine.file("cursor").read_bytes() == first


@pytest.mark.parametrize("verb", [("adopt",), ("connect", "cursor"), ("restore", "--all")])
def test_a_dry_run_shows_the_difference_without_secrets_and_changes_nothing(
    verb: tuple[str, ...], machine: Machine
) -> None:
    machine.write("cursor", {"notes": {**recorder.spec(), "env": {"HARMLESS": "hush-1"}}})
    if verb[0] == "restore":
        machine.done("adopt")
    kept = {"later": {**recorder.spec("--era", "legacy"), "env": {"API_TOKEN": CANARY}}}
    machine.write("cursor", {**machine.servers("cursor"), **kept})
    before = machine.everything
    done = machine.run(*verb, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    ours = "-" if verb[0] == "restore" else "+"
    assert f'{ours}    "latchward": {{' in done.stdout
    assert CANARY not in done.stdout
    assert ("•••" in done.stdout) == (verb[0] != "restore")  # there it stands too far from what changes
    assert machine.everything == before


# through the gateway


@pytest.fixture
def gateway(machine: Machine) -> Iterator[Gateway]:
    """A gateway that knows the programs of this test as the clients that cannot be run in one."""
    programs = {client: [Path(sys.executable).resolve()] for client in ("claude-desktop", "cursor", "vscode")}
    with Gateway(
        {}, {}, {"agent": {}}, home=machine.profile, env={"HOME": str(machine.home)}, programs=programs
    ) as running:
        yield running


def test_what_stands_in_the_files_reaches_the_servers_through_a_gateway_that_runs(
    machine: Machine, gateway: Gateway
) -> None:
    firsts = {client: machine.write(client) for client in ("claude-desktop", "cursor", "vscode")}
    assert "does not run" not in machine.done("adopt")
    for client in firsts:
        entry = machine.entry(client)
        start, path = [entry["command"], *entry["args"][:-5]], Path(entry["args"][-1])
        with Agent(path, client, command=start) as agent:
            agent.initialize()
            told = wait_for(lambda: agent.request("tools/list")["result"]["tools"], "tools")
            assert {"notes__echo", "files__echo"} <= {tool["name"] for tool in told}
    machine.done("restore", "--all")
    assert {client: machine.file(client).read_bytes() for client in firsts} == firsts


def test_it_is_said_that_no_gateway_runs(machine: Machine) -> None:
    machine.write("cursor")
    assert "Latchward does not run now" in machine.done("adopt")
