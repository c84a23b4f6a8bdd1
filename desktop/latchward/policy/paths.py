"""Paths into a call's arguments: `args.a.b`, `args.a[0]`, `args.a[*].b`, `args["a.b"]`, `args.a.length`.

A path without `[*]` names at most one value. With `[*]` it names one value for
every element of a list, and the predicate says whether all or any must hold.
`.length` at the end counts a list's elements or a text's code points; an
argument that is itself called `length` is reached as `args.length` or
`args.a["length"]`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

MAX_PATH: Final = 1_000
"""Characters in a path."""


class Absent:
    """There is no value at the path (or it cannot have one): `ABSENT` and `MISFIT` are the two of them."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


ABSENT: Final = Absent("ABSENT")
"""Nothing is there."""
MISFIT: Final = Absent("MISFIT")
"""Something is there that the path cannot be asked of: `[*]` of a text, `.length` of an object."""

Getter = Callable[[Mapping[str, Any]], Any]


class BadPath(ValueError):
    """The path does not load; the text says what to do."""


class _Each:
    """The segment `[*]`."""


class _Length:
    """The segment `.length` at the end."""


EACH: Final = _Each()
LENGTH: Final = _Length()
Segment = str | int | _Each | _Length

_SEGMENT: Final = re.compile(
    r"""\.(?P<name>[^.\[\]"\x00-\x1f]+) | \[(?P<index>[0-9]{1,9})\] | \[(?P<each>\*)\]
      | \[(?P<quoted>"(?:[^"\\\x00-\x1f]|\\["\\/])*")\]""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Path:
    """A path as text and as segments. `many` says that it holds `[*]`."""

    text: str
    segments: tuple[Segment, ...]
    many: bool

    def getter(self) -> Getter:
        """A function from arguments to the one value, `ABSENT` or `MISFIT`; for paths without `[*]`."""
        segments = self.segments
        if len(segments) == 1:
            only = segments[0]
            return lambda arguments: arguments.get(only, ABSENT)  # type: ignore[arg-type]
        return lambda arguments: _descend(arguments, segments)

    def values(self, arguments: Mapping[str, Any]) -> Iterator[Any]:
        """Every value that the path names, in order; `ABSENT` or `MISFIT` where an element has none."""
        return _spread(arguments, self.segments)


def parse_path(text: str) -> Path:
    """Read a path. Raises `BadPath` with a sentence that says what to write."""
    if len(text) > MAX_PATH:
        raise BadPath(f"write at most {MAX_PATH:,} characters")
    if not text.startswith("args"):
        raise BadPath("begin with `args.`, such as `args.branch`")
    segments: list[Segment] = []
    at = len("args")
    while at < len(text):
        found = _SEGMENT.match(text, at)
        if found is None:
            raise BadPath(_advice(text[at:]))
        segments.append(_segment(found, last=found.end() == len(text), first=not segments))
        at = found.end()
    if not segments:
        raise BadPath("name an argument, such as `args.branch`")
    if not isinstance(segments[0], str):
        raise BadPath("name an argument first, such as `args.files[0]`: `args` itself is an object")
    return Path(text, tuple(segments), any(segment is EACH for segment in segments))


def _segment(found: re.Match[str], *, last: bool, first: bool) -> Segment:
    if found["name"] is not None:
        name = found["name"]
        return LENGTH if name == "length" and last and not first else name
    if found["index"] is not None:
        return int(found["index"])
    if found["each"] is not None:
        return EACH
    return re.sub(r"\\(.)", r"\1", found["quoted"][1:-1])


def _advice(rest: str) -> str:
    if rest.startswith("[-"):
        return "count list elements from 0: negative indexes are not read"
    if rest.startswith("["):
        return 'write `[0]`, `[*]` or `["a key"]` in the brackets'
    return 'separate names with `.`, and write names with dots or brackets as `["a.b"]`'


def _step(value: Any, segment: Segment) -> Any:
    if segment is LENGTH:
        if isinstance(value, str | list):
            return len(value)
        return MISFIT
    if isinstance(segment, str):
        return value.get(segment, ABSENT) if isinstance(value, Mapping) else ABSENT
    if isinstance(segment, int) and isinstance(value, list) and segment < len(value):
        return value[segment]
    return ABSENT


def _descend(value: Any, segments: tuple[Segment, ...]) -> Any:
    for segment in segments:
        value = _step(value, segment)
        if value is ABSENT or value is MISFIT:
            return value
    return value


def _spread(value: Any, segments: tuple[Segment, ...]) -> Iterator[Any]:
    for at, segment in enumerate(segments):
        if segment is EACH:
            if isinstance(value, list):
                rest = segments[at + 1 :]
                for element in value:
                    yield from _spread(element, rest)
            else:
                yield MISFIT
            return
        value = _step(value, segment)
        if value is ABSENT or value is MISFIT:
            yield value
            return
    yield value
