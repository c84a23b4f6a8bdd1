"""A result of one era, made fit for a client of the other. Bytes that need no change stay as they are."""

import json
from typing import Final

from latchward.model.era import Era

from .answer import split
from .strict import serialise

_MODERN_ONLY: Final = ("resultType", "ttlMs", "cacheScope")
_CACHEABLE: Final = ("resources/read",)
"""Methods whose results the envelope era wants to say how long they hold, and that we pass on."""
_STALE: Final = {"ttlMs": b"0", "cacheScope": b'"private"'}


def result(body: bytes, origin: Era, client: Era, method: str) -> bytes:
    """`body`, the result of `method` from a server of era `origin`, for a client of era `client`."""
    if origin is client:
        return body
    members = split(body)
    if client is Era.LEGACY:
        for name in _MODERN_ONLY:
            members.pop(name, None)
    else:
        members = {"resultType": b'"complete"', **(_STALE if method in _CACHEABLE else {}), **members}
    return join(members)


def join(members: dict[str, bytes]) -> bytes:
    """The object with these members; the reverse of `answer.split`."""
    return b"{%b}" % b",".join(b"%b:%b" % (_name(key), raw) for key, raw in members.items())


def _name(key: str) -> bytes:
    """A member's name. Half an emoji, which only some servers make, has no other form than its escape."""
    try:
        return serialise(key)
    except UnicodeEncodeError:
        return json.dumps(key).encode()
