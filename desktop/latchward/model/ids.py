"""Names of things."""

from typing import NamedTuple


class ToolId(NamedTuple):
    """A tool by the server that offers it and the name that server gave it.

    Both are compared by code point, without folding or normalisation.
    """

    upstream: str
    name: str

    def __str__(self) -> str:
        return f"{self.upstream}/{self.name}"
