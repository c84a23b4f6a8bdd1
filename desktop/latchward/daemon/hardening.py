"""What a process that guards others does before anything else."""

import os
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4  # linux/prctl.h
_PR_SET_NAME: Final = 15


def harden() -> int:
    """Close our memory to other programs of the same user, write no core, make files for the owner alone.

    Returns the umask that we were started with: servers write files for the person, not for us.
    """
    before = os.umask(0o077)
    if sys.platform == "win32":
        return before
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 16_384)), hard))
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    return before


def call_it(name: str) -> None:
    """Our name in the list of processes (Linux)."""
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)
