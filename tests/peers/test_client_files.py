"""The released agents load what we write into their files, and have their first files back.

A person configures each with its own `mcp add`, takes its servers in at a terminal while a gateway runs, asks
the agent's own list, and gives the file back. Claude Desktop, Cursor and VS Code have no program that runs
here: golden files speak for them.
"""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from latchward.clients import known
from tests.support import recorder
from tests.support.client_machine import Machine
from tests.support.gateway import Gateway

from . import ALL_RUN_HERE
from .agents import AGENTS, NOWHERE, SERVER, Agent, ClaudeCode, Codex, Setup, install, is_connected, run
from .model import SAID, Model

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
WRITTEN: Final = [agent for agent in AGENTS if agent.name in known.CLIENTS]
"""Those whose files we write into."""
EVERY: Final = pytest.mark.parametrize("agent", WRITTEN, ids=lambda agent: agent.name)
CLAUDE_RUNS: Final = pytest.mark.skipif(not ALL_RUN_HERE, reason="its package holds a Linux x64 program")
NAMES: Final = ("notes", "files")
ROUNDS: Final = 4


class Used:
    """An agent in a home of its own, with two servers that its own command added."""

    def __init__(self, agent: Agent, folder: Path, model: str = NOWHERE) -> None:
        self.agent = agent
        self.machine = Machine(folder)
        self.setup = Setup(self.machine.home, model)
        install(agent, self.setup)
        for name, spec in zip(NAMES, (recorder.spec(), recorder.spec("--era", "legacy")), strict=True):
            self.run(agent.add(name, (spec["command"], *spec["args"])))

    @property
    def file(self) -> Path:
        return self.machine.home / self.agent.file

    def run(self, command: tuple[str, ...]) -> str:
        return run(self.agent, self.setup, command)

    @property
    def servers(self) -> dict[str, str]:
        """What the agent's own list says of each server."""
        return self.agent.servers(self.run(self.agent.listing))

    @contextmanager
    def gateway(self) -> Iterator[Gateway]:
        """A gateway that knows the agent's program as this client."""
        with Gateway(
            {},
            {},
            {"agent": {}},
            home=self.machine.profile,
            env={"HOME": str(self.machine.home)},
            programs={self.agent.name: [self.agent.program]},
        ) as running:
            yield running
            assert "Traceback" not in running.stderr


@EVERY
def test_an_agent_loads_what_we_wrote_and_then_its_first_file(agent: Agent, tmp_path: Path) -> None:
    used = Used(agent, tmp_path)
    assert used.servers.keys() == set(NAMES)  # after its first look Claude Code writes a number into its file
    first = used.file.read_bytes()
    with used.gateway():
        used.machine.done("adopt")
        written = used.file.read_bytes()
        assert written != first
        [(name, said)] = used.servers.items()
        assert name == SERVER
        if agent.check:
            assert is_connected(said), said
        else:
            told = json.loads(said)
            assert (told["startup_timeout_sec"], told["tool_timeout_sec"]) == (60.0, 600.0)
            assert told["transport"]["args"] == used.machine.entry(agent.name)["args"]
        assert used.file.read_bytes() == written
        used.machine.done("restore", agent.name)
    assert used.file.read_bytes() == first
    back = used.servers
    assert back.keys() == set(NAMES)
    assert not agent.check or all(map(is_connected, back.values())), back


@CLAUDE_RUNS
def test_codex_reaches_what_was_taken_in(tmp_path: Path) -> None:
    with Model(("notes__echo", {"text": "hello"})) as model:
        used = Used(Codex(), tmp_path, model.url)
        with used.gateway():
            used.machine.done("adopt")
            assert SAID in used.run(Codex.ask)
    assert {name for name in model.offered if name.endswith("__echo")} == {"notes__echo", "files__echo"}


@CLAUDE_RUNS
def test_claude_code_servers_of_one_project_are_taken_in_and_given_back(tmp_path: Path) -> None:
    used = Used(ClaudeCode(), tmp_path)
    for scope, number in (("local", "7"), ("project", "8")):
        spec = recorder.spec("--ttl", number)
        add = used.agent.add(f"of-{scope}", (spec["command"], *spec["args"]))
        used.run(tuple(scope if word == "user" else word for word in add))
    assert used.servers.keys() == {*NAMES, "of-local", "of-project"}
    files = (used.file, used.setup.folder / ".mcp.json")
    firsts = [file.read_bytes() for file in files]
    with used.gateway():
        used.machine.done("adopt")
        assert used.servers.keys() == {SERVER, "of-project"}  # which others may share, so it wants its name
        used.machine.done("adopt", "of-project")
        [(name, said)] = used.servers.items()
        assert (name, is_connected(said)) == (SERVER, True)
        used.machine.done("restore", used.agent.name)
    assert [file.read_bytes() for file in files] == firsts
    assert used.servers.keys() == {*NAMES, "of-local", "of-project"}


@CLAUDE_RUNS
def test_claude_code_may_write_its_file_at_the_same_moment(tmp_path: Path) -> None:
    used = Used(ClaudeCode(), tmp_path)
    before = json.loads(used.file.read_bytes())
    over = threading.Event()
    added: list[str] = []

    def write() -> None:
        """Let Claude Code add servers of its own: it writes its whole file each time."""
        while not over.is_set():
            name = f"later-{len(added)}"
            used.run(used.agent.add(name, ("true",)))
            added.append(name)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(ROUNDS):
            used.machine.done("adopt", *NAMES)
            document = json.loads(used.file.read_bytes())
            assert SERVER in document["mcpServers"]
            assert not set(NAMES) & document["mcpServers"].keys()
            used.machine.done("restore", used.agent.name)
    finally:
        over.set()
        writer.join()
    after = json.loads(used.file.read_bytes())
    assert len(added) >= ROUNDS
    assert list(after["mcpServers"]) == [*NAMES, *added]
    assert {name: after["mcpServers"][name] for name in NAMES} == before["mcpServers"]
    assert {**after, "mcpServers": {}} == {**before, "mcpServers": {}}
