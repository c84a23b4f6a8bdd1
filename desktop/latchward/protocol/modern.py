"""The envelope era: each request says who asks and in which version (2026-07-28)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from latchward import __version__
from latchward.model.caller import Question
from latchward.model.errors import ClientError

from .envelope import Request
from .legacy import SERVER_INFO
from .strict import serialise
from .versions import (
    INVALID_PARAMS,
    LATEST_MODERN,
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_SERVER_INFO,
    META_SUBSCRIPTION,
    META_VERSION,
    MODERN_VERSIONS,
    UNSUPPORTED_VERSION,
)

LIST_TTL: Final = 30_000
"""Milliseconds that a client may keep a list; a change is also notified."""

_STAMP: Final = {META_SERVER_INFO: SERVER_INFO}
_OUR_META: Final = {
    META_VERSION: LATEST_MODERN,
    META_CLIENT_INFO: {"name": "latchward", "title": "Latchward", "version": __version__},
    META_CLIENT_CAPABILITIES: {},
}


def check_envelope(request: Request) -> None:
    """Refuse (-32602, -32022) a request without a whole envelope, or in a version that we do not speak."""
    meta = request.params.get("_meta")
    if not isinstance(meta, dict):
        raise ClientError(INVALID_PARAMS, "`params._meta` must be an object with the protocol's envelope")
    for key in (META_VERSION, META_CLIENT_CAPABILITIES):
        if key not in meta:
            raise ClientError(INVALID_PARAMS, f"`params._meta` lacks `{key}`")
    if not isinstance(meta[META_CLIENT_CAPABILITIES], dict):
        raise ClientError(INVALID_PARAMS, f"`{META_CLIENT_CAPABILITIES}` must be an object")
    version = meta[META_VERSION]
    if not isinstance(version, str):
        raise ClientError(INVALID_PARAMS, f"`{META_VERSION}` must be a text")
    if version not in MODERN_VERSIONS:
        raise unsupported(version)


def unsupported(version: str) -> ClientError:
    """The error that names the versions we speak instead of `version`."""
    data = {"supported": list(MODERN_VERSIONS), "requested": version}
    return ClientError(UNSUPPORTED_VERSION, "unsupported protocol version", data)


def discover_result(capabilities: Mapping[str, Any]) -> bytes:
    """The result of `server/discover`."""
    return serialise(
        {
            "supportedVersions": list(MODERN_VERSIONS),
            "capabilities": capabilities,
            **_cacheable(),
        }
    )


def list_result(member: str, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The result of a request for a list. Private, for a list varies by the client's grant."""
    return {member: entries, **_cacheable()}


def input_required(questions: Mapping[str, Question], state: str) -> bytes:
    """The result that asks the client for answers; it comes again with `state` and those."""
    asked = {key: {"method": one.method, "params": one.params} for key, one in questions.items()}
    body: dict[str, Any] = {"resultType": "input_required", "requestState": state}
    return serialise({**body, "inputRequests": asked} if asked else body)


def answers(params: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The client's answers in the params of a request that comes again, by key. Raises `ClientError`."""
    given = params.get("inputResponses", {})
    if not isinstance(given, dict) or not all(isinstance(one, dict) for one in given.values()):
        raise ClientError(INVALID_PARAMS, "`inputResponses` must be an object of objects")
    return given


def acknowledged(subscription: int | str, honoured: Mapping[str, Any]) -> dict[str, Any]:
    """The params of the first message on a `subscriptions/listen` stream."""
    return {"notifications": honoured, "_meta": {META_SUBSCRIPTION: subscription}}


def listen_result(subscription: int | str) -> bytes:
    """The result that ends a `subscriptions/listen` stream on purpose."""
    return serialise({"resultType": "complete", "_meta": {META_SUBSCRIPTION: subscription, **_STAMP}})


def subscribed(subscription: int | str) -> dict[str, Any]:
    """The params of a notification on that stream."""
    return {"_meta": {META_SUBSCRIPTION: subscription}}


def our_meta(extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """The `_meta` of what we send to a server. A client's own keys stay here: they tell too much."""
    return {**_OUR_META, **extra} if extra else _OUR_META


def _cacheable() -> dict[str, Any]:
    return {"resultType": "complete", "ttlMs": LIST_TTL, "cacheScope": "private", "_meta": _STAMP}
