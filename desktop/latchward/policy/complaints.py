"""What is wrong with a document, where, and what to do: the sentences of a refused policy.

Every sentence is one lower-case line: the fault with the person's words in
backticks, the place as a JSON Pointer, and the remedy after a colon.
"""

import difflib
from collections.abc import Iterable
from typing import Any

from .values import kind_of

Location = tuple[str | int, ...]
"""Keys and indexes from the top of a document to a value."""


def pointer(location: Iterable[str | int]) -> str:
    """The JSON Pointer (RFC 6901, a plain string) of a location; "" is the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def quoted(value: object) -> str:
    """A person's words in backticks: on one line, without control characters, at most 60 characters."""
    text = value if isinstance(value, str) else as_text(value)
    text = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text[:61])
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"


def as_text(value: Any) -> str:
    """A JSON value on one line."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list):
        return (
            "[" + ", ".join(f'"{item}"' if isinstance(item, str) else as_text(item) for item in value) + "]"
        )
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {as_text(item)}' for key, item in value.items()) + "}"
    return str(value)


class Fault(Exception):
    """One thing that is wrong at `location`; `at_key` says that the key itself is meant.

    It stays within the package: `document.load` knows the place and raises `PolicyError`.
    """

    def __init__(self, wrong: str, location: Location, remedy: str, at_key: bool = False) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.location = location
        self.remedy = remedy
        self.at_key = at_key

    def sentence(self) -> str:
        """The whole message."""
        place = f"at `{pointer(self.location)}`" if self.location else "at the top"
        return f"{self.wrong} {place}: {self.remedy}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The remedy for an unknown word: the nearest known one, or all of them."""
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    return "use one of " + ", ".join(f"`{item}`" for item in words)


def fault_of(error: dict[str, Any], document: Any, known: Iterable[str]) -> Fault:
    """One pydantic error as a fault. `known` are the keys that an object at its place may have."""
    kind = error["type"]
    location, value = located(document, error["loc"])
    last = error["loc"][-1] if error["loc"] else ""
    if kind == "extra_forbidden":
        if last == "rules":
            remedy = (
                "write `require`, `deny_if`, `approve_if` or `limits`; Intercept's `rules` are not read yet"
            )
        else:
            remedy = did_you_mean(str(last), known)
        return Fault(f"unknown key {quoted(last)}", location, remedy, at_key=True)
    if kind == "missing":
        return Fault(f"`{last}` is missing", location, "add it")
    if kind == "policy":
        return Fault(error["ctx"]["wrong"], location, error["ctx"]["remedy"], at_key=last == "[key]")
    if kind == "literal_error":
        expected = error["ctx"]["expected"].replace("'", "`")
        return Fault(f"{quoted(value)} is not known", location, f"write {expected}")
    return Fault(f"wanted {_wanted(kind)}, found {_found(value)}", location, _remedy(kind, value))


def located(document: Any, location: Location) -> tuple[Location, Any]:
    """The location without the names that pydantic adds for the branches of a choice, and the value there."""
    path: list[str | int] = []
    value = document
    for part in location:
        if _holds(value, part):
            value = value[part]
            path.append(part)
    return tuple(path), value


def _holds(container: Any, part: str | int) -> bool:
    if isinstance(container, dict):
        return part in container
    return isinstance(container, list) and isinstance(part, int) and part < len(container)


_WANTED = {
    "string_type": "text",
    "bool_type": "`true` or `false`",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


def _wanted(kind: str) -> str:
    return _WANTED.get(kind, "another value")


def _found(value: Any) -> str:
    return kind_of(value) or "no JSON value"


def _remedy(kind: str, value: Any) -> str:
    if kind == "string_type":
        return "put it in quotes" if isinstance(value, int) else "write text in quotes"
    if kind == "list_type":
        return "put it in `[` and `]`"
    return "write `{}`" if value is None else "write it with `{` and `}`"
