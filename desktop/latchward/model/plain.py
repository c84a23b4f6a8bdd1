"""Foreign text, made safe to show: what cannot be seen is spelled out.

Used wherever something of an agent's or a server's reaches a person's eyes.
"""

import re
import unicodedata
from typing import Final

_KEEP: Final = frozenset("\n\t")
_MAX_MARKS: Final = 2
"""Combining marks on one letter that any script we know needs; more only hide what is around them."""


def visible(text: str) -> str:
    """`text` with every invisible, direction-changing or blank-like character as `<U+202E>`.

    Line feeds and tabs stay; so does the ordinary blank.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        hidden = _is_hidden(character) or marks > _MAX_MARKS
        shown.append(f"<U+{ord(character):04X}>" if hidden else character)
    return "".join(shown)


def one_line(text: str, limit: int = 200) -> str:
    """`visible`, on one line, cut with a sign that it was cut. For tables and logs, never for a question."""
    line = re.sub(r"[\n\t]", lambda found: f"<U+{ord(found[0]):04X}>", visible(text))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _is_hidden(character: str) -> bool:
    if character == " " or character in _KEEP:
        return False
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"):
        return True
    point = ord(character)
    return (
        0xFE00 <= point <= 0xFE0F  # variation selectors
        or 0xE0100 <= point <= 0xE01EF
        or point in (0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, 0x034F, 0x2800)  # fillers and blanks
    )
