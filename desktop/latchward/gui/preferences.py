"""What the window remembers for itself, in one small file; never anything that decides over a call."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import platformdirs
from PySide6.QtCore import QSettings

HOME_VARIABLE: Final = "LATCHWARD_HOME"
SETUP_SHOWN: Final = "setup/shown"
"""Remembers that the first run was offered."""


def place(environ: Mapping[str, str] = os.environ) -> Path:
    """The file: beside the settings of the profile that the environment names."""
    named = environ.get(HOME_VARIABLE, "")
    folder = Path(named) if named else Path(platformdirs.user_config_dir("latchward", appauthor=False))
    return folder / "window.ini"


def preferences(path: Path) -> QSettings:
    """The file as Qt reads and writes it."""
    return QSettings(str(path), QSettings.Format.IniFormat)


def for_the_first_time(saved: QSettings, key: str) -> bool:
    """Whether nobody asked this before; it is remembered from now on."""
    if saved.contains(key):
        return False
    saved.setValue(key, "yes")
    saved.sync()
    return True
