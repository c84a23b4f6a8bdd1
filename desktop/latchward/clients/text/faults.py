"""Bytes as text, and the sentences for what is wrong with them.

Text is held one character to a byte (Latin-1): then offsets are byte offsets, a file with one emoji
takes no four bytes for each character, and every sign of a syntax is still itself, for UTF-8 uses no ASCII
byte inside a longer character. Sentences name keys, never values: secrets stand there.
"""

import re
from typing import Final, NoReturn

from latchward.model.errors import ClientFileError

BOM: Final = "\xef\xbb\xbf"
MAX_DEPTH: Final = 200
"""Nested maps and lists; no client's file comes near it."""
MAX_BYTES: Final = {"json": 64 << 20, "toml": 1 << 20}
"""The largest file that is edited; TOML is read by slow code, and is written by hand."""
MAX_KEY_SHOWN: Final = 80

TOO_DEEP: Final = f"the file is nested deeper than {MAX_DEPTH} levels; edit it by hand"

_MARKS: Final = re.compile(r"^(?:<{7}|\|{7}|>{7})(?: |\r?$)|^={7}\r?$", re.MULTILINE)


def fault(source: str, raw: str, offset: int, sentence: str) -> NoReturn:
    """Raise `ClientFileError` for what stands at this offset; the sentence says what to do as well."""
    line = raw.count("\n", 0, offset) + 1
    begin = max(raw.rfind("\n", 0, offset) + 1, len(BOM) if line == 1 and raw.startswith(BOM) else 0)
    column = len(utf8(raw[begin:offset])) + 1
    # What a reader raised before holds the whole document.
    raise ClientFileError(f"{source}:{line}:{column}: {sentence}") from None


def quoted(key: str) -> str:
    """A key fit to stand in a sentence."""
    shown = key if len(key) <= MAX_KEY_SHOWN else key[: MAX_KEY_SHOWN - 1] + "…"
    return f"`{''.join(sign if sign.isprintable() else '·' for sign in shown)}`"


def utf8(raw: str) -> str:
    """What a piece of such text says. A character that is cut in two becomes the sign for that."""
    return raw.encode("latin-1").decode("utf-8", "replace")


def bytewise(text: str) -> str:
    """Ordinary text, one character to a byte."""
    return text.encode("utf-8").decode("latin-1")


def check_bytes(data: bytes, *, format: str, bom: bool, source: str) -> None:
    """Raise `ClientFileError` where the file is too large or not UTF-8, or has a mark that is not read."""
    if len(data) > MAX_BYTES[format]:
        fault(source, "", 0, f"the file is larger than {MAX_BYTES[format] >> 20} MiB; edit it by hand")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        fault(source, "", 0, "the file is UTF-16; save it as UTF-8")
    if (nul := data.find(b"\0")) >= 0:
        fault(source, data.decode("latin-1"), nul, "the file holds a NUL; save it as UTF-8")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        fault(source, data.decode("latin-1"), error.start, "this is not UTF-8; save the file as UTF-8")
    if not bom and data.startswith(BOM.encode("latin-1")):
        wrong = "the file begins with a byte order mark, which this client does not read"
        fault(source, "", 0, f"{wrong}; save it as UTF-8 without one")


def refuse_merge_marks(source: str, raw: str) -> None:
    """Raise `ClientFileError` where a merge left its marks. To be asked of a file that could not be read."""
    if found := _MARKS.search(raw):
        fault(source, raw, found.start(), "a merge left its conflict marks; settle the conflict")


def refuse_depth(source: str, value: object) -> None:
    """Raise `ClientFileError` for a value that is nested too deep."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise ClientFileError(f"{source}:1:1: {TOO_DEEP}")
