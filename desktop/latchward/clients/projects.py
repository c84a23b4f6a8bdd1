"""The folders of projects, as clients note them down."""

import re
from typing import Any, Final
from urllib.parse import unquote, urlsplit

MAX_PROJECTS: Final = 200
"""Projects that are looked into; each costs a `stat` of a few files at every poll."""


def folders_in(value: Any, platform: str) -> list[str]:
    """The folders that a client's note names: one path or URI, or a map with them as keys.

    Folders on other machines (`vscode-remote:…`) are left out.
    """
    named = list(value) if isinstance(value, dict) else [value] if isinstance(value, str) else []
    return [folder for text in named if (folder := _folder(text, platform)) and "\0" not in folder]


def _folder(text: str, platform: str) -> str:
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", text) is None:  # `C:` is no scheme: those have two letters
        return text
    try:
        uri = urlsplit(text)
    except ValueError:
        return ""
    path = unquote(uri.path, errors="surrogateescape")
    if uri.scheme != "file":
        return ""
    if platform != "win32":
        return path if not uri.netloc else ""
    return f"//{uri.netloc}{path}" if uri.netloc else path.removeprefix("/")
