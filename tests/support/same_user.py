"""A program of the same user that tries to answer for the person; run as `python same_user.py ACTION PID...`.

Standard library and x86-64 or arm64 Linux alone. Prints one JSON object: what was tried, and whether it was
`refused`, or what came of it.
"""

import ctypes
import json
import os
import platform
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

FDS = range(40)
PTRACE_ATTACH, PTRACE_DETACH, PTRACE_SEIZE = 16, 17, 0x4206
ARM = platform.machine() == "aarch64"
PTRACE, READV, WRITEV, GETFD = (117, 270, 271, 438) if ARM else (101, 310, 311, 438)

LIBC = ctypes.CDLL(None, use_errno=True)


class Piece(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


def system(number: int, *words: object) -> int:
    """A system call. Raises `OSError`."""
    wide = [ctypes.c_long(word) if isinstance(word, int) else word for word in words]
    done = int(LIBC.syscall(ctypes.c_long(number), *wide))
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done


def memory(number: int, pid: int) -> int:
    """Read or write eight bytes where some are mapped, if we can know: at any place, where we cannot."""
    buffer = ctypes.create_string_buffer(8)
    place = 0x400000
    with suppress(OSError, IndexError):
        lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
        place = int(next(line for line in lines if " rw" in line).split("-")[0], 16)
    here, there = Piece(ctypes.addressof(buffer), 8), Piece(place, 8)
    return system(number, pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)


def attached(pid: int, how: int) -> int:
    """Attach as a debugger does, and let go again."""
    system(PTRACE, how, pid, 0, 0)
    if how == PTRACE_ATTACH:
        os.waitpid(pid, 0)
    else:
        os.kill(pid, signal.SIGSTOP)
        os.waitpid(pid, 0)
    system(PTRACE, PTRACE_DETACH, pid, 0, signal.SIGCONT)
    return 0


def any_of(attempt: Callable[[int], object]) -> object:
    """The first descriptor for which it works. Raises the last `OSError`."""
    last = OSError(0, "nothing tried")
    for number in FDS:
        try:
            attempt(number)
        except OSError as error:
            last = error
        else:
            return f"descriptor {number}"
    raise last


def spied(pid: int) -> dict[str, str]:
    """Every way that we know into a process."""
    held = os.pidfd_open(pid)
    ways: dict[str, Callable[[], object]] = {
        "list its files": lambda: os.listdir(f"/proc/{pid}/fd"),
        "open a file of it": lambda: any_of(lambda n: os.open(f"/proc/{pid}/fd/{n}", os.O_RDWR)),
        "look at a file of it": lambda: any_of(lambda n: os.readlink(f"/proc/{pid}/fd/{n}")),
        "take a file of it": lambda: any_of(lambda n: system(GETFD, held, n, 0)),
        "open its memory": lambda: os.open(f"/proc/{pid}/mem", os.O_RDWR),
        "map of its memory": lambda: Path(f"/proc/{pid}/maps").read_text()[:20],
        "its environment": lambda: Path(f"/proc/{pid}/environ").read_bytes()[:20],
        "read its memory": lambda: memory(READV, pid),
        "write its memory": lambda: memory(WRITEV, pid),
        "attach to it": lambda: attached(pid, PTRACE_ATTACH),
        "seize it": lambda: attached(pid, PTRACE_SEIZE),
    }
    return {what: tried(way) for what, way in ways.items()}


def tried(way: Callable[[], object]) -> str:
    try:
        return f"done: {way()}"
    except PermissionError:
        return "refused"
    except OSError as error:
        return f"failed: {error}"


def caught(gateway: int, seconds: float) -> str:
    """Kill the tray, and take a socket of the next one while that one starts."""
    until = time.monotonic() + seconds
    refused: set[int] = set()
    starters, trays = _below(gateway)
    known = starters | trays
    for pid in trays or starters:
        os.kill(pid, signal.SIGKILL)
    while time.monotonic() < until:
        for pid in set().union(*_below(gateway)) - known:
            refused.add(pid)
            with suppress(OSError):
                held = os.pidfd_open(pid)
                for number in FDS:
                    with suppress(OSError):
                        taken = system(GETFD, held, number, 0)
                        with socket.socket(fileno=taken) as found:
                            return f"{found.family.name} socket, descriptor {number} of {pid}"
    return f"nothing of {len(refused)} trays"


def _below(gateway: int) -> tuple[set[int], set[int]]:
    """By the kernel's public list of processes: the children of the gateway, and their children."""
    parents: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with suppress(OSError, IndexError):
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                if b"recorder" not in Path(f"/proc/{entry}/cmdline").read_bytes():
                    parents[int(entry)] = int(fields[1])
    starters = {pid for pid, parent in parents.items() if parent == gateway}
    return starters, {pid for pid, parent in parents.items() if parent in starters}


def victim() -> int:
    """An ordinary process that holds a socket, as a tray would that does not close itself to others."""
    ends = (*socket.socketpair(), os.open(os.devnull, os.O_RDWR))
    pid = os.fork()
    if not pid:
        signal.pause()
        del ends
    return pid


def said(path: str, lines: list[str]) -> list[str]:
    """What a listener answers to each line, said on a connection of its own (and after a greeting, too)."""
    answers = []
    for greeting in ("", json.dumps({"latchward": 1, "client": "agent"}) + "\n"):
        for line in lines:
            heard = b""
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(0.2)
                sock.connect(path)
                with suppress(OSError):
                    sock.sendall(f"{greeting}{line}\n".encode())
                    while more := sock.recv(65_536):
                        heard += more
            answers.append(heard.decode())
    return answers


def main() -> None:
    action, *pids = sys.argv[1:]
    if action == "say":
        print(json.dumps(said(pids[0], json.load(sys.stdin))))
        return
    if action == "control":
        pid = victim()
        try:
            print(json.dumps(spied(pid)))
        finally:
            os.kill(pid, signal.SIGKILL)
    elif action == "spy":
        print(json.dumps({pid: spied(int(pid)) for pid in pids}))
    elif action == "catch":
        print(json.dumps([caught(int(pids[0]), 2.0) for _ in range(2)]))


if __name__ == "__main__":
    main()
