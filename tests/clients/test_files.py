"""A client's file is read as it is, and replaced whole or not at all."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from latchward.clients import files
from latchward.model.errors import ClientFileError
from tests.support.root import needs_root

OLD, NEW = b'{"old": true}\n', b'{"new": true}\n'


@pytest.fixture(autouse=True)
def _nobody_else_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SETTLE", 0.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "client.json"
    path.write_bytes(OLD)
    path.chmod(0o644)
    return path


def kept(before: files.Snapshot, after: bytes) -> None:
    """A backup that is somebody else's work."""


def write(path: Path, data: bytes | None = NEW) -> files.Written:
    return files.rewrite(path, lambda found: data, lock="", keep=kept)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_read_as_it_is(file: Path) -> None:
    found = files.read(file)
    assert (found.path, found.real, found.data, found.exists) == (file, file, OLD, True)
    assert found.mode == 0o644


def test_a_file_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    found = files.read(tmp_path / "none" / "client.json")
    assert (found.data, found.exists, found.signature) == (b"", False, None)


def test_a_file_is_replaced_and_keeps_its_mode(file: Path) -> None:
    written = write(file)
    assert (written.before.data, written.after, file.read_bytes()) == (OLD, NEW, NEW)
    assert mode(file) == 0o644
    assert os.listdir(file.parent) == ["client.json"]


def test_what_is_equal_is_not_written(file: Path) -> None:
    before = file.stat()
    assert write(file, OLD).nothing
    assert file.stat() == before


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777], ids=oct)
def test_a_new_file_and_its_folders_are_private_under_any_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "deep" / "er" / "client.json"
    before = os.umask(umask)
    try:
        write(path)
    finally:
        os.umask(before)
    assert path.read_bytes() == NEW
    assert [mode(path), mode(path.parent), mode(path.parent.parent)] == [0o600, 0o700, 0o700]


def test_a_change_that_does_not_fit_leaves_no_folder_behind(tmp_path: Path) -> None:
    def change(found: files.Snapshot) -> bytes:
        raise ClientFileError("it does not fit; look at it")

    with pytest.raises(ClientFileError, match="it does not fit"):
        files.rewrite(tmp_path / "deep" / "client.json", change, lock="directory", keep=kept)
    assert os.listdir(tmp_path) == []


def test_a_file_can_be_removed(file: Path) -> None:
    assert write(file, None).after is None
    assert os.listdir(file.parent) == []


def test_what_is_not_there_is_not_removed(tmp_path: Path) -> None:
    assert write(tmp_path / "client.json", None).nothing


def test_what_is_kept_is_kept_before_it_is_replaced(file: Path) -> None:
    seen = []

    def keep(before: files.Snapshot, after: bytes) -> None:
        seen.append((before.data, after, file.read_bytes()))

    files.rewrite(file, lambda found: NEW, lock="", keep=keep)
    assert seen == [(OLD, NEW, OLD)]


def test_what_cannot_be_kept_is_not_replaced(file: Path) -> None:
    def keep(before: files.Snapshot, after: bytes) -> None:
        raise ClientFileError("there is no room for a backup; free the disk")

    with pytest.raises(ClientFileError, match="no room for a backup"):
        files.rewrite(file, lambda found: NEW, lock="", keep=keep)
    assert file.read_bytes() == OLD
    assert os.listdir(file.parent) == ["client.json"]


def test_a_file_that_changes_while_the_backup_is_made_is_read_anew_and_the_backup_taken_back(
    file: Path,
) -> None:
    told: list[str] = []

    def keep(before: files.Snapshot, after: bytes) -> object:
        told.append(f"keep {before.data!r}")
        if len(told) == 1:
            file.write_bytes(b"theirs")
        return lambda: told.append("withdraw")

    files.rewrite(file, lambda found: found.data + b"+ours", lock="", keep=keep)  # type: ignore[arg-type]
    assert told == [f"keep {OLD!r}", "withdraw", "keep b'theirs'"]
    assert file.read_bytes() == b"theirs+ours"


def test_a_mode_that_changes_meanwhile_is_the_one_that_is_kept(file: Path) -> None:
    def keep(before: files.Snapshot, after: bytes) -> None:
        if before.mode != 0o600:
            file.chmod(0o600)

    files.rewrite(file, lambda found: NEW, lock="", keep=keep)
    assert (file.read_bytes(), mode(file)) == (NEW, 0o600)


