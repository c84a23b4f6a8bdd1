"""Bytes from a pipe, cut into lines, in time linear in their number."""

from collections.abc import Iterator
from typing import Final

from latchward.model.errors import UpstreamError

MAX_LINE: Final = 64 * 1024 * 1024
"""Bytes of one message of a server."""


class Lines:
    """Collects chunks and yields whole lines without their line feed; empty ones are left out."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The lines that `data` completes. Raises `UpstreamError` past the limit."""
        *whole, rest = data.split(b"\n")
        for end in whole:
            if self._parts:
                self._parts.append(end)
                end = b"".join(self._parts)
                self._parts.clear()
                self._size = 0
            if len(end) > self._limit:
                raise self._too_long()
            if line := end.rstrip(b"\r"):
                yield line
        if rest:
            self._parts.append(rest)
            self._size += len(rest)
            if self._size > self._limit:
                raise self._too_long()

    def _too_long(self) -> UpstreamError:
        return UpstreamError(f"the server sent a message of more than {self._limit} bytes")
