"""The names under which the tools of several servers stand side by side.

`server__tool`, in characters and a length that every client known to us keeps
as they are (several clients cut at 60 or 64 with a prefix of their own, one
turns `-` into `_`). A name that does not fit, would meet another one, or looks
as if it had a hash already, ends in a hash of the tool's own name, so that it
is the same at every start.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

SEPARATOR: Final = "__"
MAX_NAME: Final = 45
"""Characters of a name on the endpoint of all servers; longer ones end in a hash."""
_HASH: Final = 8
_HASHED = re.compile(rf"[_-][0-9A-Fa-f]{{{_HASH}}}\Z")


def expose(server: str, tools: Iterable[str]) -> dict[str, str]:
    """Exposed name to the server's own name, one to one, for all `tools` of `server`."""
    tools = list(tools)
    meets = Counter(_folded(_plain(server, tool)) for tool in tools)
    return {_exposed(server, tool, alone=meets[_folded(_plain(server, tool))] == 1): tool for tool in tools}


def _exposed(server: str, tool: str, *, alone: bool) -> str:
    plain = _plain(server, tool)
    fits = len(plain) <= MAX_NAME and plain == f"{server}{SEPARATOR}{tool}"
    if alone and fits and not _HASHED.search(plain):
        return plain
    mark = hashlib.sha256(tool.encode()).hexdigest()[:_HASH]
    return f"{plain[: MAX_NAME - _HASH - 1]}_{mark}"


def _plain(server: str, tool: str) -> str:
    return f"{server}{SEPARATOR}{re.sub(r'[^A-Za-z0-9_-]', '_', tool)}"


def _folded(name: str) -> str:
    return name.replace("-", "_").lower()
