"""One `tools/call`, parsed once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .ids import ToolId


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What an agent wants to be done; the one object that is judged, shown and sent.

    `arguments` is the strictly parsed object (integers are `int`, fractions
    `Decimal`, so numbers keep their digits) and is never changed after it was
    made. `payload` is our own serialisation of it: these bytes, and no
    others, are what a server gets. `digest` is the SHA-256 (hex) of the canonical
    form of name and arguments: keys sorted, no spaces, UTF-8.
    """

    grant: str
    session: str
    tool: ToolId
    arguments: Mapping[str, Any]
    payload: bytes
    digest: str
