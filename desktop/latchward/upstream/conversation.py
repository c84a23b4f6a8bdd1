"""What is said to one server, from its greeting until it is lost, whatever carries it.

Everything that goes out under an id goes out under an id of ours, counted
from 1 in each conversation; a client's ids and progress tokens never reach a
server. What a server says beside its answers is brought to the call that it
belongs to, or to who stands behind the conversation.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from latchward.model.allow import Allow
from latchward.model.call import ToolCall
from latchward.model.caller import Caller
from latchward.model.era import Era
from latchward.model.errors import OutcomeUnknown, UpstreamError
from latchward.model.listed import Listed
from latchward.model.outcome import Outcome
from latchward.model.tasks import EXTENSION, TOLD
from latchward.model.tool import ToolDefinition
from latchward.protocol import answer, envelope, modern
from latchward.protocol.versions import META_CLIENT_CAPABILITIES, META_SUBSCRIPTION, METHOD_NOT_FOUND

from . import pages, subscriptions, talk
from .lists import Fetched
from .questions import Questions
from .rounds import Wanted, played
from .subscriptions import Listen
from .talk import ANSWER_LIMIT, LIST_LIMIT

CHANGED: Final = {
    "notifications/tools/list_changed": "tools",
    "notifications/prompts/list_changed": "prompts",
    "notifications/resources/list_changed": "resources",
}
"""The notification of a changed list to the capability that the list belongs to."""
MESSAGE: Final = "notifications/message"
UPDATED: Final = "notifications/resources/updated"

HONOUR_LIMIT: Final = 10.0
"""Seconds that a modern server has to say whether it will tell of a resource."""

_OF_TASKS: Final = frozenset(TOLD.values())
_WITH_TASKS: Final[Mapping[str, Any]] = {"extensions": {EXTENSION: {}}}

_NO_HEADERS: Final[Mapping[str, str]] = {}


class Behind(Protocol):
    """Who stands behind a conversation."""

    @property
    def declared(self) -> Mapping[str, Any]:
        """The capabilities that a legacy server is told."""
        ...

    def uris(self) -> frozenset[str]:
        """The resources that anyone wants to hear of."""
        ...

    def tasks(self) -> frozenset[str]:
        """The tasks that anyone wants to hear of."""
        ...

    def list_changed(self, capability: str) -> None:
        """The server says that a list is another, or may be."""
        ...

    def heard(self, method: str, params: Mapping[str, Any]) -> None:
        """The server says something that belongs to no call."""
        ...

    def task_told(self, talk: "Conversation", params: Mapping[str, Any]) -> None:
        """The server says that a task is another."""
        ...

    def waiting(self) -> Caller | None:
        """The newest caller for whom the conversation is only being opened."""
        ...


class Conversation(ABC):
    """Made, opened once, closed once."""

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
        self._last_id = 0
        self._calls: dict[int, Caller] = {}
        self._questions = Questions(self._say)
        self._listens: dict[int, Listen] = {}
        self._gap = False
        """Whether things may have changed of which nobody told us."""
        self.watched: frozenset[str] = frozenset()
        """The capabilities whose lists the server tells of, on a way that is open."""
        self.era = Era.LEGACY
        self.greeting = talk.Greeting(Era.LEGACY, "", {})

    @abstractmethod
    async def _ask(self, method: str, params: dict[str, Any]) -> answer.Incoming:
        """Send a request of our own and wait for its answer. Raises `UpstreamError`."""

    @abstractmethod
    async def _exchange(
        self, number: int, line: bytes, call: ToolCall, parameters: Mapping[str, str]
    ) -> answer.Incoming:
        """Send a call once; its answer. Raises `NotSent` or `OutcomeUnknown`."""

    @abstractmethod
    def _say(self, line: bytes) -> None:
        """Send the server what it asked for. Whether it arrives changes nothing."""

    @abstractmethod
    def _cancel(self, number: int, reason: str) -> None:
        """Tell the server that a call of ours is given up."""

    async def list_tools(self) -> dict[str, ToolDefinition]:
        """All pages of the server's tools. Raises `UpstreamError`."""
        return (
            await pages.tools(self._pages("tools/list", "tools"), self.era)
            if self.greeting.has("tools")
            else {}
        )

    async def entries(self, kind: Listed) -> Fetched:
        """All pages of another list; empty where the server has none. Raises `UpstreamError`."""
        if not self.greeting.has(kind.capability):
            return Fetched((), None, True)
        found, ttl = await pages.entries(self._pages(kind.method, kind.words), self.era, kind)
        return Fetched(found, ttl, kind.capability in self.watched)

    def _pages(self, method: str, words: str) -> pages.Ask:
        async def ask(params: dict[str, Any]) -> answer.Incoming:
            try:
                async with asyncio.timeout(LIST_LIMIT):
                    return await self._ask(method, params)
            except TimeoutError:
                raise UpstreamError(
                    f"the server did not list its {words} within {LIST_LIMIT:.0f} seconds"
                ) from None

        return ask

    async def settle(self, method: str, params: dict[str, Any]) -> None:
        """Ask a legacy server for something that is ours to settle; what it says to it changes nothing."""
        with contextlib.suppress(UpstreamError, TimeoutError):
            async with asyncio.timeout(LIST_LIMIT):
                await self._ask(method, params)

    async def call(
        self,
        allow: Allow,
        call: ToolCall,
        caller: Caller,
        parameters: Mapping[str, str] = _NO_HEADERS,
        *,
        again: bool = False,
    ) -> Outcome:
        """Send the call once, under its proof, and wait. Cancelling the task cancels it at the server.

        `parameters` are the headers that the tool's schema asks for. `again` is
        for a call that a server turned away unread. Raises `NotSent` or `OutcomeUnknown`.
        """
        spend = allow.spend_again if again else allow.spend
        outcome = await self._leg(spend, call, caller, parameters)
        if isinstance(outcome, Wanted):
            return await played(
                outcome,
                caller,
                lambda more: self._leg(allow.spend_round, call, caller, parameters, more),
            )
        return outcome

    async def _leg(
        self,
        spend: Callable[[str], None],
        call: ToolCall,
        caller: Caller,
        parameters: Mapping[str, str],
        more: bytes = b"",
    ) -> Outcome | Wanted:
        number = self._next_id()
        line = talk.call_message(number, call, self.era, caller, more)
        self._calls[number] = caller
        try:
            spend(call.digest)
            async with asyncio.timeout(ANSWER_LIMIT):
                return talk.outcome(
                    await self._exchange(number, line, call, parameters), self.era, call, caller
                )
        except TimeoutError:
            self._cancel(number, "no answer in time")
            raise OutcomeUnknown(f"the server did not answer within {ANSWER_LIMIT:.0f} seconds") from None
        except asyncio.CancelledError:
            self._cancel(number, "the client cancelled the call")
            raise
        finally:
            del self._calls[number]
            self._questions.over(number)

    # what comes in beside answers

    def _beside(self, said: answer.Incoming, number: int | None) -> None:
        """Take a request or a notification of the server.

        It came on the reply to our request `number`, on a stream that is no
        reply (0), or on the one pipe that there is (None).
        """
        method, params = str(said.method), said.params
        if said.id is not None:
            self._asked(said, number)
        elif method == "notifications/progress":
            token = params.get("progressToken")
            caller = self._calls.get(token) if type(token) is int else None
            if caller is not None and caller.progress is not None:
                caller.progress(talk.progress_params(params))
        elif method in CHANGED:
            self._behind.list_changed(CHANGED[method])
        elif method == "notifications/cancelled":
            self._withdrawn(params.get("requestId"))
        elif method == "notifications/subscriptions/acknowledged":
            self._acknowledged(params, number)
        elif method == UPDATED:
            self._behind.heard(method, params)
        elif method in _OF_TASKS:
            if method == TOLD[self.era]:
                self._behind.task_told(self, params)
        else:
            self._pass_on(method, params, number)

    def _asked(self, said: answer.Incoming, number: int | None) -> None:
        """A request of the server. A modern one has none: it asks in its answers."""
        if said.id is None:
            return
        if said.method == "ping":
            self._say(envelope.result(said.id, b"{}"))
        elif self.era is Era.MODERN:
            self._say(envelope.error(said.id, METHOD_NOT_FOUND, "method not found"))
        else:
            owner = number if number in self._calls else next(reversed(self._calls), None)
            caller = self._calls[owner] if owner is not None else self._behind.waiting()
            self._questions.take(said, owner or 0, caller, self._behind.declared)

    def _withdrawn(self, number: object) -> None:
        """The server does not want an answer of ours any more."""
        self._questions.withdraw(number)

    # what a modern server is asked to tell

    @abstractmethod
    def _listen(self) -> None:
        """Open a `subscriptions/listen` for what is wanted now; one that is open goes on until it holds."""

    @abstractmethod
    def _unlisten(self, listen: Listen) -> None:
        """Close one that another has replaced."""

    async def honour(self, uri: str) -> bool:
        """Have a modern server tell of a resource that is wanted since now; whether it will."""
        listen = await self._heeding(lambda listen: uri in listen.uris)
        return listen is not None and uri in listen.honoured

    async def honour_task(self, task: str) -> bool:
        """The same for a task."""
        listen = await self._heeding(lambda listen: task in listen.tasks)
        return listen is not None and task in listen.honoured_tasks

    async def _heeding(self, asks: Callable[[Listen], bool]) -> Listen | None:
        """A listening that the server has acknowledged and that asks for this, opened if need be."""
        try:
            async with asyncio.timeout(HONOUR_LIMIT):
                while True:
                    listen = next(reversed(self._listens.values()), None)
                    if listen is None or (listen.acknowledged.is_set() and not asks(listen)):
                        self._listen()
                        listen = next(reversed(self._listens.values()))
                    await listen.acknowledged.wait()
                    if asks(listen):
                        return listen
        except TimeoutError:
            return None

    def wanted_changed(self) -> None:
        """Other resources, or tasks, are wanted than before."""
        listen = next(reversed(self._listens.values()), None)
        if listen is None or not listen.acknowledged.is_set():
            return
        if (listen.uris, listen.tasks) == (self._behind.uris(), self._behind.tasks()):
            return
        if self._wants_listen():
            self._listen()
            return
        for one in list(self._listens.values()):
            self._listen_over(one)
            self._unlisten(one)

    def _begin_listen(self) -> tuple[Listen, dict[str, Any]]:
        """The next one, and the params that it is asked with."""
        listen = Listen(self._next_id(), self._behind.uris(), self._behind.tasks())
        self._listens[listen.number] = listen
        asked = subscriptions.wanted(self.greeting.capabilities, listen.uris, listen.tasks)
        meta = modern.our_meta({META_CLIENT_CAPABILITIES: _WITH_TASKS} if listen.tasks else None)
        return listen, {"notifications": asked, "_meta": meta}

    def _wants_listen(self) -> bool:
        behind = self._behind
        return bool(subscriptions.wanted(self.greeting.capabilities, behind.uris(), behind.tasks()))

    def _acknowledged(self, params: Mapping[str, Any], number: int | None) -> None:
        """The server says what it will tell us of."""
        if number is None:
            meta = params.get("_meta")
            number = meta.get(META_SUBSCRIPTION) if isinstance(meta, dict) else None
        listen = self._listens.get(number) if type(number) is int else None
        if listen is None:
            return
        listen.take(params.get("notifications"))
        for older in [one for one in self._listens.values() if one.number < listen.number]:
            self._listen_over(older)
            self._unlisten(older)
        self.watched = listen.tells
        if self._gap:
            self._gap = False
            self._missed(listen)
        self.wanted_changed()

    def _listen_over(self, listen: Listen) -> bool:
        """One is over; whether nothing is left that tells us."""
        self._listens.pop(listen.number, None)
        listen.acknowledged.set()
        if not self._listens:
            self.watched = frozenset()
        return not self._listens

    def _missed(self, listen: Listen) -> None:
        """Nobody told us anything for a while: what may have changed is looked at again."""
        for capability in listen.tells:
            self._behind.list_changed(capability)
        for uri in listen.honoured & listen.uris:
            self._behind.heard(UPDATED, {"uri": uri})

    def _pass_on(self, method: str, params: Mapping[str, Any], number: int | None) -> None:
        """Bring a notification to the call that it belongs to, or to who stands behind us."""
        caller = self._calls.get(number) if number is not None else self._owner(method, params)
        if self.era is Era.LEGACY:
            if caller is not None:
                caller.tell(method, params)
            else:
                self._behind.heard(method, params)
        elif caller is not None:
            if method != MESSAGE or caller.log_level:
                caller.tell(method, params)
        elif method != MESSAGE and not (number is None and self._calls):
            self._behind.heard(method, params)  # of several calls nobody could say whose it is

    def _owner(self, method: str, params: Mapping[str, Any]) -> Caller | None:
        """The one call under way to which a notification on a shared pipe can belong."""
        if self.era is Era.MODERN:
            meta = params.get("_meta")
            token = meta.get("progressToken") if isinstance(meta, dict) else None
            if type(token) is int:
                return self._calls.get(token)
            if method == MESSAGE:
                wanting = [caller for caller in self._calls.values() if caller.log_level]
                return wanting[0] if len(wanting) == 1 else None
        return next(iter(self._calls.values())) if len(self._calls) == 1 else None

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id
