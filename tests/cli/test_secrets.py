"""`latchward secret`: secrets go into the keyring unseen, and are told of by name alone."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from latchward.storage import secrets
from tests.support.connect import environment
from tests.support.keyring_session import KeyringSession

if sys.platform == "linux":
    from tests.support.keyring_fixtures import bare_session, no_session, ring

    __all__ = ["bare_session", "no_session", "ring"]

pytestmark = [pytest.mark.desktop, pytest.mark.skipif(sys.platform != "linux", reason="a keyring of Linux")]
ON_TERMINAL = Path(__file__).parents[1] / "support/on_terminal.py"
VALUE = "s3cr3t-v4lue"


class Line:
    """The command line on a profile of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(mode=0o700)

    @property
    def env(self) -> dict[str, str]:
        bus = {key: os.environ[key] for key in ("DBUS_SESSION_BUS_ADDRESS",) if key in os.environ}
        return environment(LATCHWARD_HOME=str(self.home), **bus)

    def run(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [sys.executable, "-m", "latchward", "secret", *arguments],
            env=self.env,
            input=given,
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert VALUE.encode() not in done.stdout + done.stderr
        return done

    def said(self, *arguments: str, given: bytes = b"") -> str:
        """What it says where all is well."""
        done = self.run(*arguments, given=given)
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout.decode()

    def refused(self, *arguments: str, given: bytes = b"") -> str:
        """What it says where it fails."""
        done = self.run(*arguments, given=given)
        assert (done.returncode, done.stdout) == (1, b"")
        return done.stderr.decode()

    def write(self, servers: dict[str, Any]) -> None:
        path = self.home / "settings.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({"version": 1, "mcpServers": servers}))

    def held(self, name: str) -> str | None:
        """What the keyring holds, by the word of a program that is not ours."""
        lookup = ["secret-tool", "lookup", "service", f"latchward:{self.home}", "username", name]
        done = subprocess.run(lookup, env=self.env, capture_output=True, timeout=30, check=False)
        return done.stdout.decode() if done.returncode == 0 else None


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path / "home")


@pytest.mark.parametrize(
    ("given", "kept"),
    [(VALUE, VALUE), (VALUE + "\n", VALUE), (VALUE + "\r\n", VALUE), ("two\nlines\n\r\n", "two\nlines\n")],
)
def test_a_value_comes_on_standard_input_without_its_last_line_end(
    given: str, kept: str, ring: KeyringSession, line: Line
) -> None:
    assert line.said("set", "A", given=given.encode()) == "the keyring holds the secret A\n"
    assert line.held("A") == kept


def test_a_value_is_typed_on_the_terminal_unseen(ring: KeyringSession, line: Line) -> None:
    screen, inside = pty.openpty()
    command = [sys.executable, str(ON_TERMINAL), sys.executable, "-m", "latchward", "secret", "set", "A"]
    with subprocess.Popen(
        command, env=line.env, stdin=inside, stdout=inside, stderr=inside, start_new_session=True
    ) as process:
        os.close(inside)
        shown = until(screen, b"value of A (it is not shown): ")
        os.write(screen, VALUE.encode() + b"\n")
        shown += until(screen, b"the keyring holds the secret A")
        assert process.wait(10) == 0
    os.close(screen)
    assert VALUE.encode() not in shown
    assert line.held("A") == VALUE


def until(screen: int, piece: bytes, seconds: float = 10.0) -> bytes:
    shown = b""
    deadline = time.monotonic() + seconds
    while piece not in shown:
        assert select.select([screen], [], [], max(deadline - time.monotonic(), 0))[0], shown
        shown += os.read(screen, 65_536)
    return shown


def test_a_value_is_no_argument(ring: KeyringSession, line: Line) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "latchward", "secret", "set", "A", "some-value"],
        env=line.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert line.held("A") is None


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (("set", "a b"), VALUE.encode(), "`a b` cannot name a secret"),
        (("set", "A"), b"", "the secret is empty"),
        (("set", "A"), b"\n", "the secret is empty"),
        (("set", "A"), b"\xff\xfe", "is no UTF-8 text"),
        (("set", "A"), b"x" * 300_000, "at most 262144 can be kept"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    arguments: Sequence[str], given: bytes, said: str, ring: KeyringSession, line: Line
) -> None:
    assert said in line.refused(*arguments, given=given)
    assert line.held("A") is None


def test_a_wrong_name_is_told_of_before_a_value_is_asked_for(no_session: None, line: Line) -> None:
    reading, writing = os.pipe()  # on which nothing ever comes
    try:
        command = [sys.executable, "-m", "latchward", "secret", "set", "a b"]
        done = subprocess.run(
            command, env=line.env, stdin=reading, capture_output=True, timeout=30, check=False
        )
    finally:
        os.close(reading)
        os.close(writing)
    assert b"`a b` cannot name a secret" in done.stderr


def test_it_is_told_which_servers_take_up_a_new_value(ring: KeyringSession, line: Line) -> None:
    line.write({"github": {"command": "x", "env": {"T": "${secret:A}"}}})
    assert "used by github, from its next start on" in line.said("set", "A", given=VALUE.encode())


def test_the_list_names_what_is_wanted_by_whom_and_whether_it_is_held(
    ring: KeyringSession, line: Line
) -> None:
    line.write(
        {
            "one": {"command": "x", "env": {"K": "${secret:A}", "L": "${secret:A}${secret:B}"}},
            "two": {"url": "https://x.test", "headers": {"K": "Bearer ${secret:B}"}},
            "off": {"command": "x", "env": {"K": "${secret:C}"}, "disabled": True},
            "none": {"command": "x", "env": {"K": "plain"}},
        }
    )
    line.said("set", "B", given=VALUE.encode())
    assert line.said("list").splitlines() == [
        "A  missing  used by: one",
        "B  held  used by: one, two",
        "C  missing  used by: off",
    ]


def test_where_no_secret_is_wanted_the_keyring_is_not_asked(no_session: None, line: Line) -> None:
    done = line.run("list")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"no server wants a secret: write `${secret:NAME}`" in done.stderr


def test_a_removed_secret_is_gone_and_who_wants_it_is_named(ring: KeyringSession, line: Line) -> None:
    line.write({"github": {"command": "x", "env": {"T": "${secret:A}"}}})
    line.said("set", "A", given=VALUE.encode())
    done = line.run("remove", "A")
    assert (done.returncode, done.stdout) == (0, b"removed the secret A\n")
    assert b"still wanted by github" in done.stderr
    assert line.held("A") is None
    assert "the keyring holds no secret `A`: see `latchward secret list`" in line.refused("remove", "A")


@pytest.mark.parametrize("arguments", [("set", "A"), ("list",), ("remove", "A")])
def test_without_a_keyring_that_is_said(
    arguments: Sequence[str], bare_session: KeyringSession, line: Line
) -> None:
    line.write({"github": {"command": "x", "env": {"T": "${secret:A}"}}})
    assert line.refused(*arguments, given=VALUE.encode()) == f"latchward: {secrets.ABSENT}\n"
