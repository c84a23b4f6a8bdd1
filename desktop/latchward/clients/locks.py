"""What keeps other programs from a file while it is replaced: the client's own lock, and the kernel's."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from latchward.model.errors import ClientFileError
from latchward.storage.files import reason

from .folder import shown

STALE: Final = 10.0
"""Seconds without a sign of life after which a lock counts as left behind."""
REFRESH: Final = 2.5
"""Seconds between our own signs of life."""
WAIT: Final = 15.0
"""Seconds that we wait for a lock: long enough for a dead one to grow stale."""
RETRY: Final = 0.05

if sys.platform == "linux":
    import fcntl

_Identity = tuple[int, int, int]
"""Device, inode and the last sign of life: the number of an inode is given anew at once."""


class Busy(Exception):
    """Another program wrote the file meanwhile, or writes it: begin anew."""


class FolderLock:
    """`<file>.lock`, a folder, as `proper-lockfile` of npm makes it: held for as long as the folder is fresh.

    A context manager. Raises `ClientFileError` where another program holds it for too long, and `OSError`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ours: _Identity | None = None
        self._looking = threading.Lock()
        self._over = threading.Event()
        self._refresher = threading.Thread(target=self._refresh, name="client file lock", daemon=True)

    def __enter__(self) -> Self:
        until = time.monotonic() + WAIT
        while not self._made():
            if time.monotonic() > until:
                raise ClientFileError(
                    f"{shown(self.path)} says that another program is writing the file; "
                    "close that program and try again"
                )
            time.sleep(RETRY)
        self._refresher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._refresher.join()
        if self._held():
            with contextlib.suppress(OSError):  # it grows stale by itself
                os.rmdir(self.path)

    def check(self) -> None:
        """Raise `Busy` where somebody took it over, as is done with what looks dead."""
        if not self._held():
            raise Busy

    def _held(self) -> bool:
        with self._looking:
            return self._ours is not None and _identity(self.path) == self._ours

    def _made(self) -> bool:
        try:
            os.mkdir(self.path, 0o700)
        except FileExistsError:
            return self._removed_stale() and self._made()
        self._ours = _identity(self.path)
        return self._ours is not None

    def _removed_stale(self) -> bool:
        """Whether the lock was without a sign of life, and is gone."""
        try:
            found = os.lstat(self.path)
            if time.time() - found.st_mtime <= STALE or _identity(self.path) != _identity_of(found):
                return False
            os.rmdir(self.path)
            return True
        except FileNotFoundError:
            return False
        except OSError as error:
            raise ClientFileError(
                f"{shown(self.path)} is no lock that can be removed: {reason(error)}; look at what lies there"
            ) from error

    def _refresh(self) -> None:
        while not self._over.wait(REFRESH):
            with self._looking, contextlib.suppress(OSError):
                if _identity(self.path) == self._ours:
                    os.utime(self.path)
                    self._ours = _identity(self.path)


class Lease:
    """The kernel's word on who else writes a file: Linux tells, elsewhere nothing is known.

    While it is held, a program that opens the file for writing waits. A context manager around an open
    descriptor, or around None, of which nothing is known. Raises `Busy` where a program has the file open for
    writing already.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._held = False

    def __enter__(self) -> Self:
        if sys.platform == "linux" and self._descriptor is not None:
            try:
                # The kernel tells of a waiting writer with a signal; SIGIO would end us, SIGURG is ignored.
                fcntl.fcntl(self._descriptor, fcntl.F_SETSIG, signal.SIGURG)
                fcntl.fcntl(self._descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            except BlockingIOError:
                raise Busy from None
            except OSError:
                return self  # the file system knows no leases
            self._held = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if sys.platform == "linux" and self._held and self._descriptor is not None:
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)

    def awaited(self) -> bool:
        """Whether a program waits to write."""
        if sys.platform == "linux" and self._held and self._descriptor is not None:
            return fcntl.fcntl(self._descriptor, fcntl.F_GETLEASE) != fcntl.F_RDLCK
        return False


@contextmanager
def locked(*files: Path) -> Iterator[tuple[FolderLock, ...]]:
    """The client's lock of each of these files, in this order. Raises `ClientFileError` and `OSError`."""
    with contextlib.ExitStack() as stack:
        yield tuple(
            stack.enter_context(FolderLock(file.with_name(f"{file.name}.lock")))
            for file in dict.fromkeys(files)
        )


def _identity(path: Path) -> _Identity | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return _identity_of(found)


def _identity_of(found: os.stat_result) -> _Identity:
    return found.st_dev, found.st_ino, found.st_mtime_ns
