"""The released agents reach us from their own files, over HTTP or by starting our bridge, and call tools.

Each has a home of its own and next to no environment; its model is a script on loopback. No network is used.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pytest

from latchward import endpoint
from tests.support import jr, recorder
from tests.support.gateway import Gateway
from tests.support.waiting import wait_for

from .agents import AGENTS, NOWHERE, SERVER, Agent, Gemini, Setup, install, is_connected, run
from .model import SAID, Model
from .terminal import TerminalGateway

Way = Literal["connect", "http"]

FIXTURE: Final = "fixture"
POLICY: Final = {
    "version": "1",
    "default": "allow",
    "tools": {
        "add": {"action": "deny", "reason": "no sums are done here"},
        "delete": {"action": "approve", "reason": "gone is gone"},
    },
    "hide": ["big"],
}
OFFERED: Final = {"echo", "add", "delete", "slow", "fail"}
ALLOWED: Final = ("echo", {"text": "hello"})
DENIED: Final = ("add", {"a": 1, "b": 2})
APPROVED: Final = ("delete", {"path": "/nowhere"})
STRANGER: Final = "stranger"
"""A client as which none of these programs has come in before."""

WAYS: Final[tuple[Way, ...]] = ("connect", "http")
EVERY: Final = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
CHECKING: Final = pytest.mark.parametrize(
    "agent", [agent for agent in AGENTS if agent.check], ids=lambda agent: agent.name
)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server") / "record"


@pytest.fixture(scope="module")
def gateway(record: Path) -> Iterator[TerminalGateway]:
    """A gateway that knows each of the agents as itself, and nobody as the stranger."""
    clients = [agent.name for agent in AGENTS]
    programs = {agent.name: [agent.program] for agent in AGENTS}
    with TerminalGateway(
        {FIXTURE: recorder.spec(record=record)},
        {FIXTURE: POLICY},
        {client: {FIXTURE: FIXTURE} for client in (*clients, STRANGER)},
        programs=programs | {STRANGER: []},
    ) as running:
        wait_for(jr.Client(running.url, running.token).tools, "list of the server")
        yield running
        assert "Traceback" not in running.stderr


def setup(
    agent: Agent, gateway: Gateway, home: Path, way: Way, model: str = NOWHERE, client: str = ""
) -> Setup:
    """The agent in a home of its own, with the gateway in its files."""
    client = client or agent.name
    program = Path(sys.executable).with_name("latchward")
    assert program.is_file()
    place = gateway.home / "run" / endpoint.NAME
    if way == "http":
        made = Setup(home, model, url=gateway.url, token=gateway.tokens[client])
    else:
        made = Setup(home, model, [str(program), "connect", "--client", client, "--endpoint", str(place)])
    install(agent, made)
    return made


def log(gateway: Gateway) -> list[dict[str, Any]]:
    """The record, by `latchward log`."""
    command = [sys.executable, "-m", "latchward", "log", "--json"]
    environment = {**os.environ, "LATCHWARD_HOME": str(gateway.home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def of_fixture(offered: set[str]) -> set[str]:
    """The names of the server's own tools among all that an agent offers its model."""
    return {name.partition(f"{FIXTURE}__")[2] for name in offered if f"{FIXTURE}__" in name}


@dataclass(frozen=True, slots=True)
class Session:
    """One run of an agent whose model wanted the three calls, and a person who said yes when asked.

    `told` is what the model was told of each call, `arrived` what the server was sent, `rows` the record,
    `shown` what the person saw, `left` what lies in the agent's folder afterwards.
    """

    agent: Agent
    said: str
    offered: set[str]
    told: list[str]
    arrived: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    shown: str
    left: list[str]