def test_the_new_bytes_are_on_the_disk_before_they_count_and_the_name_after(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush, flushed = os.fsync, []

    def fsync(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            new = os.fstat(descriptor).st_ino != file.stat().st_ino
            flushed.append("bytes, not in place" if new else "bytes, in place")
        else:
            flushed.append(f"folder with {file.read_bytes()!r}")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write(file)
    assert flushed == ["bytes, not in place", f"folder with {NEW!r}"]


def test_a_new_file_of_another_program_is_not_replaced_by_ours(tmp_path: Path) -> None:
    path = tmp_path / "client.json"

    def keep(before: files.Snapshot, after: bytes) -> None:
        if not before.exists:
            path.write_bytes(b"theirs")

    files.rewrite(path, lambda found: found.data + b"+ours", lock="", keep=keep)
    assert path.read_bytes() == b"theirs+ours"


def test_a_file_that_never_holds_still_is_given_up_with_a_sentence(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter(range(1000))

    def keep(before: files.Snapshot, after: bytes) -> None:
        file.write_bytes(b"theirs %d" % next(times))

    monkeypatch.setattr(files, "PATIENCE", 0.0)
    with pytest.raises(
        ClientFileError, match=r"client.json` is being written by another program; close it and try again"
    ):
        files.rewrite(file, lambda found: NEW, lock="", keep=keep)
    assert next(times) == files.ATTEMPTS
    assert file.read_bytes() == b"theirs %d" % (files.ATTEMPTS - 1)
    assert os.listdir(file.parent) == ["client.json"]


def test_a_file_that_is_open_for_writing_is_given_up_too(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PATIENCE", 0.0)
    with file.open("r+b"), pytest.raises(ClientFileError, match="is being written by another program"):
        write(file)
    assert file.read_bytes() == OLD


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a file open for writing")
def test_a_file_that_is_open_for_writing_for_a_while_is_waited_for(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PATIENCE", 60.0)
    attempts = 0

    def change(found: files.Snapshot) -> bytes:
        nonlocal attempts
        attempts += 1
        if attempts == 2 * files.ATTEMPTS:
            opened.close()
        return NEW

    with file.open("r+b") as opened:
        files.rewrite(file, change, lock="", keep=kept)
    assert attempts == 2 * files.ATTEMPTS
    assert file.read_bytes() == NEW


def test_what_another_program_puts_back_behind_us_is_edited_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SETTLE", 0.3)
    seen: list[bytes] = []

    def change(found: files.Snapshot) -> bytes:
        seen.append(found.data)
        return found.data.removesuffix(b"+ours") + b"+ours"

    stale = "import sys, pathlib, time\npath = pathlib.Path(sys.argv[1])\nold = path.read_bytes()\n"
    stale += (
        "print(flush=True)\nwhile path.read_bytes() == old: time.sleep(0.005)\npath.write_bytes(b'theirs')"
    )
    with subprocess.Popen([sys.executable, "-c", stale, file], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        program.stdout.readline()
        files.rewrite(file, change, lock="", keep=kept)
        assert program.wait(5) == 0
    assert seen[:2] == [OLD, b"theirs"]
    assert file.read_bytes() == b"theirs+ours"


def test_a_file_that_was_seen_half_written_is_read_again(file: Path) -> None:
    whole = iter([False])

    def change(found: files.Snapshot) -> bytes:
        if next(whole, True):
            return found.data + b"+ours"
        file.write_bytes(b"whole")
        raise ClientFileError("it ends too early; look at it")

    file.write_bytes(b"")
    files.rewrite(file, change, lock="", keep=kept)
    assert file.read_bytes() == b"whole+ours"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a file open for writing")
def test_a_file_that_stays_half_written_for_long_is_waited_for(file: Path) -> None:
    seen: list[bytes] = []

    def change(found: files.Snapshot) -> bytes:
        seen.append(found.data)
        if len(seen) == 5:
            opened.write(b"whole")
            opened.close()
        if not found.data:
            raise ClientFileError("it ends too early; look at it")
        return found.data + b"+ours"

    with file.open("wb") as opened:
        files.rewrite(file, change, lock="", keep=kept)
    assert seen == [b""] * 5 + [b"whole"]
    assert file.read_bytes() == b"whole+ours"


@pytest.mark.parametrize("links", [1, 3], ids=["a link", "a chain"])
@pytest.mark.parametrize("relative", [True, False], ids=["relative", "absolute"])
def test_links_stay_and_what_they_lead_to_is_edited(file: Path, links: int, relative: bool) -> None:
    dotfiles = file.parent / "dotfiles"
    dotfiles.mkdir()
    real = file.rename(dotfiles / "real.json")
    names = [file.parent / f"link-{number}" for number in range(links)]
    for name, target in zip(names, [real, *names], strict=False):
        name.symlink_to(os.path.relpath(target, name.parent) if relative else target)
    written = write(names[-1])
    assert all(name.is_symlink() for name in names)
    assert (written.before.path, written.before.real) == (names[-1], real)
    assert (real.read_bytes(), mode(real)) == (NEW, 0o644)
    assert os.listdir(dotfiles) == ["real.json"]


def test_a_link_to_another_file_system_is_edited_there(file: Path) -> None:
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == file.stat().st_dev:
        pytest.skip("there is one file system alone")
    real = shm / f"latchward-test-{os.getpid()}.json"
    real.write_bytes(OLD)
    try:
        file.unlink()
        file.symlink_to(real)
        write(file)
        assert (real.read_bytes(), file.is_symlink()) == (NEW, True)
    finally:
        real.unlink()


def test_a_link_in_the_folders_above_is_followed(file: Path) -> None:
    (file.parent / "real").mkdir()
    real = file.rename(file.parent / "real" / "client.json")
    (file.parent / "linked").symlink_to("real")
    write(file.parent / "linked" / "client.json")
    assert real.read_bytes() == NEW


def refused(path: Path, match: str) -> None:
    """Neither read nor written, with this reason."""
    for touch in (files.read, write):
        with pytest.raises(ClientFileError, match=match):
            touch(path)


def test_a_link_that_leads_nowhere_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "client.json").symlink_to("gone/client.json")
    refused(
        tmp_path / "client.json", r"client.json` is a link to `.*/gone/client.json`, which does not exist;"
    )
    assert os.listdir(tmp_path) == ["client.json"]


def test_a_folder_that_is_a_link_to_nothing_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "config").symlink_to("gone")
    refused(tmp_path / "config" / "deep" / "client.json", r"/config` is a link that leads nowhere;")
    assert os.listdir(tmp_path) == ["config"]


def test_links_in_a_ring_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    refused(tmp_path / "a", "`.*/a` is a link that leads to itself; put the file itself in its place")


@needs_root
def test_a_file_of_somebody_else_is_refused(file: Path) -> None:
    os.chown(file, 12345, -1)
    refused(file, r"client.json` belongs to uid 12345; look at it, then `chown 0 .*/client.json`")


@needs_root
def test_a_link_to_a_file_of_somebody_else_is_refused(file: Path) -> None:
    os.chown(file, 12345, -1)
    (file.parent / "link").symlink_to(file)
    refused(file.parent / "link", r"link` leads to `.*/client.json`, which belongs to uid 12345;")


@needs_root
def test_a_link_of_somebody_else_is_refused(file: Path) -> None:
    link = file.parent / "link"
    link.symlink_to(file)
    os.chown(link, 12345, -1, follow_symlinks=False)
    refused(link, "`.*/link` is a link that belongs to uid 12345; put a file of your own in its place")


def test_a_fifo_in_the_files_place_hangs_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "client.json")
    refused(tmp_path / "client.json", "client.json` is not a regular file; move away what lies there")


@pytest.mark.parametrize("name", ["/dev/null", "/dev/zero", "/"])
def test_devices_and_folders_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "client.json").symlink_to(name)
    refused(tmp_path / "client.json", "is not a regular file; move away what lies there")


def test_a_path_that_no_system_knows_is_refused() -> None:
    for name in ("a\0b", "a\ud800b"):
        refused(Path("/tmp", name), "is no path that this system knows; correct it")


def test_a_file_past_the_limit_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "client.json").open("wb") as file:
        file.truncate(files.MAX_FILE + 1)
    refused(tmp_path / "client.json", "client.json` is larger than 32 MiB; make it smaller")


def test_a_file_that_somebody_made_read_only_is_not_written(file: Path) -> None:
    file.chmod(0o444)
    with pytest.raises(
        ClientFileError, match=r"is read-only, so somebody protected it; `chmod u\+w .*json` if it may"
    ):
        write(file)
    assert (file.read_bytes(), mode(file)) == (OLD, 0o444)


def test_a_file_with_a_second_name_is_not_written(file: Path) -> None:
    os.link(file, file.parent / "other")
    with pytest.raises(
        ClientFileError, match="is one of 2 names of one file, and the others would keep the old"
    ):
        write(file)
    assert (file.parent / "other").samefile(file)


def test_a_folder_in_which_anybody_may_write_is_refused(file: Path) -> None:
    file.parent.chmod(0o777)
    with pytest.raises(ClientFileError, match=r"anybody may write in `.*` \(mode 0777\); `chmod o-w "):
        write(file)
    file.parent.chmod(0o1777)
    write(file)
    assert file.read_bytes() == NEW


def test_a_folder_in_which_anybody_may_write_gets_no_new_folder_either(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(ClientFileError, match="anybody may write in"):
        write(tmp_path / "deep" / "client.json")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "name",
    ["with blanks .json", "ümläut-日本語.json", "new\nline.json", "n" * 255, "ü" * 127],
    ids=["blanks", "unicode", "a newline", "255 bytes", "254 bytes of unicode"],
)
def test_any_name_that_a_file_can_have_will_do(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a folder\nwith lines" / name
    write(path, OLD)
    write(path)
    assert path.read_bytes() == NEW
    assert os.listdir(path.parent) == [name]


def test_a_sentence_about_a_path_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a\nb").mkdir()
    with pytest.raises(ClientFileError) as raised:
        files.read(tmp_path / "a\nb")
    assert "\n" not in str(raised.value)
    assert "a<U+000A>b` is not a regular file" in str(raised.value)


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClientFileError, match="cannot be looked at: file name too long"):
        write(tmp_path / ("n" * 256))


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="extended attributes are Linux's here")
def test_attributes_that_the_person_set_are_kept(file: Path) -> None:
    os.setxattr(file, "user.note", b"mine")
    write(file)
    assert (file.read_bytes(), os.getxattr(file, "user.note")) == (NEW, b"mine")


