"""Where the files of one person are, and whether that place is safe.

A profile is six places. By default they are the system's (`platformdirs`);
`LATCHWARD_HOME` moves all of them below one folder, for a second profile, a
portable one, or a test.

What others can write is no place for rules. At start every folder above ours
must belong to us or to root and be closed to others (or sticky, as /tmp is);
our own folders and files must belong to us and be no links. What is merely
open wider than we would have made it is narrowed, and told.
"""

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import platformdirs

from latchward.model.errors import ProfileError

from .files import check_ours, reason, remove_leftovers

HOME_VARIABLE: Final = "LATCHWARD_HOME"
POLICY_SUFFIXES: Final = (".json", ".yaml", ".yml")

_POSIX: Final = os.name == "posix"
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Profile:
    """The places of one person's Latchward. All paths are absolute; nothing need exist before `prepare`.

    `settings`, `audit_db`, `lock` and `write_lock` are files, the rest folders.
    """

    settings: Path
    policies: Path
    accepted: Path
    clients: Path
    audit_db: Path
    lock: Path
    write_lock: Path
    logs: Path
    runtime: Path

    @classmethod
    def home(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """The profile that the environment names. Raises `ProfileError` where there is no home."""
        named = environ.get(HOME_VARIABLE, "")
        if named:
            return cls.below(_named_home(named))
        _check_home(environ)
        dirs = platformdirs.PlatformDirs("latchward", appauthor=False)
        config, state = Path(dirs.user_config_dir), Path(dirs.user_state_dir)
        profile = cls(
            settings=config / "settings.json",
            policies=config / "policies",
            accepted=state / "accepted",
            clients=state / "clients",
            audit_db=Path(dirs.user_data_dir) / "audit.db",
            lock=state / "gateway.lock",
            write_lock=state / "write.lock",
            logs=Path(dirs.user_log_dir),
            runtime=_runtime(dirs, state, environ),
        )
        for folder in profile.folders():
            if not folder.is_absolute():
                raise ProfileError(f"`{folder}` is no absolute path; correct the XDG variable that names it")
        return profile

    @classmethod
    def below(cls, folder: Path) -> Self:
        """The profile whose every file lies below one folder."""
        return cls(
            settings=folder / "settings.json",
            policies=folder / "policies",
            accepted=folder / "accepted",
            clients=folder / "clients",
            audit_db=folder / "audit.db",
            lock=folder / "gateway.lock",
            write_lock=folder / "write.lock",
            logs=folder / "logs",
            runtime=folder / "run",
        )

    def folders(self) -> tuple[Path, ...]:
        """Every folder of ours, outer ones first, each once."""
        all_of_them = (
            self.settings.parent,
            self.audit_db.parent,
            self.lock.parent,
            self.policies,
            self.accepted,
            self.clients,
            self.logs,
            self.runtime,
        )
        return tuple(sorted(dict.fromkeys(all_of_them), key=lambda folder: len(folder.parts)))

    def prepare(self) -> tuple[str, ...]:
        """Make what is missing, check what is there, narrow what is open.

        Returns a sentence for each repair. Raises `ProfileError`, naming the
        path and the fix, where the place is not safe; then nothing was changed
        beyond the repairs made so far, and nothing was removed.
        """
        told: list[str] = []
        for folder in self.folders():
            try:
                told += _prepare_folder(folder, strict=folder == self.runtime)
            except OSError as error:
                raise ProfileError(
                    f"`{folder}` cannot be used: {reason(error)}; "
                    f"make it a folder of yours, or set `{HOME_VARIABLE}` to another place"
                ) from error
        for path in self._files():
            told += _narrow_file(path)
        for folder in dict.fromkeys((self.settings.parent, self.policies)):
            remove_leftovers(folder)
        return tuple(told)

    def _files(self) -> Iterator[Path]:
        """The files of ours that exist, or lie in their place."""
        database = self.audit_db
        sides = (database.with_name(database.name + end) for end in ("-wal", "-shm"))
        for path in (self.settings, database, *sides, self.lock, self.write_lock):
            if os.path.lexists(path):
                yield path
        for path in sorted(self.policies.iterdir()):
            if path.suffix in POLICY_SUFFIXES and not path.name.startswith("."):
                yield path
        yield from sorted(self.logs.glob("*.log*"))


def _named_home(named: str) -> Path:
    folder = Path(named)
    if not folder.is_absolute():
        raise ProfileError(f"{HOME_VARIABLE} is `{named}`: give the folder as an absolute path")
    folder = Path(os.path.normpath(folder))
    if folder == Path(folder.anchor) or folder == Path(os.path.expanduser("~")):
        raise ProfileError(f"{HOME_VARIABLE} is `{named}`: name a folder that is Latchward's alone, below it")
    return folder


def _runtime(dirs: platformdirs.PlatformDirs, state: Path, environ: Mapping[str, str]) -> Path:
    """The folder for sockets: that of the login session, else one beside our state, never one in /tmp."""
    if sys.platform in ("win32", "darwin"):
        return Path(dirs.user_runtime_dir)
    named = environ.get("XDG_RUNTIME_DIR", "")
    for folder in (named, f"/run/user/{os.geteuid()}"):
        if os.path.isabs(folder) and os.path.isdir(folder):
            return Path(folder, "latchward")
    return state / "run"


def _check_home(environ: Mapping[str, str]) -> None:
    home = environ.get("HOME" if _POSIX else "USERPROFILE", "")
    if not home or not os.path.isabs(home) or not os.path.isdir(home):
        found = f"`{home}`, which is no folder" if home else "not set"
        raise ProfileError(
            f"there is no home folder (HOME is {found}); set HOME, or {HOME_VARIABLE} to a folder of yours"
        )


def _prepare_folder(folder: Path, *, strict: bool) -> list[str]:
    """Make or check one folder of ours. `strict`: where others could write, refuse, do not repair."""
    if not _POSIX:
        folder.mkdir(parents=True, exist_ok=True)
        return []
    _check_above(folder)
    _make(folder)
    found = os.lstat(folder)
    if stat.S_ISLNK(found.st_mode):
        raise ProfileError(f"`{folder}` is a symbolic link; put the folder itself in its place")
    if not stat.S_ISDIR(found.st_mode):
        raise ProfileError(f"`{folder}` is not a folder; move away what lies there")
    _check_owner(folder, found)
    mode = stat.S_IMODE(found.st_mode)
    if mode & stat.S_ISVTX:
        raise ProfileError(f"`{folder}` is shared by many; name a folder that is Latchward's alone, below it")
    if not mode & _OTHERS:
        return []
    if strict and mode & _OTHERS_WRITE:
        raise ProfileError(
            f"others may write in `{folder}` (mode {mode:04o}); "
            f"look at what lies in it, then `chmod 700 {folder}`"
        )
    os.chmod(folder, 0o700)
    return [f"`{folder}` was open to others (mode {mode:04o}); it is 0700 now{_look(mode)}"]


def _make(folder: Path) -> None:
    missing = [folder]
    while not os.path.lexists(missing[-1].parent):
        missing.append(missing[-1].parent)
    for path in reversed(missing):
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            continue
        os.chmod(path, 0o700)  # a umask can take the owner's own bits away


def _check_above(folder: Path) -> None:
    """Refuse a folder above which somebody else could swap it, on the path as written and as it resolves."""
    real = Path(os.path.realpath(folder.parent))
    for above in dict.fromkeys((*folder.parents, real, *real.parents)):
        try:
            found = os.lstat(above)
        except FileNotFoundError:
            continue
        if found.st_uid not in (0, os.geteuid()):
            raise ProfileError(
                f"`{above}`, above `{folder}`, belongs to uid {found.st_uid}; "
                f"set {HOME_VARIABLE} to a folder of yours"
            )
        if stat.S_ISLNK(found.st_mode):
            continue
        mode = stat.S_IMODE(found.st_mode)
        if mode & _OTHERS_WRITE and not mode & stat.S_ISVTX and not _own_group_only(found):
            raise ProfileError(
                f"others may write in `{above}`, above `{folder}` (mode {mode:04o}); `chmod go-w {above}`"
            )


def _own_group_only(found: os.stat_result) -> bool:
    """Whether only the group may write, and it is the private one that many systems give each user."""
    import grp
    import pwd

    if found.st_mode & stat.S_IWOTH or found.st_uid != os.geteuid():
        return False
    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(found.st_gid)
    except KeyError:
        return False
    return group.gr_name == user.pw_name and not set(group.gr_mem) - {user.pw_name}


def _check_owner(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise ProfileError(
            f"`{path}` belongs to uid {found.st_uid}, not to you; "
            f"look at what lies in it, then `chown {os.geteuid()} {path}` or move it away"
        )


def _narrow_file(path: Path) -> list[str]:
    """Check one file of ours and close it to others. The folder is ours and closed already: no race."""
    if not _POSIX:
        return []
    found = os.lstat(path)
    if stat.S_ISLNK(found.st_mode):
        raise ProfileError(f"`{path}` is a symbolic link; put the file itself in its place")
    check_ours(path, found)
    mode = stat.S_IMODE(found.st_mode)
    if not mode & _OTHERS:
        return []
    try:
        os.chmod(path, 0o600)
    except OSError as error:
        raise ProfileError(
            f"`{path}` is open to others (mode {mode:04o}) and stays so: {reason(error)}; `chmod 600 {path}`"
        ) from error
    return [f"`{path}` was open to others (mode {mode:04o}); it is 0600 now{_look(mode)}"]


def _look(mode: int) -> str:
    return ". Others could write there: look through what it holds" if mode & _OTHERS_WRITE else ""
