"""Tells clients that their list is another one now.

A list changes when a server's tools do, when a policy is edited, when a grant
or a server comes or goes. A client hears of it only where what *it* may see
is different from what it was last given.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from latchward.model.grant import Grant

from .listing import Listing

DEBOUNCE: Final = 0.2
"""Seconds that a change waits for others to come with it."""

log = logging.getLogger(__name__)

_View = tuple[str, str | None]


@dataclass(slots=True)
class _Listener:
    """One stream, and the digest of the list that it knows of; "" before its first look."""

    view: _View
    notify: Callable[[], None]
    known: str


class Changes:
    """Who listens, and which list each knows of. `grants` are those in force."""

    def __init__(
        self,
        listing: Listing,
        grants: Callable[[], Mapping[str, Grant]],
        serialise: Callable[[Any], bytes],
    ) -> None:
        self._listing = listing
        self._grants = grants
        self._serialise = serialise
        self._listeners: dict[object, _Listener] = {}
        self._given: dict[_View, str] = {}
        self._changed = asyncio.Event()

    def given(self, client: str, endpoint: str | None, tools: list[dict[str, Any]]) -> None:
        """Note what a client was given."""
        view, digest = (client, endpoint), self._digest(tools)
        self._given[view] = digest
        for listener in self._listeners.values():
            if listener.view == view and not listener.known:
                listener.known = digest  # a change before the first look is one, too

    def listen(self, client: str, endpoint: str | None, notify: Callable[[], None]) -> Callable[[], None]:
        """Call `notify` whenever that client's list there has changed; the result ends it."""
        key, view = object(), (client, endpoint)
        self._listeners[key] = _Listener(view, notify, self._given.get(view, ""))
        if view not in self._given:
            self.trigger()  # the first look only learns what there is

        def stop() -> None:
            self._listeners.pop(key, None)

        return stop

    def trigger(self) -> None:
        """Something happened that may change a list."""
        self._changed.set()

    async def run(self) -> None:
        """Look after each trigger, for as long as the gateway runs."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(DEBOUNCE)
            self._changed.clear()
            for view in {listener.view for listener in self._listeners.values()}:
                try:
                    self._look(view)
                except Exception:
                    log.exception("the list of `%s` could not be compared", view[0])

    def _look(self, view: _View) -> None:
        client, endpoint = view
        grant = self._grants().get(client)
        if grant is None:
            return
        digest = self._digest(self._listing.now(grant, endpoint))
        for listener in list(self._listeners.values()):
            if listener.view != view or listener.known == digest:
                continue
            known, listener.known = listener.known, digest
            if known:
                listener.notify()

    def _digest(self, tools: list[dict[str, Any]]) -> str:
        return hashlib.sha256(self._serialise(tools)).hexdigest()
