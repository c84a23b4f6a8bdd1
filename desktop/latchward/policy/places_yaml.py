"""YAML 1.2 with a place for every value: the plain part of YAML that means the same to everybody.

`no` and `on` are text and `18:00` is no number. Aliases (which can explode),
anchors, tags, merge keys and several documents in one file are refused.
The events of the parser are read one by one, so nothing of YAML decides what a value is but this page.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml import events as ev
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from latchward.model.errors import PolicyError

from .complaints import Location, quoted
from .places import MAX_DEPTH, Places

_CONSTANTS: Final = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,1000}")
_OCTAL: Final = re.compile(r"0o[0-7]{1,1000}")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]{1,1000}")
_FRACTION: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,9})?")
_NO_NUMBER: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def read_yaml(text: str, source: str) -> tuple[Any, Places]:
    """The value of a YAML text and the places in it. Raises `PolicyError`."""
    reader = _Reader(text, source)
    try:
        value = reader.document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = " ".join(str(error.problem or error.context or "it does not parse").split())
        message = f"not YAML ({problem}): look at the indentation and quotes here"
        raise PolicyError(message, source=source, line=line, column=column) from None
    except YAMLError:
        message = "not YAML (a character that YAML does not know): remove it"
        raise PolicyError(message, source=source, line=1, column=1) from None
    return value, reader.place


class _Reader:
    """One pass over the parser's events."""

    def __init__(self, text: str, source: str) -> None:
        self._events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
        self._source = source
        self._values: dict[Location, tuple[int, int]] = {}
        self._keys: dict[Location, tuple[int, int]] = {}

    def place(self, location: Location, at_key: bool) -> tuple[int, int]:
        places = self._keys if at_key else self._values
        return places.get(location) or self._values.get(location) or (1, 1)

    def document(self) -> Any:
        next(self._events)
        start = next(self._events)
        if isinstance(start, ev.StreamEndEvent):
            raise PolicyError(
                "the document is empty: write at least `version: 1`", source=self._source, line=1, column=1
            )
        if start.version not in (None, (1, 2)) or start.tags:
            raise self._refuse(start, "a YAML directive comes first: remove it, this is read as YAML 1.2")
        value = self._value(next(self._events), (), 1)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, ev.StreamEndEvent):
            raise self._refuse(after, "a second document begins: keep one policy in one file")
        return value

    def _value(self, event: Any, location: Location, depth: int) -> Any:
        self._values.setdefault(location, (event.start_mark.line + 1, event.start_mark.column + 1))
        if isinstance(event, ev.AliasEvent):
            raise self._refuse(
                event, f"the alias {quoted('*' + str(event.anchor))} is not read: write the value again"
            )
        if event.anchor is not None:
            raise self._refuse(event, f"the anchor {quoted('&' + str(event.anchor))} is not read: remove it")
        if event.tag is not None:
            raise self._refuse(event, f"the tag {quoted(event.tag)} is not read: remove it")
        if isinstance(event, ev.ScalarEvent):
            return self._scalar(event)
        if depth > MAX_DEPTH:
            raise self._refuse(event, f"nested deeper than {MAX_DEPTH} levels: make it flatter")
        if isinstance(event, ev.SequenceStartEvent):
            return self._sequence(location, depth)
        return self._mapping(location, depth)

    def _sequence(self, location: Location, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), ev.SequenceEndEvent):
            items.append(self._value(event, (*location, len(items)), depth + 1))
        return items

    def _mapping(self, location: Location, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while not isinstance(event := next(self._events), ev.MappingEndEvent):
            key = (
                self._value(event, location, depth + 1)
                if isinstance(event, ev.ScalarEvent | ev.AliasEvent)
                else None
            )
            if not isinstance(key, str):
                raise self._refuse(event, "a key is no text: put it in quotes")
            if key == "<<" and event.style is None:
                raise self._refuse(event, "the merge key `<<` is not read: write the values again")
            if key in members:
                raise self._refuse(event, f"the key {quoted(key)} stands twice in one object: remove one")
            members[key] = self._member(event, (*location, key), depth)
        return members

    def _member(self, key: Any, location: Location, depth: int) -> Any:
        place = self._keys[location] = (key.start_mark.line + 1, key.start_mark.column + 1)
        event = next(self._events)
        if isinstance(event, ev.ScalarEvent) and not event.value and event.style is None:
            # A value that is left away stands nowhere; the parser would say: at the next key.
            self._values[location] = place
        return self._value(event, location, depth + 1)

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.style is not None:
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _OCTAL.fullmatch(text) or _HEX.fullmatch(text):
            return int(text[2:], 8 if text[1] == "o" else 16)
        if _FRACTION.fullmatch(text):
            return Decimal(text)
        if _NO_NUMBER.fullmatch(text):
            raise self._refuse(event, f"{quoted(text)} is no number here: write a finite one")
        return text

    def _refuse(self, event: Any, message: str) -> PolicyError:
        mark = event.start_mark
        return PolicyError(message, source=self._source, line=mark.line + 1, column=mark.column + 1)
