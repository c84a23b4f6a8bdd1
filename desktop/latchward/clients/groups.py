"""Equal servers are one: a person sees each server once, with every place where it stands."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from latchward.model.upstream import UpstreamSpec

from .found import Found, Place
from .names import unique

KEY_DIGITS: Final = 32
"""Hexadecimal digits of a key."""


@dataclass(frozen=True, slots=True)
class Group:
    """One server and all its places. `spec.name` is what it is called here.

    `key` names the group as it is now: another place or another value gives another key. Nothing can be
    read out of it.
    """

    key: str
    spec: UpstreamSpec
    places: tuple[Place, ...]
    needs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str = ""


def merged(found: Iterable[Found], taken: Iterable[str] = ()) -> tuple[Group, ...]:
    """All servers that are not ours, equal ones as one, in the order of their first places.

    Their names are unique among themselves and beside those of `taken`; what cannot be taken in keeps its
    own.
    """
    together: dict[str, list[Found]] = {}
    for one in found:
        if not one.ours:
            together.setdefault(_alike(one), []).append(one)
    names = list(taken)
    groups = []
    for alike in together.values():
        first = alike[0]
        spec = first.spec
        if not first.refused:
            spec = replace(spec, name=unique(spec.name, first.place.client, names))
            names.append(spec.name)
        groups.append(
            Group(
                key=_key(alike),
                spec=spec,
                places=tuple(one.place for one in alike),
                needs=first.needs,
                notes=tuple(dict.fromkeys(note for one in alike for note in one.notes)),
                refused=first.refused,
            )
        )
    return tuple(groups)


def _alike(one: Found) -> str:
    """The same for what is the same server. What was refused may lack the rest: there the name counts as
    well."""
    return _text([_plain(one.spec), one.refused, one.spec.name if one.refused else ""])


def _key(alike: list[Found]) -> str:
    places = [[one.place.client, str(one.place.file), one.place.at, one.place.name] for one in alike]
    return hashlib.sha256(_text([places, _alike(alike[0])]).encode()).hexdigest()[:KEY_DIGITS]


def _plain(spec: UpstreamSpec) -> list[Any]:
    return [spec.command, spec.args, dict(spec.env), spec.cwd, spec.url, dict(spec.headers)]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
