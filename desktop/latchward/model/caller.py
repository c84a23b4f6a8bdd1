"""Who waits for a call: what it can be told, and asked, while the call is under way."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .codes import METHOD_NOT_FOUND
from .outcome import Fault

Progress = Callable[[Mapping[str, Any]], None]
"""Takes the params of a `notifications/progress`, without its token."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a server asks of the client in the middle of a call.

    The method is `elicitation/create`, `sampling/createMessage` or `roots/list`.

    `params` are as parsed, without `_meta`; `payload` is their serialisation and `digest` the SHA-256 (hex)
    of the canonical form of method and params. `protocol.asked.question` makes one.
    """

    method: str
    params: Mapping[str, Any]
    payload: bytes
    digest: str


Reply = Mapping[str, Any] | Fault
"""The result that the client gave, or the error that the server is told instead."""

Asked = Callable[[Mapping[str, Question]], Awaitable[Mapping[str, Reply]]]


def _tell_nobody(method: str, params: Mapping[str, Any]) -> None:
    """There is nobody to tell."""


async def _ask_nobody(questions: Mapping[str, Question]) -> Mapping[str, Reply]:
    return {key: Fault(METHOD_NOT_FOUND, "the client cannot be asked") for key in questions}


@dataclass(frozen=True, slots=True)
class Caller:
    """The client behind one call.

    `grant` is its id, `is_legacy` whether it speaks the handshake era. `capabilities` are what it declared,
    without what the policy denies: a server is told exactly these. `log_level` is how much of the server's
    log it wants, "" for none. `progress` is None where it did not ask for any. `tell` passes on a
    notification that belongs to the call. `ask` puts questions of one round, by their
    keys, and returns a reply for each that was answered; it never raises but when the call is cancelled.
    """

    grant: str = ""
    is_legacy: bool = False
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    log_level: str = ""
    progress: Progress | None = None
    tell: Callable[[str, Mapping[str, Any]], None] = _tell_nobody
    ask: Asked = _ask_nobody


NOBODY = Caller()
"""Whoever it is wants to hear nothing and can be asked nothing."""
