"""The lock that some clients hold while they write: a folder beside the file, fresh while it is held."""

import os
import threading
import time
from pathlib import Path

import pytest

from latchward.clients import files, locks
from latchward.model.errors import ClientFileError
from tests.support.waiting import wait_for


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "client.json"
    path.write_bytes(b"old")
    return path


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SETTLE", 0.0)
    monkeypatch.setattr(locks, "WAIT", 0.2)
    monkeypatch.setattr(locks, "RETRY", 0.01)


def lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def write(path: Path, *, lock: bool = True) -> list[str]:
    """Write the file. Returns the names of the locks that were held meanwhile."""
    held: list[str] = []

    def keep(before: files.Snapshot, after: bytes) -> None:
        held.extend(sorted(str(found.relative_to(path.parent)) for found in path.parent.rglob("*.lock")))

    files.rewrite(path, lambda found: b"new", lock="directory" if lock else "", keep=keep)
    return held


def aged(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def test_the_lock_is_held_while_the_file_is_written_and_no_longer(file: Path) -> None:
    assert write(file) == ["client.json.lock"]
    assert os.listdir(file.parent) == ["client.json"]


def test_where_the_client_has_no_lock_none_is_made(file: Path) -> None:
    assert write(file, lock=False) == []


def test_a_link_is_locked_by_both_of_its_names(file: Path) -> None:
    (file.parent / "real").mkdir()
    file.rename(file.parent / "real" / "client.json")
    file.symlink_to("real/client.json")
    assert write(file) == ["client.json.lock", "real/client.json.lock"]


def test_the_lock_ends_with_an_edit_that_fails(file: Path) -> None:
    def change(found: files.Snapshot) -> bytes:
        raise ClientFileError("no; look at it")

    with pytest.raises(ClientFileError, match="no; look"):
        files.rewrite(file, change, lock="directory", keep=lambda before, after: None)
    assert os.listdir(file.parent) == ["client.json"]


def test_a_lock_that_another_program_holds_is_waited_for(file: Path) -> None:
    lock_of(file).mkdir()
    release = threading.Timer(0.05, lock_of(file).rmdir)
    release.start()
    write(file)
    release.join()
    assert file.read_bytes() == b"new"


def test_a_lock_that_is_held_too_long_is_told_and_left_alone(file: Path) -> None:
    lock_of(file).mkdir()
    with pytest.raises(
        ClientFileError,
        match=r"json.lock` says that another program is writing the file; close that program and",
    ):
        write(file)
    assert file.read_bytes() == b"old"
    assert lock_of(file).is_dir()


def test_a_lock_without_a_sign_of_life_is_taken_over(file: Path) -> None:
    lock_of(file).mkdir()
    aged(lock_of(file), locks.STALE + 1)
    assert write(file) == ["client.json.lock"]
    assert os.listdir(file.parent) == ["client.json"]


def test_a_lock_that_was_fresh_a_moment_ago_is_not_taken_over(file: Path) -> None:
    lock_of(file).mkdir()
    aged(lock_of(file), locks.STALE - 2)
    with pytest.raises(ClientFileError, match="another program is writing the file"):
        write(file)


@pytest.mark.parametrize("kind", ["a file", "a full folder", "a link"])
def test_what_is_no_lock_is_not_removed(file: Path, kind: str) -> None:
    lock = lock_of(file)
    if kind == "a full folder":
        (lock / "inside").mkdir(parents=True)
        aged(lock, 100)
    elif kind == "a file":
        lock.touch()
        aged(lock, 100)
    else:
        lock.symlink_to("elsewhere")
        os.utime(lock, (0, 0), follow_symlinks=False)
    with pytest.raises(
        ClientFileError, match=r"json.lock` is no lock that can be removed: .*; look at what lies"
    ):
        write(file)
    assert os.path.lexists(lock)
    assert file.read_bytes() == b"old"


def test_a_lock_shows_signs_of_life_for_as_long_as_it_is_held(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "REFRESH", 0.01)
    with locks.FolderLock(lock_of(file)):
        made = lock_of(file).stat().st_mtime_ns
        wait_for(lambda: lock_of(file).stat().st_mtime_ns > made, "sign of life")
    assert os.listdir(file.parent) == ["client.json"]


def test_a_file_whose_lock_was_taken_over_meanwhile_is_read_anew(file: Path) -> None:
    seen: list[bytes] = []

    def keep(before: files.Snapshot, after: bytes) -> None:
        seen.append(before.data)
        if len(seen) == 1:  # somebody held us for dead, took the lock over, and wrote
            lock_of(file).rmdir()
            lock_of(file).with_name("other").mkdir()
            lock_of(file).with_name("other").rename(lock_of(file))
            threading.Timer(0.05, lock_of(file).rmdir).start()

    files.rewrite(file, lambda found: b"new", lock="directory", keep=keep)
    assert seen == [b"old", b"old"]
    assert os.listdir(file.parent) == ["client.json"]
