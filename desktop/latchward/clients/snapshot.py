"""A client's file as it was at one moment, and the rules for which file that is."""

import os
import random
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from latchward.model.errors import ClientFileError
from latchward.storage.files import reason

from .folder import shown

MAX_FILE: Final = 32 * 1024 * 1024
"""Bytes of the largest file that is read."""
MAX_LINKS: Final = 40
"""Links that lead to one file; the kernel follows no more."""
LOOKS: Final = 20
"""How often a file is read anew that was written while it was read."""
PAUSE: Final = (0.005, 0.06)
"""Seconds before another try, drawn anew each time: who writes in a beat is not met each time."""
NEW_MODE: Final = 0o600

_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a fifo in a file's place must not hang us
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)

Signature = tuple[int, int, int, int, int]
"""Device, inode, size, and when the bytes and the entry changed last (ns)."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file at one moment. `path` is its name, `real` the file behind all links, `names` how many it has.

    `exists` is False where there is no file yet; then `data` is empty and `signature` None.
    """

    path: Path
    real: Path
    data: bytes
    exists: bool
    mode: int = NEW_MODE
    names: int = 1
    signature: Signature | None = None


def read(path: Path) -> Snapshot:
    """The file as it is.

    Raises `ClientFileError` for a link that leads nowhere, for what is no file or belongs to somebody else,
    for more than `MAX_FILE` bytes, and for what cannot be read.
    """
    real = behind(path)
    try:
        for _ in range(LOOKS):
            if (found := _read(path, real)) is not None:
                return found
            pause()
    except OSError as error:
        raise ClientFileError(
            f"{shown(path)} cannot be read: {reason(error)}; make it readable to you"
        ) from error
    raise busy(path)


def behind(path: Path) -> Path:
    """The file that a name leads to. Raises `ClientFileError` for what `read` refuses."""
    try:
        return _behind(path)
    except ValueError:
        raise ClientFileError(f"{shown(path)} is no path that this system knows; correct it") from None
    except OSError as error:
        raise ClientFileError(
            f"{shown(path)} cannot be looked at: {reason(error)}; make its folder readable"
        ) from error


def busy(path: Path) -> ClientFileError:
    """The sentence for a file that does not hold still."""
    return ClientFileError(f"{shown(path)} is being written by another program; close it and try again")


def pause() -> None:
    """Wait before another try."""
    time.sleep(random.uniform(*PAUSE))  # noqa: S311 - nothing is secret in a pause


def signature(found: os.stat_result) -> Signature:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def all_bytes(descriptor: int, limit: int) -> bytes:
    """What an open file holds, at most `limit` bytes of it."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
        parts: list[bytes] = []
        room = limit
        while room > 0 and (part := file.read(min(room, 1 << 24))):
            parts.append(part)
            room -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _read(path: Path, real: Path) -> Snapshot | None:
    """None: it was written meanwhile."""
    try:
        descriptor = os.open(real, _FLAGS)
    except FileNotFoundError:
        return Snapshot(path, real, b"", exists=False)
    try:
        found = os.fstat(descriptor)
        _check(path, real, found)
        data = all_bytes(descriptor, MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise ClientFileError(f"{shown(path)} is larger than {MAX_FILE >> 20} MiB; make it smaller")
        if signature(os.fstat(descriptor)) != signature(found):
            return None
    finally:
        os.close(descriptor)
    mode = stat.S_IMODE(found.st_mode)
    return Snapshot(path, real, data, True, mode, found.st_nlink, signature(found))


def _behind(path: Path) -> Path:
    here = path.absolute()
    _check_way(here)
    for hop in range(MAX_LINKS):
        here = Path(os.path.realpath(here.parent)) / here.name
        try:
            found = os.lstat(here)
        except FileNotFoundError:
            if not hop:
                return here
            raise ClientFileError(
                f"{shown(path)} is a link to {shown(here)}, which does not exist; "
                "remove the link, or make the file"
            ) from None
        if not stat.S_ISLNK(found.st_mode):
            _check(path, here, found)
            return here
        if os.name == "posix" and found.st_uid not in (0, os.geteuid()):
            raise ClientFileError(
                f"{shown(here)} is a link that belongs to uid {found.st_uid}; "
                "put a file of your own in its place"
            )
        here = here.parent / os.readlink(here)
    raise ClientFileError(f"{shown(path)} is a link that leads to itself; put the file itself in its place")


def _check_way(path: Path) -> None:
    """A folder that is a link to nothing is no missing folder: what it should lead to may come back."""
    for above in path.parents:
        if os.path.lexists(above):
            if not os.path.exists(above):
                raise ClientFileError(
                    f"{shown(above)} is a link that leads nowhere; remove the link, or make what it leads to"
                )
            return


def _check(path: Path, real: Path, found: os.stat_result) -> None:
    what = shown(path) if real == path.absolute() else f"{shown(path)} leads to {shown(real)}, which"
    if not stat.S_ISREG(found.st_mode):
        raise ClientFileError(f"{what} is not a regular file; move away what lies there")
    if os.name == "posix" and found.st_uid != os.geteuid():
        raise ClientFileError(
            f"{what} belongs to uid {found.st_uid}; look at it, then `chown {os.geteuid()} {real}`"
        )
