"""Who a process is and who started it, from /proc. Nothing is known on other systems yet."""

import os
from typing import Final

from latchward.model.peer import Process, ProcessChain

LONGEST: Final = 16
"""Processes of one chain."""
ARGUMENT_BYTES: Final = 16 * 1024
"""Of one process's command line; the rest is cut."""


def chain(uid: int, pid: int) -> ProcessChain:
    """The chain that begins with `pid`. What cannot be read is left out, and ends it."""
    found: list[Process] = []
    while pid > 0 and len(found) < LONGEST:
        try:
            process, parent = _process(pid)
        except (OSError, ValueError, IndexError):
            break
        if found and process.started > found[-1].started:
            break  # a parent is older than its child: this is another process with its pid
        found.append(process)
        pid = parent
    return ProcessChain(uid, tuple(found))


def _process(pid: int) -> tuple[Process, int]:
    """The process and its parent's pid. Raises `OSError`, `ValueError` or `IndexError`."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read(4096).rpartition(b")")[2].split()  # a name may hold anything, a `)` too
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        words = file.read(ARGUMENT_BYTES).rstrip(b"\0").split(b"\0")
    arguments = tuple(os.fsdecode(word) for word in words)
    return Process(pid, int(fields[19]), _program(pid), arguments), int(fields[1])


def _program(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""
