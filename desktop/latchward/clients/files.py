"""A client's file: read as it is; replaced whole or not at all, and never over what another program wrote.

The file that is edited is the one behind all links; the links stay.
"""

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from latchward.model.errors import ClientFileError
from latchward.storage.files import reason, remove_leftovers

from . import replacing
from .folder import Folder, make_folders, remove_folders, shown
from .locks import Busy, Lease, locked
from .snapshot import MAX_FILE, Snapshot, behind, busy, pause, read

__all__ = ["MAX_FILE", "Snapshot", "Written", "read", "rewrite"]

ATTEMPTS: Final = 20
"""How often an edit is begun anew at least because another program writes the file."""
PATIENCE: Final = 3.0
"""Seconds for which it is at least, however quick the attempts were.

On a busy machine a program can stand that long between opening a file and closing it. So can a server that is
being started: until its program runs it holds what we had open, and to the kernel it writes our new file."""
GLIMPSE: Final = 0.05
"""Seconds after which a file that made no sense is read again: it may have been seen half-written.

Where the kernel says who has it open for writing, it is read again for as long as somebody has."""
SETTLE: Final = 0.3
"""Seconds after which a look shows whether another program wrote what it had read before our edit."""

_ADVICE: Final = {
    errno.ENOSPC: "free the disk",
    errno.EDQUOT: "free the disk",
    errno.EFBIG: "free the disk",
    errno.EROFS: "it lies on a disk that nothing can be written to",
    errno.EIO: "look at the disk",
    errno.ENAMETOOLONG: "shorten its name",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What was there, and what is there now; None: no file."""

    before: Snapshot
    after: bytes | None

    @property
    def nothing(self) -> bool:
        """Whether there was nothing to do."""
        return self.after == self.before.data or (self.after is None and not self.before.exists)


Change = Callable[[Snapshot], bytes | None]
Keep = Callable[[Snapshot, bytes], Callable[[], object] | None]


class _Refused(Exception):
    """The change does not fit the file, and nobody is writing it."""

    def __init__(self, error: ClientFileError) -> None:
        self.error = error


def rewrite(path: Path, change: Change, *, lock: Literal["", "directory"], keep: Keep) -> Written:
    """Replace the file by what `change` makes of it. None removes it, equal bytes leave it alone.

    `keep` is called with what is about to be replaced and by what, and must not return before that is
    durable; what it returns is called where nothing was replaced after all. Both are called again where
    another program wrote meanwhile; what `change` then refuses, or leaves as it is, counts as done if it was
    written once. `lock` is the client's own.

    A new file is 0600, in folders of 0700; any other keeps its mode, group and attributes. Raises
    `ClientFileError`, and what `change` and `keep` raise; then the file is as it was. Takes `SETTLE` seconds
    longer than the writing does.
    """
    done: Written | None = None
    attempts, until = 0, time.monotonic() + PATIENCE
    while attempts < ATTEMPTS or time.monotonic() < until:
        if attempts:
            pause()
        attempts += 1
        try:
            written = _attempt(path, change, lock, keep)
        except Busy:
            continue
        except _Refused as refused:
            if done is None:
                raise refused.error from None
            return done
        if written.nothing:
            return done or written
        done = written
        time.sleep(SETTLE)
        if _stands(done):
            return done
    raise busy(path)


def _attempt(path: Path, change: Change, lock: Literal["", "directory"], keep: Keep) -> Written:
    """Raises `Busy` and `_Refused` too."""
    real = behind(path)
    try:
        with _folder(real.parent) as folder, locked(*((path, real) if lock else ())) as locks:
            with contextlib.suppress(OSError):
                remove_leftovers(folder.path)
            before = read(path)
            if before.real != real:
                raise Busy
            written = Written(before, _changed(folder, before, change))
            if written.nothing:
                return written
            _check_may_write(before)

            with contextlib.ExitStack() as undo:

                def ready() -> None:
                    if written.after is not None and (withdraw := keep(before, written.after)):
                        undo.callback(withdraw)
                    for held in locks:
                        held.check()

                if written.after is None:
                    ready()
                    replacing.remove(folder, before)
                else:
                    replacing.replace(folder, before, written.after, ready)
                undo.pop_all()
            return written
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "give it and its folder back to you, and look for locks on it")
        raise ClientFileError(f"{shown(path)} cannot be written: {reason(error)}; {advice}") from error


def _changed(folder: Folder, before: Snapshot, change: Change) -> bytes | None:
    try:
        return change(before)
    except ClientFileError as error:
        refusal = _Refused(error)
    time.sleep(GLIMPSE)
    with replacing.original_of(folder, before) as original, Lease(original):
        if read(before.path).signature == before.signature:
            raise refusal
    raise Busy


def _stands(written: Written) -> bool:
    """Whether what was written still is there."""
    try:
        found = read(written.before.path)
    except ClientFileError:
        return False
    return found.data == written.after if found.exists else written.after is None


@contextmanager
def _folder(path: Path) -> Iterator[Folder]:
    """The folder of a file, made where it is missing; if nothing comes into it, it goes again."""
    above = next(folder for folder in (path, *path.parents) if os.path.lexists(folder))
    _check_folder(above)
    made = make_folders(path)
    try:
        with Folder(path) as folder:
            yield folder
    finally:
        remove_folders(made)


def _check_folder(folder: Path) -> None:
    mode = stat.S_IMODE(os.stat(folder).st_mode)
    if os.name == "posix" and mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise ClientFileError(
            f"anybody may write in {shown(folder)} (mode {mode:04o}); `chmod o-w {folder}`, then try again"
        )


def _check_may_write(before: Snapshot) -> None:
    if not before.exists:
        return
    _check_folder(before.path.absolute().parent)
    if not before.mode & stat.S_IWUSR:
        raise ClientFileError(
            f"{shown(before.path)} is read-only, so somebody protected it; "
            f"`chmod u+w {before.real}` if it may be changed"
        )
    if before.names > 1:
        raise ClientFileError(
            f"{shown(before.path)} is one of {before.names} names of one file, and the others would keep "
            "the old text; make it a file of its own"
        )
