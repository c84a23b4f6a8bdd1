"""Each peer starts and speaks: where this fails, a failure elsewhere says nothing about Latchward."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests import peers

from .agents import AGENTS, Agent, Setup, install, run

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "latchward-tests", "version": "0"},
    },
}


def _answers(out: IO[str]) -> Iterator[dict[str, object]]:
    """What carries an id; a server may send notifications in between."""
    return (message for message in map(json.loads, out) if "id" in message and "method" not in message)


@pytest.mark.parametrize(
    "name", ["filesystem", "everything", "memory", "sequential-thinking", "fetch", "git", "time"]
)
def test_server_lists_its_tools(name: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    command = {
        "filesystem": lambda: peers.filesystem(tmp_path),
        "everything": peers.everything,
        "memory": peers.memory,
        "sequential-thinking": peers.sequential_thinking,
        "fetch": peers.fetch,
        "git": lambda: peers.git(tmp_path),
        "time": peers.time,
    }[name]()
    environment = os.environ | {"MEMORY_FILE_PATH": str(tmp_path / "memory.jsonl")}

    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        answers = _answers(server.stdout)
        try:
            print(json.dumps(HELLO), file=server.stdin, flush=True)
            hello = next(answers)
            print('{"jsonrpc": "2.0", "method": "notifications/initialized"}', file=server.stdin)
            print('{"jsonrpc": "2.0", "id": 2, "method": "tools/list"}', file=server.stdin, flush=True)
            listing = next(answers)
        finally:
            server.kill()

    assert hello["result"]["protocolVersion"] == "2025-06-18"  # type: ignore[index]
    assert listing["result"]["tools"]  # type: ignore[index]


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_the_agent_that_runs_is_the_one_that_is_pinned(agent: Agent, tmp_path: Path) -> None:
    package = json.loads((Path(peers.__file__).parent / "package.json").read_text())
    pinned = {**package["dependencies"], **package["optionalDependencies"]}[agent.package]
    setup = Setup(tmp_path)
    install(agent, setup)
    version = pinned.rpartition("@")[2].removesuffix("-linux-x64")
    assert version in run(agent, setup, agent.version).split()
