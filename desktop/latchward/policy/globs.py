"""Globs: `*` and `?`, and nothing else is special. There is no escape.

Two dialects. In names of tools and prompts `*` crosses everything. In
addresses of resources and in the operator `glob`, `*` and `?` stop at `/`,
`**` crosses it, and a lone `*` is everything. `?` is one code point.
"""

import re
from typing import Final

from .patterns import MAX_PATTERN, BadPattern, Matcher, compile_whole

_TOKENS: Final = re.compile(r"\*+|\?|[^*?]+", re.DOTALL)


def is_glob(text: str) -> bool:
    """Whether the text holds a special character; without one it is an exact name."""
    return "*" in text or "?" in text


def is_bare_star(text: str) -> bool:
    """Whether the glob is `*` (or `**`, which says the same): every name there is."""
    return bool(text) and not text.strip("*")


def compile_name_glob(glob: str) -> Matcher:
    """A matcher for whole names of tools or prompts. Raises `BadPattern` beyond 1,000 characters."""
    return _compile(glob, star=".*", stars=".*", mark=".")


def compile_path_glob(glob: str) -> Matcher:
    """A matcher for whole paths or addresses. Raises `BadPattern` beyond 1,000 characters."""
    if glob == "*":
        glob = "**"
    return _compile(glob, star="[^/]*", stars=".*", mark="[^/]")


def _compile(glob: str, *, star: str, stars: str, mark: str) -> Matcher:
    if len(glob) > MAX_PATTERN:
        raise BadPattern(f"longer than {MAX_PATTERN:,} characters")
    parts = []
    for piece in _TOKENS.findall(glob):
        if piece == "*":
            parts.append(star)
        elif piece[0] == "*":
            parts.append(stars)
        elif piece == "?":
            parts.append(mark)
        else:
            parts.append(_quoted(piece))
    return compile_whole("".join(parts))


def _quoted(token: str) -> str:
    """Only punctuation of ASCII is quoted: RE2 refuses a backslash before a letter it does not know."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", token)
