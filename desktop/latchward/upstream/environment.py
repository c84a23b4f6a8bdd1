"""What of our environment a server's process gets: enough to run, nothing that opens doors.

Left out on purpose: the session bus, agents' sockets, proxy passwords, other
programs' keys. A server that needs more has it in its own `env`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_KEEP: Final = (
    "HOME PATH LANG LANGUAGE TERM USER LOGNAME SHELL TMPDIR TZ "
    "XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME XDG_STATE_HOME "
    "APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES SYSTEMDRIVE SYSTEMROOT TEMP TMP USERNAME USERPROFILE "
    "PATHEXT COMSPEC WINDIR PROCESSOR_ARCHITECTURE HOMEDRIVE HOMEPATH"
).split()


@dataclass(frozen=True, slots=True)
class Birth:
    """What every server's process gets besides: the person's umask (-1: ours), and variables by which it, and
    all that it starts, can be told from other programs.
    """

    umask: int = -1
    marks: Mapping[str, str] = field(default_factory=dict)


PLAIN: Final = Birth()


def for_server(own: Mapping[str, str], ours: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The allowed part of `ours` with the server's `own` values over it."""
    kept = {key: value for key, value in ours.items() if key in _KEEP or key.startswith("LC_")}
    # A value that starts so is a shell function in some shells, not data.
    return {key: value for key, value in kept.items() if not value.startswith("()")} | dict(own)
