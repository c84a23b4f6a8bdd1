"""Arguments of a call that a tool's schema wants repeated as `Mcp-Param-*` headers (`x-mcp-header`).

Source: MCP specification 2026-07-28, transports, "Custom headers from tool
parameters". A test holds the rules against `mcp.shared.inbound`.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from latchward.model.errors import ClientError

from .headers import Headers, decode, encode, single
from .versions import HEADER_MISMATCH

PREFIX: Final = "Mcp-Param-"
KEY: Final = "x-mcp-header"

Path = tuple[str, ...]
"""The keys from the arguments down to one value."""

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.0{1,30})?")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TYPES: Final = ("string", "integer", "boolean")
_ONE: Final = frozenset(
    "items contains unevaluatedItems additionalProperties propertyNames unevaluatedProperties"
    " not if then else contentSchema".split()
)
_LIST: Final = frozenset("allOf anyOf oneOf prefixItems".split())
_MAP: Final = frozenset("patternProperties dependentSchemas $defs definitions".split())


class InvalidAnnotation(Exception):
    """A schema's `x-mcp-header` breaks the rules; the tool is not to be offered. `str()` says which rule."""


def annotated(schema: Any) -> dict[Path, str]:
    """The header names (without the prefix) of a tool's input schema, by argument.

    Raises `InvalidAnnotation`.
    """
    found: dict[Path, str] = {}
    seen: set[str] = set()
    for path, place in _places(schema):
        if KEY not in place:
            continue
        name = place[KEY]
        if not path:
            raise InvalidAnnotation(f"`{KEY}` stands where no chain of `properties` leads")
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise InvalidAnnotation(f"`{KEY}` is not the name of a header")
        if place.get("type") not in _TYPES:
            raise InvalidAnnotation(f"`{KEY}` stands at a value that is no string, integer or boolean")
        if name.lower() in seen:
            raise InvalidAnnotation(f"`{KEY}` names one header twice")
        seen.add(name.lower())
        found[path] = name
    return found


def headers(names: Mapping[Path, str], arguments: Mapping[str, Any]) -> dict[str, str]:
    """The headers for these arguments; one that is absent, null or no scalar has none."""
    values = ((name, _text(_at(arguments, path))) for path, name in names.items())
    return {PREFIX + name: encode(text) for name, text in values if text is not None}


def check(names: Mapping[Path, str], arguments: Mapping[str, Any], sent: Headers) -> None:
    """Refuse (-32020) a call whose headers say something else than its arguments.

    Both are there and equal, or neither is; integers are compared as numbers.
    """
    for path, name in names.items():
        header = (PREFIX + name).lower()
        told = single(sent, header.encode())
        value = _at(arguments, path)
        text = _text(value)
        if told is None and text is None:
            continue
        read = decode(told) if told is not None else None
        if read is None or text is None or not (read == text or _same_integer(value, read)):
            where = ".".join(path)
            raise ClientError(HEADER_MISMATCH, f"the header {header} does not match the argument `{where}`")


def _same_integer(value: Any, told: str) -> bool:
    """`42` is `42.0`."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not _DECIMAL.fullmatch(told):
        return False
    return Decimal(value) == Decimal(told) and Decimal(value) % 1 == 0


def _places(schema: Any) -> Iterator[tuple[Path | None, dict[str, Any]]]:
    """Every sub-schema and the chain of `properties` to it; None where something else is in the chain."""
    waiting: list[tuple[Path | None, Any]] = [((), schema)]
    while waiting:
        path, place = waiting.pop()
        if not isinstance(place, dict):
            continue
        yield path, place
        for key, value in place.items():
            if key == "properties" and isinstance(value, dict):
                waiting += [(None if path is None else (*path, name), sub) for name, sub in value.items()]
            elif key in _ONE:
                waiting.append((None, value))
            elif key in _LIST and isinstance(value, list):
                waiting += [(None, sub) for sub in value]
            elif key in _MAP and isinstance(value, dict):
                waiting += [(None, sub) for sub in value.values()]


def _at(arguments: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(arguments, Mapping):
            return None
        arguments = arguments.get(key)
    return arguments


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return str(float(value))  # as the peers write it, whose parsers make a float of it
    return str(value) if isinstance(value, str | int) else None
