"""What servers say outside any call, and which clients hear it.

A change of a resource goes to those who subscribed to it, that of one address at most twice a second; a line
of a server's log goes to clients of the handshake era that asked for its level. All else is dropped.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from latchward.model.grant import Grant
from latchward.protocol import envelope

from .peer import Channel, Conversation

UPDATE_EVERY: Final = 0.5
"""Seconds between two notices that one resource changed."""
MAX_LISTENED: Final = 1000
"""Addresses that one client may want to hear of at once."""

LEVELS: Final = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
"""The levels of a server's log, the most verbose first."""


def is_loud_enough(params: Mapping[str, Any], wanted: str) -> bool:
    """Whether a line of a log is of the wanted level or above; one without a level we know is not."""
    level = params.get("level")
    return level in LEVELS and LEVELS.index(level) >= LEVELS.index(wanted)


@dataclass(slots=True)
class _Listener:
    """Who wants to hear of one resource. `told_at` is when it last did (seconds of the loop)."""

    grant: str
    server: str
    uri: str
    tell: Callable[[], None]
    told_at: float = float("-inf")
    later: asyncio.TimerHandle | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The standing way to a client of the handshake era. `grant` gives its grant in force, None where it
    may not call.
    """

    client: str
    grant: Callable[[], Grant | None]
    endpoint: str | None
    conversation: Conversation
    channel: Channel


class Hearing:
    """Passes on what it hears; `heard` is `model.ports.Heard`."""

    def __init__(self) -> None:
        self._listeners: dict[object, _Listener] = {}
        self._standing: dict[object, Standing] = {}

    def count(self, grant: str) -> int:
        """How many resources a client wants to hear of."""
        return sum(listener.grant == grant for listener in self._listeners.values())

    def listen(self, grant: str, server: str, uri: str, tell: Callable[[], None]) -> Callable[[], None]:
        """Call `tell` whenever the server says that this resource changed; the result ends it."""
        key = object()
        self._listeners[key] = _Listener(grant, server, uri, tell)

        def stop() -> None:
            gone = self._listeners.pop(key, None)
            if gone is not None and gone.later is not None:
                gone.later.cancel()

        return stop

    def stand(self, standing: Standing) -> Callable[[], None]:
        """A client is there that can be told things; the result ends it."""
        key = object()
        self._standing[key] = standing

        def stop() -> None:
            self._standing.pop(key, None)

        return stop

    def tell(self, client: str, endpoint: str | None, server: str, message: bytes) -> None:
        """Tell one client what a server said to it alone, on each standing way to it at this endpoint."""
        for one in list(self._standing.values()):
            if one.endpoint == endpoint and one.client == client and _may_hear(one, server, client):
                one.channel.notify(message)

    def heard(self, server: str, method: str, params: Mapping[str, Any], grant: str) -> None:
        """A server said something; to the client of `grant` alone, where that is not ""."""
        if method == "notifications/resources/updated":
            for listener in self._of(server, params.get("uri"), grant):
                _tell_soon(listener)
        elif method == "notifications/message":
            for one in list(self._standing.values()):
                level = one.conversation.log_level
                if level and is_loud_enough(params, level) and _may_hear(one, server, grant):
                    one.channel.notify(envelope.notification(method, params))

    def _of(self, server: str, uri: Any, grant: str) -> Iterable[_Listener]:
        return [
            listener
            for listener in self._listeners.values()
            if listener.server == server and listener.uri == uri and grant in ("", listener.grant)
        ]


def _may_hear(one: Standing, server: str, grant: str) -> bool:
    if one.endpoint not in (None, server) or grant not in ("", one.client):
        return False
    now = one.grant()
    return now is not None and server in now.servers


def _tell_soon(listener: _Listener) -> None:
    """Now, or when half a second is over since the last time; once for all that came in between."""
    if listener.later is not None:
        return
    loop = asyncio.get_running_loop()
    wait = listener.told_at + UPDATE_EVERY - loop.time()

    def tell() -> None:
        listener.later, listener.told_at = None, loop.time()
        listener.tell()

    if wait > 0:
        listener.later = loop.call_later(wait, tell)
    else:
        tell()
