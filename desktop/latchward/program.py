"""How this very installation is started; standard library alone."""

import sys
from pathlib import Path


def command() -> tuple[str, ...]:
    """The words that start it, the first an absolute path: its own command where there is one."""
    if getattr(sys, "frozen", False):
        return (sys.executable,)
    script = Path(sys.executable).with_name("latchward.exe" if sys.platform == "win32" else "latchward")
    return (str(script),) if script.is_file() else (sys.executable, "-P", "-m", "latchward")
