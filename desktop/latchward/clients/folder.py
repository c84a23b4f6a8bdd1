"""A folder held open: what is done in it is done there, whatever happens to the names above it.

Names are plain names in the folder. Every method raises `OSError`.
"""

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from latchward.model.plain import one_line
from latchward.storage.files import sync_folder

_SHOWN: Final = 4096
"""Characters of a path in a sentence: all of them, whatever they are."""

_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK: Final = getattr(os, "O_NONBLOCK", 0)  # a fifo in a file's place must not hang us
_CLOEXEC: Final = getattr(os, "O_CLOEXEC", 0)
_BINARY: Final = getattr(os, "O_BINARY", 0)

_NOREPLACE: Final = 1
_EXCHANGE: Final = 2
_CANNOT: Final = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)
"""What a kernel or a file system says that does not know the flag."""


class Folder:
    """An open folder. Also a context manager, which closes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        if os.name == "posix":
            self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def create(self, name: str) -> int:
        """A descriptor for writing to a new file, 0600; the caller closes it."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _CLOEXEC | _BINARY
        return os.open(self._at(name), flags, 0o600, dir_fd=self._descriptor)

    def open(self, name: str) -> int:
        """A descriptor for reading a file, never through a link; the caller closes it."""
        flags = os.O_RDONLY | _NOFOLLOW | _NONBLOCK | _CLOEXEC | _BINARY
        return os.open(self._at(name), flags, dir_fd=self._descriptor)

    def look(self, name: str) -> os.stat_result | None:
        """What lies under the name; None where nothing does."""
        try:
            return os.stat(self._at(name), dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        os.unlink(self._at(name), dir_fd=self._descriptor)

    def replace(self, name: str, new: str) -> None:
        """Give a file the name `new`, whatever had it."""
        os.replace(self._at(name), self._at(new), src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def rename(self, name: str, new: str) -> None:
        """Give a file the name `new`, which must be free: `FileExistsError`."""
        if self._renamed(name, new, _NOREPLACE):
            return
        if self.look(new) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)
        os.rename(self._at(name), self._at(new), src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def exchange(self, name: str, other: str) -> bool:
        """Let two files change names in one step. False: this system cannot; nothing was done."""
        return self._renamed(name, other, _EXCHANGE)

    def sync(self) -> None:
        """Make the names durable. (Windows keeps its own journal of names.)"""
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def _at(self, name: str) -> str:
        return name if self._descriptor is not None else str(self.path / name)

    def _renamed(self, name: str, new: str, flag: int) -> bool:
        """`renameat2`; False where there is none, or none for this file system."""
        call = _renameat2()
        if call is None or self._descriptor is None:
            return False
        folder = self._descriptor
        if call(folder, os.fsencode(name), folder, os.fsencode(new), flag) == 0:
            return True
        number = ctypes.get_errno()
        if number in _CANNOT:
            return False
        raise OSError(number, os.strerror(number), name, None, new)


def shown(path: Path) -> str:
    """A path fit to stand in a sentence."""
    return f"`{one_line(str(path), _SHOWN)}`"


def make_folders(folder: Path) -> tuple[Path, ...]:
    """Make a folder and what is missing above it, 0700, durable. Returns what was made, inner ones first.

    Raises `OSError`; then nothing of it is left.
    """
    missing: list[Path] = []
    while not os.path.lexists(folder):
        missing.append(folder)
        folder = folder.parent
    made: list[Path] = []
    try:
        for path in reversed(missing):
            os.mkdir(path, 0o700)
            made.insert(0, path)
            os.chmod(path, 0o700)  # a umask can take the owner's own bits away
            sync_folder(path.parent)
    except OSError:
        remove_folders(made)
        raise
    return tuple(made)


def remove_folders(folders: tuple[Path, ...] | list[Path]) -> None:
    """Remove these folders, as far as nothing lies in them."""
    for path in folders:
        try:
            os.rmdir(path)
        except OSError:
            return


@cache
def _renameat2() -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    found: Callable[..., int] | None = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return found
