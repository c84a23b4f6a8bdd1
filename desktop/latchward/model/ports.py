"""The Protocols that the edges implement; `daemon/assembly.py` alone knows both sides."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from .allow import Allow
from .approval import Answer, ApprovalRequest
from .audit import Decided, Finished
from .call import ToolCall
from .decision import LimitKey, Reservation
from .outcome import Outcome
from .secret import Secret
from .tool import ToolDefinition

Progress = Callable[[dict[str, Any]], None]
"""Takes the params of a `notifications/progress`, without its token."""


class Usage(Protocol):
    """How much of each limit is used; what the pure decision reads."""

    def used(self, key: LimitKey, now: datetime) -> Decimal:
        """What the counter holds in the window that contains `now` (aware)."""
        ...

    def free_at(self, key: LimitKey, now: datetime) -> datetime:
        """When the counter next gets room: an aligned window ends, or the oldest charge leaves."""
        ...


class Counters(Usage, Protocol):
    """The limits' state. Both changes are synchronous: no other call is decided in between."""

    def reserve(self, reservations: Iterable[Reservation], now: datetime) -> None: ...

    def release(self, reservations: Iterable[Reservation], reserved_at: datetime) -> None:
        """Give back what was reserved at `reserved_at`, for a call that certainly never left."""
        ...


class AuditLog(Protocol):
    async def decided(self, record: Decided) -> int:
        """Write the row and return its number once it is durable. Raises `AuditError`."""
        ...

    def finished(self, record: Finished) -> None:
        """Queue the closing row. A failure shows as `AuditError` of the next `decided`."""
        ...


class Approver(Protocol):
    """A channel on which a person is asked."""

    async def ask(self, request: ApprovalRequest) -> Answer | None:
        """The answer, or None where nobody can be asked. Cancelled when the question closes."""
        ...


class Upstream(Protocol):
    """A connection to one server."""

    last_error: str
    """Why the server is away, as a sentence; "" while it is not."""

    @property
    def name(self) -> str: ...

    def listed(self) -> Mapping[str, ToolDefinition] | None:
        """The tools that the server listed last, by name; None where it never did."""
        ...

    def current(self, tool: str) -> ToolDefinition | None:
        """The definition of a tool as it stands now, without waiting; None where there is no such tool."""
        ...

    async def tools(self) -> tuple[ToolDefinition, ...]:
        """The server's tools, from the cache where it is fresh. Raises `UpstreamError`."""
        ...

    async def send(self, allow: Allow, call: ToolCall, progress: Progress | None) -> Outcome:
        """Send the call once. Cancelling the task cancels the call at the server.

        Raises `NotSent` or `OutcomeUnknown`.
        """
        ...


class Secrets(Protocol):
    """Where secrets are kept."""

    async def get(self, names: Iterable[str]) -> Mapping[str, Secret]:
        """All of these. Raises `SecretError`, also where it takes too long."""
        ...


class Pins(Protocol):
    """The definitions that the person accepted: what agents are given, to the byte."""

    def tools(self, server: str) -> Mapping[str, ToolDefinition]:
        """Those of a server, by name. The mapping is another object when they changed."""
        ...


class Upstreams(Protocol):
    """The servers of the settings in force."""

    def get(self, name: str) -> Upstream | None: ...
