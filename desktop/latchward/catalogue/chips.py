"""Facts of a tool in two or three words each, for the question to a person."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from latchward.model.risk import Category, Risk, Severity

from .facts import Facts, read
from .lexicon import is_noun

_OUTWARD: Final = frozenset(
    "send email mail sms tweet post publish upload push fetch crawl scrape browse http request webhook web"
    " broadcast call dial url share invite reply".split()
)
_URLS: Final = frozenset("url uri urls endpoint webhook host hostname recipient recipients to email".split())
_PATHS: Final = frozenset("path file filename filepath directory folder".split())
_HANDS: Final = frozenset(
    "click tap press swipe drag hover mouse keyboard scroll keys key type desktop clipboard gesture".split()
)
_SENDING: Final = frozenset(
    "send reply forward post email sms message tweet broadcast notify announce".split()
)


class Chip(StrEnum):
    """One fact, in the words that are shown."""

    SPENDS = "spends money"
    DELETES = "deletes or ends something"
    RUNS = "runs a program"
    STARTS = "starts something"
    DESKTOP = "can drive your desktop"
    FILE = "changes a file"
    READS_FILE = "reads files"
    SECRETS = "shows secrets"
    ACCESS = "changes who has access"
    MESSAGE = "sends a message"
    OUTWARD = "leaves this machine"


def chips(definition: Mapping[str, Any], risk: Risk) -> tuple[Chip, ...]:
    """The facts that hold for a tool, the gravest first; none for a plain read."""
    facts = read(definition)
    return tuple(chip for chip, holds in _HOLDS.items() if holds(facts, risk))


def _told(facts: Facts) -> frozenset[str]:
    return frozenset(word.text for word in facts.name_words)


def _names(facts: Facts, *lists: str) -> bool:
    return any(is_noun(word.text, *lists) for word in facts.name_words)


def _changes(risk: Risk) -> bool:
    return risk.category is not Category.READ


def _runs(facts: Facts, risk: Risk) -> bool:
    return risk.category is Category.EXECUTE and (risk.severity is Severity.CRITICAL or _names(facts, "code"))


def _starts(facts: Facts, risk: Risk) -> bool:
    return risk.category is Category.EXECUTE and not _runs(facts, risk) and not _drives(facts, risk)


def _drives(facts: Facts, risk: Risk) -> bool:
    return risk.category is Category.EXECUTE and bool(_told(facts) & _HANDS)


def _on_files(facts: Facts) -> bool:
    return _names(facts, "files") or bool(facts.param_words & _PATHS)


def _outward(facts: Facts, risk: Risk) -> bool:
    return bool(_told(facts) & _OUTWARD) or bool({param.name.lower() for param in facts.params} & _URLS)


_HOLDS: Final[Mapping[Chip, Callable[[Facts, Risk], bool]]] = {
    Chip.SPENDS: lambda facts, risk: risk.category is Category.FINANCIAL,
    Chip.DELETES: lambda facts, risk: risk.category is Category.DESTRUCTIVE,
    Chip.RUNS: _runs,
    Chip.STARTS: _starts,
    Chip.DESKTOP: _drives,
    Chip.FILE: lambda facts, risk: _changes(risk) and _on_files(facts),
    Chip.READS_FILE: lambda facts, risk: not _changes(risk) and _on_files(facts),
    Chip.SECRETS: lambda facts, risk: not _changes(risk) and risk.severity >= Severity.HIGH,
    Chip.ACCESS: lambda facts, risk: _changes(risk) and _names(facts, "permissions"),
    Chip.MESSAGE: lambda facts, risk: _changes(risk) and bool(_told(facts) & _SENDING),
    Chip.OUTWARD: _outward,
}
