"""Connections of a legacy server's that belong to one client each.

A legacy server is told once, when a connection is opened, what the client can
be asked, and says and asks things outside of any answer. So a client that can
be asked anything gets a connection of its own, opened at its first call, and
closed when nothing has used it for a while.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from latchward.model.allow import Allow
from latchward.model.call import ToolCall
from latchward.model.caller import Caller
from latchward.model.errors import Gone, NotSent
from latchward.model.outcome import Outcome
from latchward.protocol import strict

OWN_IDLE: Final = 600.0
"""Seconds without a call after which such a connection is closed, if nothing is subscribed to on it and no
task is done there.
"""
MAX_OWN: Final = 16
"""Such connections to one server; for one more, the one that was idle for the longest time is closed."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose connection it is: one client's grant, and what that declared; everybody's, where both are ""."""

    grant: str = ""
    capabilities: Mapping[str, Any] = field(default_factory=dict)


EVERYBODY: Final = Whose()


class Connection(Protocol):
    """What an own connection must be able to do."""

    async def send(self, allow: Allow, call: ToolCall, caller: Caller) -> Outcome: ...

    def unsubscribe(self, grant: str, uri: str) -> None: ...

    def subscribed(self) -> frozenset[str]: ...

    def holds(self, place: object) -> bool: ...

    @property
    def works(self) -> bool: ...

    def want_log(self, grant: str, level: str) -> None: ...

    async def stop(self) -> None: ...


@dataclass(slots=True)
class _Entry:
    whose: Whose
    connection: Connection
    waiting: list[Caller] = field(default_factory=list)
    used_at: float = 0.0
    closing: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        return not (self.waiting or self.connection.subscribed() or self.connection.works)


class OwnConnections:
    """The own connections to one server. `make` makes one; its second argument tells who waits for it."""

    def __init__(self, make: Callable[[Whose, Callable[[], Caller | None]], Connection]) -> None:
        self._make = make
        self._entries: dict[tuple[str, bytes], _Entry] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._stopped = False

    async def send(self, allow: Allow, call: ToolCall, caller: Caller) -> Outcome:
        """Send a call on the caller's own connection. Raises `NotSent` and `OutcomeUnknown`."""
        key = (caller.grant, strict.canonical(caller.capabilities))
        return await self._send(key, self._entries.get(key) or self._opened(key, caller), allow, call, caller)

    async def send_about(self, allow: Allow, call: ToolCall, caller: Caller) -> Outcome:
        """Send what is about a task where that lives. Raises `NotSent` and `OutcomeUnknown`."""
        for key, entry in self._entries.items():
            if entry.whose.grant == caller.grant and entry.connection.holds(call.place):
                return await self._send(key, entry, allow, call, caller)
        raise Gone("the connection in which the task was begun is closed; nothing was sent")

    async def _send(
        self, key: tuple[str, bytes], entry: _Entry, allow: Allow, call: ToolCall, caller: Caller
    ) -> Outcome:
        if entry.closing is not None:
            entry.closing.cancel()
            entry.closing = None
        entry.waiting.append(caller)
        try:
            return await entry.connection.send(allow, call, caller)
        finally:
            entry.waiting.remove(caller)
            self._used(key, entry)

    def of(self, grant: str) -> list[Connection]:
        """Those of one client, the newest first: it may have declared something else in another session."""
        return [entry.connection for entry in reversed(self._entries.values()) if entry.whose.grant == grant]

    def _opened(self, key: tuple[str, bytes], caller: Caller) -> _Entry:
        if self._stopped:
            raise NotSent("the server was removed, or the gateway is stopping; nothing was sent")
        if len(self._entries) >= MAX_OWN:
            idle = [key for key, entry in self._entries.items() if entry.is_idle]
            if not idle:
                raise NotSent(
                    f"{MAX_OWN} clients use connections of their own to this server; nothing was sent:"
                    " end one of them, or set `shared` in the server's entry"
                )
            self._close(min(idle, key=lambda key: self._entries[key].used_at))
        whose = Whose(caller.grant, caller.capabilities)
        waiting: list[Caller] = []
        connection = self._make(whose, lambda: waiting[-1] if waiting else None)
        self._entries[key] = entry = _Entry(whose, connection, waiting)
        return entry

    def _used(self, key: tuple[str, bytes], entry: _Entry) -> None:
        if self._entries.get(key) is entry and not entry.waiting:
            loop = asyncio.get_running_loop()
            entry.used_at = loop.time()
            entry.closing = loop.call_later(OWN_IDLE, self._idle, key, entry)

    def _idle(self, key: tuple[str, bytes], entry: _Entry) -> None:
        if self._entries.get(key) is not entry:
            return
        if entry.is_idle:
            self._close(key)
        else:
            self._used(key, entry)

    def _close(self, key: tuple[str, bytes]) -> None:
        entry = self._entries.pop(key)
        if entry.closing is not None:
            entry.closing.cancel()
        task = asyncio.ensure_future(entry.connection.stop())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def stop(self) -> None:
        """Close all; returns when nothing of them is left."""
        self._stopped = True
        for key in list(self._entries):
            self._close(key)
        while self._ending:
            await asyncio.wait(self._ending)
