"""Pieces of sentences, and numbers as people read them. Free of Qt."""

from typing import NamedTuple


class Run(NamedTuple):
    """A piece of a sentence: `plain`, `strong`, `code`, or `mark` for what differs."""

    text: str
    style: str = "plain"


def size(count: int) -> str:
    """A number of bytes: `1 byte`, `812 bytes`, `2.1 KB`, `1.4 MB`."""
    if count < 1024:
        return counted(count, "byte")
    if count < 1024 * 1024:
        return f"{count / 1024:.1f} KB" if count < 10 * 1024 else f"{count / 1024:.0f} KB"
    return f"{count / 1024 / 1024:.1f} MB"


def counted(count: int, noun: str) -> str:
    """`1 line`, `1,204 lines`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(words: tuple[str, ...] | list[str], most: int = 4) -> str:
    """`a`, `a and b`, `a, b, c and 7 others`."""
    shown = list(words[:most])
    rest = len(words) - len(shown)
    if rest:
        shown.append(f"{rest} others" if rest > 1 else "one other")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
