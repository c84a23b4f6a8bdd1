"""Files are written whole or not at all, and read only where they are ours."""

import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from latchward.model.errors import ProfileError
from latchward.storage.files import read_owned, remove_leftovers, write_atomically
from tests.support.root import needs_root


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=lambda mask: f"umask {mask:03o}")
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_written_file_is_private_under_any_umask(tmp_path: Path, umask: int) -> None:
    write_atomically(tmp_path / "a", b"x")
    assert mode(tmp_path / "a") == 0o600


def test_a_written_file_replaces_the_one_before(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"before")
    write_atomically(tmp_path / "a", b"after")
    assert read_owned(tmp_path / "a") == b"after"
    assert os.listdir(tmp_path) == ["a"]


def test_a_full_disk_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomically(path, b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(ProfileError, match=r"`.*/a` cannot be written: file too large; free the disk"):
            write_atomically(path, b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["a"]


def test_a_folder_in_the_files_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a" / "inside").mkdir(parents=True)
    with pytest.raises(ProfileError, match="cannot be written"):
        write_atomically(tmp_path / "a", b"x")
    assert sorted(os.listdir(tmp_path)) == ["a"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="no such file or directory"):
        write_atomically(tmp_path / "none" / "a", b"x")


def test_a_link_is_neither_written_nor_read(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"theirs")
    (tmp_path / "a").symlink_to(tmp_path / "elsewhere")
    for touch in (read_owned, lambda path: write_atomically(path, b"x")):
        with pytest.raises(ProfileError, match=r"`.*/a` is a symbolic link; put the file itself"):
            touch(tmp_path / "a")
    assert (tmp_path / "elsewhere").read_bytes() == b"theirs"


def test_a_fifo_in_a_files_place_does_not_hang_the_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    with pytest.raises(ProfileError, match="not a regular file"):
        read_owned(tmp_path / "a")


@needs_root
def test_a_file_that_root_gave_away_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    os.chown(tmp_path / "a", 12345, -1)
    with pytest.raises(ProfileError, match="belongs to uid 12345; look at it, then `chown 0"):
        read_owned(tmp_path / "a")


def test_a_file_past_the_limit_is_not_read(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"12345")
    assert read_owned(tmp_path / "a", limit=5) == b"12345"
    with pytest.raises(ProfileError, match="larger than 4 bytes; make it smaller"):
        read_owned(tmp_path / "a", limit=4)


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    dead = os.fork()
    if not dead:
        os._exit(0)
    os.waitpid(dead, 0)
    (tmp_path / f".settings.json.{dead}-0123456789ab.latchward-tmp").touch()
    kept = {f".settings.json.{os.getpid()}-0123456789ab.latchward-tmp", ".settings.json.swp", "a.tmp"}
    for name in kept:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert set(os.listdir(tmp_path)) == kept
