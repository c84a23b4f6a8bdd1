"""What a server says of one of its tools."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """One entry of a server's `tools/list`, whole.

    `definition` is the entry as parsed, unknown members included. `digest` is
    the SHA-256 (hex) of its canonical serialisation.
    """

    name: str
    definition: Mapping[str, Any]
    digest: str
