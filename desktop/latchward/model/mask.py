"""Values taken out of texts: what must not be shown becomes `•••`, however programs repeat it."""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from .secret import DOTS

SHORTEST: Final = 4
"""Characters of a value from which on it is taken out; shorter ones stand in any text."""
MAX_VALUES: Final = 1000
"""Values that are known at one time; the oldest is forgotten for the next."""
_CUT: Final = "…"


class Mask:
    """Knows values and takes them out of texts."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._forms: dict[str, frozenset[str]] = {}
        self._sorted: tuple[str, ...] = ()
        self.learn(values)

    def learn(self, values: Iterable[str]) -> None:
        """Take these out as well from now on."""
        fresh = {value: frozenset(_forms(value)) for value in values if value not in self._forms}
        if not fresh:
            return
        self._forms |= fresh
        for oldest in list(self._forms)[:-MAX_VALUES]:
            del self._forms[oldest]
        # The longest first: what holds another value goes as one.
        self._sorted = tuple(sorted(frozenset().union(*self._forms.values()), key=len, reverse=True))

    @property
    def knows_any(self) -> bool:
        """Whether there is anything to take out."""
        return bool(self._sorted)

    def __call__(self, text: str) -> str:
        """The text without the values, also where `…` says that it was cut in the middle of one."""
        for form in self._sorted:
            text = text.replace(form, DOTS)
        if _CUT in text and self._sorted:
            *before, last = text.split(_CUT)
            text = _CUT.join([*(self._without_beginning(piece) for piece in before), last])
        return text

    def _without_beginning(self, piece: str) -> str:
        """A text that was cut at its end, without the beginning of a value there."""
        size = max((_beginning(form, piece) for form in self._sorted), default=0)
        return piece[:-size] + DOTS if size >= SHORTEST else piece


def _beginning(form: str, piece: str) -> int:
    """How much of the beginning of `form` stands at the end of `piece`."""
    sizes = range(min(len(form), len(piece)), 0, -1)
    return next((size for size in sizes if piece.endswith(form[:size])), 0)


def _forms(value: str) -> Iterator[str]:
    """A value as programs repeat it: itself, its last word, its lines, in URLs, in JSON, in base64."""
    written = (
        value,
        value.rpartition(" ")[2],
        *value.splitlines(),
        quote(value, safe=""),
        quote_plus(value),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
    )
    yield from (form for form in written if len(form) >= SHORTEST)
    if len(value) >= SHORTEST:
        yield from _in_base64(value.encode("utf-8", "surrogatepass"))


def _in_base64(value: bytes) -> Iterator[str]:
    """The characters that a value makes in base64 wherever it stands in what is encoded."""
    for before in range(3):
        text = b64encode(bytes(before) + value).decode()
        # The first and the last characters are made by the neighbours too.
        whole = text[(before * 8 + 5) // 6 : (before + len(value)) * 8 // 6]
        if len(whole) > SHORTEST:
            yield whole
            yield whole.replace("+", "-").replace("/", "_")
