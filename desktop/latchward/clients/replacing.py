"""One file of an open folder replaced by new bytes, in one step, and only while it is what was read.

On Linux there is no gap between the last look and the replacing: the new file and the old one change
names, and what came out is compared with what was read. If it is another, they change back. A program that
has the file open for writing, or comes to write while this goes on, is known by the kernel's lease. Elsewhere
the last look comes immediately before.

Everything here raises `Busy` where another program wrote meanwhile, and `OSError`; then the file is as it
was, and no file of ours is left.
"""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from .folder import Folder
from .locks import Busy, Lease
from .snapshot import Snapshot, all_bytes, signature

_ACL: Final = "system.posix_acl_access"
_OF_THE_PERSON: Final = ("user.", _ACL)
"""Extended attributes that must be kept; the others are the system's, which gives them anew."""
_ROUNDS: Final = 20
"""How often what another program wrote is put back after an exchange that met it."""


def replace(folder: Folder, before: Snapshot, after: bytes, ready: Callable[[], None]) -> None:
    """Let the file hold `after`. `ready` is called when all is written and nothing counts yet; may raise."""
    name = _temporary()
    with original_of(folder, before) as original:
        ours = _write(folder, name, after, before.mode, original)
        try:
            ready()
            if original is None and not before.exists:
                _begin(folder, name, before, ours)
            else:
                _exchange(folder, name, before, ours, original)
        finally:
            if _inode(folder, name) == ours:
                folder.remove(name)


def remove(folder: Folder, before: Snapshot) -> None:
    """Remove the file."""
    name, temporary = before.real.name, _temporary()
    with original_of(folder, before) as original, Lease(original) as lease:
        _check(folder, name, before)
        folder.rename(name, temporary)
        try:
            _check(folder, temporary, before, moved=True)
            folder.sync()
            if lease.awaited():
                raise Busy
            _check(folder, temporary, before, moved=True)
        except BaseException:
            try:
                folder.rename(temporary, name)
            except FileExistsError:  # somebody began a new file: that one counts
                folder.remove(temporary)
            raise
    folder.remove(temporary)


def _temporary() -> str:
    """A name that `storage.files.remove_leftovers` knows, and that fits where a file's own name is long."""
    return f".latchward.{os.getpid()}-{secrets.token_hex(6)}.latchward-tmp"


@contextmanager
def original_of(folder: Folder, before: Snapshot) -> Iterator[int | None]:
    """The file that is to be replaced, held open; None where there is none, or where that would bar us."""
    if not before.exists or os.name != "posix":
        yield None
        return
    try:
        descriptor = folder.open(before.real.name)
    except FileNotFoundError:
        raise Busy from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write(folder: Folder, name: str, data: bytes, mode: int, original: int | None) -> int:
    """A new file, durable, with everything of the original but its bytes. Returns its inode."""
    descriptor = folder.create(name)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        if os.name == "posix":
            if original is not None:
                _dress(descriptor, original)
            os.fchmod(descriptor, mode)
        os.fsync(descriptor)
        return os.fstat(descriptor).st_ino
    except BaseException:
        folder.remove(name)
        raise
    finally:
        os.close(descriptor)


def _dress(descriptor: int, original: int) -> None:
    """Give a new file the group and the attributes of the original."""
    group = os.fstat(original).st_gid
    if os.fstat(descriptor).st_gid != group:
        os.fchown(descriptor, -1, group)
    if not hasattr(os, "listxattr"):
        return
    try:
        wanted, given = os.listxattr(original), os.listxattr(descriptor)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return
        raise
    if _ACL in given and _ACL not in wanted:  # inherited from the folder, it would open the file to others
        os.removexattr(descriptor, _ACL)
    for name in wanted:
        try:
            os.setxattr(descriptor, name, os.getxattr(original, name))
        except OSError:
            if name.startswith(_OF_THE_PERSON):
                raise


def _begin(folder: Folder, temporary: str, before: Snapshot, ours: int) -> None:
    """Give a file its name where no file is."""
    name = before.real.name
    try:
        folder.rename(temporary, name)
    except FileExistsError:
        raise Busy from None
    try:
        folder.sync()
    except OSError:
        if _inode(folder, name) == ours:
            folder.remove(name)
        raise


def _exchange(folder: Folder, temporary: str, before: Snapshot, ours: int, original: int | None) -> None:
    name = before.real.name
    with Lease(original) as lease:
        _check(folder, name, before)
        if not folder.exchange(temporary, name):
            folder.replace(temporary, name)
            folder.sync()
            return
        try:
            _check(folder, temporary, before, moved=True)
            folder.sync()
            if lease.awaited():
                raise Busy
            _check(folder, temporary, before, moved=True)
        except BaseException:
            _take_back(folder, temporary, name, ours)
            raise
    folder.remove(temporary)


def _take_back(folder: Folder, temporary: str, name: str, ours: int) -> None:
    """Undo an exchange. What another program put into our place meanwhile is the newest, and stays."""
    put, expected = _inode(folder, temporary), ours
    for _ in range(_ROUNDS):
        try:
            folder.exchange(temporary, name)
        except FileNotFoundError:  # somebody removed ours
            folder.rename(temporary, name)
            return
        came = _inode(folder, temporary)
        if came == expected:
            folder.remove(temporary)
            break
        put, expected = came, put
    with contextlib.suppress(OSError):
        folder.sync()


def _check(folder: Folder, name: str, before: Snapshot, *, moved: bool = False) -> None:
    """Raise `Busy` unless the file of this name is what was read. To be `moved` changes the entry alone."""
    try:
        descriptor = folder.open(name)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            raise Busy from None
        raise
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or before.signature is None:
            raise Busy
        fields = 4 if moved else 5
        if signature(found)[:fields] != before.signature[:fields]:
            raise Busy
        if all_bytes(descriptor, len(before.data) + 1) != before.data:
            raise Busy
    finally:
        os.close(descriptor)


def _inode(folder: Folder, name: str) -> int:
    """0 where there is no such file."""
    found = folder.look(name)
    return found.st_ino if found is not None else 0
