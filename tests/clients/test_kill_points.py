"""We are killed at any line while a client's file is edited: the file is whole, and it can be given back."""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest

from latchward.clients import backups, files, folder, locks, replacing, snapshot
from latchward.clients.backups import Backups
from latchward.clients.text import Put
from latchward.storage import files as our_files

from .golden_files import placed
from .taking import JSON, TOML, ClientFile

TRACED: Final = {
    module.__file__ for module in (backups, files, folder, locks, replacing, snapshot, our_files)
}
EVERY: Final = 11
"""Of so many lines one is tried outside of the sweep."""


@pytest.fixture(autouse=True)
def _nobody_else_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SETTLE", 0.0)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk that needs no flushing, where there is one: a kill takes nothing from the kernel."""
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else tmp_path) as folder:
        yield Path(folder)


def is_killed(work: Callable[[], object], line: int) -> bool:
    """Do the work in a process of its own, which is killed at this line of ours. False: it ended before."""
    pid = os.fork()
    if not pid:
        left = line

        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal left
            if frame.f_code.co_filename not in TRACED:
                return None
            if event == "line":
                left -= 1
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        try:
            sys.settrace(trace)
            work()
            sys.settrace(None)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


@dataclass(frozen=True)
class Client:
    """A golden file, and which servers are taken out of it, first and later."""

    name: str
    path: str
    at: str
    first: tuple[str, ...]
    later: tuple[str, ...]

    def file(self, root: Path) -> ClientFile:
        dialect = TOML if self.path.endswith(".toml") else JSON
        return ClientFile(root / "home" / self.path, Backups(root / "ours" / "clients"), dialect, (self.at,))


CLAUDE: Final = Client("claude-code", ".claude.json", "mcpServers", ("github", "search"), ("database",))
CODEX: Final = Client("codex", ".codex/config.toml", "mcp_servers", ("context7", "jira"), ("tickets",))

THEIRS: Final = Put(("added-since", "deep"), 1.5)

Step = Callable[[ClientFile, Client], object]


def nothing(file: ClientFile, client: Client) -> None:
    pass


def take(file: ClientFile, client: Client) -> None:
    file.take(*client.first)


def take_more(file: ClientFile, client: Client) -> None:
    file.take(*client.later)


def begin(file: ClientFile, client: Client) -> None:
    file.take()


def theirs(file: ClientFile, client: Client) -> None:
    file.edit(THEIRS)


def give_back(file: ClientFile, client: Client) -> None:
    file.give_back()


STAGES: Final[dict[str, tuple[Client, tuple[Step, ...], Step]]] = {
    "taken": (CLAUDE, (), take),
    "taken from again": (CLAUDE, (take,), take_more),
    "taken from again after the client wrote": (CLAUDE, (take, theirs), take_more),
    "given back": (CLAUDE, (take, take_more), give_back),
    "given back after the client wrote": (CLAUDE, (take, theirs, take_more), give_back),
    "taken, TOML": (CODEX, (), take),
    "given back, TOML": (CODEX, (take, theirs), give_back),
    "begun": (CLAUDE, (), begin),
    "begun and removed": (CLAUDE, (begin,), give_back),
}


def bytes_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


class Way:
    """One stage, which can be begun any number of times."""

    def __init__(self, root: Path, name: str) -> None:
        self.client, before, self.step = STAGES[name]
        self.live, self._kept = root / "live", root / "kept"
        placed(self.client.name, self.live / "home")
        if name.startswith("begun"):
            self.file.path.unlink()
        self.first = bytes_of(self.file.path)
        for step in before:
            step(self.file, self.client)
        shutil.copytree(self.live, self._kept)
        self.old = bytes_of(self.file.path)
        self.step(self.file, self.client)
        self.new = bytes_of(self.file.path)
        if self.step is not give_back:
            give_back(self.file, self.client)
        self.last = bytes_of(self.file.path)

    @property
    def file(self) -> ClientFile:
        """The file as another process of ours sees it."""
        return self.client.file(self.live)

    def killed_at(self, line: int) -> bool:
        """Go the way from its begin, and be killed at this line. Check what is there, and go on from it."""
        shutil.rmtree(self.live)
        shutil.copytree(self._kept, self.live)
        file = self.file
        if not is_killed(lambda: self.step(file, self.client), line):
            return False
        now = bytes_of(self.file.path)
        assert now in (self.old, self.new)
        assert [found.first for found in self.file.backups.of("client")] in (
            [self.first or b""],
            [] if now in (self.first, self.last) else None,
        )
        self._let_the_lock_grow_stale()
        self.file.backups.tidy()
        if (
            now == self.old
            and (line % 2 or not self.file.backups.has("client"))
            and self.step is not give_back
        ):
            self.step(self.file, self.client)
        if self.file.backups.has("client"):
            give_back(self.file, self.client)
        assert bytes_of(self.file.path) == self.last
        return True

    def leftovers(self) -> list[Path]:
        """What lies beside the file, and in our own folder, that did not before."""
        known = {found.relative_to(self._kept / "home") for found in (self._kept / "home").rglob("*")}
        home = {found.relative_to(self.live / "home") for found in (self.live / "home").rglob("*")}
        ours = [found for found in (self.live / "ours").rglob("*") if found.is_file()]
        return [*sorted(home - known - {Path(self.client.path)}), *ours]

    def _let_the_lock_grow_stale(self) -> None:
        path = self.file.path.with_name(f"{self.file.path.name}.lock")
        if path.exists():
            old = time.time() - locks.STALE - 1
            os.utime(path, (old, old))


def survives(root: Path, name: str, every: int) -> int:
    """Be killed at each, or every so manieth, line of a stage. Returns at how many."""
    way = Way(root, name)
    for points, line in enumerate(count(1, every)):
        if not way.killed_at(line):
            return points
        assert way.leftovers() == [], f"killed at line {line}"
    raise AssertionError


@pytest.mark.parametrize("name", STAGES)
def test_a_file_survives_a_kill_while_it_is(memory: Path, name: str) -> None:
    assert survives(memory, name, EVERY) > 200 / EVERY


@pytest.mark.sweep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", STAGES)
def test_a_file_survives_a_kill_at_any_line_while_it_is(memory: Path, name: str) -> None:
    points = survives(memory, name, 1)
    print(f"{name}: killed at {points} points")
    assert points > 200
