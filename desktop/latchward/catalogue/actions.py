"""Tools that do one of several things, as an argument says: the worst one that is offered counts."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from latchward.model.risk import Category, Evidence, Where

from .facts import Facts, Param
from .lexicon import is_noun, singular, verb
from .words import name_words

_CHOOSERS: Final = frozenset(
    "action actions operation operations op method mode command task verb act do".split()
)
_METHODS: Final = frozenset("get post put patch delete head options".split())
_ASIDE: Final = frozenset({"confirm", "sort", "order"})
_ENUMERATED: Final = re.compile(r"(?<![\w-])[\w-]++(?:\s*+[|/,]\s*+[\w-]++){1,40}")
_NO_DEED: Final = frozenset("none default auto all any use uses used".split())
_HARD: Final = frozenset("hard force permanent".split())


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be chosen, and what it does at worst."""

    category: Category
    words: tuple[str, ...]
    evidence: Evidence


def choices(facts: Facts) -> list[Choice]:
    """All that can be chosen and whose deed is known; empty where the tool does one thing."""
    found = []
    for param in facts.params:
        if _chooses(param):
            several = param.choices or _spelled_out(param.description)
            if (
                not {choice.lower() for choice in several} <= _METHODS
            ):  # of HTTP: they say nothing of what is done
                found += _known(several)
    return _without_inverses(found)


def worst(found: Iterable[Choice]) -> Choice | None:
    """The choice with the worst category; the first of several."""
    return max(found, key=lambda choice: choice.category, default=None)


def any_method(facts: Facts) -> Evidence | None:
    """The method parameter of a tool that sends any HTTP request."""
    for param in facts.params:
        if param.words == ("method",) and len(_METHODS & {one.lower() for one in param.choices}) > 1:
            return Evidence(param.name, Where.INPUT_SCHEMA)
    return None


def _chooses(param: Param) -> bool:
    if not param.words or param.words[0] in _ASIDE:
        return False
    return param.words[-1] in _CHOOSERS or (param.words == ("type",) and _all_deeds(param.choices))


def _all_deeds(several: tuple[str, ...]) -> bool:
    return len(several) > 1 and all(_firm(one) for one in several)


def _firm(choice: str) -> bool:
    inside = name_words(choice)
    found = verb(inside[0].text, bent=False) if inside else None
    return found is not None and found.firm and not found.nounlike


def _spelled_out(description: str) -> tuple[str, ...]:
    """`list|get|create`: the choices that stand in a description, where no enumeration does."""
    found = _ENUMERATED.search(description)
    if found is None:
        return ()
    several = tuple(part.strip() for part in re.split(r"[|/,]", found.group()))
    return several if len([one for one in several if _category_of(one) is not None]) > 1 else ()


def _known(several: Iterable[str]) -> list[Choice]:
    found = []
    for choice in several:
        category = _category_of(choice)
        if category is not None:
            words = tuple(word.text for word in name_words(choice))
            found.append(Choice(category, words, Evidence(choice, Where.INPUT_SCHEMA)))
    return found


def _category_of(choice: str) -> Category | None:
    return _category(tuple(word.text for word in name_words(choice)))


def _category(words: tuple[str, ...]) -> Category | None:
    if not words or words[0] in _NO_DEED:
        return None
    if _HARD & set(words):
        return Category.DESTRUCTIVE
    for word in words:
        known = verb(word, bent=False)
        if known is not None and (known.firm or word == words[0]):
            return known.category
    return Category.READ if is_noun(words[-1], "report_tail") else None


def _without_inverses(found: list[Choice]) -> list[Choice]:
    """`remove` beside `add` of the same thing can be undone by it, unless somebody loses a membership."""
    added = {tuple(map(singular, choice.words[1:])) for choice in found if choice.words[0] in ("add", "bind")}
    return [
        Choice(Category.WRITE, choice.words, choice.evidence)
        if choice.words[0] in ("remove", "unbind")
        and tuple(map(singular, choice.words[1:])) in added
        and not any(is_noun(word, "membership") for word in choice.words)
        else choice
        for choice in found
    ]
