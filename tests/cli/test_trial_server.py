"""The sample server keeps to its folder and logs a call before it acts; the agent tells what it saw."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters

from latchward.cli.trial.agent import call, list_names
from latchward.cli.trial.server import TOOLS, NoteError, Notes

from ..support.gateway import ROOT
from ..support.recorder import spec


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "notes")


@pytest.mark.parametrize(
    "name",
    ["../secret", "/etc/passwd", "a/b", "a\\b", "..", ".", "", "a\0b", "note.txt", " edge", "x" * 65, "a\n"],
)
def test_a_name_that_could_leave_the_folder_is_refused(notes: Notes, name: str) -> None:
    for action in (notes.read, notes.delete, lambda name: notes.write(name, "text")):
        with pytest.raises(NoteError):
            action(name)


def test_a_link_out_of_the_folder_is_refused(notes: Notes, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "notes" / "link.txt").symlink_to(tmp_path / "secret.txt")
    for action in (notes.read, notes.delete, lambda name: notes.write(name, "text")):
        with pytest.raises(NoteError):
            action("link")
    assert (tmp_path / "secret.txt").read_text() == "secret"


def test_a_note_can_be_written_listed_read_and_deleted(notes: Notes) -> None:
    notes.write("shopping", "milk")
    assert notes.names(None) == "shopping\nwelcome"
    assert notes.names(1) == "shopping"
    assert notes.read("shopping") == "milk"
    notes.delete("shopping")
    notes.wipe()
    assert notes.names(None) == "There are no notes."


def test_every_tool_has_a_title_a_description_and_a_closed_schema() -> None:
    for tool in TOOLS:
        assert tool.title
        assert tool.description
        assert tool.annotations is not None
        assert tool.input_schema["additionalProperties"] is False


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_what_reaches_the_server_is_in_its_log(tmp_path: Path, mode: str) -> None:
    log = tmp_path / "log"
    calls: list[tuple[str, dict[str, Any]]] = [
        ("read_note", {"name": "welcome"}),
        ("read_note", {"name": "../x"}),
        ("no_such_tool", {}),
    ]
    outcomes = _session(_server(tmp_path / "notes", log), mode, calls)
    assert [outcome for outcome, _ in outcomes] == ["result", "error-result", "protocol-error"]
    logged = [json.loads(line) for line in log.read_text().splitlines()]
    assert logged == [{"tool": tool, "arguments": arguments} for tool, arguments in calls]


def test_a_call_that_cannot_be_logged_is_not_done(tmp_path: Path) -> None:
    write = ("write_note", {"name": "new", "text": "text"})
    [(outcome, _)] = _session(_server(tmp_path / "notes", tmp_path / "none" / "log"), "legacy", [write])
    assert outcome == "protocol-error"
    assert not (tmp_path / "notes" / "new.txt").exists()


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_recorder_of_the_tests_is_a_server_to_the_sdk(era: str) -> None:
    entry = spec("--era", era)
    parameters = StdioServerParameters(command=entry["command"], args=entry["args"])
    calls: list[tuple[str, dict[str, Any]]] = [
        ("add", {"a": 1, "b": 2}),
        ("fail", {}),
        ("slow", {"seconds": 0.1}),
    ]
    outcomes = _session(parameters, "auto", calls)
    assert outcomes == [("result", "3"), ("error-result", "it failed"), ("result", "waited 0.1 s")]


def test_the_agent_says_in_one_line_that_nobody_answers() -> None:
    with _agent("http://127.0.0.1:9/mcp") as process:
        _, error = process.communicate("", timeout=30)
    assert process.returncode == 1
    assert len(error.splitlines()) == 1


def test_the_agent_wants_its_token_from_the_environment() -> None:
    with _agent("http://127.0.0.1:9/mcp", token="") as process:
        _, error = process.communicate("", timeout=30)
    assert (process.returncode, error.startswith("usage:")) == (2, True)


def _server(folder: Path, log: Path) -> StdioServerParameters:
    arguments = ["-m", "latchward.cli.trial.server", str(folder), str(log)]
    return StdioServerParameters(
        command=sys.executable, args=arguments, env={"PYTHONPATH": str(ROOT / "desktop")}
    )


def _session(
    parameters: StdioServerParameters, mode: str, calls: list[tuple[str, dict[str, Any]]]
) -> list[tuple[str, str]]:
    """List the tools and make these calls; what the agent's own code makes of the answers."""

    async def run() -> list[tuple[str, str]]:
        async with Client(parameters, mode=mode) as client:
            await list_names(client)
            return [await call(client, tool, arguments) for tool, arguments in calls]

    return asyncio.run(run())


@contextmanager
def _agent(url: str, token: str = "secret") -> Iterator[subprocess.Popen[str]]:
    environment = {"PYTHONPATH": str(ROOT / "desktop"), "LATCHWARD_TRIAL_TOKEN": token}
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "latchward.cli.trial.agent", url]
    with subprocess.Popen(
        command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        yield process
