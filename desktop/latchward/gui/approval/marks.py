"""What cannot be seen in a text, and hosts that are not what they seem."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from latchward.model.plain import visible

MAX_LETTERS: Final = 2
"""Combining marks on one letter that are shown as they are, as `model.plain` does it."""
MAX_HOSTS: Final = 20
"""Strange hosts that are named; more only repeat the warning."""

SpanKind = Literal["mark", "host", "note", "quiet", "changed"]


class Span(NamedTuple):
    """A part of a shown line that stands out; counted in characters of the line."""

    start: int
    length: int
    kind: SpanKind


class Marker:
    """Spells out what cannot be seen, as `model.plain.visible` does, quickly and with the places.

    It looks at `everything` once; `mark` then takes any part of it.
    """

    def __init__(self, everything: str) -> None:
        self.kinds: tuple[str, ...] = ()
        self.count = 0
        self._pattern: re.Pattern[str] | None = None
        self._hidden: frozenset[str] = frozenset()
        if not everything.isascii() or not everything.isprintable():
            self._look(everything)

    def mark(self, text: str) -> tuple[str, tuple[Span, ...]]:
        """The text as it is shown, and where the marks are in it."""
        if self._pattern is None:
            return text, ()
        parts: list[str] = []
        spans: list[Span] = []
        at = size = 0
        for found in self._pattern.finditer(text):
            before = text[at : found.start()]
            parts.append(before)
            size += len(before)
            for shown, hidden in self._spell(found[0]):
                if hidden:
                    spans.append(Span(size, len(shown), "mark"))
                parts.append(shown)
                size += len(shown)
            at = found.end()
        parts.append(text[at:])
        return "".join(parts), tuple(spans)

    def _look(self, everything: str) -> None:
        letters = set(everything)
        self._hidden = frozenset(letter for letter in letters if visible(letter) != letter)
        stacked = {letter for letter in letters if unicodedata.combining(letter)}
        if not self._hidden and not stacked:
            return
        parts = [_class(self._hidden - stacked), _class(stacked) + "+" if stacked else ""]
        self._pattern = re.compile("|".join(part for part in parts if part))
        kinds: dict[str, None] = {}
        for found in self._pattern.finditer(everything):
            for shown, hidden in self._spell(found[0]):
                if hidden:
                    self.count += 1
                    kinds[shown] = None
        self.kinds = tuple(kinds)

    def _spell(self, run: str) -> Iterator[tuple[str, bool]]:
        """Each letter of a find as it is shown, and whether that is a mark."""
        marks = 0
        for letter in run:
            marks = marks + 1 if unicodedata.combining(letter) else 0
            hidden = letter in self._hidden or marks > MAX_LETTERS
            yield (f"<U+{ord(letter):04X}>" if hidden else letter), hidden


def _class(letters: Iterable[str]) -> str:
    inside = "".join(re.escape(letter) for letter in sorted(letters))
    return f"[{inside}]" if inside else ""


class Host(NamedTuple):
    """A host as it stands in the text, and what is strange about it."""

    text: str
    why: str


# A bare name begins where a word begins and its labels are bounded, so that a long text takes linear time.
_HOST: Final = re.compile(
    r"//(?:[^\s/?#\\\"'<>|@]*@)?([^\s/?#\\\"'<>|:@]+)"
    r"|(?<![\w-])([\w-]{1,63}(?:[.。．｡][\w-]{1,63})+)"  # noqa: RUF001
)
_DOT: Final = re.compile("[.。．｡]")  # noqa: RUF001
_FAMILY: Final = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})
_LOOKALIKE: Final = frozenset(
    {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "FULLWIDTH", "MATHEMATICAL"}
)


def strange_hosts(text: str) -> tuple[Host, ...]:
    """The hosts in a text that mix alphabets, or hide one behind `xn--`."""
    if text.isascii() and "xn--" not in text.lower():
        return ()
    hosts: dict[str, Host] = {}
    for found in _HOST.finditer(text):
        host = found[1] or found[2]
        if host in hosts or (host.isascii() and "xn--" not in host.lower()):
            continue
        why = _disguised(host) if host.isascii() else _mixed(host, whole=found[1] is not None)
        if why:
            hosts[host] = Host(host, why)
            if len(hosts) >= MAX_HOSTS:
                break
    return tuple(hosts.values())


def _disguised(host: str) -> str:
    labels = []
    for label in host.split("."):
        try:
            decoded = label[4:].encode().decode("punycode") if label.lower().startswith("xn--") else label
        except UnicodeError:
            return "does not read as any name"
        labels.append(visible(decoded))
    read = ".".join(labels)
    if "" in labels:
        return "does not read as any name"
    return f"reads as {read}" if read != host else ""


def _mixed(host: str, *, whole: bool) -> str:
    """Names the alphabets that a host mixes; a bare name must mix them within one label."""
    for label in _DOT.split(host):
        scripts = _scripts(label)
        if len(scripts) > 1 and not scripts <= _FAMILY | {"LATIN"}:
            return _mix(host, scripts)
    scripts = _scripts(host)
    return _mix(host, scripts) if whole and "LATIN" in scripts and scripts & _LOOKALIKE else ""


def _mix(host: str, scripts: frozenset[str]) -> str:
    letters = dict.fromkeys(letter for letter in host if not letter.isascii() and letter.isalpha())
    points = ", ".join(f"U+{ord(letter):04X}" for letter in letters)
    return f"mixes {_named(scripts)} letters ({points})"


def _scripts(text: str) -> frozenset[str]:
    names = (unicodedata.name(letter, "UNKNOWN").split(" ")[0] for letter in text if letter.isalpha())
    return frozenset("CJK" if name == "IDEOGRAPHIC" else name for name in names)


def _named(scripts: Iterable[str]) -> str:
    return " and ".join(sorted(script.capitalize() for script in scripts))
