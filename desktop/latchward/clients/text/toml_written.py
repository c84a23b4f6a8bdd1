"""Values written as TOML: on one line, as dotted lines, or as tables."""

import json
import math
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, Final

from .edits import At
from .faults import bytewise

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def key(path: At) -> str:
    """A dotted path."""
    return ".".join(part if _BARE.fullmatch(part) else _text(part) for part in path)


def inline(value: Any) -> str:
    """A value on one line. Raises `ValueError` for what TOML cannot hold."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case int():
            return str(value)
        case float():
            return repr(value) if math.isfinite(value) else str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case list() | tuple():
            return f"[{', '.join(map(inline, value))}]"
        case dict():
            members = ", ".join(f"{key((name,))} = {inline(item)}" for name, item in value.items())
            return f"{{ {members} }}" if members else "{}"
    raise ValueError(f"TOML holds no {type(value).__name__}; leave it out")


def dotted(path: At, value: Any, equals: str) -> Iterator[str]:
    """Lines that give a member without a table of its own."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from dotted((*path, name), item, equals)
    else:
        yield key(path) + equals + inline(value)


def tables(path: At, value: dict[str, Any], equals: str) -> Iterator[list[str]]:
    """A table and the tables in it: of each, its lines. One that holds nothing but tables needs none."""
    inside = {name: item for name, item in value.items() if isinstance(item, dict) and item}
    if len(inside) != len(value) or not value:
        yield [
            f"[{key(path)}]",
            *(key((n,)) + equals + inline(v) for n, v in value.items() if n not in inside),
        ]
    for name, item in inside.items():
        yield from tables((*path, name), item, equals)


def _text(value: str) -> str:
    try:
        return bytewise(json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F"))
    except UnicodeEncodeError:
        raise ValueError("TOML holds no half of a character; leave it out") from None
