"""Where a profile lies, and what is refused or repaired there at start."""

import contextlib
import os
import stat
import sys
from pathlib import Path

import pytest

from latchward.model.errors import ProfileError
from latchward.storage.paths import Profile
from tests.support.root import needs_root


def mode(path: Path) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def test_latchward_home_moves_every_file_below_one_folder(tmp_path: Path) -> None:
    profile = Profile.home({"LATCHWARD_HOME": str(tmp_path / "h")})
    places = (profile.settings, profile.policies, profile.audit_db, profile.lock, profile.write_lock)
    folders = (profile.accepted, profile.clients, profile.logs, profile.runtime)
    assert all(tmp_path / "h" in path.parents for path in (*places, *folders))


def test_latchward_home_must_be_absolute() -> None:
    with pytest.raises(ProfileError, match="LATCHWARD_HOME is `here`: give the folder as an absolute path"):
        Profile.home({"LATCHWARD_HOME": "here", "HOME": "/"})


@pytest.mark.parametrize("folder", ["/", os.path.expanduser("~"), "/tmp/.."])
def test_latchward_home_must_be_a_folder_of_its_own(folder: str) -> None:
    with pytest.raises(ProfileError, match="name a folder that is Latchward's alone"):
        Profile.home({"LATCHWARD_HOME": folder})


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "/nowhere/at/all"}, {"HOME": "x"}], ids=str)
def test_no_home_is_one_sentence(environ: dict[str, str]) -> None:
    with pytest.raises(
        ProfileError, match=r"there is no home folder \(HOME is .*\); set HOME, or LATCHWARD_"
    ):
        Profile.home(environ)


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_without_latchward_home_the_folders_are_those_of_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("HOME", str(tmp_path))
    profile = Profile.home()
    assert profile.settings == tmp_path / ".config/latchward/settings.json"
    assert profile.audit_db == tmp_path / ".local/share/latchward/audit.db"
    assert profile.lock.parent == tmp_path / ".local/state/latchward"
    assert profile.clients == tmp_path / ".local/state/latchward/clients"
    assert profile.runtime == tmp_path / "run/latchward"


def test_a_relative_xdg_folder_is_never_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, "here")
    with contextlib.suppress(ProfileError):
        assert all(folder.is_absolute() for folder in Profile.home().folders())


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_without_a_login_session_sockets_lie_beside_our_state_and_not_in_tmp(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    profile = Profile.home({"HOME": str(tmp_path)})
    assert profile.runtime in (profile.lock.parent / "run", Path(f"/run/user/{os.geteuid()}/latchward"))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777], ids=oct)
def test_folders_are_made_private_under_any_umask(tmp_path: Path, umask: int) -> None:
    profile = Profile.below(tmp_path / "deep" / "latchward")
    before = os.umask(umask)
    try:
        assert profile.prepare() == ()
    finally:
        os.umask(before)
    assert {mode(folder) for folder in (*profile.folders(), tmp_path / "deep")} == {0o700}


def test_preparing_twice_changes_nothing(profile: Profile) -> None:
    assert profile.prepare() == ()


@pytest.mark.parametrize(
    "name", ["settings.json", "policies/a.yaml", "audit.db-wal", "logs/x.log", "write.lock"]
)
def test_a_file_open_to_others_is_closed_and_told(profile: Profile, name: str) -> None:
    path = profile.settings.parent / name
    path.touch()
    path.chmod(0o644)
    assert profile.prepare() == (f"`{path}` was open to others (mode 0644); it is 0600 now",)
    assert mode(path) == 0o600


def test_a_folder_open_to_others_is_closed_and_told(profile: Profile) -> None:
    profile.policies.chmod(0o755)
    assert profile.prepare() == (f"`{profile.policies}` was open to others (mode 0755); it is 0700 now",)
    assert mode(profile.policies) == 0o700


def test_what_others_could_write_is_to_be_looked_through(profile: Profile) -> None:
    profile.policies.chmod(0o777)
    (told,) = profile.prepare()
    assert told.endswith("it is 0700 now. Others could write there: look through what it holds")


def test_a_runtime_folder_that_others_may_write_is_refused(profile: Profile) -> None:
    profile.runtime.chmod(0o777)
    with pytest.raises(ProfileError, match=r"others may write in `.*/run` \(mode 0777\).*`chmod 700 .*/run`"):
        profile.prepare()
    assert mode(profile.runtime) == 0o777


