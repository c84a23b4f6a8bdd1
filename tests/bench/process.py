"""What /proc says of a process and all that it started; nothing where there is no /proc.

The fixture server does not count: it is the same on every way.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

FIXTURE: Final = b"tests/bench/echo.py"
LEADING: Final = 4
"""So many of a process's arguments say what it is; a gateway may have the fixture's command further on."""


def memory(roots: Iterable[int]) -> dict[str, int | None]:
    """Bytes: `rss` of these processes alone; `pss`, shared pages shared out, also of all they started."""
    roots = list(roots)
    return {
        "rss": _sum(_kib(pid, "status", "VmRSS:") for pid in roots),
        "pss": _sum(_kib(pid, "smaps_rollup", "Pss:") for pid in tree(roots)),
    }


def cpu_seconds(pids: Iterable[int]) -> float | None:
    """What these processes have used of the processors so far."""
    ticks = _sum(_ticks(pid) for pid in pids)
    return None if ticks is None else ticks / os.sysconf("SC_CLK_TCK")


def tree(roots: Iterable[int]) -> list[int]:
    """These processes and all below them, without the fixture servers."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        if fields := _stat(int(entry.name)):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = list(roots)
    for pid in found:  # which grows meanwhile
        found += [child for child in children.get(pid, ()) if not _is_fixture(child)]
    return found


def _is_fixture(pid: int) -> bool:
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(FIXTURE in argument for argument in arguments[:LEADING])


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name: state, parent, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def _ticks(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12]) if fields else None


def _kib(pid: int, file: str, name: str) -> int | None:
    try:
        text = Path(f"/proc/{pid}/{file}").read_text(encoding="ascii")
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return None


def _sum(values: Iterable[int | None]) -> int | None:
    """Nothing where one of them is not known, or there are none."""
    found = list(values)
    known = [value for value in found if value is not None]
    return sum(known) if known and len(known) == len(found) else None
