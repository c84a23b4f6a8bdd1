"""Definitions for the tests of the catalogue, and what must hold for any risk."""

from typing import Any

from latchward.catalogue.classify import classify
from latchward.model.risk import Category, Risk


def tool(name: str = "", description: str | None = None, **more: Any) -> dict[str, Any]:
    """A definition as a server lists it."""
    return {"name": name, **({} if description is None else {"description": description}), **more}


def schema(*names: str, **choices: list[str]) -> dict[str, Any]:
    """An input of strings; those with choices are enumerations."""
    properties: dict[str, Any] = {name: {"type": "string"} for name in names}
    properties |= {name: {"type": "string", "enum": several} for name, several in choices.items()}
    return {"type": "object", "properties": properties}


def category(name: str = "", description: str | None = None, **more: Any) -> Category:
    return classify(tool(name, description, **more)).category


def at_least(worse: Risk, than: Risk) -> bool:
    """Whether one risk is in no way milder than another."""
    return (
        worse.category >= than.category
        and worse.class_risk >= than.class_risk
        and worse.severity >= than.severity
        and worse.rule >= than.rule
    )