ACL = bytes.fromhex(
    "0200000001000600ffffffff02000400c800000004000000ffffffff10000400ffffffff20000000ffffffff"
)
"""rw for the owner, r for uid 200, nothing for others."""


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="access control lists are Linux's here")
def test_an_access_control_list_is_kept(file: Path) -> None:
    os.setxattr(file, "system.posix_acl_access", ACL)
    before = mode(file)
    write(file)
    assert (os.getxattr(file, "system.posix_acl_access"), mode(file)) == (ACL, before)


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="access control lists are Linux's here")
def test_the_list_of_a_folder_opens_the_file_to_nobody(file: Path) -> None:
    os.setxattr(file.parent, "system.posix_acl_default", ACL)
    write(file)
    assert "system.posix_acl_access" not in os.listxattr(file)


@needs_root
def test_the_group_is_kept(file: Path) -> None:
    os.chown(file, -1, 12345)
    file.chmod(0o660)
    write(file)
    assert (file.stat().st_gid, mode(file)) == (12345, 0o660)


def test_what_a_killed_run_left_is_removed_and_nothing_else(file: Path) -> None:
    dead = os.fork()
    if not dead:
        os._exit(0)
    os.waitpid(dead, 0)
    for name in (f".latchward.{dead}-0123456789ab.latchward-tmp", "client.json.tmp.1", ".client.json.swp"):
        (file.parent / name).touch()
    write(file)
    assert sorted(os.listdir(file.parent)) == [".client.json.swp", "client.json", "client.json.tmp.1"]


def test_ten_megabytes_take_less_than_a_second(file: Path) -> None:
    file.write_bytes(b"x" * 10_000_000)
    started = time.monotonic()
    files.rewrite(file, lambda found: found.data + b"y", lock="", keep=kept)
    assert time.monotonic() - started < 1
    assert file.stat().st_size == 10_000_001
