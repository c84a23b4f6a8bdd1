"""`latchward` alone: the gateway with its tray. A second start raises the window of the first."""

import argparse
import logging
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from latchward.daemon import sweeper
from latchward.daemon.hardening import harden
from latchward.daemon.nursery import begin
from latchward.model.errors import AlreadyRuns, LatchwardError

from .gateway import LOG_FORMAT, ready
from .parser import DEFAULT_PORT

DISPLAYS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
"""What names a display, for Qt."""
SHELL_WAIT: Final = 3.0
"""Seconds that a login shell has to tell its PATH."""
AS_ROOT: Final = "Latchward runs as root, and so do the servers that it starts; run it as yourself"
_MARK: Final = b"latchward-path:"

log = logging.getLogger(__name__)


class NoDisplay(LatchwardError):
    """There is nothing to show a tray on."""


def main(parsed: argparse.Namespace) -> int:
    """Run the gateway and the tray, or show the window of those that run already."""
    umask = harden()
    nursery = begin(_tray)  # this, and the next, while we have no threads
    marks = sweeper.begin()
    logging.basicConfig(format=LOG_FORMAT, level=logging.WARNING)
    from latchward.daemon.assembly import Plan, ignore_show, run
    from latchward.storage.lock import GatewayLock
    from latchward.storage.paths import Profile
    from latchward.storage.settings import load
    from latchward.upstream.environment import Birth

    from .loop import run_loop

    profile = Profile.home()
    for repaired in profile.prepare():
        log.warning("%s", repaired)
    ignore_show()  # before anybody can read our pid in the lock
    lock = GatewayLock(profile)
    try:
        lock.acquire()
    except AlreadyRuns as running:
        _show_window_of(running.pid)
        return 0
    with lock:
        _check_display()
        if sys.platform != "win32" and os.geteuid() == 0:
            log.warning("%s", AS_ROOT)
        use_login_path()
        # There is no port until a client needs one: the local socket needs no token in anyone's files.
        needs_port = any(grant.token_hash for grant in load(profile).grants.values())
        port = DEFAULT_PORT if needs_port else None
        plan = Plan(port=port, approver=None, birth=Birth(umask, marks), nursery=nursery)
        run_loop(run(profile, plan, ready, lock))
    return 0


def _tray(link: int) -> int:
    """What the nursery runs: the same verb that elsewhere a process of its own is started with."""
    from .parser import run

    return run(["tray", "--link", str(link)])


def use_login_path() -> None:
    """Find servers' programs where the person's login shell finds them; a desktop knows fewer places."""
    shell = os.environ.get("SHELL", "") or _shell_of_user()
    if sys.platform == "win32" or not os.path.isabs(shell):
        return
    command = [shell, "-lc", f'printf "\\n{_MARK.decode()}%s\\n" "$PATH"']
    try:
        told = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SHELL_WAIT, check=False
        ).stdout
    except subprocess.TimeoutExpired as late:
        told = late.stdout or b""  # something that the shell started keeps the pipe open: it may have told
    except (OSError, ValueError):
        return
    for line in told.splitlines():
        if line.startswith(_MARK + b"/"):
            os.environ["PATH"] = os.fsdecode(line.removeprefix(_MARK))


def _shell_of_user() -> str:
    """The login shell by the system's word, where the environment has none; "" where there is none."""
    if sys.platform == "win32":
        return ""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_shell
    except KeyError:
        return ""


def _check_display() -> None:
    """Raises `NoDisplay` where a tray could show nothing: it would only end again and again."""
    if sys.platform == "linux" and not any(os.environ.get(name) for name in DISPLAYS):
        raise NoDisplay(
            "there is no display for the tray; start Latchward on your desktop, "
            "or run `latchward gateway`, which needs none"
        )


def _show_window_of(pid: int) -> None:
    """Ask the gateway that runs to raise its window."""
    from latchward.daemon.assembly import SHOW

    if sys.platform != "win32" and _is_ours(pid):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, getattr(signal, SHOW))
    print("Latchward runs already; its window comes to the front", file=sys.stderr)


def _is_ours(pid: int) -> bool:
    """Whether this process is a Latchward: the pid in the lock may still be that of one that crashed."""
    if not pid or sys.platform != "linux":
        return bool(pid)
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(os.path.basename(word) == b"latchward" for word in words)
