"""The door: what one tool may do at worst, from its definition alone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from latchward.model.risk import Category, Evidence, Risk, Rule, Severity, Where

from . import category, severity, speech
from .facts import Facts, read
from .finding import GUESSED, Finding

MAX_QUOTE: Final = 200
"""Characters of one quotation."""

_RULES: Final[Mapping[Category, Mapping[Severity, Rule]]] = {
    Category.READ: {Severity.LOW: Rule.ALLOW, Severity.MEDIUM: Rule.LIMIT},
    Category.WRITE: {Severity.LOW: Rule.ALLOW, Severity.MEDIUM: Rule.LIMIT},
    Category.EXECUTE: {Severity.LOW: Rule.LIMIT, Severity.MEDIUM: Rule.LIMIT, Severity.HIGH: Rule.LIMIT},
    Category.DESTRUCTIVE: {
        Severity.LOW: Rule.APPROVE,
        Severity.MEDIUM: Rule.APPROVE,
        Severity.HIGH: Rule.HIDE,
        Severity.CRITICAL: Rule.HIDE,
    },
    Category.FINANCIAL: {},
}

_DOES: Final = {
    Category.READ: "only reads",
    Category.WRITE: "creates or changes something",
    Category.EXECUTE: "starts or runs something",
    Category.DESTRUCTIVE: "removes or ends something that one call cannot bring back",
    Category.FINANCIAL: "moves or commits money",
}


def classify(definition: Mapping[str, Any]) -> Risk:
    """The risk of one entry of a server's `tools/list`. Never raises, and takes bounded time a parameter."""
    facts = read(definition)
    found = category.find(facts)
    risk = _risk(facts, found)
    return _raised_by_hints(facts, found, risk)


def rule_for(of: Category, level: Severity) -> Rule:
    """What is recommended for a category at a severity."""
    return _RULES[of].get(level, Rule.APPROVE)


def _risk(facts: Facts, found: Finding) -> Risk:
    level = severity.find(facts, found)
    confidence = found.confidence
    if facts.hides_something or facts.instructs:
        confidence = min(confidence, GUESSED)
    evidence = tuple(Evidence(one.quote[:MAX_QUOTE], one.where) for one in found.evidence if one.quote)
    return Risk(
        category=found.category,
        severity=level,
        rule=rule_for(found.category, level),
        confidence=confidence,
        reason=_reason(facts, found, evidence),
        evidence=evidence,
    )


def _reason(facts: Facts, found: Finding, evidence: tuple[Evidence, ...]) -> str:
    if not found.why or not evidence:
        return "Nothing in its definition says what it does, so it is treated as if it could run anything."
    said = f"It {_DOES[found.category]}: {found.why} `{evidence[0].quote}`"
    if facts.hides_something:
        return f"{said}; its definition holds characters that nobody can see."
    if facts.instructs:
        return f"{said}; its description tells the reader what to think, which was left out of account."
    return f"{said}."


def _raised_by_hints(facts: Facts, found: Finding, risk: Risk) -> Risk:
    """The server's own hints make a tool riskier or nothing: an untrusted server may say what it likes."""
    worse, hint = risk.category, ""
    if (
        facts.hints.get("readOnlyHint") is False
        and risk.category is Category.READ
        and risk.confidence <= GUESSED
    ):
        worse, hint = Category.WRITE, "readOnlyHint"
    if facts.hints.get("destructiveHint") is True:
        if risk.category is Category.READ and risk.confidence <= GUESSED:
            worse, hint = Category.WRITE, "destructiveHint"
        elif risk.category is Category.WRITE and _tells_of_deletion(facts):
            worse, hint = Category.DESTRUCTIVE, "destructiveHint"
    if worse is risk.category:
        return risk
    level = max(risk.severity, severity.find(facts, replace(found, category=worse)))
    return replace(
        risk,
        category=worse,
        severity=level,
        rule=max(risk.rule, rule_for(worse, level)),
        reason=f"It {_DOES[worse]}: its annotations say `{hint}`.",
        evidence=(Evidence(hint, Where.ANNOTATIONS), *risk.evidence),
    )


def _tells_of_deletion(facts: Facts) -> bool:
    """Whether the first lines say so, and do not deny it."""
    return any(deed.category is Category.DESTRUCTIVE for deed in speech.deeds_in(facts, clauses=3))
