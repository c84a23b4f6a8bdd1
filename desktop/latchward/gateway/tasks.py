"""Tasks that clients began at servers: whose each is, under an id of ours.

A server's own id never reaches a client, and means something only in the place that gave it: a run of a
process, or a server at a URL. What is kept here lives as long as the gateway does; after that, as after its
time, a task is one that never was.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from latchward.model.call import ToolCall
from latchward.model.grant import Grant
from latchward.model.ports import Upstream
from latchward.model.tasks import ID
from latchward.model.tool import ToolDefinition

MAX_TASKS: Final = 500
"""Tasks of one client that are kept; for one more, the oldest is forgotten."""
MAX_BEGUN: Final = 16 * 1024 * 1024
"""Bytes of the arguments with which a client's tasks were begun; likewise."""
MAX_TTL: Final = 24 * 3600.0
"""Seconds that a task is kept without a request about it, however long its server keeps it."""

Hears = Callable[[Mapping[str, Any]], None]
"""Takes the params of a notification about a task, as the server sent them."""


@dataclass(frozen=True, slots=True)
class Put:
    """A question of a task that was judged: by which documents, and whether the client may be asked it."""

    stamp: tuple[str, ...]
    allowed: bool


@dataclass(slots=True, eq=False)
class Task:
    """One task. `theirs` is its id in the `place` where it lives, `call` is what began it.

    `put` are its questions, by the server's keys, and `judging` lets one look at them at a time. `hears`
    takes what the server tells of it.
    """

    id: str
    grant: Grant
    endpoint: str | None
    upstream: Upstream
    theirs: str
    place: object
    call: ToolCall
    definition: ToolDefinition
    began_at: float
    ends_at: float = 0.0
    put: dict[str, Put] = field(default_factory=dict)
    judging: asyncio.Lock = field(default_factory=asyncio.Lock)
    hears: dict[object, Hears] = field(default_factory=dict)

    @property
    def server(self) -> str:
        return self.call.tool.upstream


class Tasks:
    """All of them. No client can push out another one's."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tasks: dict[str, Task] = {}
        self._at: dict[tuple[object, str], Task] = {}

    def add(
        self,
        grant: Grant,
        endpoint: str | None,
        upstream: Upstream,
        call: ToolCall,
        definition: ToolDefinition,
        *,
        theirs: str,
        place: object,
        ttl: float | None,
    ) -> Task:
        """A task that this call began; `ttl` is for how many seconds it holds, None for ever."""
        now = self._clock()
        for task in list(self._tasks.values()):
            if task.ends_at <= now:
                self.forget(task)
        if (earlier := self._at.get((place, theirs))) is not None:
            self.forget(earlier)  # a server gives an id twice where it forgot what it was for
        self._make_room(grant.client, len(call.payload))
        key = secrets.token_urlsafe(24)
        made = Task(key, grant, endpoint, upstream, theirs, place, call, definition, now)
        self.keep(made, ttl)
        self._tasks[key] = self._at[place, theirs] = made
        return made

    def _make_room(self, client: str, size: int) -> None:
        own = [task for task in self._tasks.values() if task.grant.client == client]
        size += sum(len(task.call.payload) for task in own)
        for left, task in zip(range(len(own), 0, -1), own, strict=True):
            if left < MAX_TASKS and size <= MAX_BEGUN:
                return
            size -= len(task.call.payload)
            self.forget(task)

    def keep(self, task: Task, ttl: float | None) -> None:
        """The server says anew how long the task holds."""
        latest = self._clock() + MAX_TTL
        task.ends_at = latest if ttl is None else min(latest, task.began_at + ttl)

    def find(self, grant: Grant, endpoint: str | None, identity: str) -> Task | None:
        """The task, where it is one of this very client at this endpoint, and its time is not over."""
        task = self._tasks.get(identity)
        return task if task is not None and self._is_of(task, grant, endpoint) else None

    def of(self, grant: Grant, endpoint: str | None) -> list[Task]:
        """All tasks that this client began at this endpoint, the newest first."""
        return [task for task in reversed(self._tasks.values()) if self._is_of(task, grant, endpoint)]

    def _is_of(self, task: Task, grant: Grant, endpoint: str | None) -> bool:
        mine = (task.grant.client, task.grant.token_hash, task.endpoint)
        return mine == (grant.client, grant.token_hash, endpoint) and task.ends_at > self._clock()

    def told(self, place: object, params: Mapping[str, Any]) -> None:
        """A server told of one of its tasks there."""
        theirs = params.get(ID)
        task = self._at.get((place, theirs)) if isinstance(theirs, str) else None
        if task is not None and task.ends_at > self._clock():
            for hears in list(task.hears.values()):
                hears(params)

    def forget(self, task: Task) -> None:
        """It is as if the task never was."""
        if self._tasks.pop(task.id, None) is not None and self._at.get((task.place, task.theirs)) is task:
            del self._at[task.place, task.theirs]

    def end_others(self, token_hashes: Collection[str]) -> None:
        """Forget every task of a client whose token is not among these any more."""
        for task in list(self._tasks.values()):
            if task.grant.token_hash not in token_hashes:
                self.forget(task)
