"""One gateway a profile, one writer at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from latchward.model.errors import ProfileError
from latchward.storage import lock
from latchward.storage.lock import GatewayLock, write_lock
from latchward.storage.paths import Profile

HOLDER = """
import sys
from pathlib import Path
from latchward.storage.lock import GatewayLock
from latchward.storage.paths import Profile
GatewayLock(Profile.below(Path(sys.argv[1]))).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_gateway_is_refused_with_the_pid_of_the_first(profile: Profile) -> None:
    with GatewayLock(profile), pytest.raises(ProfileError) as refused:
        GatewayLock(profile).acquire()
    assert str(refused.value).startswith(
        f"another gateway (pid {os.getpid()}) already runs on this profile: "
    )


def test_the_lock_of_a_killed_gateway_is_free(profile: Profile) -> None:
    command = [sys.executable, "-c", HOLDER, str(profile.settings.parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(ProfileError, match=rf"pid {holder.pid}\)"):
            GatewayLock(profile).acquire()
        holder.kill()
        holder.wait(10)
    with GatewayLock(profile):
        assert profile.lock.read_text() == f"{os.getpid()}\n"


def test_a_released_lock_can_be_taken_and_its_file_stays(profile: Profile) -> None:
    with GatewayLock(profile):
        pass
    with GatewayLock(profile) as held:
        assert held.intact()
    assert profile.lock.exists()


def test_a_lock_whose_file_was_removed_says_so(profile: Profile) -> None:
    with GatewayLock(profile) as held:
        profile.lock.unlink()
        assert not held.intact()


def test_a_lock_file_is_private_under_umask_000(profile: Profile) -> None:
    before = os.umask(0)
    try:
        with GatewayLock(profile), write_lock(profile):
            assert {path.stat().st_mode & 0o777 for path in (profile.lock, profile.write_lock)} == {0o600}
    finally:
        os.umask(before)


def test_a_link_in_place_of_the_lock_is_refused(profile: Profile, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"theirs")
    profile.lock.symlink_to(tmp_path / "theirs")
    with pytest.raises(ProfileError, match="is a symbolic link"):
        GatewayLock(profile).acquire()
    assert (tmp_path / "theirs").read_bytes() == b"theirs"


def test_writers_take_turns_and_a_writer_that_stays_is_told_of(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "WRITE_WAIT", 0.1)
    with (
        write_lock(profile),
        pytest.raises(ProfileError, match="another `latchward` is writing to this profile; try again"),
        write_lock(profile),
    ):
        pytest.fail("two writers at once")
    with write_lock(profile):
        pass
