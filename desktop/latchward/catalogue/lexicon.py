"""The words that the catalogue knows, read once from resources/catalogue."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from latchward import assets
from latchward.model.risk import Category

from .words import Word, fold

_NAMES: Final = {category.word: category for category in Category}


@dataclass(frozen=True, slots=True)
class Verb:
    """What a word does at worst. `firm`: by itself. `nounlike`: as often a thing as a deed."""

    word: str
    category: Category
    firm: bool
    nounlike: bool


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All word lists. `nouns` and `phrases` are by the name of their list in the files."""

    verbs: Mapping[str, Verb]
    foreign: Mapping[str, Verb]
    written: tuple[tuple[str, Verb], ...]
    nouns: Mapping[str, frozenset[str]]
    phrases: Mapping[str, "Phrases"]
    fillers: frozenset[str]
    nounable: frozenset[str]
    unmistakable: frozenset[str]


class Phrases:
    """A set of word sequences, found in one walk over a text's words."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        self.written: tuple[str, ...] = tuple(phrase for phrase in phrases if not phrase.isascii())
        for phrase in phrases:
            first, *rest = (fold(word) for word in phrase.split())
            self._by_first.setdefault(first, []).append(tuple(rest))

    def find(self, inside: list[Word]) -> tuple[int, int] | None:
        """Where the first of them begins and ends, as places in the text."""
        for index, word in enumerate(inside):
            for rest in self._by_first.get(word.text, ()):
                after = inside[index + 1 : index + 1 + len(rest)]
                if tuple(other.text for other in after) == rest:
                    return word.start, (after[-1] if after else word).end
        return None


@cache
def lexicon() -> Lexicon:
    """The words, read and folded."""
    verbs = _read("verbs")
    languages = _read("languages")
    return Lexicon(
        verbs=_verbs(verbs),
        foreign=_foreign(languages["words"]),
        written=_written(languages["written"]),
        nouns={name: frozenset(text.split()) for name, text in _read("nouns").items()},
        phrases={name: Phrases(found) for name, found in _read("phrases").items() if name != "about"},
        fillers=frozenset(verbs["fillers"].split()),
        nounable=frozenset(verbs["nounable"].split()),
        unmistakable=frozenset(verbs["unmistakable"].split()),
    )


@lru_cache(maxsize=8192)
def verb(word: str, *, bent: bool = True) -> Verb | None:
    """The verb that a folded word is a form of; a name is not `bent`: there `setting` is a thing."""
    known = lexicon()
    for base in _bases(word, bent=bent):
        if base in known.verbs:
            return known.verbs[base]
    return known.foreign.get(word)


@lru_cache(maxsize=8192)
def singular(word: str) -> str:
    """A noun without its plural ending; good enough to look it up."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def is_noun(word: str, *lists: str) -> bool:
    """Whether a word, or its singular, is in one of the lists of nouns."""
    nouns = lexicon().nouns
    return any(word in nouns[name] or singular(word) in nouns[name] for name in lists)


def written_verb(text: str) -> tuple[Verb, int, int] | None:
    """The first verb of a script that is written without blanks, and its place in the text."""
    if text.isascii():
        return None
    places = ((text.find(word), word, found) for word, found in lexicon().written)
    first = min((place for place in places if place[0] >= 0), key=lambda place: place[0], default=None)
    return None if first is None else (first[2], first[0], first[0] + len(first[1]))


def _bases(word: str, *, bent: bool) -> Iterable[str]:
    yield word
    if len(word) > 3 and word.endswith("s"):
        yield word[:-1]
        if word.endswith("es"):
            yield word[:-2]
        if word.endswith("ies"):
            yield word[:-3] + "y"
    for ending in ("ing", "ed") if bent else ():
        if len(word) > len(ending) + 2 and word.endswith(ending):
            stem = word[: -len(ending)]
            yield from (stem + "e", stem)
            if stem[-1] == stem[-2]:
                yield stem[:-1]
            if stem.endswith("i"):
                yield stem[:-1] + "y"


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(assets.text(f"catalogue/{name}.json"))
    return found


def _verbs(found: Mapping[str, Any]) -> dict[str, Verb]:
    nounlike = frozenset(found["nounlike"].split())
    return {
        word: Verb(word, _NAMES[category], group == "firm", word in nounlike)
        for group in ("firm", "loose")
        for category, text in found[group].items()
        for word in text.split()
    }


def _foreign(by_category: Mapping[str, Mapping[str, str]]) -> dict[str, Verb]:
    found: dict[str, Verb] = {}
    for category, languages in by_category.items():
        for text in languages.values():
            for word in text.split():
                worst = max(_NAMES[category], found[word].category if word in found else Category.READ)
                found[word] = Verb(word, worst, True, False)
    return found


def _written(by_category: Mapping[str, list[str]]) -> tuple[tuple[str, Verb], ...]:
    return tuple(
        (word, Verb(word, _NAMES[category], True, False))
        for category, found in by_category.items()
        for word in found
    )
