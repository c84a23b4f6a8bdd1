"""What is written down."""

from dataclasses import dataclass
from enum import StrEnum

from .call import TOOLS_CALL
from .decision import Effect


@dataclass(frozen=True, slots=True)
class Decided:
    """The row that is durable before a call leaves; written for refused calls too.

    `method`, `tool` and `digest` are the call's (see `ToolCall`). `effect` is the policy's and
    `verdict` what became of it: `allow`, or a `Refusal` code. `by` says who
    had the last word. `revision` is the SHA-256 (hex) of the policy document
    in force, or "" where there was none. `flush` says that the row must be on
    the disk before the call leaves; a row without it is written before, which a
    crash of ours survives, and flushed within a second. It is not recorded.
    """

    client: str
    session: str
    upstream: str
    tool: str
    arguments: bytes
    digest: str
    effect: Effect
    rule: str
    message: str
    verdict: str
    by: str
    policy: str
    revision: str
    method: str = TOOLS_CALL
    flush: bool = True


class Ending(StrEnum):
    """How a call that left, or was about to, ended."""

    RESULT = "result"
    TOOL_ERROR = "tool-error"
    FAULT = "fault"
    CANCELLED = "cancelled"
    NOT_SENT = "not-sent"
    UNKNOWN = "outcome-unknown"


@dataclass(frozen=True, slots=True)
class Finished:
    """The row after: what came of the call that row `decided` let go. Times in milliseconds."""

    decided: int
    ending: Ending
    detail: str = ""
    result_bytes: int = 0
    running_ms: float = 0.0


AuditRecord = Decided | Finished
