"""Tells clients that a list of theirs is another one now.

A list changes when a server's does, when a policy is edited, when a grant
or a server comes or goes. A client hears of it only where what *it* may see
is different from what it was last given.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from latchward.model.grant import Grant
from latchward.model.listed import Listed

from .entries import Entries
from .listing import Listing

DEBOUNCE: Final = 0.2
"""Seconds that a change waits for others to come with it."""
KINDS: Final = ("tools", "prompts", "resources")
"""The lists whose changes are told; that of templates counts as one of resources."""

_EMPTY: Final = "nothing"
"""In the place of a digest: what a program has that is not let in."""

log = logging.getLogger(__name__)

_View = tuple[str, str | None]


@dataclass(slots=True)
class _Listener:
    """One stream, and the digest of each list that it knows of; none before its first look."""

    view: _View
    notify: Callable[[str], None]
    kinds: Collection[str]
    is_let_in: Callable[[], bool]
    known: dict[str, str] = field(default_factory=dict)


class Changes:
    """Who listens, and which lists each knows of. `grants` are those in force."""

    def __init__(
        self,
        listing: Listing,
        entries: Entries,
        grants: Callable[[], Mapping[str, Grant]],
        serialise: Callable[[Any], bytes],
    ) -> None:
        self._listing = listing
        self._entries = entries
        self._grants = grants
        self._serialise = serialise
        self._listeners: dict[object, _Listener] = {}
        self._given: dict[_View, dict[str, str]] = {}
        self._changed = asyncio.Event()

    def given(self, grant: Grant, endpoint: str | None, kind: str, listed: Any = None) -> None:
        """Note that a client was given a list: `listed`, or as it is now."""
        digest = self._digest(listed if listed is not None else self._listed(grant, endpoint, kind))
        view = (grant.client, endpoint)
        self._given.setdefault(view, {})[kind] = digest
        for listener in self._listeners.values():
            if listener.view == view:
                listener.known.setdefault(kind, digest)  # a change before the first look is one, too

    def listen(
        self,
        client: str,
        endpoint: str | None,
        kinds: Collection[str],
        notify: Callable[[str], None],
        is_let_in: Callable[[], bool],
    ) -> Callable[[], None]:
        """Call `notify` with the kind whenever one of that client's lists has changed; the result ends it.

        For a program that is not let in every list is empty, and has changed once it is.
        """
        key, view = object(), (client, endpoint)
        known = dict(self._given.get(view, {})) if is_let_in() else dict.fromkeys(KINDS, _EMPTY)
        self._listeners[key] = _Listener(view, notify, kinds, is_let_in, known)
        if any(kind not in known for kind in kinds):
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
                    log.exception("the lists of `%s` could not be compared", view[0])

    def _look(self, view: _View) -> None:
        client, endpoint = view
        grant = self._grants().get(client)
        if grant is None:
            return
        for kind in KINDS:
            digest = ""
            for listener in list(self._listeners.values()):
                if listener.view != view or kind not in listener.kinds:
                    continue
                if listener.is_let_in():
                    now = digest = digest or self._digest(self._listed(grant, endpoint, kind))
                else:
                    now = _EMPTY
                known, listener.known[kind] = listener.known.get(kind, now), now
                if known != now:
                    listener.notify(kind)

    def _listed(self, grant: Grant, endpoint: str | None, kind: str) -> Any:
        if kind == "tools":
            return self._listing.now(grant, endpoint)
        kinds = [Listed.PROMPTS] if kind == "prompts" else [Listed.RESOURCES, Listed.TEMPLATES]
        return [self._entries.now(grant, endpoint, one) for one in kinds]

    def _digest(self, listed: Any) -> str:
        return hashlib.sha256(self._serialise(listed)).hexdigest()
