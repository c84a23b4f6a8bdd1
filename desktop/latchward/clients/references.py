"""References in a client's entry, such as `${TOKEN}`: each client has a way of its own to write them.

A way (`Syntax`) cuts a text into literal pieces and `Reference`s; `resolve` puts it together again as the
client would, from what is known here. A variable that is known to nobody here becomes the sign of a secret
that the person must give, where the text may hold one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from latchward.model.secret import names_in, placeholder
from latchward.policy.complaints import quoted

LONGEST_NEED: Final = 64
"""Characters of the name of a value that the person must give."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`shown` stands in the text as it is written.

    A `variable` is one of the environment, with a `default` where the text has one; an `input` is asked for
    by the client; a `place` is something that the client alone can know, such as the folder that is open in
    it.
    """

    kind: Literal["variable", "input", "place"]
    name: str
    shown: str
    default: str | None = None


Text = tuple[str | Reference, ...]
Syntax = Callable[[str], Text]


class Unresolved(Exception):
    """A text that cannot be taken over; `str()` says why, as the end of a sentence about it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What references are resolved from."""

    environ: Mapping[str, str]
    places: Mapping[str, str]


def literal(text: str) -> Text:
    """The way of a client that has no references."""
    return (text,)


def shell(text: str) -> Text:
    """`$NAME`, `${NAME}` and `${NAME:-default}`."""
    return _cut(_SHELL, text, _variable)


def braces(text: str) -> Text:
    """`${NAME}` and `${NAME:-default}`; a bare `$` is a letter like any other."""
    return _cut(_BRACES, text, _variable)


def editor(text: str) -> Text:
    """`${env:NAME}`, `${input:id}` and the editors' own words, such as `${workspaceFolder}`."""
    return _cut(_BRACES, text, _word)


def resolve(text: Text, known: Known, needs: list[str] | None) -> str:
    """The text as the client would use it.

    What nobody here knows is added to `needs`; where that is None it raises `Unresolved`. So does a text that
    would be mistaken for one of ours: it could fetch another server's secret out of the keyring.
    """
    out: list[str] = []
    ours: dict[str, None] = {}
    for piece in text:
        value = piece if isinstance(piece, str) else _value(piece, known)
        if value is None and isinstance(piece, Reference):
            if needs is None or piece.kind == "place":
                raise Unresolved(_why(piece))
            name = need(piece.name)
            ours[name] = None
            value = placeholder(name)
        out.append(value or "")
    whole = "".join(out)
    if set(names_in(whole)) != set(ours):
        raise Unresolved("holds `${secret:…}`, which is Latchward's own sign: write it in another way")
    if needs is not None:
        needs += ours
    return whole


def need(name: str) -> str:
    """The name under which the person gives a value. It has no `.`: names with one belong to servers."""
    cleaned = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")[:LONGEST_NEED]
    return cleaned or "value"


def _value(reference: Reference, known: Known) -> str | None:
    if reference.name in known.places and reference.kind != "input":
        return known.places[reference.name]
    if reference.kind != "variable":
        return None
    value = known.environ.get(reference.name, reference.default)
    return reference.shown if value is None and not _MEANT.fullmatch(reference.shown) else value


def _why(reference: Reference) -> str:
    shown = quoted(reference.shown)
    if reference.kind == "variable":
        return f"wants {shown}, which is not set here: write the value itself"
    if reference.kind == "input":
        return f"wants {shown}, which the client asks for: write the value itself"
    return f"wants {shown}, which the client alone knows: write the value itself"


_SHELL: Final = re.compile(r"\$(?:([A-Za-z0-9_]+)|\{([^}]+)\})")
_BRACES: Final = re.compile(r"\$\{([^}]+)\}")
_MEANT: Final = re.compile(r"\$(?:\{.*\}|[A-Z_][A-Z0-9_]*)", re.DOTALL)
"""What is meant as a reference though nobody knows it; `$word` may as well be a part of a password."""
_PLACES: Final = frozenset(
    "workspaceFolder workspaceFolderBasename userHome pathSeparator / cwd file fileBasename fileDirname "
    "fileWorkspaceFolder relativeFile lineNumber selectedText execPath defaultBuildTask".split()
)


def _cut(pattern: re.Pattern[str], text: str, read: Callable[[str, str], str | Reference]) -> Text:
    pieces: list[str | Reference] = []
    end = 0
    for found in pattern.finditer(text):
        inner = next(group for group in found.groups() if group)
        pieces += [text[end : found.start()], read(inner, found[0])]
        end = found.end()
    pieces.append(text[end:])
    return tuple(piece for piece in pieces if piece != "")


def _variable(inner: str, shown: str) -> str | Reference:
    name, found, default = inner.partition(":-")
    return Reference("variable", name, shown, default if found else None)


def _word(inner: str, shown: str) -> str | Reference:
    kind, found, name = inner.partition(":")
    if not found:
        return Reference("place", inner, shown) if inner in _PLACES else shown
    if kind == "env":
        return Reference("variable", name, shown)
    if kind == "input":
        return Reference("input", name, shown)
    if kind in ("command", "config", "workspaceFolder"):
        return Reference("place", inner, shown)
    return shown
