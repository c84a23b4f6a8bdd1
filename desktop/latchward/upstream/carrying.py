"""Every method to a server and everything that it says back, whatever the way to it.

Calls of clients that a legacy server can ask something go on connections of
their own (`own`); all others share the one that `kept` keeps. Subscriptions are
counted, so that a server hears of the first and the last one for a resource,
and are made anew where a connection is.
"""

import asyncio
import logging
import time
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from latchward.model.allow import Allow
from latchward.model.call import ToolCall
from latchward.model.caller import Caller
from latchward.model.era import Era
from latchward.model.errors import NotSent, OutcomeUnknown, UpstreamError
from latchward.model.listed import Listed
from latchward.model.outcome import Fault, Outcome, ToolResult
from latchward.model.ports import Heard, Secrets, Told
from latchward.model.tasks import LISTEN, of_its_era
from latchward.model.tool import ToolDefinition
from latchward.model.upstream import UpstreamSpec
from latchward.protocol import strict
from latchward.protocol.versions import INVALID_PARAMS

from .conversation import UPDATED, Conversation
from .kept import Kept, Open
from .lists import Entries, Fetched, Lists
from .own import EVERYBODY, Connection, OwnConnections, Whose
from .questions import NEEDS
from .subscriptions import Subscriptions
from .task_work import TaskWork

_ASKABLE: Final = frozenset(NEEDS.values())
"""The capabilities of a client that let a server ask it something."""
SUBSCRIBE: Final = "resources/subscribe"
SUBSCRIBE_LIMIT: Final = 30.0
"""Seconds that a server has to take a subscription; other clients' subscriptions wait for it."""
COME_BACK: Final = 0.05
"""Seconds at least before a lost server is begun anew because somebody subscribed to its resources."""
LEVELS: Final = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
"""The levels of a log, the most verbose first."""

log = logging.getLogger(__name__)


def nobody_hears(server: str, method: str, params: Mapping[str, Any], grant: str) -> None:
    """Nobody wants to know what a server says outside calls."""


def nobody_asked(place: object, params: Mapping[str, Any]) -> None:
    """Nobody wants to know what a server says of its tasks."""


def nobody_waits() -> Caller | None:
    """Nobody waits for a connection that all clients share in particular."""
    return None


class Greeted(Protocol):
    """What a server said when it greeted us last."""

    @property
    def era(self) -> Era: ...

    @property
    def capabilities(self) -> Mapping[str, Any]: ...


