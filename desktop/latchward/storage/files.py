"""One way to write a file whole, one way to read a file that is ours."""

import os
import re
import secrets
import stat
from pathlib import Path
from typing import Final

from latchward.model.errors import ProfileError

MAX_FILE: Final = 4 * 1024 * 1024
"""Bytes that `read_owned` reads at most where the caller names no limit."""

_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK: Final = getattr(os, "O_NONBLOCK", 0)  # a fifo in a file's place must not hang us
_CLOEXEC: Final = getattr(os, "O_CLOEXEC", 0)
_BINARY: Final = getattr(os, "O_BINARY", 0)
_LINK: Final = "`{}` is a symbolic link; put the file itself in its place"
_LEFTOVER: Final = re.compile(r"\..+\.(\d+)-[0-9a-f]{12}\.latchward-tmp")


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the file at `path` with `data`, whole and durable, or leave it as it was.

    The new file is 0600 from the call that makes it, whatever the umask. Raises
    `ProfileError`; nothing half-written is left at `path` or beside it.
    """
    if path.is_symlink():
        raise ProfileError(_LINK.format(path))
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(6)}.latchward-tmp")
    try:
        _write_new(temporary, data)
        try:
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise ProfileError(
            f"`{path}` cannot be written: {reason(error)}; free the disk, or give the folder back to you"
        ) from error


def read_owned(path: Path, *, limit: int = MAX_FILE) -> bytes:
    """The bytes of a regular file that belongs to us.

    Raises `FileNotFoundError` where there is none, and `ProfileError` for a
    symbolic link, a foreign file, anything that is no file, more than `limit`
    bytes, or a file that cannot be read.
    """
    descriptor = open_owned(path)
    try:
        return read_descriptor(descriptor, path, limit)
    finally:
        os.close(descriptor)


def open_owned(path: Path) -> int:
    """A read-only descriptor of a file that `read_owned` would accept; the caller closes it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _NOFOLLOW | _NONBLOCK | _CLOEXEC | _BINARY)
    except FileNotFoundError:
        if path.is_symlink():  # Windows has no O_NOFOLLOW: a dangling link is not "no file"
            raise ProfileError(_LINK.format(path)) from None
        raise
    except OSError as error:
        if path.is_symlink():
            raise ProfileError(_LINK.format(path)) from None
        raise ProfileError(f"`{path}` cannot be read: {reason(error)}; make it readable to you") from error
    try:
        check_ours(path, os.fstat(descriptor))
    except ProfileError:
        os.close(descriptor)
        raise
    return descriptor


def read_descriptor(descriptor: int, path: Path, limit: int) -> bytes:
    """All bytes behind an open descriptor. Raises `ProfileError` past `limit` bytes."""
    parts: list[bytes] = []
    room = limit + 1
    try:
        while room > 0 and (part := os.read(descriptor, room)):
            parts.append(part)
            room -= len(part)
    except OSError as error:
        raise ProfileError(f"`{path}` cannot be read: {reason(error)}; look at the disk") from error
    if room <= 0:
        raise ProfileError(f"`{path}` is larger than {limit} bytes; make it smaller")
    return b"".join(parts)


def check_ours(path: Path, found: os.stat_result) -> None:
    """Raise `ProfileError` unless `found` is a regular file of ours."""
    if not stat.S_ISREG(found.st_mode):
        raise ProfileError(f"`{path}` is not a regular file; move away what lies there")
    if os.name == "posix" and found.st_uid != os.geteuid():
        raise ProfileError(
            f"`{path}` belongs to uid {found.st_uid}; look at it, then `chown {os.geteuid()} {path}`"
        )


def create_private(path: Path) -> int:
    """Open `path` for reading and writing, made 0600 if new, never through a link; the caller closes it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NOFOLLOW | _NONBLOCK | _CLOEXEC | _BINARY, 0o600)
    except OSError:
        if path.is_symlink():
            raise ProfileError(_LINK.format(path)) from None
        raise
    try:
        check_ours(path, os.fstat(descriptor))
    except ProfileError:
        os.close(descriptor)
        raise
    return descriptor


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. (Windows keeps its own journal of names.)"""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that writers of ours left in `folder` when they were killed."""
    for entry in os.scandir(folder):
        match = _LEFTOVER.fullmatch(entry.name)
        if match and entry.is_file(follow_symlinks=False) and not _runs(int(match[1])):
            os.unlink(entry.path)


def reason(error: OSError) -> str:
    """The system's words for an error, as they fit into one of our sentences."""
    return (error.strerror or str(error)).lower()


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _CLOEXEC | _BINARY, 0o600)
    try:
        if os.name == "posix":
            os.fchmod(descriptor, 0o600)  # a umask can take the owner's own bits away
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    except BaseException:
        os.close(descriptor)
        os.unlink(path)
        raise
    os.close(descriptor)


def _runs(pid: int) -> bool:
    if os.name != "posix":
        return True  # there `kill` with signal 0 would end the process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
