"""Nothing of a server starts before the person said yes to its command line, letter for letter."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from latchward.control import messages as say
from tests.support import recorder
from tests.support.at_tray import Refused, TrayGateway
from tests.support.jr import Client
from tests.support.waiting import wait_for

OPEN = {"version": "1", "default": "allow"}


def new_server(gateway: TrayGateway, name: str, spec: dict[str, Any]) -> None:
    """Write a server into the live settings, as another program would."""
    gateway.edit_settings(lambda settings: settings["mcpServers"].update({name: spec}), seen=False)


def test_a_server_from_the_file_starts_only_after_the_person_saw_its_whole_command(tmp_path: Path) -> None:
    record = tmp_path / "record"
    long = "--banner=" + "0" * 3000 + "1"
    spec = recorder.spec(long, record=record, SECRET="hush")
    with TrayGateway({}, {}, {"agent": {}}) as gateway:
        person = gateway.person
        new_server(gateway, "notes", spec)
        view = person.server("notes", "consent")
        assert view.command.startswith("SECRET=… ")
        assert f"--record {record} {long}" in view.command
        assert "hush" not in view.command
        assert person.until(say.Status).waiting == 1

        with pytest.raises(Refused, match="changed meanwhile"):
            person.ask(say.AcceptServer, name="notes", digest="0" * 64)
        with pytest.raises(Refused, match="changed meanwhile"):
            person.ask(say.AcceptServer, name="nobody", digest=view.digest)
        assert Client(gateway.url, gateway.token).tools() == []
        assert not record.exists()

        person.ask(say.AcceptServer, name="notes", digest=view.digest)
        assert len(person.server("notes").tools) == len(recorder.DEFAULT_TOOLS)
        # Every client sees it, under the policy that asks about each call.
        assert len(Client(gateway.url, gateway.token).tools()) == len(recorder.DEFAULT_TOOLS)
        assert {tool.effect for tool in person.server("notes").tools} == {"approve"}
        assert json.loads((gateway.home / "policies/notes.json").read_text())["default"] == "approve"


@pytest.mark.parametrize("part", ["args", "env", "cwd", "command"])
def test_a_change_of_what_is_started_ends_it_and_asks_again(tmp_path: Path, part: str) -> None:
    record, second = tmp_path / "record", tmp_path / "second"
    spec = recorder.spec(record=record)
    changed: dict[str, Any] = {
        "args": {"args": recorder.spec(record=second)["args"]},
        "env": {"env": {"PYTHONPATH": "/elsewhere"}},
        "cwd": {"cwd": str(tmp_path)},
        "command": {"command": "/bin/cat"},
    }[part]
    grants = {"agent": {"fixture": "fixture"}}
    with TrayGateway({"fixture": spec}, {"fixture": OPEN}, grants) as gateway:
        person = gateway.person
        client = Client(gateway.server_url("fixture"), gateway.token)
        person.server("fixture")
        assert client.call("echo", {"text": "before"}).text == "before"
        started = len(recorder.received(record))
        new_server(gateway, "fixture", spec | changed)
        assert person.server("fixture", "consent").digest
        assert "error" in client.call("echo", {"text": "after"}).answer
        assert not second.exists()
        assert len(recorder.received(record)) == started

        new_server(gateway, "fixture", spec)  # what it was before was agreed to before
        person.server("fixture")
        assert client.call("echo", {"text": "again"}).text == "again"


def test_a_server_added_in_the_window_waits_for_consent_and_can_be_removed(tmp_path: Path) -> None:
    spec = recorder.spec(record=tmp_path / "record")
    command = (spec["command"], *spec["args"])
    with TrayGateway({}, {}, {"agent": {}}) as gateway:
        person = gateway.person
        person.ask(say.AddServer, name="notes", command=command, env={"KEY": "hush"})
        assert "KEY=…" in person.server("notes", "consent").command
        with pytest.raises(Refused, match="notes"):
            person.ask(say.AddServer, name="notes", command=command)
        with pytest.raises(Refused):
            person.ask(say.AddServer, name="a/b", command=command)
        assert not (tmp_path / "record").exists()
        person.consent("notes")
        person.ask(say.RemoveServer, name="notes")
        person.until(say.Servers, lambda told: not told.servers)
        assert Client(gateway.url, gateway.token).tools() == []
        settings = json.loads((gateway.home / "settings.json").read_text())
        assert settings["mcpServers"] == {}
        assert settings["grants"]["agent"]["servers"] == {}


def test_a_server_at_a_url_is_shown_with_the_names_of_its_headers_and_not_connected_to() -> None:
    with socket.socket() as listening, TrayGateway({}, {}, {"agent": {}}) as gateway:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(1)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
        new_server(gateway, "far", {"url": url, "headers": {"Authorization": "Bearer hush", "X-Key": "hush"}})
        view = gateway.person.server("far", "consent")
        assert view.command == f"{url} Authorization: … X-Key: …"
        with pytest.raises(TimeoutError):
            listening.accept()


def test_a_server_that_no_client_sees_is_shown_too(tmp_path: Path) -> None:
    spec = recorder.spec(record=tmp_path / "record")
    grants = {"one": {"other": "other"}}
    servers = {"fixture": spec, "other": recorder.spec()}
    with TrayGateway(servers, {"other": OPEN}, grants) as gateway:
        view = gateway.person.server("fixture")
        assert (view.clients, view.policy) == ((), "fixture")
        assert {tool.effect for tool in view.tools} == {"deny"}  # there is no policy of its name


def test_a_server_that_fails_is_told_with_its_reason_and_told_again_when_it_runs(tmp_path: Path) -> None:
    flag = tmp_path / "works"
    code = f"import os, sys; os.path.exists({str(flag)!r}) or sys.exit('no luck today'); import runpy; " + (
        f"sys.argv = ['recorder']; runpy.run_path({recorder.__file__!r}, run_name='__main__')"
    )
    spec = {"command": recorder.spec()["command"], "args": ["-c", code]}
    grants = {"agent": {"fixture": "fixture"}}
    with TrayGateway({"fixture": spec}, {"fixture": OPEN}, grants) as gateway:
        view = gateway.person.server("fixture", "failed")
        assert "no luck today" in view.error
        flag.touch()
        client = Client(gateway.server_url("fixture"), gateway.token)
        wait_for(lambda: "result" in client.call("echo", {"text": "x"}).answer, "server that runs")
        assert gateway.person.server("fixture").error == ""
