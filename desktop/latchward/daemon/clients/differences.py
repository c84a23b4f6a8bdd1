"""What would become of a client's file, as a unified difference without secrets."""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from latchward.clients.secrecy import secret_part
from latchward.model.secret import DOTS

AROUND: Final = 2
"""Lines that are shown before and after a change."""
MAX_LINE: Final = 2_000
"""Characters of one line: a file may be one line of megabytes."""

_MEMBER: Final = re.compile(
    r"""(?P<name>"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*[:=]\s*(?P<quote>["'])(?P<value>(?:[^"'\\]|\\.)*)"""
)
_HUNK: Final = re.compile(r"@@ -(\d+)(,\d+)? \+(\d+)(,\d+)? @@")


def difference(before: bytes, after: bytes, secrets: Iterable[str]) -> str:
    """The changed lines with a few around them; `secrets` are masked, and all that looks like one."""
    old, new = _lines(before), _lines(after)
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    # What is alike at both ends is cut off first: `difflib` is slow on long files.
    first = max(0, start - AROUND)
    old, new = old[first : len(old) - max(0, end - AROUND)], new[first : len(new) - max(0, end - AROUND)]
    hidden = sorted((secret for secret in secrets if len(secret) > 3), key=len, reverse=True)
    lines = list(difflib.unified_diff(old, new, n=AROUND, lineterm=""))[2:]
    return "\n".join(_masked(_moved(line, first), hidden) for line in lines)


def _lines(text: bytes) -> list[str]:
    return text.decode("utf-8", "replace").splitlines()


def _moved(line: str, first: int) -> str:
    """The heading of a hunk with the numbers of the whole file."""
    found = _HUNK.fullmatch(line)
    if found is None:
        return line
    old, new = int(found[1]) + first, int(found[3]) + first
    return f"@@ -{old}{found[2] or ''} +{new}{found[4] or ''} @@"


def _masked(line: str, secrets: list[str]) -> str:
    for secret in secrets:
        line = line.replace(secret, DOTS).replace(secret.replace("\\", "\\\\").replace('"', '\\"'), DOTS)
    line = _MEMBER.sub(_without_value, line)
    return line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}… ({len(line) - MAX_LINE} more characters)"


def _without_value(found: re.Match[str]) -> str:
    part = secret_part(found["name"].strip("\"'"), found["value"])
    return found[0].replace(part[1], DOTS) if part is not None and part[1] else found[0]


def homely(path: Path) -> str:
    """A path as people write it: with `~` for the home folder."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)
