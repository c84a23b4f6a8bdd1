"""Whatever fails below us: a file is as it was, the reason is told, and nothing of ours is left beside it."""

import errno
import mmap
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from latchward.clients import files
from latchward.clients.backups import Backups
from latchward.model.errors import ClientFileError, LatchwardError
from tests.support.root import needs_root

from .faults import disk, fail, in_child
from .taking import ClientFile

OLD, NEW = b'{"old": true}\n', b'{"new": true}\n' * 1000

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="faults of this kernel"
)


@pytest.fixture(autouse=True)
def _nobody_else_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SETTLE", 0.0)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """A file of 0640 that must be as it was afterwards, and alone."""
    path = tmp_path / "clients" / "client.json"
    path.parent.mkdir()
    path.write_bytes(OLD)
    path.chmod(0o640)
    before = path.stat()
    yield path
    after = path.stat()
    assert path.read_bytes() == OLD
    assert (after.st_ino, after.st_mode, after.st_mtime_ns) == (
        before.st_ino,
        before.st_mode,
        before.st_mtime_ns,
    )
    assert os.listdir(path.parent) == ["client.json"]


def write(path: Path, data: bytes | None = NEW) -> None:
    files.rewrite(path, lambda found: data, lock="directory", keep=lambda before, after: None)


def failed(path: Path, call: str, number: int, *, late: bool, data: bytes | None = NEW) -> str:
    """The sentence for an edit during which a call fails: always, or once the new file is written."""

    def change(found: files.Snapshot) -> bytes | None:
        if not late:
            fail(call, number)
        return data

    def keep(before: files.Snapshot, after: bytes) -> None:
        if late:
            fail(call, number)

    def work() -> None:
        files.rewrite(path, change, lock="directory", keep=keep)

    with pytest.raises(ClientFileError) as raised:
        in_child(work)
    return str(raised.value)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EIO, "input/output error; look at the disk"),
        (errno.ENOSPC, "no space left on device; free the disk"),
        (errno.EDQUOT, "disk quota exceeded; free the disk"),
        (errno.EROFS, "read-only file system; it lies on a disk that nothing can be written to"),
        (
            errno.EPERM,
            "operation not permitted; give it and its folder back to you, and look for locks on it",
        ),
    ],
    ids=["EIO", "ENOSPC", "EDQUOT", "EROFS", "EPERM"],
)
@pytest.mark.parametrize(
    ("call", "late"),
    [("write", False), ("fchmod", False), ("fsync", False), ("renameat2", True), ("fsync", True)],
    ids=["write", "mode", "flush", "rename", "flush of the folder"],
)
def test_a_call_that_fails_leaves_the_file_as_it_was(
    file: Path, call: str, late: bool, number: int, words: str
) -> None:
    assert failed(file, call, number, late=late) == f"`{file}` cannot be written: {words}"


@pytest.mark.parametrize("call", ["renameat2", "fsync"])
def test_a_file_that_cannot_be_removed_stays(file: Path, call: str) -> None:
    assert "cannot be written: input/output error" in failed(file, call, errno.EIO, late=False, data=None)


@pytest.mark.parametrize(
    ("call", "late"), [("write", False), ("fsync", False), ("renameat2", True), ("fsync", True)]
)
def test_a_call_that_fails_leaves_no_new_file_and_no_folder(tmp_path: Path, call: str, late: bool) -> None:
    said = failed(tmp_path / "deep" / "er" / "client.json", call, errno.EIO, late=late)
    assert said.endswith("cannot be written: input/output error; look at the disk")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("call", ["write", "fsync", "fchmod"])
def test_a_backup_that_cannot_be_written_stops_the_edit(file: Path, tmp_path: Path, call: str) -> None:
    backups = Backups(tmp_path / "backups")

    def work() -> None:
        edited = ClientFile(file, backups)
        kept = backups.keep

        def keep(*words: object) -> object:
            fail(call, errno.ENOSPC)
            return kept(*words)  # type: ignore[arg-type]

        backups.keep = keep  # type: ignore[assignment, method-assign]
        edited.take()

    with pytest.raises(LatchwardError, match=r"cannot be .*: no space left on device; free the disk"):
        in_child(work)
    assert not backups.has("client")


def test_a_file_that_may_not_grow_leaves_the_file_as_it_was(file: Path) -> None:
    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        write(file)

    with pytest.raises(
        ClientFileError, match=r"client.json` cannot be written: file too large; free the disk"
    ):
        in_child(work)


@needs_root
def test_a_full_disk_leaves_the_file_as_it_was_and_a_freed_one_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with disk(folder, "64k"):
        file = folder / "client.json"
        file.write_bytes(OLD)
        (folder / "ballast").write_bytes(b"x" * 56 * 1024)
        with pytest.raises(
            ClientFileError, match="cannot be written: no space left on device; free the disk"
        ):
            write(file)
        assert file.read_bytes() == OLD
        assert sorted(os.listdir(folder)) == ["ballast", "client.json"]
        (folder / "ballast").unlink()
        write(file)
        assert file.read_bytes() == NEW


@needs_root
def test_a_disk_that_is_read_only_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with disk(folder, "64k"):
        file = folder / "client.json"
        file.write_bytes(OLD)
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        for path in (file, folder / "new.json", folder / "deep" / "new.json"):
            with pytest.raises(ClientFileError, match=r"read-only file system; "):
                write(path)
        assert os.listdir(folder) == ["client.json"]
        assert file.read_bytes() == OLD


@needs_root
@pytest.mark.parametrize("what", ["the file", "its folder"])
def test_what_nobody_may_change_stays(file: Path, what: str) -> None:
    locked = file if what == "the file" else file.parent
    if subprocess.run(["chattr", "+i", locked], capture_output=True, check=False).returncode:
        pytest.skip("this file system locks no file")
    try:
        with pytest.raises(
            ClientFileError,
            match=r"cannot be written: operation not permitted; give it and its folder back to you",
        ):
            write(file)
    finally:
        subprocess.run(["chattr", "-i", locked], check=True)


@needs_root
def test_a_folder_that_we_may_not_write_in_is_told(file: Path) -> None:
    os.chown(file, 12345, -1)

    def work() -> None:
        os.setresuid(12345, 12345, 12345)
        write(file)

    for above in (
        file.parent,
        file.parent.parent,
        file.parent.parent.parent,
        file.parent.parent.parent.parent,
    ):
        above.chmod(above.stat().st_mode | 0o055)
    with pytest.raises(
        ClientFileError, match=r"json` cannot be written: permission denied; give it and its folder"
    ):
        in_child(work)
    os.chown(file, 0, -1)


def test_a_kernel_without_the_exchange_still_replaces(tmp_path: Path) -> None:
    file = tmp_path / "client.json"
    for number in (errno.EINVAL, errno.ENOSYS):
        file.write_bytes(OLD)

        def work(number: int = number) -> None:
            fail("renameat2", number)
            write(file)
            write(tmp_path / "new.json")

        in_child(work)
        assert (file.read_bytes(), (tmp_path / "new.json").read_bytes()) == (NEW, NEW)
        assert sorted(os.listdir(tmp_path)) == ["client.json", "new.json"]
        (tmp_path / "new.json").unlink()


def test_a_kernel_without_the_exchange_does_not_put_a_new_file_over_that_of_another_program(
    tmp_path: Path,
) -> None:
    file = tmp_path / "client.json"

    def work() -> None:
        fail("renameat2", errno.ENOSYS)
        files.rewrite(
            file,
            lambda found: found.data + b"+ours",
            lock="",
            keep=lambda before, after: None if before.exists else file.write_bytes(b"theirs") and None,
        )

    in_child(work)
    assert file.read_bytes() == b"theirs+ours"


def test_a_write_that_leaves_no_trace_but_the_bytes_is_seen_where_the_system_knows_no_leases(
    tmp_path: Path,
) -> None:
    file = tmp_path / "client.json"
    file.write_bytes(OLD)

    def work() -> None:
        with file.open("r+b") as opened:
            shared = mmap.mmap(opened.fileno(), 0)
        fail("fcntl", errno.EINVAL)
        shared[0:1] = OLD[0:1]  # from here on, and until it is flushed, no write changes the times
        seen: list[bytes] = []

        def keep(before: files.Snapshot, after: bytes) -> None:
            seen.append(before.data)
            shared[2:5] = b"new"

        files.rewrite(file, lambda found: found.data + b"+ours", lock="", keep=keep)
        assert len(seen) == 2

    in_child(work)
    assert file.read_bytes() == OLD.replace(b"old", b"new") + b"+ours"


def test_the_faults_are_real(tmp_path: Path) -> None:
    def work() -> None:
        fail("fsync", errno.EIO)
        with (tmp_path / "a").open("w") as opened:
            os.fsync(opened.fileno())

    with pytest.raises(OSError, match="Input/output error"):
        in_child(work)