class Known(Protocol):
    """What is remembered of servers from one start of the gateway to the next."""

    def get(self, spec: UpstreamSpec) -> Greeted | None: ...

    def note(self, spec: UpstreamSpec, era: Era, capabilities: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Ties:
    """What ties a connection to the rest.

    `heard` takes what is said outside calls, `told` what is said of tasks, `known` is what servers said
    before, `whose` tells to whom the connection belongs, `waiting` who waits for it.
    """

    heard: Heard = nobody_hears
    told: Told = nobody_asked
    known: Known | None = None
    whose: Whose = EVERYBODY
    waiting: Callable[[], Caller | None] = nobody_waits


ALONE: Final = Ties()


class Carrying(Kept[Open]):
    """The part of `model.ports.Upstream` that is about methods; it also stands behind its conversation."""

    def __init__(
        self, spec: UpstreamSpec, on_change: Callable[[], None], secrets: Secrets | None, ties: Ties
    ) -> None:
        super().__init__(spec, on_change, secrets)
        self._ties = ties
        self._is_shared = ties.whose is EVERYBODY
        self._parts_clients = self._is_shared and not spec.shared
        greeted = ties.known.get(spec) if ties.known is not None and self._is_shared else None
        self._capabilities: Mapping[str, Any] = (
            of_its_era(greeted.capabilities, greeted.era) if greeted is not None else {}
        )
        # Only a legacy server has connections for one client each.
        self._is_legacy = not self._is_shared or (greeted is not None and greeted.era is Era.LEGACY)
        self._lists = Lists(self._fetch, on_change)
        self._list_errors: dict[Listed, str] = {}
        self._own = OwnConnections(self._make_own)
        self._mirrors = False
        """Whether a server of the newer era is tried in the older one for clients of that."""
        self._subscriptions = Subscriptions()
        self._work = TaskWork()
        self._subscribing = asyncio.Lock()
        self._levels: dict[str, str] = {}
        self._told_level = ""
        self._stays = False
        """Whether what is open is begun anew when it is lost, although nobody calls."""
        self._is_coming_back = False
        self._errands: set[asyncio.Task[None]] = set()

    @abstractmethod
    def _talk(self, open_: Open) -> Conversation:
        """The conversation with what is open."""

    @abstractmethod
    async def _carry(self, open_: Open, allow: Allow, call: ToolCall, caller: Caller) -> Outcome:
        """Send a call over what is open. Raises `NotSent` or `OutcomeUnknown`."""

    @abstractmethod
    def _own_connection(self, ties: Ties) -> Connection:
        """Another connection to the same server, for one client."""

    def _make_own(self, whose: Whose, waiting: Callable[[], Caller | None]) -> Connection:
        made = self._own_connection(replace(self._ties, whose=whose, waiting=waiting))
        made.want_log(whose.grant, self._levels.get(whose.grant, ""))
        return made

    @abstractmethod
    def _place(self, talk: Conversation) -> object:
        """What the ids of tasks mean something in that the server gives in this conversation."""

    @abstractmethod
    def holds(self, place: object) -> bool:
        """Whether that is still there, on this very connection."""

    async def send(self, allow: Allow, call: ToolCall, caller: Caller) -> Outcome:
        if call.place is not None:
            return await self._send_about(allow, call, caller)
        open_ = await self._ready()
        if caller.capabilities and self._parts_clients:
            if self._talk(open_).era is Era.LEGACY:
                return await self._own.send(allow, call, caller)
            if caller.is_legacy and self._mirrors and not _ASKABLE.isdisjoint(caller.capabilities):
                try:  # in the client's own era, for many servers of both eras ask only there
                    return await self._own.send(allow, call, caller)
                except NotSent:
                    if allow.is_spent:
                        raise
                    self._mirrors = False  # it does not speak that era, or not now
        if call.method == SUBSCRIBE:
            return await self._subscribe(open_, allow, call, caller)
        outcome = await self._carry(open_, allow, call, caller)
        if isinstance(outcome, ToolResult) and outcome.task:
            self._work.used()
            return replace(outcome, place=self._place(self._talk(open_)))
        return outcome

    # tasks

    async def _send_about(self, allow: Allow, call: ToolCall, caller: Caller) -> Outcome:
        """Send what is about a task where that lives, and nowhere else: there its id may be another's."""
        if not self.holds(call.place):
            return await self._own.send_about(allow, call, caller)
        self._work.used()
        open_ = await self._ready()
        if call.method == LISTEN:
            return await self._work.watch(self._talk(open_), allow, call, caller)
        return await self._carry(open_, allow, call, caller)

    @property
    def works(self) -> bool:
        """Whether a task may be under way on this very connection."""
        return self._work.goes_on

    def tasks(self) -> frozenset[str]:
        return self._work.watched()

    def unwatch(self, grant: str, task: str) -> None:
        self._work.unwatch(self._talk(self._open) if self._open is not None else None, grant, task)

    def task_told(self, talk: Conversation, params: Mapping[str, Any]) -> None:
        self._ties.told(self._place(talk), params)

    # lists

    def capabilities(self) -> Mapping[str, Any]:
        return self._capabilities

    def entries_now(self, kind: Listed) -> Entries | None:
        return self._lists.now(kind)

    async def entries(self, kind: Listed) -> Entries:
        known = self._lists.now(kind)
        if self._open is None:
            starting = self._start_soon()
            if known is not None:
                return known
            if starting is None:
                raise self._away()
            await self._started(starting, self._patience())
        try:
            return await self._lists.get(kind)
        except UpstreamError:
            if known is None:
                raise
            return known

    async def _fetch(self, kind: Listed) -> Fetched:
        open_ = self._open
        if open_ is None:
            raise self._away()
        try:
            fetched = await self._list(open_, kind)
        except UpstreamError as error:
            why = self._mask(str(error))
            if self._list_errors.get(kind) != why:
                log.warning("the %s of the server `%s` cannot be listed: %s", kind.words, self.name, why)
            self._list_errors[kind] = why
            raise UpstreamError(why) from None
        self._list_errors.pop(kind, None)
        return fetched

    async def _list(self, open_: Open, kind: Listed) -> Fetched:
        return await self._talk(open_).entries(kind)

    # subscriptions

    def subscribed(self) -> frozenset[str]:
        """The resources that clients of this very connection want to hear of."""
        return self._subscriptions.uris()

    async def _subscribe(self, open_: Open, allow: Allow, call: ToolCall, caller: Caller) -> Outcome:
        uri = strict.parse(call.params).get("uri")
        if not isinstance(uri, str) or not uri:
            return await self._carry(open_, allow, call, caller)
        try:
            async with asyncio.timeout(SUBSCRIBE_LIMIT), self._subscribing:
                first = self._subscriptions.add(caller.grant, uri)
                outcome: Outcome | None = None
                try:
                    outcome = await self._begin(open_, allow, call, caller, uri if first else "")
                finally:
                    if not isinstance(outcome, ToolResult) and self._subscriptions.drop(caller.grant, uri):
                        self._talk(open_).wanted_changed()
                return outcome
        except TimeoutError:
            raise OutcomeUnknown(
                f"the server did not take the subscription within {SUBSCRIBE_LIMIT:.0f} seconds"
            ) from None

    async def _begin(self, open_: Open, allow: Allow, call: ToolCall, caller: Caller, first: str) -> Outcome:
        """Have the server tell of the resource `first`; nothing is to be done where that is ""."""
        talk = self._talk(open_)
        if first and talk.era is Era.LEGACY:
            return await self._carry(open_, allow, call, caller)
        allow.spend(call.digest)
        if first and not await talk.honour(first):
            return Fault(INVALID_PARAMS, "the server does not tell when this resource changes")
        return ToolResult(b"{}" if talk.era is Era.LEGACY else b'{"resultType":"complete"}', talk.era)

    def unsubscribe(self, grant: str, uri: str) -> None:
        for own in self._own.of(grant):
            if uri in own.subscribed():
                own.unsubscribe(grant, uri)
                return
        if self._subscriptions.drop(grant, uri):
            self._errand(self._unsubscribe(uri))

    async def _unsubscribe(self, uri: str) -> None:
        async with self._subscribing:
            if self._open is None or uri in self._subscriptions.uris():
                return
            talk = self._talk(self._open)
            if talk.era is Era.MODERN:
                talk.wanted_changed()
            else:
                await talk.settle("resources/unsubscribe", {"uri": uri})

    # the server's log

    def want_log(self, grant: str, level: str) -> None:
        if level in LEVELS:
            self._levels[grant] = level
        else:
            self._levels.pop(grant, None)
        for own in self._own.of(grant):
            own.want_log(grant, level)
        self._tell_level()

    def _tell_level(self) -> None:
        """Tell a legacy server the most verbose level that a client of this connection wants."""
        if self._open is None:
            return
        talk = self._talk(self._open)
        wanted = min(
            (level for grant, level in self._levels.items() if not self._own.of(grant)),
            key=LEVELS.index,
            default=LEVELS[-1] if self._told_level else "",
        )
        if talk.era is Era.LEGACY and talk.greeting.has("logging") and wanted != self._told_level:
            self._told_level = wanted
            self._errand(talk.settle("logging/setLevel", {"level": wanted}))

    # beginning, losing, ending

    def _opened_now(self, opened: Open, tools: dict[str, ToolDefinition] | None) -> None:
        talk = self._talk(opened)
        self._capabilities = of_its_era(talk.greeting.capabilities, talk.era)
        if self._ties.known is not None and self._is_shared:
            self._ties.known.note(self.spec, talk.era, self._capabilities)
        super()._opened_now(opened, tools)
        self._lists.forget()
        self._told_level = ""
        self._tell_level()
        if self._subscriptions.uris():
            self._errand(self._subscribe_anew(talk))

    async def _subscribe_anew(self, talk: Conversation) -> None:
        """Everything that was subscribed to; what changed in between nobody told us."""
        for uri in sorted(self._subscriptions.uris()):
            if talk.era is Era.LEGACY and uri in self._subscriptions.uris():
                await talk.settle(SUBSCRIBE, {"uri": uri})
            self.heard(UPDATED, {"uri": uri})

    def _gone(self) -> None:
        if (self._stays or self._subscriptions.uris()) and not self._is_coming_back:
            self._is_coming_back = True
            self._errand(self._come_back())

    async def _come_back(self) -> None:
        """Begin anew, with the pauses after failures, for those who wait to hear something."""
        try:
            while not self._stopped and (self._stays or self._subscriptions.uris()):
                await asyncio.sleep(max(COME_BACK, self._retry_at - time.monotonic()))
                if self._open is not None:
                    return
                if (starting := self._start_soon()) is not None:
                    await asyncio.wait({starting})
        finally:
            self._is_coming_back = False

    def _errand(self, work: Coroutine[Any, Any, None]) -> None:
        """Something beside all calls; its end is bounded by what it does."""
        task = asyncio.ensure_future(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _stop_waiting(self, *tasks: "asyncio.Task[None] | None") -> None:
        await asyncio.gather(
            super()._stop_waiting(*tasks, *self._errands), self._lists.stop(), self._own.stop()
        )

    # what a conversation hears: `conversation.Behind`

    @property
    def declared(self) -> Mapping[str, Any]:
        return self._ties.whose.capabilities

    def uris(self) -> frozenset[str]:
        return self._subscriptions.uris()

    def list_changed(self, capability: str) -> None:
        if capability == "tools":
            self._tools_changed()
        else:
            self._lists.changed(capability)

    def heard(self, method: str, params: Mapping[str, Any]) -> None:
        self._ties.heard(self.name, method, params, self._ties.whose.grant)

    def waiting(self) -> Caller | None:
        return self._ties.waiting()
