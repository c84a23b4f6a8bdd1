"""What has been found of a tool so far, and how sure it is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from latchward.model.risk import Category, Evidence

from .facts import Facts
from .speech import Deed

SURE: Final = 0.95
NAME_ALONE: Final = 0.8
TEXT_ALONE: Final = 0.7
DISPUTED: Final = 0.6
GUESSED: Final = 0.45
UNKNOWN: Final = 0.2


@dataclass(frozen=True, slots=True)
class Finding:
    """The category, why (a clause that a quotation ends), and what the severity needs to know.

    `free` marks a tool that runs whatever it is given; `reading` one that is
    given such a thing and held to reading.
    """

    category: Category
    confidence: float
    why: str
    evidence: tuple[Evidence, ...] = ()
    verb: str = ""
    objects: tuple[str, ...] = ()
    free: bool = False
    reading: bool = False

    def moved(
        self,
        category: Category,
        why: str,
        evidence: Evidence | None = None,
        *,
        free: bool = False,
        reading: bool = False,
    ) -> "Finding":
        """The same tool in another category, for the reason `why`; the words that decided come first."""
        sure = SURE if category is self.category else max(min(self.confidence, NAME_ALONE), DISPUTED)
        others = tuple(one for one in self.evidence if one != evidence)
        return replace(
            self,
            category=category,
            confidence=sure,
            why=why,
            evidence=others if evidence is None else (evidence, *others),
            free=free or self.free,
            reading=reading,
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """A tool's facts, with what its name and its description say that it does."""

    facts: Facts
    name: Deed | None
    text: Deed | None

    @property
    def told(self) -> frozenset[str]:
        """The words of the name."""
        return frozenset(word.text for word in self.facts.name_words)


Step = Callable[[Heard, Finding], Finding]
"""One consideration: the finding as it was, or a changed one."""
