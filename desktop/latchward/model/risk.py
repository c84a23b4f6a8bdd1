"""What a tool may do at worst, as far as its definition tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final


class _Word(IntEnum):
    """A scale whose greater value is the riskier one, so that `max` keeps the worse."""

    @property
    def word(self) -> str:
        """How it is shown and written: `Read`, `Critical`, `Approve`."""
        return self.name.capitalize()


class Category(_Word):
    """The worst thing that one call may do; the greater one is looked for first."""

    READ = 0
    WRITE = 1
    EXECUTE = 2
    DESTRUCTIVE = 3
    FINANCIAL = 4


class Severity(_Word):
    """How far the harm of one call may reach."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    CRITICAL = 3


class Rule(_Word):
    """What is recommended. LIMIT is to allow within a rate; the words of a document are in lower case."""

    ALLOW = 0
    LIMIT = 1
    APPROVE = 2
    HIDE = 3

    @property
    def word(self) -> str:
        """The word of documents: `allow`, `limit`, `approve`, `hide`."""
        return self.name.lower()


CLASS_RISK: Final[Mapping[Category, Severity]] = {
    Category.READ: Severity.LOW,
    Category.WRITE: Severity.MEDIUM,
    Category.EXECUTE: Severity.HIGH,
    Category.DESTRUCTIVE: Severity.CRITICAL,
    Category.FINANCIAL: Severity.CRITICAL,
}
"""The level that each category has whatever the tool is."""


class Where(StrEnum):
    """The part of a definition that was read."""

    NAME = "name"
    TITLE = "title"
    DESCRIPTION = "description"
    INPUT_SCHEMA = "inputSchema"
    ANNOTATIONS = "annotations"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of a definition, letter for letter, and where they stand."""

    quote: str
    where: Where


@dataclass(frozen=True, slots=True)
class Risk:
    """What one tool may do at worst, and what is recommended.

    `confidence` runs from 0 to 1. `reason` is one plain sentence for people;
    `evidence` holds the words that decided, the strongest first, and is empty
    where nothing in the definition says what the tool does.
    """

    category: Category
    severity: Severity
    rule: Rule
    confidence: float
    reason: str
    evidence: tuple[Evidence, ...] = ()

    @property
    def class_risk(self) -> Severity:
        """The fixed level of the category."""
        return CLASS_RISK[self.category]
