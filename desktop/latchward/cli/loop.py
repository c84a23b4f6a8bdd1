"""The fastest event loop that this system has."""

import sys
from collections.abc import Coroutine
from typing import Any, Final

SWITCH_SECONDS: Final = 0.0005
"""How long one thread may keep the other from running: loop and record hand over at every call."""


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run `main` to its end."""
    sys.setswitchinterval(SWITCH_SECONDS)
    if sys.platform == "win32":
        import winloop

        winloop.run(main)
    else:
        import uvloop

        uvloop.run(main)
