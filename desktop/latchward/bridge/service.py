"""Asks the session's service manager for a gateway. (systemd alone; launchd is not asked yet.)"""

from __future__ import annotations

import os
import sys

from latchward import endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

SERVICE: Final = "latchward.service"
_SYSTEMCTL: Final = "/usr/bin/systemctl"
_UNIT_FOLDERS: Final = ("/etc/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user")


def ask_for_service(path: str) -> bool:
    """Have systemd start the gateway, where its unit is there and `path` is where that gateway listens.

    With a clean environment: an agent's own has no say in how a gateway runs. Waits for nothing; whether
    there was anyone to ask.
    """
    if sys.platform != "linux":
        return False
    home, run = os.environ.get("HOME", ""), f"/run/user/{os.geteuid()}"
    if not home or path != endpoint.default({"HOME": home}):
        return False
    folders = (f"{home}/.config/systemd/user", f"{home}/.local/share/systemd/user", *_UNIT_FOLDERS)
    if not any(os.path.exists(f"{folder}/{SERVICE}") for folder in folders):
        return False
    command = [_SYSTEMCTL, "--user", "--no-block", "start", SERVICE]
    environment = {"HOME": home, "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": run}
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    try:
        os.posix_spawn(_SYSTEMCTL, command, environment, file_actions=nothing)
    except OSError:
        return False
    return True
