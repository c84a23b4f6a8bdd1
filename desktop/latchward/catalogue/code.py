"""Tools that run what they are given: code, a command, a statement, any request."""

from typing import Final

from latchward.model.risk import Category, Evidence

from . import actions
from .facts import Facts
from .finding import Finding, Heard
from .lexicon import is_noun

RUNNING: Final = frozenset(
    "run runs running execute exec eval evaluate call perform invoke query send spawn open submit".split()
)
_SQL_NAMES: Final = frozenset(
    "sql database db postgres mysql sqlite d1 mariadb oracle mongo cypher snowflake".split()
)
_PARAMS: Final = frozenset(
    "command cmd script code sql statement cypher javascript js python bash shell expression".split()
)
_PROGRAMS: Final = frozenset("bash shell sql powershell terminal cmd python javascript js zsh cypher".split())
_ABOUT_CODE: Final = frozenset(
    "search list create get update review delete find generate validate save".split()
)
_READING: Final = frozenset("read select get list explain readonly".split())
_QUERYING: Final = frozenset("query queries data select".split()) | _SQL_NAMES
"""A statement may be held to reading by what takes it; for a shell, that is only a claim."""

_BLUNT: Final = frozenset("write request send make post patch use do".split())
"""Verbs that say little where code or a request is what is written."""


def run(heard: Heard, found: Finding) -> Finding:
    """Runs whatever it is given, unless its text holds it to reading."""
    quote = taken(heard)
    if quote is None or found.category > Category.EXECUTE:
        return found
    name = heard.name
    blunt = name is None or not name.firm or name.verb in _BLUNT or name.category is Category.EXECUTE
    if not blunt:
        if found.category is Category.READ and _is_sql(heard.facts):
            return found.moved(
                Category.READ, "it reads with a statement that it is given,", quote, reading=True
            )
        return found
    facts = heard.facts
    held = bool(heard.told & (_QUERYING | _READING)) and not facts.instructs
    limit = facts.says("read_only", within=facts.opening) if held else None
    if limit is not None:
        return found.moved(Category.READ, "it is held to reading, for it says", limit, reading=True)
    if heard.told & _READING:
        return found.moved(Category.READ, "it is held to reading; it takes", quote, reading=True)
    return found.moved(Category.EXECUTE, "it runs what it is given, for it names", quote, free=True)


def taken(heard: Heard) -> Evidence | None:
    """The words that show that code, a command, a statement or any request is taken."""
    return (
        _named(heard) or _queried(heard) or _param(heard) or _any_request(heard.facts) or _said(heard.facts)
    )


def _runs(heard: Heard) -> bool:
    told = heard.told
    return (
        bool(told & RUNNING)
        or (heard.name is not None and heard.name.category is Category.EXECUTE)
        or (len(told) <= 2 and bool(told & _PROGRAMS))
        or (bool(told) and all(is_noun(word, "code") for word in told))
    )


def _named(heard: Heard) -> Evidence | None:
    told = heard.told
    if not _runs(heard) or told & _ABOUT_CODE:
        return None
    words = heard.facts.name_words
    named = next((word for word in words if is_noun(word.text, "code")), None)
    return None if named is None else heard.facts.name_quote(named.start, named.end)


def _queried(heard: Heard) -> Evidence | None:
    facts = heard.facts
    place = next((word for word in facts.name_words if word.text in ("query", "cypher", "sql")), None)
    if place is None or not (
        _is_sql(facts) or "select" in heard.told or facts.says("sql_text", within=facts.opening)
    ):
        return None
    return facts.name_quote(place.start, place.end)


def _param(heard: Heard) -> Evidence | None:
    words = heard.facts.name_words
    if not _runs(heard) or not words or is_noun(words[-1].text, "query_language"):
        return None
    free = (param for param in heard.facts.params if param.name.lower() in _PARAMS and not param.choices)
    return next((param.quote for param in free), None)


def _any_request(facts: Facts) -> Evidence | None:
    method = actions.any_method(facts)
    return method if {"url", "path", "endpoint", "uri"} & facts.param_words else None


def _said(facts: Facts) -> Evidence | None:
    return facts.says("any_program", within=facts.opening)


def _is_sql(facts: Facts) -> bool:
    return any(word.text in _SQL_NAMES for word in facts.name_words) or "sql" in facts.param_words
