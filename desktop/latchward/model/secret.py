"""Secrets, and the placeholders that stand for them in settings: `${secret:NAME}`."""

import re
from collections.abc import Mapping
from typing import Final, NoReturn

NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_PLACEHOLDER: Final = re.compile(r"\$\{secret:([A-Za-z0-9_][A-Za-z0-9._-]{0,99})\}")
_BEGUN: Final = re.compile(r"\$\{secret:", re.IGNORECASE)
DOTS: Final = "•••"


class Secret:
    """A value that no print, log or traceback shows, and that is not copied to where it could be read."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one who needs it."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"Secret({DOTS})"

    __str__ = __repr__

    def __format__(self, form: str) -> str:
        return format(repr(self), form)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


def placeholder(name: str) -> str:
    """What stands for a secret in settings."""
    return f"${{secret:{name}}}"


def names_in(text: str) -> tuple[str, ...]:
    """The secrets that a text wants, each once, in their order."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def has_placeholder(text: str) -> bool:
    """Whether a placeholder stands in a text, or the beginning of one."""
    return _BEGUN.search(text) is not None


def is_malformed(text: str) -> bool:
    """Whether something in a text begins like a placeholder and is none."""
    return len(_BEGUN.findall(text)) != len(_PLACEHOLDER.findall(text))


def fill(text: str, secrets: Mapping[str, Secret]) -> str:
    """A text with its placeholders filled. Raises `KeyError` for a secret that is not among them."""
    return _PLACEHOLDER.sub(lambda found: secrets[found[1]].reveal(), text)
