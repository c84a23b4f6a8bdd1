"""Calls of the envelope era that stop in the middle, because the server wants to know something.

A client of that era cannot be asked: the call is answered with the questions (`input_required`) and comes
again with the answers. In between the call stands here, under a handle that goes to the client as
`requestState`. A server of either era waits behind it and knows nothing of that.

    client                      here                          server
    tools/call            ───▶  begin ──── enforcer ────────▶ the call
    input_required, h     ◀───  the questions             ◀── asks
    tools/call, h, answers ──▶  resume ─── the answers ─────▶ goes on
    result                ◀───  the outcome               ◀── answers
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from latchward.model.caller import Asked, Question, Reply
from latchward.model.codes import INTERNAL_ERROR
from latchward.model.outcome import Answered, Fault

from .peer import Channel

IN_ROUNDS: Final = frozenset({"tools/call", "prompts/get", "resources/read"})
"""The methods that may be answered so."""
_NONE: Final[Mapping[str, Any]] = {}
KEEP_SECONDS: Final = 600.0
"""Seconds that a call waits for its client to come again; then it is cancelled."""
MAX_EACH: Final = 100
"""Calls of one client that may wait so."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a call that comes again must be: of the same grant, for the same thing, with equal arguments.

    `server` is part of it: the digest is over names as they are there, and two servers may share one.
    """

    client: str
    token_hash: str
    endpoint: str | None
    server: str
    method: str
    digest: str


@dataclass(frozen=True, slots=True)
class Asks:
    """The call wants answers first. `handle` is to come back with them."""

    questions: Mapping[str, Question]
    handle: str


@dataclass(slots=True)
class Contact:
    """The way to the client; each time the call comes again, another."""

    channel: Channel
    token: int | str | None


@dataclass(slots=True)
class _Group:
    """Questions that were put together. `names` are the server's keys, by ours."""

    names: Mapping[str, str]
    replies: "asyncio.Future[Mapping[str, Reply]]"


@dataclass(slots=True)
class _Waiting:
    """One call on its way."""

    bound: Bound
    contact: Contact
    turn: "asyncio.Future[None]"
    """Done when the client is to be answered: the call has ended, or asks."""
    given: dict[str, Any]
    """Replies that came before their questions."""
    task: "asyncio.Task[Answered] | None" = None
    questions: dict[str, Question] = field(default_factory=dict)
    groups: list[_Group] = field(default_factory=list)
    expiry: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """The client is to be answered."""
        if not self.turn.done():
            self.turn.set_result(None)

    def drop(self, group: _Group) -> None:
        """These questions are not open any more."""
        if group in self.groups:
            self.groups.remove(group)
            for key in group.names:
                del self.questions[key]


class Rounds:
    """The calls that stand in the middle, by handle."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}

    async def begin(
        self,
        bound: Bound,
        contact: Contact,
        work: Callable[[Asked], Awaitable[Answered]],
        replies: Mapping[str, Any] = _NONE,
    ) -> Answered | Asks:
        """Do the work, which may ask, until its end or its first question.

        `replies` came with the call, from a client that knows what it will be asked; each is used once.
        """
        waiting = _Waiting(bound, contact, asyncio.get_running_loop().create_future(), dict(replies))

        async def ask(questions: Mapping[str, Question]) -> Mapping[str, Reply]:
            return await self._ask(waiting, questions)

        async def call() -> Answered:
            return await work(ask)

        waiting.task = asyncio.create_task(call())
        waiting.task.add_done_callback(lambda task: waiting.wake())
        return await self._leg(waiting)

    async def resume(
        self, handle: str, bound: Bound, contact: Contact, replies: Mapping[str, Any]
    ) -> Answered | Asks | None:
        """Go on with a call that came again; None where it is not this one that waits under the handle."""
        waiting = self._waiting.get(handle)
        if waiting is None or waiting.bound != bound:
            return None
        self._forget(handle)
        waiting.contact.channel, waiting.contact.token = contact.channel, contact.token
        waiting.turn = asyncio.get_running_loop().create_future()
        for group in list(waiting.groups):
            given = {name: replies[key] for key, name in group.names.items() if key in replies}
            if given or not group.names:
                waiting.drop(group)
                if not group.replies.done():
                    group.replies.set_result(given)
        if waiting.groups or (waiting.task is not None and waiting.task.done()):
            waiting.wake()  # what was not answered is asked again
        return await self._leg(waiting)

    async def _leg(self, waiting: _Waiting) -> Answered | Asks:
        """Wait until there is something to answer the client with."""
        task = waiting.task
        if task is None:
            raise RuntimeError("a call that was not begun")
        try:
            await waiting.turn
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.done():
            return task.result()
        handle = secrets.token_urlsafe(24)
        self._waiting[handle] = waiting
        waiting.expiry = asyncio.get_running_loop().call_later(KEEP_SECONDS, self._expire, handle)
        return Asks(dict(waiting.questions), handle)

    async def _ask(self, waiting: _Waiting, questions: Mapping[str, Question]) -> Mapping[str, Reply]:
        if questions and questions.keys() <= waiting.given.keys():
            return {key: waiting.given.pop(key) for key in questions}
        same = sum(other.bound.client == waiting.bound.client for other in self._waiting.values())
        if same >= MAX_EACH:
            return dict.fromkeys(questions, Fault(INTERNAL_ERROR, "too many calls wait for this client"))
        names = {_free(key, waiting.questions): key for key in questions}
        waiting.questions |= {ours: questions[key] for ours, key in names.items()}
        group = _Group(names, asyncio.get_running_loop().create_future())
        waiting.groups.append(group)
        waiting.wake()
        try:
            return await group.replies
        finally:
            waiting.drop(group)  # also where the server withdrew them: nobody is to be asked in vain

    def _expire(self, handle: str) -> None:
        waiting = self._forget(handle)
        if waiting is not None and waiting.task is not None:
            waiting.task.cancel()

    def _forget(self, handle: str) -> _Waiting | None:
        waiting = self._waiting.pop(handle, None)
        if waiting is not None and waiting.expiry is not None:
            waiting.expiry.cancel()
        return waiting

    def end_others(self, token_hashes: Collection[str]) -> None:
        """Cancel every call that waits for a client whose token is not among these any more."""
        for handle, waiting in list(self._waiting.items()):
            if waiting.bound.token_hash not in token_hashes:
                self._expire(handle)

    async def close(self) -> None:
        """Cancel all of them: the gateway stops."""
        tasks = [waiting.task for waiting in self._waiting.values() if waiting.task is not None]
        for handle in list(self._waiting):
            self._expire(handle)
        await asyncio.gather(*tasks, return_exceptions=True)


def _free(key: str, taken: Mapping[str, Question]) -> str:
    """The server's own key, or one like it that no other question has."""
    free, number = key, 2
    while free in taken:
        free, number = f"{key}-{number}", number + 1
    return free
