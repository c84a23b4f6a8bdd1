"""The nouns: what a client can read, and one change of a document."""

from dataclasses import dataclass
from typing import Any, Literal

At = tuple[str, ...]
"""The path of a member: the keys that lead to it, from the root."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the client itself can read of a format; what it cannot read is a fault of the file.

    `comments` and `trailing_commas` are of JSON alone.
    """

    format: Literal["json", "toml"]
    comments: bool = False
    trailing_commas: bool = False
    bom: bool = True


@dataclass(frozen=True, slots=True)
class Put:
    """Add this member, or replace its value where it stands; missing parents are made."""

    at: At
    value: Any


@dataclass(frozen=True, slots=True)
class Remove:
    """Take this member out; where there is none, nothing is done."""

    at: At


@dataclass(frozen=True, slots=True)
class PutText:
    """Put a member back from what `source_of` gave: its text, and the member that it followed.

    The text is to be kept as it is: beside the member, it says where among comments it stood. `after` None
    means first; behind a member that has gone means last. A member of that name must not stand there.
    """

    at: At
    text: str
    after: str | None


Edit = Put | Remove | PutText