def test_a_shared_folder_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(ProfileError, match="is shared by many; name a folder that is Latchward's alone"):
        Profile.below(shared).prepare()
    assert mode(shared) == 0o1777


@pytest.mark.parametrize("bits", [0o777, 0o707])
def test_a_folder_above_that_others_may_write_is_refused(tmp_path: Path, bits: int) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(bits)
    with pytest.raises(ProfileError, match=r"others may write in `.*/open`, above .*`chmod go-w .*/open`"):
        Profile.below(tmp_path / "open" / "latchward").prepare()
    assert os.listdir(tmp_path / "open") == []


def test_a_sticky_folder_above_is_fine(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp").chmod(0o1777)
    assert Profile.below(tmp_path / "tmp" / "latchward").prepare() == ()


@needs_root
@pytest.mark.parametrize("name", ["", "policies", "run", "clients"])
def test_a_folder_that_root_gave_away_is_refused(profile: Profile, name: str) -> None:
    folder = profile.settings.parent / name
    os.chown(folder, 12345, -1)
    with pytest.raises(ProfileError, match=rf"`{folder}`.* belongs to uid 12345"):
        profile.prepare()


@needs_root
def test_a_folder_above_that_root_gave_away_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 12345, -1)
    with pytest.raises(
        ProfileError, match=r"`.*/theirs`, above .*, belongs to uid 12345; set LATCHWARD_HOME"
    ):
        Profile.below(tmp_path / "theirs" / "latchward").prepare()


@needs_root
def test_a_link_on_the_way_that_root_gave_away_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.chown(tmp_path / "link", 12345, -1, follow_symlinks=False)
    with pytest.raises(ProfileError, match=r"`.*/link`, above .*, belongs to uid 12345"):
        Profile.below(tmp_path / "link" / "latchward").prepare()


def test_a_link_of_our_own_on_the_way_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Profile.below(tmp_path / "link" / "latchward").prepare() == ()


def test_what_a_link_leads_to_is_checked_too(tmp_path: Path) -> None:
    (tmp_path / "open" / "real").mkdir(parents=True)
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path / "open" / "real")
    with pytest.raises(ProfileError, match=r"others may write in `.*/open`"):
        Profile.below(tmp_path / "link" / "latchward").prepare()


@pytest.mark.parametrize("target", ["elsewhere", "dangling"])
@pytest.mark.parametrize("name", ["policies", "run", "logs", "clients"])
def test_a_link_in_place_of_a_folder_is_refused_and_kept(tmp_path: Path, name: str, target: str) -> None:
    (tmp_path / "latchward").mkdir()
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "latchward" / name
    link.symlink_to(tmp_path / target)
    with pytest.raises(ProfileError, match=rf"`{link}` is a symbolic link; put the folder itself"):
        Profile.below(tmp_path / "latchward").prepare()
    assert link.is_symlink()
    assert not (tmp_path / "dangling").exists()


@pytest.mark.parametrize(
    "name", ["settings.json", "audit.db", "audit.db-shm", "gateway.lock", "policies/a.json"]
)
def test_a_link_in_place_of_a_file_is_refused_and_kept(profile: Profile, tmp_path: Path, name: str) -> None:
    (tmp_path / "theirs").write_bytes(b"theirs")
    link = profile.settings.parent / name
    link.symlink_to(tmp_path / "theirs")
    with pytest.raises(ProfileError, match=rf"`{link}` is a symbolic link; put the file itself"):
        profile.prepare()
    assert link.is_symlink()
    assert (tmp_path / "theirs").read_bytes() == b"theirs"


def test_a_file_in_place_of_a_folder_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "latchward").mkdir()
    (tmp_path / "latchward" / "policies").write_bytes(b"theirs")
    with pytest.raises(ProfileError, match=r"`.*/policies` is not a folder; move away what lies there"):
        Profile.below(tmp_path / "latchward").prepare()
    assert (tmp_path / "latchward" / "policies").read_bytes() == b"theirs"


def test_other_files_in_our_folder_are_left_as_they_are(profile: Profile) -> None:
    notes = profile.settings.parent / "notes.txt"
    notes.touch()
    notes.chmod(0o644)
    assert profile.prepare() == ()
    assert mode(notes) == 0o644
