"""When a server or the gateway is stopped, nothing of it is left; and what a server's process is given."""

import contextlib
import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from latchward.daemon.sweeper import MARK
from tests.support import recorder

from . import bad_server
from .support import client, eventually, gateway, marked

SECRETS = {
    "GITHUB_TOKEN": "canary-token",
    "AWS_SECRET_ACCESS_KEY": "canary-key",
    "SSH_AUTH_SOCK": "/run/canary.sock",
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/canary",
    "HTTPS_PROXY": "http://me:canary-password@proxy:1",
    "ALL_PROXY": "http://me:canary-password@proxy:1",
    "XDG_RUNTIME_DIR": "/run/canary",
    "NODE_OPTIONS": "--title=canary",
    "LC_CANARY_IS_A_LOCALE": "C",
}


def shell(script: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The entry, started by a shell that does something first."""
    return {**entry, "command": "/bin/sh", "args": ["-c", script, "sh", entry["command"], *entry["args"]]}


@pytest.mark.parametrize(
    "entry",
    [
        recorder.spec(),
        recorder.spec("--hang"),
        recorder.spec("--hang-call"),
        bad_server.spec("deaf"),
        shell('sleep 300 & sleep 301 & exec "$@"', recorder.spec()),
        shell('sh -c "sleep 300 & wait" & "$@"', recorder.spec()),
        shell(
            "trap '' TERM HUP; (trap '' TERM HUP; sleep 300 & sleep 301) & \"$@\"; sleep 302", recorder.spec()
        ),
    ],
    ids=["well-behaved", "hung", "hung-call", "deaf", "children", "grandchildren", "deaf-children"],
)
def test_stopping_the_gateway_leaves_no_process_of_a_server(entry: dict[str, Any], tmp_path: Path) -> None:
    entry = {**entry, "env": {"MARK": str(tmp_path)}}
    limits = {"upstream.process.GRACE": 0.5}
    with gateway({"server": entry, "good": recorder.spec()}, limits=limits) as running:
        eventually(lambda: marked(str(tmp_path)))
        client(running, "good").call("echo", {"text": "hi"})
        calling = threading.Thread(target=give_up, args=(running,), daemon=True)
        calling.start()
        client(running, "good").call("slow", {"seconds": 0.3})
        assert running.process is not None
        started = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(8) == 0
        assert time.monotonic() - started < 8
        eventually(lambda: not marked(str(tmp_path)), 1)
        assert "Traceback" not in running.stderr
        assert "never retrieved" not in running.stderr


def give_up(running: Any) -> None:
    """A call that is under way when the gateway is told to stop."""
    try:
        client(running, "server").call("slow", {"seconds": 60})
    except (OSError, ValueError):
        return


def test_a_server_that_ends_takes_its_children_with_it(tmp_path: Path) -> None:
    entry = {
        **shell('sleep 300 & exec "$@"', recorder.spec("--crash-mid-line")),
        "env": {"MARK": str(tmp_path)},
    }
    with gateway({"server": entry}) as running:
        eventually(lambda: len(marked(str(tmp_path))) == 2)
        client(running, "server").call("echo", {"text": "hi"})
        eventually(lambda: not marked(str(tmp_path)), 2)


def test_a_server_taken_out_of_the_settings_is_stopped(tmp_path: Path) -> None:
    entry = {**recorder.spec(), "env": {"MARK": str(tmp_path)}}
    with gateway({"server": entry, "good": recorder.spec()}) as running:
        eventually(lambda: marked(str(tmp_path)))
        settings = running.home / "settings.json"
        document = json.loads(settings.read_text())
        del document["mcpServers"]["server"], document["grants"]["agent"]["servers"]["server"]
        settings.write_text(json.dumps(document))
        eventually(lambda: not marked(str(tmp_path)), 5)
        assert client(running, "good").call("echo", {"text": "hi"}).text == "hi"


def test_no_dead_child_of_the_gateway_is_left_unreaped() -> None:
    with gateway({"server": recorder.spec("--crash-mid-line")}) as running:
        client(running, "server").call("echo", {"text": "hi"})
        assert running.process is not None
        pid = running.process.pid

        def dead() -> list[str]:
            states = []
            for entry in Path("/proc").glob("[0-9]*/stat"):
                with contextlib.suppress(OSError):
                    state, parent = entry.read_text().rpartition(")")[2].split()[:2]
                    states += [state] if parent == str(pid) and state == "Z" else []
            return states

        eventually(lambda: not dead(), 3)


def test_a_server_gets_the_allowed_environment_and_its_own_and_no_more() -> None:
    entry = bad_server.spec("tells", OWN="mine", PATH="/usr/bin:/bin")
    with gateway({"server": entry, "other": recorder.spec(KEY="canary-other")}, env=SECRETS) as running:
        told = json.loads(client(running, "server").call("echo", {"text": "hi"}).text)
        environment = told["env"]
        assert environment["OWN"] == "mine"
        assert environment["PATH"] == "/usr/bin:/bin"
        assert environment["LC_CANARY_IS_A_LOCALE"] == "C"
        assert "HOME" in environment
        others = {name: value for name, value in environment.items() if "CANARY_IS" not in name}
        assert not [value for value in others.values() if "canary" in value or running.token in value]
        others.pop(MARK, "")  # by which what it starts is told from other programs
        assert not [name for name in others if name.startswith(("LATCHWARD", "PYTHON"))]


def test_a_server_inherits_no_descriptor_but_its_three() -> None:
    with gateway({"server": bad_server.spec("tells")}) as running:
        told = json.loads(client(running, "server").call("echo", {"text": "hi"}).text)
        assert sorted(told["open"]) == ["0", "1", "2"]
