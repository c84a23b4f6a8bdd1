"""Who sent a message, what it said of itself before, and the way back to it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from latchward.model.caller import Reply
from latchward.model.codes import INTERNAL_ERROR
from latchward.model.era import Era
from latchward.model.grant import Grant
from latchward.model.outcome import Fault
from latchward.model.peer import ProcessChain
from latchward.protocol.envelope import RequestId
from latchward.protocol.headers import Headers


class Channel(Protocol):
    """The way back to one request's sender, while it is being worked on."""

    @property
    def streams(self) -> bool:
        """Whether the sender can be told anything before the answer."""
        ...

    def notify(self, message: bytes) -> None:
        """Send a message on the way to the answer."""
        ...

    def end(self) -> None:
        """Give the request up."""
        ...

    async def closed(self) -> None:
        """Wait until the gateway ends a request that has no end of its own."""
        ...


@dataclass(slots=True)
class Conversation:
    """What a client of the handshake era said since it opened, and what is under way between it and us.

    `asked` are our requests to it, by our ids. `wishes` are what it wants to hear of, each with what ends
    that; it hears it on `standing`. Of one that `is_over` nothing is wanted. A client of the envelope era
    says everything anew in each request.
    """

    capabilities: Mapping[str, Any] = field(default_factory=dict)
    log_level: str = ""
    under_way: dict[RequestId, Channel] = field(default_factory=dict)
    asked: dict[int, "asyncio.Future[Reply]"] = field(default_factory=dict)
    wishes: dict[str, Callable[[], None]] = field(default_factory=dict)
    standing: Channel | None = None
    last_id: int = 0
    is_over: bool = False

    def wish(self, name: str, stop: Callable[[], None]) -> None:
        """The client wants to hear of something until `stop` is called; the same wish again replaces it."""
        self.unwish(name)
        if self.is_over:
            stop()
        else:
            self.wishes[name] = stop

    def unwish(self, name: str) -> None:
        """The client does not want that any more."""
        stop = self.wishes.pop(name, None)
        if stop is not None:
            stop()

    def close(self) -> None:
        """It is over: nothing is wanted any more, and no answer will come."""
        self.is_over = True
        for name in list(self.wishes):
            self.unwish(name)
        for future in self.asked.values():
            if not future.done():
                future.set_result(Fault(INTERNAL_ERROR, "the client is gone"))


@dataclass(frozen=True, slots=True)
class Peer:
    """Who sent a message: grant, endpoint, era, and the conversation that it belongs to.

    `chain` is which programs stand behind it, where the way in can tell. `sent` are the headers of a modern
    request over HTTP, which may repeat arguments; None where there are none to compare.
    """

    grant: Grant
    endpoint: str | None
    era: Era
    conversation: Conversation = field(default_factory=Conversation)
    chain: ProcessChain | None = None
    sent: Headers | None = None
