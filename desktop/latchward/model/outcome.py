"""What became of a `tools/call`."""

from dataclasses import dataclass, field
from typing import Any

from .era import Era
from .verdict import Verdict


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The `result` member of a server's answer: the bytes that it sent, in the shape of its era.

    Where it begins a task, `task` is the server's id of that, and `place` is what the id means something in.
    """

    result: bytes
    era: Era
    is_error: bool = False
    task: str = ""
    place: object = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A JSON-RPC error: the server's own, or one that we give in its place.

    `raw` are the bytes of the server's own, "" for ours.
    """

    code: int
    message: str
    data: Any = None
    raw: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The tool does not exist for this client: hidden, or no server has it. The two are not told apart."""


Outcome = ToolResult | Fault
"""What a server answered."""

Answered = ToolResult | Fault | Verdict | Unknown
"""What the client is told; a `Verdict` here is always a refusal."""
