"""The way in and out: a document's text becomes a `Policy`, and a `Policy` becomes text."""

import hashlib
import json
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from latchward.model.errors import PolicyError

from .compiled import Policy
from .compiling import compile_document
from .complaints import Fault, fault_of, located
from .form import Document, keys_at
from .places import Places, check_text, decode, read_json

__all__ = ["Policy", "dump", "load", "plain", "text_of"]

_FAULTS = 20
"""Faults that are placed, to name the first: each costs a walk through the text."""


def load(text: bytes | str, *, source: str, yaml: bool = False) -> Policy:
    """Read one document. `source` names it in messages; its bytes give the policy's `revision`.

    Raises `PolicyError` with line and column for the first thing that is wrong.
    """
    plain, data = decode(text, source)
    value, places = _read(plain, source, yaml=yaml)
    try:
        check_text(value)
        document = _shaped(value, places)
        return compile_document(document, source=source, revision=hashlib.sha256(data).hexdigest())
    except Fault as fault:
        line, column = places(fault.location, fault.at_key)
        raise PolicyError(fault.sentence(), source=source, line=line, column=column) from None


def _read(text: str, source: str, *, yaml: bool) -> tuple[Any, Places]:
    if not yaml:
        return read_json(text, source)
    # Loading the parser takes longer than reading most documents; JSON does not need it.
    from .places_yaml import read_yaml

    value, places = read_yaml(text, source)
    if isinstance(value, dict) and type(value.get("version")) is int and value["version"] == 1:
        value["version"] = "1"
    return value, places


def _shaped(value: Any, places: Places) -> Document:
    if not isinstance(value, dict):
        raise Fault("a policy is an object", (), 'write `{"version": "1"}`')
    try:
        return Document.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False)[:_FAULTS]
    faults = []
    for detail in details:
        inside, _ = located(value, detail["loc"][:-1])
        faults.append(fault_of(dict(detail), value, keys_at(inside)))
    raise min(faults, key=lambda fault: places(fault.location, fault.at_key))


def dump(policy: Policy) -> str:
    """The document in our JSON form: two spaces of indent, the format's order, a line feed at the end."""
    return text_of(plain(policy))


def plain(policy: Policy) -> dict[str, Any]:
    """The document as plain values that may be changed: what it states, in the format's order."""
    document: dict[str, Any] = _plain(policy.document)
    return document


def text_of(document: dict[str, Any]) -> str:
    """The text of a document given as plain values; `load` reads it back."""
    return _json(document, "") + "\n"


def _plain(value: Any) -> Any:
    """A form as plain values; only what the document states, in the order of the form's fields."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return {
            info.alias or name: _plain(getattr(value, name))
            for name, info in fields.items()
            if name in value.model_fields_set
        }
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _json(value: Any, indent: str) -> str:
    """JSON that keeps the digits of numbers, which the standard library would turn into floats."""
    inner = indent + "  "
    if isinstance(value, dict) and value:
        members = [f"{inner}{_json(key, '')}: {_json(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        items = [inner + _json(item, inner) for item in value]
        return "[\n" + ",\n".join(items) + f"\n{indent}]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
