"""What the window remembers for itself, in one small file; never anything that decides over a call."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import platformdirs
from PySide6.QtCore import QSettings

HOME_VARIABLE: Final = "LATCHWARD_HOME"


def place(environ: Mapping[str, str] = os.environ) -> Path:
    """The file: beside the settings of the profile that the environment names."""
    named = environ.get(HOME_VARIABLE, "")
    folder = Path(named) if named else Path(platformdirs.user_config_dir("latchward", appauthor=False))
    return folder / "window.ini"


def preferences(path: Path) -> QSettings:
    """The file as Qt reads and writes it."""
    return QSettings(str(path), QSettings.Format.IniFormat)
