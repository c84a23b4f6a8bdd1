"""`latchward client` and the secrets in clients' files: into the real keyring, and never on the terminal."""

import subprocess
import sys
from pathlib import Path

import pytest

from latchward.storage import secrets
from tests.support import recorder
from tests.support.client_machine import PROMPT, Machine
from tests.support.keyring_session import KeyringSession

if sys.platform == "linux":
    from tests.support.keyring_fixtures import bare_session, ring

    __all__ = ["bare_session", "ring"]

pytestmark = [pytest.mark.desktop, pytest.mark.skipif(sys.platform != "linux", reason="a keyring of Linux")]
CANARY = "canary-0f3a-token-of-a-server"
LEAKY = {
    "command": sys.executable,
    "args": ["-c", "import os; raise SystemExit('bad token ' + os.environ['API_TOKEN'])"],
    "env": {"API_TOKEN": CANARY},
}


@pytest.fixture
def machine(ring: KeyringSession, tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_secret_goes_into_the_keyring_and_stands_nowhere_else(machine: Machine) -> None:
    first = machine.write("cursor", {"notes": recorder.spec(API_TOKEN=CANARY, LOG_LEVEL="debug")})
    shown = machine.done("adopt")
    assert "    into the keyring: API_TOKEN\n" in shown
    assert CANARY not in shown
    assert held(machine, "notes.API_TOKEN") == CANARY
    env = machine.settings["mcpServers"]["notes"]["env"]
    assert env == {"API_TOKEN": "${secret:notes.API_TOKEN}", "LOG_LEVEL": "debug"}
    backups = str(machine.profile / "clients")
    found = [path for path, (_, data) in machine.everything.items() if CANARY.encode() in data]
    assert [path for path in found if not path.startswith(backups)] == []
    assert CANARY not in machine.done("restore", "cursor")
    assert machine.file("cursor").read_bytes() == first
    assert held(machine, "notes.API_TOKEN") is None


def test_what_a_server_says_of_its_secret_is_not_shown(machine: Machine) -> None:
    machine.write("cursor", {"leaky": LEAKY})
    status, shown = machine.answered("adopt", word="accept")
    assert status == 1
    assert "bad token •••" in shown
    assert CANARY not in shown
    assert held(machine, "leaky.API_TOKEN") is None


def test_a_value_that_nobody_knows_is_asked_for_unseen_and_kept(machine: Machine) -> None:
    first = machine.write("cursor", {"notes": recorder.spec(API_TOKEN="${env:NOWHERE_SET}")})
    status, shown = machine.answered("adopt", word="accept", values={"NOWHERE_SET": CANARY})
    assert (status, CANARY in shown) == (0, False), shown
    assert held(machine, "NOWHERE_SET") == CANARY
    machine.done("restore", "cursor")
    assert machine.file("cursor").read_bytes() == first


@pytest.mark.parametrize("keys", ["\n", "\x04"])
def test_a_value_that_is_not_given_takes_nothing_in(keys: str, machine: Machine) -> None:
    first = machine.write("cursor", {"notes": recorder.spec(API_TOKEN="${env:NOWHERE_SET}")})
    terminal = machine.terminal("adopt")
    terminal.until(PROMPT)
    terminal.type("accept")
    terminal.until("NOWHERE_SET (goes into your keyring): ")
    terminal.press(keys)
    assert terminal.end() == 1
    assert "Traceback" not in terminal.shown
    assert machine.file("cursor").read_bytes() == first
    assert (machine.settings["mcpServers"], machine.settings["grants"]) == ({}, {})


def test_without_a_keyring_a_server_with_a_secret_stays_where_it_is(
    bare_session: KeyringSession, tmp_path: Path
) -> None:
    machine = Machine(tmp_path)
    first = machine.write("cursor", {"notes": recorder.spec(API_TOKEN=CANARY)})
    status, shown = machine.answered("adopt", word="accept")
    assert (status, shown.endswith(f"latchward: {secrets.ABSENT}\n")) == (1, True), shown
    assert machine.file("cursor").read_bytes() == first
    assert (machine.settings["mcpServers"], machine.settings["grants"]) == ({}, {})


def held(machine: Machine, name: str) -> str | None:
    """What the keyring holds, by the word of a program that is not ours."""
    service = f"latchward:{machine.profile.resolve()}"
    lookup = ["secret-tool", "lookup", "service", service, "username", name]
    done = subprocess.run(lookup, env=machine.env, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout if done.returncode == 0 else None
