"""The one door to RE2: regular expressions that take linear time, whatever the text.

Texts are handed over as UTF-8 bytes: the library's own way with `str` counts
code points for match positions that nobody here asks for.
"""

import re
from collections.abc import Callable
from typing import Final

import re2  # type: ignore[import-untyped]

MAX_PATTERN: Final = 1_000
"""Characters in a pattern or a glob."""

Matcher = Callable[[str], bool | None]
"""True, False, or None where the text is no Unicode text (it holds an unpaired surrogate)."""

# `(?m)` would make `^` and `$` the ends of a line; an even run of backslashes leaves the bracket special.
_MULTILINE: Final = re.compile(r"(?<!\\)(?:\\\\)*\(\?[A-Za-z]*m")


class BadPattern(ValueError):
    """The pattern does not load; the text says why in a few words."""


def _options() -> "re2.Options":
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = 2 << 20
    return options


def compile_search(pattern: str) -> Matcher:
    """A matcher that searches anywhere in a text. Raises `BadPattern`.

    `^` and `$` are the ends of the text; look-around and back-references do not load.
    """
    if len(pattern) > MAX_PATTERN:
        raise BadPattern(f"longer than {MAX_PATTERN:,} characters")
    if _MULTILINE.search(pattern):
        raise BadPattern("the flag `m` is not available: `^` and `$` are the ends of the text")
    return _compile(pattern)


def compile_whole(pattern: str) -> Matcher:
    """A matcher for whole texts, for patterns of our own making. Raises `BadPattern`."""
    return _compile(rf"\A(?s:{pattern})\z")


def _compile(pattern: str) -> Matcher:
    try:
        search = re2.compile(pattern.encode(), _options()).search
    except re2.error as error:
        reason = error.args[0] if error.args else b"not a regular expression"
        raise BadPattern(
            reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        ) from None
    except UnicodeEncodeError:
        raise BadPattern("it holds half a character") from None

    def matches(text: str) -> bool | None:
        try:
            return search(text.encode()) is not None
        except UnicodeEncodeError:
            return None

    return matches
