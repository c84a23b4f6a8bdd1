"""One request that is judged, parsed once: a `tools/call`, or any other that goes to a server."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from .ids import ToolId

TOOLS_CALL: Final = "tools/call"


class Aspect(StrEnum):
    """Which part of a policy judges a call."""

    TOOL = "tool"
    PROMPT = "prompt"
    RESOURCE = "resource"
    METHOD = "method"
    QUESTION = "question"
    """What a server asks of the client."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What an agent wants to be done; the one object that is judged, shown and sent.

    `tool` names what it is about: a tool, a prompt, the address of a resource, or a method. `arguments` is
    the strictly parsed object (integers are `int`, fractions `Decimal`, so numbers keep their digits) and is
    never changed after it was made. `payload` is our own serialisation of it: these bytes, and no others, are
    what a server gets. `digest` is the SHA-256 (hex) of the canonical form of all that is sent: keys sorted,
    no spaces, UTF-8. For every method but `tools/call`, `params` is what is sent: an object, serialised,
    without its `_meta`. `task` is the member of that name of a `tools/call` that is to be done as a task,
    serialised. `place` is where the task lives that a request is about.
    """

    grant: str
    session: str
    tool: ToolId
    arguments: Mapping[str, Any]
    payload: bytes
    digest: str
    method: str = TOOLS_CALL
    aspect: Aspect = Aspect.TOOL
    params: bytes = b""
    task: bytes = b""
    place: object = None
