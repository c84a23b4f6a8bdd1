"""A file that is read again when it changed.

A look costs one `os.stat`. What tells an edit is the time of change, size and
inode together. A clock tick is coarser than two edits can be apart, so a file
that changed within the last moments is read again at the next look, until it
has rested: an edit is never missed for having the same size and time.
"""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

from latchward.model.errors import LatchwardError

from .files import open_owned, read_descriptor, reason

Value = TypeVar("Value")

REST_NS: Final = 50_000_000
"""Nanoseconds without a change after which a file's times are trusted."""

_KEPT: Final = "the last good one stays in force"
_log = logging.getLogger("latchward.storage")
_Signature = tuple[int, int, int, int, int]


class Watched(Generic[Value]):
    """The last good value of a file at `path`.

    `value` is None before the first good reading and where the file does not
    exist. `problem` is the sentence for a file that cannot be used now, or "";
    then `value` is still the last good one. `changes` counts how often `value`
    became another one.
    """

    __slots__ = ("_limit", "_parse", "_seen", "_text", "changes", "path", "problem", "value")

    def __init__(self, path: Path, parse: Callable[[bytes], Value], *, limit: int) -> None:
        """`parse` turns the bytes into the value and raises `LatchwardError`; `limit` is in bytes."""
        self.path = path
        self.value: Value | None = None
        self.problem = ""
        self.changes = 0
        self._parse = parse
        self._limit = limit
        self._text: bytes | None = None
        self._seen: _Signature | None = None  # None: look again, whatever the times say

    def look(self) -> Value | None:
        """The value in force now."""
        try:
            signature = _signature(os.stat(self.path))
        except FileNotFoundError:
            self._read()  # tells a dangling link from a file that is gone
            return self.value
        except OSError as error:
            self._fail(f"`{self.path}` cannot be read: {reason(error)}; make it readable to you", None)
            return self.value
        if signature != self._seen:
            self._read()
        return self.value

    def _read(self) -> None:
        self._seen = None
        try:
            descriptor = open_owned(self.path)
            try:
                before = _signature(os.fstat(descriptor))
                text = read_descriptor(descriptor, self.path, self._limit)
                after = _signature(os.fstat(descriptor))
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            self._gone()
            return
        except LatchwardError as error:
            self._fail(str(error), None)
            return
        if before == after and _rested(after):
            self._seen = after
        if text != self._text:
            self._take(text)

    def _take(self, text: bytes) -> None:
        try:
            value = self._parse(text)
        except LatchwardError as error:
            self._fail(str(error), text)
        except Exception as error:  # a fault of ours in reading must not open or stop anything
            self._fail(f"`{self.path}` cannot be read: {type(error).__name__}; report this as a fault", text)
        else:
            self._text, self.problem = text, ""
            self.changes += value != self.value
            self.value = value

    def _gone(self) -> None:
        if self.value is not None:
            self.changes += 1
        self._text, self.value, self.problem = None, None, ""

    def _fail(self, sentence: str, text: bytes | None) -> None:
        """Keep the last good value and say so, once for each different trouble."""
        self._text = text
        if sentence != self.problem:
            _log.error("%s (%s)", sentence, "nothing is allowed by it" if self.value is None else _KEPT)
        self.problem = sentence


def _signature(found: os.stat_result) -> _Signature:
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns, found.st_dev


def _rested(signature: _Signature) -> bool:
    """Whether the last change is long enough ago. The time of writing alone can be set at will."""
    return time.time_ns() - max(signature[0], signature[3]) >= REST_NS
