"""A tool's definition as the classifier reads it: words, parameters and hints, each with its place.

A definition is foreign: any member may be missing, of another type, or huge. What is not of the expected type
counts as missing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Final

from latchward.model.risk import Evidence, Where

from .lexicon import Phrases, lexicon
from .words import Word, clauses, has_unseen, looked_at, name_words, words

MAX_DEPTH: Final = 8
"""Levels of a schema that are read."""

MAX_CHOICES: Final = 200
"""Values of one enumeration that are read."""

MAX_NAME: Final = 512
"""Characters of a name that are read."""

_HINTS: Final = ("readOnlyHint", "destructiveHint")


@dataclass(frozen=True, slots=True)
class Param:
    """One property of the input, at any depth: its name as words, its choices, its description's head."""

    name: str
    words: tuple[str, ...]
    choices: tuple[str, ...]
    description: str
    is_switch: bool

    @property
    def quote(self) -> Evidence:
        return Evidence(self.name, Where.INPUT_SCHEMA)


@dataclass(frozen=True)
class Facts:
    """What is known of one tool."""

    name: str
    title: str
    text: str
    params: tuple[Param, ...]
    hints: Mapping[str, bool]

    @cached_property
    def name_words(self) -> list[Word]:
        return name_words(self.name)

    @cached_property
    def title_words(self) -> list[Word]:
        return words(self.title)

    @cached_property
    def text_words(self) -> list[Word]:
        return words(self.text)

    @cached_property
    def clauses(self) -> list[list[Word]]:
        return list(clauses(self.text))

    @cached_property
    def opening(self) -> list[Word]:
        """The words of the first clauses, where a description says what the tool does."""
        return [word for clause in islice(self.clauses, 6) for word in clause][:80]

    @cached_property
    def param_words(self) -> frozenset[str]:
        return frozenset(word for param in self.params for word in param.words)

    @cached_property
    def hides_something(self) -> bool:
        """Whether name, title or description hold characters that nobody can see."""
        return any(has_unseen(text) for text in (self.name, self.title, self.text))

    @cached_property
    def instructs(self) -> Evidence | None:
        """Words that tell the reader what to think or do: such a description lowers nothing."""
        return self.says("instructs")

    def says(self, group: str, *, within: list[Word] | None = None) -> Evidence | None:
        """The first phrase of a group in the description, quoted."""
        phrases: Phrases = lexicon().phrases[group]
        place = phrases.find(self.text_words if within is None else within)
        if place is not None:
            return Evidence(self.text[place[0] : place[1]], Where.DESCRIPTION)
        if not self.text.isascii():
            for phrase in phrases.written:
                if phrase in self.text:
                    return Evidence(phrase, Where.DESCRIPTION)
        return None

    def name_quote(self, start: int, end: int) -> Evidence:
        return Evidence(self.name[start:end], Where.NAME)

    def text_quote(self, start: int, end: int) -> Evidence:
        return Evidence(self.text[start:end], Where.DESCRIPTION)


def read(definition: Mapping[str, Any]) -> Facts:
    """The facts of one entry of a server's `tools/list`."""
    annotations = definition.get("annotations")
    hints = annotations if isinstance(annotations, Mapping) else {}
    return Facts(
        name=_text(definition.get("name"))[:MAX_NAME],
        title=_text(definition.get("title"))[:MAX_NAME],
        text=looked_at(_text(definition.get("description"))),
        params=tuple(_params(definition.get("inputSchema"), 0)),
        hints={hint: hints[hint] for hint in _HINTS if isinstance(hints.get(hint), bool)},
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _params(schema: Any, depth: int) -> Iterator[Param]:
    """Every property of a schema, and those of its branches and items."""
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        for name, inside in properties.items():
            yield _param(str(name), inside)
            yield from _params(inside, depth + 1)
    yield from _params(schema.get("items"), depth + 1)
    for branch in ("anyOf", "oneOf", "allOf"):
        several = schema.get(branch)
        for one in several if isinstance(several, list) else ():
            yield from _params(one, depth + 1)


def _param(name: str, schema: Any) -> Param:
    inside: Mapping[str, Any] = schema if isinstance(schema, Mapping) else {}
    return Param(
        name=name[:MAX_NAME],
        words=tuple(word.text for word in name_words(name[:MAX_NAME])),
        choices=tuple(_choices(inside)),
        description=_text(inside.get("description"))[:MAX_NAME],
        is_switch=inside.get("type") == "boolean",
    )


def _choices(schema: Mapping[str, Any]) -> Iterator[str]:
    several = schema.get("enum")
    for value in several[:MAX_CHOICES] if isinstance(several, list) else ():
        if isinstance(value, str):
            yield value[:MAX_NAME]
    if isinstance(schema.get("const"), str):
        yield schema["const"][:MAX_NAME]
    for branch in ("anyOf", "oneOf"):
        branches = schema.get(branch)
        for one in branches[:MAX_CHOICES] if isinstance(branches, list) else ():
            if isinstance(one, Mapping):
                yield from _choices(one)
    if isinstance(schema.get("items"), Mapping):
        yield from _choices(schema["items"])
