"""A program of the same user cannot answer for the person: the whole product runs as a user without rights.

What such a program can always do is click as the person does (and start another Latchward than ours); this is
about everything else.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from latchward.control import messages as say
from latchward.control.wire import line
from tests.support import recorder
from tests.support.asked_fixture import Asked
from tests.support.connect import INITIALIZE, message
from tests.support.desktop import Desktop
from tests.support.desktop_fixtures import on
from tests.support.waiting import wait_for
from tests.support.whole import ASKS, TITLE, Whole, call, children, gone, name_of

pytestmark = [
    pytest.mark.desktop,
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root, to become another"),
]

UID: Final = 12345
ROOT: Final = Path(__file__).parents[2]
SPY: Final = ROOT / "tests" / "support" / "same_user.py"
AS_USER: Final = ("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "--bounding-set=-all")
TRAYS: Final = on("openbox", "none", "none")


def _python() -> str:
    """An interpreter like ours that every user can start; "" where there is none."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in (os.path.realpath(sys.executable), f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        if os.path.exists(path) and all(parent.stat().st_mode & 0o001 for parent in Path(path).parents):
            return path
    return ""


PYTHON: Final = _python() if sys.platform == "linux" and os.geteuid() == 0 else ""


class AsUser(Whole):
    """The whole product as the user without rights. It has no bus: its window is looked at from outside."""

    def __init__(self, desktop: Desktop, home: Path) -> None:
        self.record = home / "record"
        server = {**recorder.spec(record=self.record), "command": PYTHON}
        profile = home / "profile"
        super().__init__(
            desktop, {"fixture": server}, {"ask": ASKS}, {"agent": {"fixture": "ask"}}, home=profile
        )
        (profile / "accepted" / "peers.json").write_text(json.dumps({"agent": [os.path.realpath(PYTHON)]}))
        self.env = {
            "HOME": str(home),
            "LATCHWARD_HOME": str(profile),
            "PYTHONPATH": os.pathsep.join((str(ROOT / "desktop"), *_site_packages())),
            "DISPLAY": desktop.env["DISPLAY"],
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere",
        }
        for path in (home, *home.rglob("*")):
            os.chown(path, UID, UID)

    def as_user(self, *command: str | Path) -> list[str]:
        """A command line that becomes the user first."""
        plain = [f"{name}={value}" for name, value in self.env.items()]
        return [*AS_USER, "env", "-i", *plain, *map(str, command)]

    def start(self) -> "AsUser":
        self.program = self.desktop.run(self.as_user(PYTHON, "-m", "latchward"), cwd=Path("/tmp"))
        self.program.wait_print(r"^listening on unix:", 20)
        self.tray_pid()
        return self

    def spy(self, action: str, *words: object, stdin: object = None) -> Any:
        """What a program of the same user reached."""
        done = subprocess.run(
            self.as_user(PYTHON, "-I", SPY, action, *map(str, words)),
            input=json.dumps(stdin),
            capture_output=True, text=True, timeout=30, check=True, cwd="/tmp",
        )  # fmt: skip
        return json.loads(done.stdout)


class UserAgent:
    """A bridge of the user's, started by a program of the user's."""

    def __init__(self, whole: AsUser) -> None:
        bridge = [PYTHON, "-m", "latchward", "connect", "--client", "agent", "--endpoint", str(whole.socket)]
        code = f"import subprocess, sys; sys.exit(subprocess.call({bridge!r}))"
        self.answers: dict[int, dict[str, Any]] = {}
        self.process = subprocess.Popen(
            whole.as_user(PYTHON, "-I", "-c", code), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/tmp"
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.send(message("initialize", INITIALIZE, 0))
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, what: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what).encode() + b"\n")
        self.process.stdin.flush()

    def answer(self, identity: int) -> dict[str, Any]:
        return wait_for(lambda: self.answers.get(identity), f"answer to {identity}")

    def asks(self, desktop: Desktop) -> int:
        """Make a call that is asked about, and see its window; the id. A tray that starts is waited for."""
        for identity in range(1, 100):
            self.send(call(identity, "fixture__echo", {"text": f"call {identity}"}))
            wait_for(lambda i=identity: i in self.answers or asking(desktop), "question")  # type: ignore[misc]
            if identity not in self.answers:
                desktop.wait_window(TITLE)
                return identity
        raise AssertionError("nobody is ever asked")

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        for bridge in children(self.process.pid):
            os.kill(bridge, signal.SIGKILL)  # it would wait for the answer
        self.process.stdin.close()
        self.process.wait(10)
        self._reader.join(10)
        self.process.stdout.close()

    def _read(self) -> None:
        for said in self.process.stdout or ():
            answer = json.loads(said)
            if "method" not in answer:
                self.answers[answer["id"]] = answer


def asking(desktop: Desktop) -> bool:
    """Whether the window that asks is on the screen."""
    return any(re.search(TITLE, window.title) for window in desktop.windows())


def _site_packages() -> Sequence[str]:
    return [path for path in sys.path if path.endswith("-packages")]


