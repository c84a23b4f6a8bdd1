"""Claude Desktop, Anthropic's application.

Documented: one JSON file with `mcpServers`, programs only; servers at a URL are added under Settings →
Connectors and are not in it. It is read at the start of the application alone. The Store package on Windows
sees a copy of the roaming folder of its own. On Linux there are community builds, which follow Electron.
Extensions (`.mcpb`) keep their servers elsewhere. Not measured here: it has been run on none of our
machines.
"""

from pathlib import PurePath
from typing import Final

from latchward.clients.client import Client, Notation, Source
from latchward.clients.home import Home
from latchward.clients.text import Dialect

_STORE: Final = ("Packages", "Claude_pzs8sxrjxfjjc", "LocalCache", "Roaming", "Claude")
_FILE: Final = "claude_desktop_config.json"


def _folders(home: Home) -> list[PurePath]:
    usual = home.settings / "Claude"
    return [home.local.joinpath(*_STORE), usual] if home.platform == "win32" else [usual]


def _files(home: Home) -> list[Source]:
    return [Source(folder / _FILE) for folder in _folders(home)]


CLIENT: Final = Client(
    id="claude-desktop",
    title="Claude Desktop",
    dialect=Dialect("json"),
    files=_files,
    traces=_folders,
    notation=Notation(remote=False),
    restart="Quit Claude Desktop from its menu, then start it again: closing its window is not enough.",
    check="In Settings → Developer, `latchward` is listed as running.",
)
