"""The Protocols that the edges implement; `daemon/assembly.py` alone knows both sides."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from .allow import Allow
from .approval import Answer, ApprovalRequest
from .audit import Decided, Finished
from .call import ToolCall
from .caller import Caller, Progress
from .decision import LimitKey, Reservation
from .listed import Listed
from .outcome import Outcome
from .secret import Secret
from .tool import ToolDefinition

__all__ = [
    "Approver",
    "AuditLog",
    "Counters",
    "Heard",
    "Pins",
    "Progress",
    "Secrets",
    "Told",
    "Upstream",
    "Upstreams",
    "Usage",
]

Heard = Callable[[str, str, Mapping[str, Any], str], None]
"""Takes what a server says outside any call: the server's name, method and params; and the grant of the
client that it says it to, "" where it is said to all."""


Told = Callable[[object, Mapping[str, Any]], None]
"""Takes what a server says of a task: the place where the task lives, and the params."""


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

    def decided_now(self, record: Decided) -> int | None:
        """The same without waiting, for a row that need not be on the disk first; None where it must wait.

        Raises `AuditError`.
        """
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

    def capabilities(self) -> Mapping[str, Any]:
        """What the server said that it can do when it last greeted us; nothing where it never did.

        Tasks stand there as its own era has them alone.
        """
        ...

    def entries_now(self, kind: Listed) -> tuple[Mapping[str, Any], ...] | None:
        """A list as the server gave it last, without waiting; None where it never did."""
        ...

    async def entries(self, kind: Listed) -> tuple[Mapping[str, Any], ...]:
        """A list of the server, from the cache where it is fresh; empty where the server has no such list.

        Raises `UpstreamError`.
        """
        ...

    async def send(self, allow: Allow, call: ToolCall, caller: Caller) -> Outcome:
        """Send the call once, whatever method it is. Cancelling the task cancels the call at the server.

        What the server says and asks on the way goes to `caller`. Raises `NotSent`, which is `Gone` where the
        call's `place` is no more, or `OutcomeUnknown`.
        """
        ...

    def unsubscribe(self, grant: str, uri: str) -> None:
        """A subscription that a `resources/subscribe` of this client began is over."""
        ...

    def unwatch(self, grant: str, task: str) -> None:
        """This client, whose request began it, does not want to hear of a task of the server any more."""
        ...

    def want_log(self, grant: str, level: str) -> None:
        """How much of its log this client wants to hear outside calls: a level, "" for nothing any more."""
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
