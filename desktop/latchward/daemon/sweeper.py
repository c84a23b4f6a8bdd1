"""The process that outlives the gateway for a moment, so that nothing of its servers outlives it (Linux).

A gateway that is killed can stop nothing any more, and a server that ignores the end of its input would run
on. So each server is marked by a variable of its environment, which all that it starts inherits, whatever
session it is put into; and this process, forked before all else, waits for the end of the gateway and ends
what bears the mark.
"""

import os
import secrets
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final, NoReturn

from .hardening import call_it

MARK: Final = "LATCHWARD_SERVER"
"""The variable; its value is of one run of the gateway."""
LIMIT: Final = 2.0
"""Seconds in which everything marked is looked for: what is being started meanwhile too."""
PAUSE: Final = 0.02
"""Seconds between two looks."""


def begin() -> Mapping[str, str]:
    """Fork it; for a process that has no threads yet. The marks for servers, none where it cannot be."""
    if sys.platform != "linux":
        return {}
    value = secrets.token_hex(16)
    gateway_gone, held_open = os.pipe()
    if os.fork() == 0:
        os.close(held_open)
        _wait(gateway_gone, f"{MARK}={value}".encode())
    os.close(gateway_gone)
    return {MARK: value}  # the other end stays open for as long as we live


def _wait(gateway_gone: int, mark: bytes) -> NoReturn:
    """Wait for the end of the gateway, whatever signals come meanwhile, and sweep."""
    try:
        call_it("latchward-sweep")
        for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1):
            signal.signal(ignored, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        os.closerange(3, gateway_gone)  # what else the gateway held must end with it
        os.closerange(gateway_gone + 1, max(gateway_gone, nothing) + 1_000)
        select.select([gateway_gone], [], [])
        sweep(mark)
    finally:
        os._exit(0)


def sweep(mark: bytes) -> None:
    """End every process that bears the mark, and those that they are starting meanwhile."""
    until = time.monotonic() + LIMIT
    while sum(_ended(pid, mark) for pid in _processes()) and time.monotonic() < until:
        time.sleep(PAUSE)


def _processes() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _ended(pid: int, mark: bytes) -> bool:
    """Whether this one bore the mark, and was ended. Held by a descriptor, so that it is no other by then."""
    if sys.platform != "linux":
        return False
    with suppress(OSError):
        held = os.pidfd_open(pid)
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if mark in file.read().split(b"\0"):
                    signal.pidfd_send_signal(held, signal.SIGKILL)
                    return True
        finally:
            os.close(held)
    return False