@pytest.fixture(
    scope="module",
    params=[(agent, way) for agent in AGENTS for way in WAYS],
    ids=lambda both: f"{both[0].name}-{both[1]}",
)
def session(
    request: pytest.FixtureRequest,
    gateway: TerminalGateway,
    record: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Session:
    agent, way = request.param
    rows, arrived, shown = len(log(gateway)), len(recorder.calls(record)), len(gateway.shown)
    calls = [(f"{FIXTURE}__{tool}", arguments) for tool, arguments in (ALLOWED, DENIED, APPROVED)]
    with Model(*calls) as model, gateway.person("allow"):
        here = setup(agent, gateway, tmp_path_factory.mktemp("agent") / "home", way, model.url)
        said = run(agent, here, agent.ask)
    return Session(
        agent,
        said,
        of_fixture(model.offered),
        model.told,
        recorder.calls(record)[arrived:],
        log(gateway)[rows:],
        gateway.shown[shown:],
        sorted(path.name for path in here.folder.iterdir()),
    )


@pytest.mark.parametrize("way", WAYS)
@CHECKING
def test_the_agents_own_check_says_that_we_are_connected(
    agent: Agent, way: Way, gateway: Gateway, tmp_path: Path
) -> None:
    said = run(agent, setup(agent, gateway, tmp_path, way), agent.check)
    [(name, state)] = agent.servers(said).items()
    assert name == SERVER
    assert is_connected(state), said


def test_the_model_is_offered_what_is_not_hidden_and_comes_to_its_end(session: Session) -> None:
    assert session.offered == OFFERED
    assert len(session.told) == 3, session.said
    assert SAID in session.said
    assert session.left == []


def test_an_allowed_call_is_answered_and_the_record_tells_it(session: Session) -> None:
    assert "hello" in session.told[0]
    assert session.arrived[0]["arguments"] == ALLOWED[1]
    decided, finished = session.rows[:2]
    assert (decided["client"], decided["upstream"], decided["tool"]) == (session.agent.name, FIXTURE, "echo")
    assert (decided["effect"], decided["verdict"]) == ("allow", "allow")
    assert finished["decided"] == decided["seq"]
    assert finished["ending"] == "result"


def test_a_denied_call_tells_the_model_why_and_never_reaches_the_server(session: Session) -> None:
    assert "no sums are done here" in session.told[1]
    assert [call["name"] for call in session.arrived] == ["echo", "delete"]
    [decided] = [row for row in session.rows if row.get("tool") == "add"]
    assert (decided["client"], decided["effect"]) == (session.agent.name, "deny")
    assert decided["verdict"] == "denied-by-rule"


def test_a_call_that_the_person_allows_is_answered(session: Session) -> None:
    assert f"deleted {APPROVED[1]['path']}" in session.told[2]
    assert session.arrived[1]["arguments"] == APPROVED[1]
    assert session.agent.name in session.shown
    assert "gone is gone" in session.shown
    [decided] = [row for row in session.rows if row.get("tool") == "delete" and "effect" in row]
    assert (decided["client"], decided["effect"]) == (session.agent.name, "approve")
    assert decided["verdict"] == "allow"


@EVERY
def test_an_agent_that_the_person_does_not_know_is_offered_nothing(
    agent: Agent, gateway: Gateway, record: Path, tmp_path: Path
) -> None:
    rows, arrived = len(log(gateway)), len(recorder.calls(record))
    with Model((f"{FIXTURE}__echo", {"text": "hello"})) as model:
        run(agent, setup(agent, gateway, tmp_path, "connect", model.url, STRANGER), agent.ask)
    assert model.offered
    assert of_fixture(model.offered) == set()
    assert len(recorder.calls(record)) == arrived
    assert len(log(gateway)) == rows


def test_gemini_says_that_it_loads_no_server_in_a_folder_it_does_not_trust(
    gateway: Gateway, tmp_path: Path
) -> None:
    agent = Gemini()
    here = setup(agent, gateway, tmp_path, "connect")
    here.write(".gemini/trustedFolders.json", {})
    said = run(agent, here, agent.check)
    assert "this folder is untrusted" in said
    assert "Connected" not in said
