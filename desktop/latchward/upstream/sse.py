"""Server-sent events, read (WHATWG HTML, section 9.2), in time linear in their bytes. No I/O."""

from collections.abc import Iterator
from typing import Final

from latchward.model.errors import UpstreamError

MAX_EVENT: Final = 64 * 1024 * 1024
"""Bytes of one event."""
MAX_EVENT_ID: Final = 1024
"""Bytes of an event's id; a longer one is as good as none."""
MAX_RETRY: Final = 60.0
"""Seconds that a server may ask us to wait before we come back."""

_BOM: Final = b"\xef\xbb\xbf"


class Events:
    """Collects chunks and yields the data of each whole `message` event.

    `last_id` is the id of the last whole event ("" for none), with which a
    stream can be taken up again; `retry` is the pause in seconds that the
    server asked for, or None.
    """

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self._limit = limit
        self._size = 0
        self._line: list[bytes] = []
        self._data: list[bytes] = []
        self._kind = b""
        self._id = ""
        self._at_start = True
        self._after_cr = False
        self.last_id = ""
        self.retry: float | None = None
        self.also: frozenset[bytes] = frozenset()
        """Kinds of events that are wanted besides messages."""
        self.kind = b""
        """The kind of the event that came last; "" for one that named none."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The events that `chunk` completes. Raises `UpstreamError` past the limit."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")  # the second half of a line end that was cut in two
        if chunk:
            self._after_cr = chunk.endswith(b"\r")
        for piece in chunk.splitlines(keepends=True):
            self._size += len(piece)
            if self._size > self._limit:
                raise UpstreamError(f"the server sent an event of more than {self._limit} bytes")
            self._line.append(piece)
            if piece[-1] not in b"\r\n":
                continue
            line = b"".join(self._line).rstrip(b"\r\n")
            self._line.clear()
            if line:
                self._take(line)
            elif (data := self._dispatch()) is not None:
                yield data

    def _take(self, line: bytes) -> None:
        if self._at_start:
            line = line.removeprefix(_BOM)
            self._at_start = False
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._kind = value
        elif field == b"id" and b"\0" not in value and len(value) <= MAX_EVENT_ID:
            self._id = value.decode("utf-8", "replace")
        elif field == b"retry" and value.isdigit() and len(value) < 10:
            self.retry = min(int(value) / 1000, MAX_RETRY)

    def _dispatch(self) -> bytes | None:
        """A blank line: the event is whole. None where it holds no message."""
        data, kind = b"\n".join(self._data), self._kind
        self._data.clear()
        self._kind = b""
        self._size = 0
        self.last_id = self._id
        self.kind = kind
        return data if data and (kind in (b"", b"message") or kind in self.also) else None