@pytest.fixture
def house(desktop: Desktop) -> Iterator[AsUser]:
    """The product as the user without rights, with one question open for `agent`."""
    if not PYTHON:
        pytest.fail("there is no Python of this version that another user can start")
    home = Path(tempfile.mkdtemp(prefix="latchward-user-"))
    try:
        with AsUser(desktop, home) as whole:
            yield whole
    finally:
        shutil.rmtree(home)


@pytest.fixture
def agent(house: AsUser) -> Iterator[UserAgent]:
    """An agent of the same user."""
    running = UserAgent(house)
    yield running
    running.close()


@TRAYS
def test_no_program_of_the_same_user_looks_into_gateway_or_tray(house: AsUser, agent: UserAgent) -> None:
    asked = agent.asks(house.desktop)
    reached = house.spy("control")
    assert all(outcome.startswith("done") for outcome in reached.values()), (
        f"the means are not there: {reached}"
    )
    starters = [pid for pid in children(house.program.pid) if name_of(pid) == "latchward-start"]
    seen = house.spy("spy", house.program.pid, *starters, house.tray_pid())
    assert len(seen) == 3
    for pid, outcomes in seen.items():
        assert set(outcomes) == set(reached)
        assert set(outcomes.values()) == {"refused"}, (pid, outcomes)
    assert asked not in agent.answers
    assert asking(house.desktop)
    assert recorder.calls(house.record) == []


@TRAYS
def test_no_program_of_the_same_user_takes_the_link_of_a_tray_that_starts(
    house: AsUser, agent: UserAgent
) -> None:
    agent.asks(house.desktop)
    assert house.spy("catch", house.program.pid) == ["nothing of 1 trays"] * 2


NONCE = "0" * 32
ANSWER: Final = {"nonce": NONCE, "binding": NONCE, "allowed": True}
METHODS: Final = (
    "answered approvals/answer latchward/answered control/answered notifications/answered".split()
)
FORGED: Final = (
    line(say.Ready(say.VERSION)).decode().strip(),
    line(say.Answered(NONCE, NONCE, True)).decode().strip(),
    line(say.Answered(NONCE, NONCE, True, "session")).decode().strip(),
    line(say.Block(1, False)).decode().strip(),
    *(json.dumps(message(method, ANSWER, 1)) for method in METHODS),
    json.dumps(call(1, "latchward__approve", {"allowed": True})),
)
COMMANDS: Final = (
    (),
    ("review",),
    ("gateway",),
    ("tray", "--link", "0"),
    ("server", "list"),
    ("grant", "list"),
    ("log",),
)
HARMLESS: Final = (signal.SIGUSR1, signal.SIGCONT, signal.SIGWINCH, signal.SIGURG, signal.SIGCHLD)


@TRAYS
def test_no_message_no_command_and_no_signal_answers_a_question(house: AsUser, agent: UserAgent) -> None:
    asked = agent.asks(house.desktop)
    answers = house.spy("say", house.socket, stdin=FORGED)
    assert len(answers) == 2 * len(FORGED)
    assert not [answer for answer in answers if '"result"' in answer and "isError" not in answer]
    for words in COMMANDS:
        subprocess.run(
            house.as_user(PYTHON, "-m", "latchward", *words),
            input=b"y\nyes\nallow\n" * 5, capture_output=True, timeout=20, check=False, cwd="/tmp",
        )  # fmt: skip
    tray = house.tray_pid()
    for number in HARMLESS:
        os.kill(house.program.pid, number)
        if number is not signal.SIGUSR1:  # which ends a program that does not know it
            os.kill(tray, number)
    assert asked not in agent.answers
    assert asking(house.desktop)
    assert recorder.calls(house.record) == []
    os.kill(tray, signal.SIGTERM)
    assert agent.answer(asked)["result"]["isError"]
    assert recorder.calls(house.record) == []


@TRAYS
def test_nothing_of_us_listens_but_the_local_socket(asked: Asked) -> None:
    whole = asked.whole
    ours: set[str] = set()
    for pid in (whole.program.pid, *children(whole.program.pid), whole.tray_pid()):
        if pid == whole.program.pid or name_of(pid).startswith("latchward"):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    ours.add(os.readlink(entry))
    assert len([name for name in ours if name.startswith("socket:")]) > 2
    tables = [Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6", "udp", "udp6")]
    ports = [row.split() for table in tables for row in table.splitlines()[1:]]
    assert not [row for row in ports if f"socket:[{row[9]}]" in ours]
    unix = [row.split() for row in Path("/proc/net/unix").read_text().splitlines()[1:]]
    listening = [row for row in unix if int(row[3], 16) & 0x10000 and f"socket:[{row[6]}]" in ours]
    assert [row[7:] for row in listening] == [[str(whole.socket)]]


@TRAYS
def test_when_the_gateway_is_killed_nothing_of_it_stays(asked: Asked) -> None:
    whole = asked.whole
    below = [pid for pid in children(whole.program.pid) if name_of(pid) == "latchward-start"]
    tray = whole.tray_pid()
    os.kill(whole.program.pid, signal.SIGKILL)
    for pid in (*below, tray):
        wait_for(lambda pid=pid: gone(pid), f"end of {pid}")  # type: ignore[misc]
