"""Tasks: calls that a server answers with a handle, and does in its own time. None of them crosses the eras.

handshake era   core, where the server's capability `tasks` says so: the client wants one with its call
envelope era    an extension that both sides declare: the server may answer any call with one
"""

from collections.abc import Mapping
from typing import Any, Final

from .era import Era

EXTENSION: Final = "io.modelcontextprotocol/tasks"
"""The extension of the envelope era."""
GET: Final = "tasks/get"
RESULT: Final = "tasks/result"
UPDATE: Final = "tasks/update"
CANCEL: Final = "tasks/cancel"
LIST: Final = "tasks/list"
LISTEN: Final = "subscriptions/listen"
"""The request by which a client of the envelope era hears of a task."""
ABOUT: Final = {
    Era.LEGACY: frozenset({GET, RESULT, CANCEL}),
    Era.MODERN: frozenset({GET, UPDATE, CANCEL, LISTEN}),
}
"""The requests about one task."""
TOLD: Final = {Era.LEGACY: "notifications/tasks/status", Era.MODERN: "notifications/tasks"}
"""How a server tells that a task is another."""
ID: Final = "taskId"


def of_its_era(capabilities: Mapping[str, Any], era: Era) -> Mapping[str, Any]:
    """What a server of this era said that it can do, without the tasks of the other era."""
    if era is Era.MODERN:
        return {name: value for name, value in capabilities.items() if name != "tasks"}
    extensions = capabilities.get("extensions")
    if not isinstance(extensions, dict) or EXTENSION not in extensions:
        return capabilities
    return {**capabilities, "extensions": {key: extensions[key] for key in extensions if key != EXTENSION}}


def offers(capabilities: Mapping[str, Any], era: Era) -> bool:
    """Whether who has these capabilities, a server (`of_its_era`) or a client, has tasks in this era."""
    path = ("extensions", EXTENSION) if era is Era.MODERN else ("tasks", "requests", "tools", "call")
    place: Any = capabilities
    for name in path:
        place = place.get(name)
        if not isinstance(place, dict):
            return False
    return True


def offered(*, can_cancel: bool) -> dict[str, Any]:
    """The capability of the handshake era as we have it: the list of tasks is ours."""
    cancel: dict[str, Any] = {"cancel": {}} if can_cancel else {}
    return {"list": {}, **cancel, "requests": {"tools": {"call": {}}}}
