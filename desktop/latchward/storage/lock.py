"""One gateway a profile; one writer at a time.

The locks are the system's (`flock`; on Windows a locked byte), so that they
end with the process, however it ends. The lock files stay: a file that
is removed and made anew would be two locks.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from latchward.model.errors import AlreadyRuns, ProfileError

from .files import create_private, reason
from .paths import Profile

WRITE_WAIT: Final = 5.0
"""Seconds that a short write waits for another one."""
_RETRY: Final = 0.02

if sys.platform == "win32":
    import msvcrt

    _FAR: Final = 1 << 30  # a byte that holds no text: the pid before it stays readable

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class GatewayLock:
    """Held by the one gateway of a profile for as long as it runs. Also a context manager."""

    def __init__(self, profile: Profile) -> None:
        self._path = profile.lock
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock and write our pid into it. Raises `AlreadyRuns` where another gateway has it."""
        if self._descriptor is not None:
            return
        descriptor = _open_locked(self._path)
        if descriptor is None:
            raise AlreadyRuns(_pid_in(self._path))
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go. The file stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def intact(self) -> bool:
        """Whether we hold the lock that the next gateway would meet (someone may have removed the file)."""
        return self._descriptor is not None and _is_at(self._descriptor, self._path)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


@contextmanager
def write_lock(profile: Profile) -> Iterator[None]:
    """Hold the profile's lock for a read, an edit and a write.

    Waits up to `WRITE_WAIT` seconds, then raises `ProfileError`.
    """
    until = time.monotonic() + WRITE_WAIT
    while (descriptor := _open_locked(profile.write_lock)) is None:
        if time.monotonic() >= until:
            raise ProfileError("another `latchward` is writing to this profile; try again when it has ended")
        time.sleep(_RETRY)
    try:
        yield
    finally:
        os.close(descriptor)


def _open_locked(path: Path) -> int | None:
    """A descriptor that holds the lock at `path`, or None where somebody else holds it."""
    while True:
        try:
            descriptor = create_private(path)
        except OSError as error:
            sentence = f"`{path}` cannot be locked: {reason(error)}; make it a file of yours"
            raise ProfileError(sentence) from error
        try:
            locked = _try_lock(descriptor)
            if locked and _is_at(descriptor, path):
                return descriptor
        except OSError as error:
            os.close(descriptor)
            raise ProfileError(
                f"`{path}` cannot be locked: {reason(error)}; keep the profile on a disk that knows locks"
            ) from error
        os.close(descriptor)
        if not locked:
            return None
        # The file was replaced between opening and locking: lock the one that is there now.


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False


def _pid_in(path: Path) -> int:
    try:
        text = path.read_bytes()[:20].decode("ascii", "replace").strip()
    except OSError:
        text = ""
    return int(text) if text.isdigit() else 0
