"""Names for servers that came from clients' files: clean, and each of them once."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 20
"""Characters of a name that is made from a client's: with a tool's name behind it, it has to fit into 45."""
LONGEST_UNIQUE: Final = 32
"""Characters of a name that had to be made another one; settings allow no more."""


def clean(name: str) -> str:
    """The nearest name that settings take. Of a path or a package with an owner it keeps the last part."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    last = next((part for part in reversed(plain.split("/")) if re.search(r"[A-Za-z0-9]", part)), "")
    return _cut(re.sub(r"[^A-Za-z0-9_-]", "-", last), LONGEST) or "server"


def unique(name: str, client: str, taken: Iterable[str]) -> str:
    """`name`, or what it becomes where something looks like it: first the client is named, then it is
    counted."""
    folded = {_folded(one) for one in taken}
    if _folded(name) not in folded:
        return name
    named = _with(name, client)
    if _folded(named) not in folded:
        return named
    number = 2
    while _folded(_with(name, str(number))) in folded:
        number += 1
    return _with(name, str(number))


def _with(name: str, end: str) -> str:
    return f"{_cut(name, LONGEST_UNIQUE - len(end) - 1)}-{end}"


def _cut(name: str, longest: int) -> str:
    return re.sub(r"([_-])[_-]+", r"\1", name).strip("_-")[:longest].rstrip("_-")


def _folded(name: str) -> str:
    return name.replace("-", "_").lower()
