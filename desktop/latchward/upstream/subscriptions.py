"""Which resources and tasks clients want to hear of, and what a modern server promised to tell."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from latchward.model.errors import NotSent

MAX_SUBSCRIPTIONS: Final = 1000
"""Subscriptions on one connection."""
TOLD: Final = {
    "tools": "toolsListChanged",
    "prompts": "promptsListChanged",
    "resources": "resourcesListChanged",
}
"""A capability to what a modern server is asked, to tell of its list."""


class Subscriptions:
    """Who wants to hear of which resource, or task, on one connection, each as often as it said so."""

    def __init__(self) -> None:
        self._held: dict[str, list[str]] = {}

    def add(self, grant: str, uri: str) -> bool:
        """Note one; whether it is the first for this resource. Raises `NotSent`."""
        if sum(map(len, self._held.values())) >= MAX_SUBSCRIPTIONS:
            raise NotSent(
                f"more than {MAX_SUBSCRIPTIONS} subscriptions to this server are open; nothing was sent"
            )
        self._held.setdefault(uri, []).append(grant)
        return len(self._held[uri]) == 1

    def drop(self, grant: str, uri: str) -> bool | None:
        """Take one back; whether it was the last for this resource. None where there was none."""
        held = self._held.get(uri, [])
        if grant not in held:
            return None
        held.remove(grant)
        if not held:
            del self._held[uri]
        return not held

    def uris(self) -> frozenset[str]:
        """The resources that anyone wants to hear of."""
        return frozenset(self._held)


class Listen:
    """One `subscriptions/listen` to a modern server, under our id `number`; it asks for `uris` and `tasks`.

    `acknowledged` is set when the server has said what it will tell, or the asking has ended without that.
    """

    def __init__(self, number: int, uris: frozenset[str], tasks: frozenset[str]) -> None:
        self.number = number
        self.uris = uris
        self.tasks = tasks
        self.acknowledged = asyncio.Event()
        self.tells: frozenset[str] = frozenset()
        """The capabilities whose lists the server tells of."""
        self.honoured: frozenset[str] = frozenset()
        """The resources that it tells of."""
        self.honoured_tasks: frozenset[str] = frozenset()

    def take(self, promised: Any) -> None:
        """The server said what it will tell."""
        told: Mapping[str, Any] = promised if isinstance(promised, dict) else {}
        self.tells = frozenset(name for name, key in TOLD.items() if told.get(key) is True)
        self.honoured = _texts(told.get("resourceSubscriptions"))
        self.honoured_tasks = _texts(told.get("taskIds"))
        self.acknowledged.set()


def _texts(value: Any) -> frozenset[str]:
    return frozenset(text for text in (value if isinstance(value, list) else ()) if isinstance(text, str))


def wanted(
    capabilities: Mapping[str, Any], uris: frozenset[str], tasks: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """What to ask a modern server with these capabilities to tell; nothing where it has nothing to."""
    asked: dict[str, Any] = {}
    for name, key in TOLD.items():
        capability = capabilities.get(name)
        if isinstance(capability, dict) and capability.get("listChanged") is True:
            asked[key] = True
    if uris:
        asked["resourceSubscriptions"] = sorted(uris)
    if tasks:
        asked["taskIds"] = sorted(tasks)
    return asked
