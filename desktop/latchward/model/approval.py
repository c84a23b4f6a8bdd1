"""The question to a person, and the answer."""

from dataclasses import dataclass
from enum import StrEnum

from .call import TOOLS_CALL, ToolCall
from .tool import ToolDefinition


class Scope(StrEnum):
    """How long an answer holds: for this call, or for this tool until the session ends."""

    CALL = "call"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """Exactly what is asked.

    `binding` is the SHA-256 (hex) over client, server, definition hash and call
    digest; an answer must carry it and `nonce`, and the caller looks once more
    at policy, definition and grant when the call is about to be sent.
    `deadline` is in seconds from now. `process` names the client's programs, the nearest
    first, where they are known. `changed` are the arguments that differ
    from the last call of this tool that was allowed. `scopes` may be chosen.
    """

    nonce: str
    binding: str
    call: ToolCall
    definition: ToolDefinition
    rule: str
    reason: str
    deadline: float
    process: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = (Scope.CALL,)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person said. `by` names the channel (`dialog`, `terminal`, `trial`)."""

    nonce: str
    binding: str
    allowed: bool
    by: str
    scope: Scope = Scope.CALL
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that holds for more than its call: for this tool of this server, in this session.

    Or for whatever else `method` says that `tool` names.
    """

    client: str
    session: str
    upstream: str
    tool: str
    definition: str
    allowed: bool
    reason: str = ""
    method: str = TOOLS_CALL
