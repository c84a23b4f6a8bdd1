"""The released agents start our bridge from their own files, and call tools through it or are refused.

Each has a home of its own and next to no environment; its model is a script on loopback. No network is used.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from latchward import endpoint
from tests.support import jr, recorder
from tests.support.gateway import Gateway
from tests.support.waiting import wait_for

from .agents import AGENTS, NOWHERE, SERVER, Agent, Gemini, Setup, install, run
from .model import SAID, Model

FIXTURE: Final = "fixture"
POLICY: Final = {
    "version": "1",
    "default": "allow",
    "tools": {"add": {"action": "deny", "reason": "no sums are done here"}},
    "hide": ["big"],
}
STRANGER: Final = "stranger"
"""A client as which none of these programs has come in before."""

EVERY: Final = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
CHECKING: Final = pytest.mark.parametrize(
    "agent", [agent for agent in AGENTS if agent.check], ids=lambda agent: agent.name
)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server") / "record"


@pytest.fixture(scope="module")
def gateway(record: Path) -> Iterator[Gateway]:
    """A gateway that knows each of the agents as itself, and nobody as the stranger."""
    clients = [agent.name for agent in AGENTS]
    programs = {agent.name: [agent.program] for agent in AGENTS}
    with Gateway(
        {FIXTURE: recorder.spec(record=record)},
        {FIXTURE: POLICY},
        {client: {FIXTURE: FIXTURE} for client in (*clients, STRANGER)},
        programs=programs | {STRANGER: []},
    ) as running:
        wait_for(jr.Client(running.url, running.token).tools, "list of the server")
        yield running
        assert "Traceback" not in running.stderr


def setup(agent: Agent, gateway: Gateway, home: Path, model: str = NOWHERE, client: str = "") -> Setup:
    """The agent in a home of its own, with the gateway in its files."""
    program = Path(sys.executable).with_name("latchward")
    assert program.is_file()
    place = gateway.home / "run" / endpoint.NAME
    connect = [str(program), "connect", "--client", client or agent.name, "--endpoint", str(place)]
    made = Setup(home, connect, model)
    install(agent, made)
    return made


def log(gateway: Gateway) -> list[dict[str, Any]]:
    """The record, by `latchward log`."""
    command = [sys.executable, "-m", "latchward", "log", "--json"]
    environment = {**os.environ, "LATCHWARD_HOME": str(gateway.home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def calls(record: Path) -> list[dict[str, Any]]:
    """The params of each call that the server was sent."""
    messages = [json.loads(line) for line in recorder.received(record)]
    return [message["params"] for message in messages if message.get("method") == "tools/call"]


def of_fixture(offered: set[str]) -> set[str]:
    """The names of the server's own tools among all that an agent offers its model."""
    return {name.partition(f"{FIXTURE}__")[2] for name in offered if f"{FIXTURE}__" in name}


@CHECKING
def test_the_agents_own_check_says_that_we_are_connected(
    agent: Agent, gateway: Gateway, tmp_path: Path
) -> None:
    said = run(agent, setup(agent, gateway, tmp_path), agent.check)
    [line] = [line for line in said.splitlines() if f"{SERVER}: " in line]
    assert line.endswith("Connected")
    assert "✓" in line or "✔" in line


@EVERY
def test_the_model_calls_a_tool_and_the_record_tells_it(
    agent: Agent, gateway: Gateway, record: Path, tmp_path: Path
) -> None:
    rows, arrived = len(log(gateway)), len(calls(record))
    with Model(f"{FIXTURE}__echo", {"text": "hello"}) as model:
        said = run(agent, here := setup(agent, gateway, tmp_path, model.url), agent.ask)
    assert SAID in said
    assert of_fixture(model.offered) == {"echo", "add", "delete", "slow", "fail"}
    [told] = model.told
    assert "hello" in told
    assert [call["arguments"] for call in calls(record)[arrived:]] == [{"text": "hello"}]
    decided, finished = log(gateway)[rows:]
    assert (decided["client"], decided["upstream"], decided["tool"]) == (agent.name, FIXTURE, "echo")
    assert (decided["effect"], decided["verdict"]) == ("allow", "allow")
    assert finished["decided"] == decided["seq"]
    assert finished["ending"] == "result"
    assert sorted(path.name for path in here.folder.iterdir()) == []


@EVERY
def test_a_denied_call_tells_the_model_why_and_never_reaches_the_server(
    agent: Agent, gateway: Gateway, record: Path, tmp_path: Path
) -> None:
    rows, arrived = len(log(gateway)), len(calls(record))
    with Model(f"{FIXTURE}__add", {"a": 1, "b": 2}) as model:
        said = run(agent, setup(agent, gateway, tmp_path, model.url), agent.ask)
    assert SAID in said
    [told] = model.told
    assert "no sums are done here" in told
    assert len(calls(record)) == arrived
    [decided] = log(gateway)[rows:]
    assert (decided["client"], decided["tool"], decided["effect"]) == (agent.name, "add", "deny")


@EVERY
def test_an_agent_that_the_person_does_not_know_is_offered_nothing(
    agent: Agent, gateway: Gateway, record: Path, tmp_path: Path
) -> None:
    rows, arrived = len(log(gateway)), len(calls(record))
    with Model(f"{FIXTURE}__echo", {"text": "hello"}) as model:
        run(agent, setup(agent, gateway, tmp_path, model.url, STRANGER), agent.ask)
    assert model.offered
    assert of_fixture(model.offered) == set()
    assert len(calls(record)) == arrived
    assert len(log(gateway)) == rows


def test_gemini_says_that_it_loads_no_server_in_a_folder_it_does_not_trust(
    gateway: Gateway, tmp_path: Path
) -> None:
    agent = Gemini()
    here = setup(agent, gateway, tmp_path)
    here.write(".gemini/trustedFolders.json", {})
    said = run(agent, here, agent.check)
    assert "this folder is untrusted" in said
    assert "Connected" not in said
