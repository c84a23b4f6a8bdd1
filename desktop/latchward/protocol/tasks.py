"""Tasks on the wire: a call that is answered with a handle. `model/tasks.py` says between whom there are any.

A result stays bytes but for the members that hold the id.
"""

from collections.abc import Mapping
from typing import Any, Final

from latchward.model.call import TOOLS_CALL
from latchward.model.caller import Question
from latchward.model.era import Era
from latchward.model.errors import ClientError, UpstreamError
from latchward.model.tasks import EXTENSION, ID, RESULT, offers

from .answer import split, value
from .asked import question
from .bridge import join
from .strict import serialise
from .versions import INVALID_PARAMS, MISSING_CAPABILITY

RELATED: Final = "io.modelcontextprotocol/related-task"
"""The key of `_meta` by which the handshake era says to which task something belongs."""
MAX_ID: Final = 1024
"""Characters of a server's id of a task."""

_TTL: Final = {Era.LEGACY: "ttl", Era.MODERN: "ttlMs"}
_RELATED_BYTES: Final = RELATED.encode()


def wanted(params: Mapping[str, Any]) -> bytes:
    """The `task` of a call as it goes on, b"" where there is none. Raises `ClientError`.

    No more of it than the protocol knows: nothing judges what stands there.
    """
    asked = params.get("task")
    if asked is None:
        return b""
    ttl = asked.get("ttl") if isinstance(asked, dict) else -1
    if ttl is not None and (isinstance(ttl, bool) or not isinstance(ttl, int) or ttl < 0):
        raise ClientError(INVALID_PARAMS, "`task` must be an object, and its `ttl` a number of milliseconds")
    return serialise({} if ttl is None else {"ttl": ttl})


def must_declare(declared: Mapping[str, Any]) -> None:
    """Refuse (-32021) a request about tasks of a client that does not declare them in it."""
    if not offers(declared, Era.MODERN):
        needed: dict[str, Any] = {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
        raise ClientError(MISSING_CAPABILITY, f"the client must declare `{EXTENSION}`", needed)


def begun(members: Mapping[str, bytes], era: Era) -> str:
    """The server's id of the task that this result of a call begins. Raises `UpstreamError`."""
    found = value(_task(members, era).get(ID))
    if not isinstance(found, str) or not 0 < len(found) <= MAX_ID:
        raise UpstreamError("the server began a task and gave it no id that could be used")
    return found


def ttl(members: Mapping[str, bytes], era: Era) -> float | None:
    """For how many seconds from its beginning a task holds; None where that is not said, or for ever."""
    try:
        found = value(_task(members, era).get(_TTL[era]))
    except UpstreamError:
        return None
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return max(0.0, found / 1000) if is_number else None


def _task(members: Mapping[str, bytes], era: Era) -> Mapping[str, bytes]:
    """The members of the task in a result."""
    return split(members["task"]) if era is Era.LEGACY and "task" in members else members


def renamed(members: Mapping[str, bytes], method: str, ours: str) -> bytes:
    """A result of a request for or about a task, under our id. Raises `UpstreamError`."""
    own, raw = dict(members), serialise(ours)
    if method == TOOLS_CALL and "task" in own:
        own["task"] = join({**split(own["task"]), ID: raw})
    elif method != RESULT and ID in own:
        own[ID] = raw
    if _RELATED_BYTES in own.get("_meta", b""):
        meta = split(own["_meta"])
        if RELATED in meta:
            own["_meta"] = join({**meta, RELATED: serialise({ID: ours})})
    return join(own)


def questions(members: Mapping[str, bytes]) -> dict[str, Question]:
    """What a task in this answer asks the client, by key. Raises `UpstreamError`."""
    return asked(value(members["inputRequests"]))


def asked(requests: Any) -> dict[str, Question]:
    """The same, of what is parsed."""
    if not isinstance(requests, dict):
        raise UpstreamError("the server asked for input and did not say which")
    return {key: _question(one) for key, one in requests.items()}


def _question(asked: Any) -> Question:
    method = asked.get("method") if isinstance(asked, dict) else None
    params = asked.get("params", {}) if isinstance(asked, dict) else None
    if not isinstance(method, str) or not isinstance(params, dict):
        raise UpstreamError("the server asked a malformed question")
    return question(method, params)


def with_questions(members: Mapping[str, bytes], keys: frozenset[str]) -> dict[str, bytes]:
    """The same answer with these of its questions alone."""
    asked = split(members["inputRequests"])
    kept = {key: raw for key, raw in asked.items() if key in keys}
    return {**members, "inputRequests": join(kept)}
