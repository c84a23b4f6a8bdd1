"""Faults that the kernel itself makes: system calls that fail, and disks of a size."""

import ctypes
import os
import pickle
import platform
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

_ARM: Final = platform.machine() == "aarch64"
_ARCH: Final = 0xC00000B7 if _ARM else 0xC000003E
CALLS: Final = {
    "write": 64 if _ARM else 1,
    "fcntl": 25 if _ARM else 72,
    "fsync": 82 if _ARM else 74,
    "fchmod": 52 if _ARM else 91,
    "renameat2": 276 if _ARM else 316,
}
_NO_NEW_PRIVS: Final = 38
_SECCOMP: Final = 22
_FILTER: Final = 2
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000


def fail(call: str, number: int) -> None:
    """From here on the kernel answers this call of ours with an error, and for good: work for `in_child`."""
    steps = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_EQUAL, 0, 2, _ARCH),
        (_LOAD, 0, 0, 0),  # the number of the call
        (_EQUAL, 1, 0, CALLS[call]),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | number),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    none = ctypes.c_ulong(0)
    if libc.prctl(_NO_NEW_PRIVS, ctypes.c_ulong(1), none, none, none) or libc.prctl(
        _SECCOMP, ctypes.c_ulong(_FILTER), program, none, none
    ):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter")


def in_child(work: Callable[[], Any]) -> Any:
    """What `work` returns or raises, done in a process of its own."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        pid = os.fork()
        if not pid:
            try:
                said: tuple[bool, Any] = (True, work())
            except BaseException as error:
                said = (False, error)
            try:
                theirs.sendall(pickle.dumps(said))
            finally:
                os._exit(0)
        theirs.close()
        with ours.makefile("rb") as answer:
            data = answer.read()
        os.waitpid(pid, 0)
    good, value = pickle.loads(data)
    if not good:
        raise value
    return value


@contextmanager
def disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of this size on a folder, for root alone."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this container lets not even root mount a disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
