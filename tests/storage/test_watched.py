"""A file is read again when it changed, and only then."""

import logging
import os
import time
from pathlib import Path

import pytest

from latchward.model.errors import SettingsError
from latchward.storage.files import write_atomically
from latchward.storage.watched import Watched


class Readings:
    """A parser that counts: the text `bad` is refused."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, text: bytes) -> str:
        self.count += 1
        if text.startswith(b"bad"):
            raise SettingsError(f"file:1:1: {text.decode()}")
        if text == b"fault":
            raise RuntimeError("a fault of ours")
        return text.decode()


@pytest.fixture
def readings() -> Readings:
    return Readings()


@pytest.fixture
def file(tmp_path: Path, readings: Readings) -> Watched[str]:
    return Watched(tmp_path / "file", readings, limit=100)


def rest(path: Path) -> None:
    """Wait until the file's times are old enough to be trusted."""
    while time.time_ns() - path.stat().st_ctime_ns < 60_000_000:
        time.sleep(0.01)


def test_a_missing_file_has_no_value(file: Watched[str]) -> None:
    assert file.look() is None
    assert file.problem == ""


def test_an_unchanged_file_is_read_once(file: Watched[str], readings: Readings) -> None:
    file.path.write_text("a")
    assert [file.look() for _ in range(5)] == ["a"] * 5
    rest(file.path)
    assert [file.look() for _ in range(5)] == ["a"] * 5
    assert (readings.count, file.changes) == (1, 1)


def test_a_rested_file_is_not_opened_again(file: Watched[str]) -> None:
    file.path.write_text("a")
    rest(file.path)
    file.look()
    seen = file.path.stat().st_atime_ns
    os.utime(file.path, ns=(1, file.path.stat().st_mtime_ns))
    rest(file.path)
    file.look()  # reads: the time of change moved
    read_at = file.path.stat().st_atime_ns
    for _ in range(5):
        file.look()
    assert file.path.stat().st_atime_ns == read_at
    assert seen != 1


@pytest.mark.parametrize("how", ["in place", "replaced"])
def test_edits_of_one_size_within_one_tick_are_all_seen(file: Watched[str], how: str) -> None:
    for count in range(500):
        text = f"{count:03}"
        if how == "in place":
            file.path.write_text(text)
        else:
            write_atomically(file.path, text.encode())
        assert file.look() == text


def test_an_edit_that_sets_its_time_back_is_seen(file: Watched[str]) -> None:
    file.path.write_text("a")
    os.utime(file.path, ns=(10**18, 10**18))
    rest(file.path)
    assert file.look() == "a"
    file.path.write_text("b")
    os.utime(file.path, ns=(10**18, 10**18))
    assert file.look() == "b"


def test_a_bad_edit_leaves_the_last_good_value_and_is_told_once(
    file: Watched[str], caplog: pytest.LogCaptureFixture
) -> None:
    file.path.write_text("good")
    file.look()
    file.path.write_text("bad one")
    assert [file.look() for _ in range(3)] == ["good"] * 3
    assert file.problem == "file:1:1: bad one"
    assert caplog.messages == ["file:1:1: bad one (the last good one stays in force)"]
    file.path.write_text("better")
    assert file.look() == "better"
    assert file.problem == ""
    caplog.clear()


def test_a_bad_first_text_has_no_value(file: Watched[str], caplog: pytest.LogCaptureFixture) -> None:
    file.path.write_text("bad")
    assert file.look() is None
    assert caplog.messages == ["file:1:1: bad (nothing is allowed by it)"]


def test_going_back_to_the_text_in_force_is_no_change(file: Watched[str]) -> None:
    logging.getLogger("latchward.storage").disabled = True
    try:
        for text in ("good", "bad", "good"):
            file.path.write_text(text)
            file.look()
    finally:
        logging.getLogger("latchward.storage").disabled = False
    assert (file.value, file.problem, file.changes) == ("good", "", 1)


def test_a_removed_file_has_no_value(file: Watched[str]) -> None:
    file.path.write_text("a")
    file.look()
    file.path.unlink()
    assert file.look() is None
    assert file.changes == 2


@pytest.mark.parametrize("trouble", ["link", "dangling link", "folder", "too large", "fault of ours"])
def test_what_cannot_be_read_leaves_the_last_good_value(
    file: Watched[str], trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.path.write_text("good")
    file.look()
    file.path.unlink()
    if trouble in ("link", "dangling link"):
        file.path.symlink_to(file.path.parent / "other")
    if trouble == "link":
        (file.path.parent / "other").write_text("theirs")
    if trouble == "folder":
        file.path.mkdir()
    if trouble == "too large":
        file.path.write_text("x" * 101)
    if trouble == "fault of ours":
        file.path.write_text("fault")
    assert [file.look(), file.look()] == ["good", "good"]
    assert str(file.path) in file.problem
    assert len(caplog.messages) == 1
    caplog.clear()


@pytest.mark.parametrize("place", ["file", "folder"])
def test_a_lost_permission_leaves_the_last_good_value(
    tmp_path: Path, readings: Readings, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    file = Watched(folder / "file", readings, limit=100)
    file.path.write_text("good")
    is_root = os.geteuid() == 0  # whom no mode keeps out: it becomes somebody else
    if is_root:
        for path in (folder, file.path):
            os.chown(path, 12345, 12345)
        for above in (tmp_path, *list(tmp_path.parents)[:2]):
            above.chmod(0o755)
        os.seteuid(12345)
    try:
        assert file.look() == "good"
        (file.path if place == "file" else folder).chmod(0)
        assert file.look() == "good"
        assert "cannot be read: permission denied; make it readable to you" in file.problem
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)
    caplog.clear()
