"""`latchward` alone, without a desktop: it starts, or says in one sentence why it does not and what to do."""

import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from latchward.cli.parser import DEFAULT_PORT
from latchward.cli.start import use_login_path
from tests.support import recorder
from tests.support.at_tray import TrayGateway
from tests.support.connect import environment
from tests.support.gateway import Gateway
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the starts that are tested are those of Linux"
)
COMMAND = [sys.executable, "-m", "latchward"]
LISTENS = "listening on unix:"


class Starts:
    """Starts of one profile; whatever of them still runs is ended with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.started: list[tuple[subprocess.Popen[bytes], Path]] = []

    def begin(self, env: Mapping[str, str | None] | None = None) -> tuple[subprocess.Popen[bytes], Path]:
        whole = environment(LATCHWARD_HOME=str(self.home), QT_QPA_PLATFORM="offscreen", SHELL="/bin/false")
        for name, value in (env or {}).items():
            whole.pop(name, None)
            if value is not None:
                whole[name] = value
        log = self.folder / f"log{len(self.started)}"
        with log.open("wb") as output:
            process = subprocess.Popen(
                COMMAND, env=whole, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder
            )
        self.started.append((process, log))
        return self.started[-1]

    def serving(self, env: Mapping[str, str | None] | None = None) -> tuple[subprocess.Popen[bytes], Path]:
        """A start that serves."""
        process, log = self.begin(env)
        wait_for(lambda: LISTENS in log.read_text() or process.poll() is not None, "gateway")
        assert LISTENS in log.read_text(), log.read_text()
        return process, log

    def refused(self, env: Mapping[str, str | None] | None = None) -> str:
        """What is said by a start that fails."""
        process, log = self.begin(env)
        assert process.wait(10) == 1
        [line] = [one for one in log.read_text().splitlines() if "runs as root" not in one]
        assert line.startswith("latchward: ")
        return line

    def end(self) -> None:
        for process, _ in self.started:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            process.wait(10)


@pytest.fixture
def starts(tmp_path: Path) -> Iterator[Starts]:
    made = Starts(tmp_path)
    yield made
    made.end()


def test_without_a_display_it_says_what_to_do(starts: Starts) -> None:
    line = starts.refused({"QT_QPA_PLATFORM": None})
    assert "there is no display" in line
    assert "`latchward gateway`" in line
    starts.serving()  # nothing was left that would be in the way


def test_without_a_home_it_says_what_to_do(starts: Starts) -> None:
    assert "set HOME" in starts.refused({"LATCHWARD_HOME": None, "HOME": None})


def test_it_starts_in_the_c_locale_and_below_an_odd_path(starts: Starts) -> None:
    starts.home = starts.folder / "ö $(touch x)\n'\" dir"
    starts.serving({"LC_ALL": "C", "LANG": "C"})
    assert (starts.home / "run/gateway.sock").exists()
    assert not (starts.folder / "x").exists()


def test_root_and_nobody_else_is_warned(starts: Starts) -> None:
    assert ("runs as root" in starts.serving()[1].read_text()) == (os.geteuid() == 0)


def test_of_eight_starts_at_once_one_serves_and_seven_are_done(starts: Starts) -> None:
    for _ in range(8):
        starts.begin()
    processes = [process for process, _ in starts.started]
    wait_for(lambda: sum(process.poll() is None for process in processes) == 1, "end of seven", 20)
    [(_, log)] = [(process, log) for process, log in starts.started if process.poll() is None]
    wait_for(lambda: LISTENS in log.read_text(), "gateway")
    assert [process.returncode for process in processes if process.poll() is not None] == [0] * 7
    said = [log.read_text() for process, log in starts.started if process.poll() is not None]
    assert all("Latchward runs already" in text for text in said)


def test_a_lock_that_a_crash_left_is_no_hindrance(starts: Starts) -> None:
    process, _ = starts.serving()
    process.kill()
    process.wait()
    starts.serving()


def test_a_second_start_signals_nothing_but_a_latchward(starts: Starts) -> None:
    starts.serving()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        (starts.home / "gateway.lock").write_text(f"{stranger.pid}\n")  # the lock itself stays held
        second, _ = starts.begin()
        assert second.wait(10) == 0
        assert stranger.poll() is None
        stranger.kill()


def test_a_port_that_is_taken_is_told_and_no_other_is_taken_instead(starts: Starts) -> None:
    gateway = Gateway({}, {}, {"agent": {}}, home=starts.home)  # a client with a token needs the port
    assert gateway.tokens
    with socket.socket() as taken:
        with suppress(OSError):  # taken by somebody else: as good
            taken.bind(("127.0.0.1", DEFAULT_PORT))
            taken.listen()
        assert f"port {DEFAULT_PORT} cannot be used" in starts.refused()


def test_servers_are_found_where_the_login_shell_finds_programs(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    program = shlex.join((sys.executable, "-IS", recorder.__file__))
    (tools / "only-here").write_text(f'#!/bin/sh\nexec {program} "$@"\n')
    (tools / "only-here").chmod(0o700)
    shell = tmp_path / "shell"
    # As a profile may: it talks, and starts something that holds on to its output.
    shell.write_text(f'#!/bin/sh\necho hello\nsleep 1 &\nPATH="{tools}:$PATH"\neval "$2"\n')
    shell.chmod(0o700)
    servers = {"fixture": {"command": "only-here", "args": []}}
    policy = {"version": "1", "default": "allow"}
    grants = {"agent": {"fixture": "fixture"}}
    with TrayGateway(servers, {"fixture": policy}, grants, env={"SHELL": str(shell)}) as gateway:
        assert gateway.person.server("fixture").tools


@pytest.mark.parametrize(
    "script",
    ["exit 3", "echo latchward-path:nonsense", "kill -9 $$", "exec sleep 60"],
    ids=["fails", "lies", "dies", "hangs"],
)
def test_a_login_shell_that_does_not_answer_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    shell = tmp_path / "shell"
    shell.write_text(f"#!/bin/sh\n{script}\n")
    shell.chmod(0o700)
    monkeypatch.setattr("latchward.cli.start.SHELL_WAIT", 0.3)
    monkeypatch.setenv("SHELL", str(shell))
    monkeypatch.setenv("PATH", os.environ["PATH"])
    before = os.environ["PATH"]
    use_login_path()
    assert os.environ["PATH"] == before
