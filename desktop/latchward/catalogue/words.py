"""Foreign text as words: folded for matching, with the place of each in the text as it was written.

Folding drops what cannot be seen, accents and case, and turns look-alike letters inside a Latin word into
Latin ones; nothing is trusted more for being written strangely.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

HEAD: Final = 4_000
"""Characters looked at from the beginning of a text."""

TAIL: Final = 1_000
"""Characters looked at before its end: what is put far down is put there for a reason."""

_UNSEEN: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef"
)
_MARKS: Final = "\u0300-\u036f"
_INVISIBLE: Final = re.compile(f"[{_UNSEEN}]")
_HIDING: Final = re.compile(
    "[\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f]"
    "|(?<=[A-Za-z])[\u034f\u180b-\u180f\u200c\u200d\ufe00-\ufe0f]"
)
"""What has no business in a definition; joiners and selectors have some, but not after a Latin letter."""
_WORD: Final = re.compile(f"[^\\W_][^\\W_{_UNSEEN}{_MARKS}]*(?:[{_UNSEEN}{_MARKS}]+[^\\W_]*)*")
_PART: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_BREAK: Final = re.compile(
    r"[.!?:;|()\[\]{}\n\r\u3001\u3002\u3010\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\u2022\u2192\u2013\u2014]"
)
_LOOKALIKE: Final = str.maketrans(
    "авекмнорстухіјѕԁɡɩαβγεικνορτυχѵһԛԝ",
    "abekmhopctyxijsdgiabyeiknoptuxvhqw",
)
_UNMARKED: Final = str.maketrans({"ł": "l", "Ł": "L", "ß": "ss", "ø": "o", "Ø": "O", "đ": "d", "æ": "ae"})
"""Letters that have no accent to take away and are still written without."""


class Word(NamedTuple):
    """One word, folded, and where it stands in the text."""

    text: str
    start: int
    end: int


def looked_at(text: str) -> str:
    """The part of a text that is read: all of it, or its head and its tail as two lines."""
    if len(text) <= HEAD + TAIL:
        return text
    return f"{text[:HEAD]}\n{text[-TAIL:]}"


def has_unseen(text: str) -> bool:
    """Whether the text holds characters that nobody can see, and that serve no script or emoji."""
    return not text.isascii() and _HIDING.search(text) is not None


@lru_cache(maxsize=8192)
def fold(word: str) -> str:
    """A word as it is looked up: lower case, no accents, nothing invisible, no look-alikes."""
    if word.isascii():
        return word.lower()
    seen = _INVISIBLE.sub("", word)
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", seen) if not unicodedata.combining(letter)
    ).casefold()
    if any("a" <= letter <= "z" for letter in plain):
        plain = plain.translate(_LOOKALIKE)
    return unicodedata.normalize("NFC", plain).translate(_UNMARKED)


def words(text: str) -> list[Word]:
    """The words of running text, in order."""
    return [Word(fold(found.group()), found.start(), found.end()) for found in _WORD.finditer(text)]


def name_words(name: str) -> list[Word]:
    """The words of a name: `deleteFile`, `delete_file` and `DELETE-FILE` are the same two."""
    if name.isascii():
        return [Word(found.group().lower(), found.start(), found.end()) for found in _PART.finditer(name)]
    spread: list[Word] = []
    for start, end in (found.span() for found in _WORD.finditer(name)):
        seen = _shown(name[start:end])
        spread += [Word(fold(part), start, end) for part in _PART.findall(seen)]
    return spread


def clauses(text: str) -> Iterator[list[Word]]:
    """The words between two breaks, for each stretch that has any."""
    start = 0
    for found in _BREAK.finditer(text):
        yield from _clause(text, start, found.start())
        start = found.end()
    yield from _clause(text, start, len(text))


def _clause(text: str, start: int, end: int) -> Iterator[list[Word]]:
    if end > start:
        inside = [
            Word(fold(found.group()), found.start(), found.end())
            for found in _WORD.finditer(text, start, end)
        ]
        if inside:
            yield inside


def _shown(word: str) -> str:
    """A word without what cannot be seen and with Latin look-alikes, its case kept for splitting."""
    seen = unicodedata.normalize("NFKC", _INVISIBLE.sub("", word)).translate(_UNMARKED)
    latin = re.search("[A-Za-z]", seen) is not None
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", seen) if not unicodedata.combining(letter)
    )
    return plain.translate(_LOOKALIKE) if latin else unicodedata.normalize("NFC", plain)
