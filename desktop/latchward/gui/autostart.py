"""Whether Latchward starts at login: one file of the desktop standard, ours alone. Free of Qt."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

NAME: Final = "latchward.desktop"

_RESERVED: Final = frozenset(" \t\n\"'\\><~|&;$*?#()`")


def place(environ: Mapping[str, str] = os.environ) -> Path:
    """The file that the desktop looks at."""
    config = environ.get("XDG_CONFIG_HOME", "")
    folder = (
        Path(config) if os.path.isabs(config) else Path(environ.get("HOME", "~")).expanduser() / ".config"
    )
    return folder / "autostart" / NAME


def entry(words: Sequence[str]) -> str:
    """The file's text for a command."""
    return (
        "[Desktop Entry]\n"
        "Type=Application\n"
        "Version=1.0\n"
        "Name=Latchward\n"
        "Comment=Stands between your AI agents and their MCP servers\n"
        f"Exec={' '.join(_quoted(word) for word in words)}\n"
        "Icon=latchward\n"
        "Terminal=false\n"
        "X-GNOME-Autostart-enabled=true\n"
    )


def is_on(path: Path) -> bool:
    """Whether the file is there and does not say that it is off."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError):
        return False
    said = {line.partition("=")[0].strip(): line.partition("=")[2].strip().lower() for line in lines}
    return said.get("Hidden") != "true" and said.get("X-GNOME-Autostart-enabled") != "false"


def turn_on(path: Path, words: Sequence[str]) -> None:
    """Write the file, whole or not at all. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{NAME}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(entry(words))
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def turn_off(path: Path) -> None:
    """Take the file away. Raises `OSError`."""
    path.unlink(missing_ok=True)


def _quoted(word: str) -> str:
    """A word of an Exec line: quoted twice over, once for Exec and once for the file."""
    word = word.replace("%", "%%")
    if not word or any(letter in _RESERVED for letter in word):
        for letter in ("\\", '"', "`", "$"):
            word = word.replace(letter, "\\" + letter)
        word = f'"{word}"'
    return word.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
