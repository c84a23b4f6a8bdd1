"""What servers send: a strict envelope around a result that stays bytes.

A result is the server's word to the agent; we judge calls, not answers, so it
is never rebuilt. Two readers give the same values: msgspec for nearly
everything, the standard library for what msgspec refuses and JavaScript
servers do send (an emoji cut in half). Both refuse a member that stands twice in the
envelope.
"""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import msgspec

from latchward.model.errors import UpstreamError

MAX_BESIDE: Final = 4 * 1024 * 1024
"""Bytes of a server's message without its result, which alone is not read: as many as a client may send."""

_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])
_VALUE = msgspec.json.Decoder()

_MEMBERS: Final = frozenset({"jsonrpc", "id", "method", "params", "result", "error"})
_SPACE = rb"[ \t\r\n]*"
_KEY = re.compile(_SPACE + rb"([{,])" + _SPACE + rb'"([^"\\]*)"' + _SPACE + b":" + _SPACE)
_END = re.compile(_SPACE + b"}" + _SPACE + rb"\Z")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message of a server. `id` is None for a notification; absent parts are None.

    `result` and `raw_error` are raw bytes; `params` and `error` are parsed.
    """

    id: int | str | None
    method: str | None
    params: dict[str, Any]
    result: bytes | None
    error: dict[str, Any] | None
    raw_error: bytes = b""


def read(line: bytes) -> Incoming:
    """The message in `line`. Raises `UpstreamError` with what is wrong with it."""
    members = split(line)
    if members.keys() - _MEMBERS or value(members.get("jsonrpc")) != "2.0":
        raise UpstreamError("the server sent something that is not JSON-RPC 2.0")
    if len(line) - len(members.get("result", b"")) > MAX_BESIDE:
        raise UpstreamError(f"the server sent more than {MAX_BESIDE} bytes beside a result")
    identity = value(members.get("id"))
    if identity is not None and (isinstance(identity, bool) or not isinstance(identity, int | str)):
        raise UpstreamError("the server sent an id that is neither a number nor a text")
    method, error = value(members.get("method")), value(members.get("error"))
    result = members.get("result")
    if method is not None:
        params = _exact(members["params"]) if "params" in members else {}
        if not isinstance(method, str) or not isinstance(params, dict) or result or error is not None:
            raise UpstreamError("the server sent a malformed request or notification")
        return Incoming(identity, method, params, None, None)
    if identity is None and isinstance(error, dict):
        raise UpstreamError(f"the server could not read what we sent: {str(error.get('message', ''))[:200]}")
    if identity is None or (result is None) == (error is None):
        raise UpstreamError("the server sent an answer without an id and exactly one of result and error")
    if error is not None and not isinstance(error, dict):
        raise UpstreamError("the server sent a malformed error")
    if result is not None and result[:1] != b"{":
        raise UpstreamError("the server sent a result that is not an object")
    return Incoming(identity, None, {}, result, error, members.get("error", b""))


def split(text: bytes) -> dict[str, bytes]:
    """The members of the object in `text`, values as they stand. Raises `UpstreamError` where it is none."""
    try:
        # msgspec steps over the inside of strings, so a broken byte in there must be looked for.
        text.decode("utf-8")
        members = {key: bytes(raw) for key, raw in _RAW.decode(text).items()}
        compact = 1 + sum(len(key) + len(raw) + 4 for key, raw in members.items())
        if compact == len(text) or _is_whole(text, members):
            return members  # every byte accounted for: no member stood twice
    except UnicodeDecodeError as error:
        raise UpstreamError(f"the server sent bytes that are not UTF-8 (byte {error.start})") from None
    except (msgspec.MsgspecError, RecursionError):
        pass
    return _split_slowly(text)


def _is_whole(text: bytes, members: dict[str, bytes]) -> bool:
    """Whether `text` is these members, each once, and white space. Builds no value."""
    left, at, sign = dict(members), 0, b"{"
    while left:
        key = _KEY.match(text, at)
        raw = left.pop(key[2].decode("utf-8"), None) if key is not None and key[1] == sign else None
        if key is None or raw is None or not text.startswith(raw, key.end()):
            return False
        at, sign = key.end() + len(raw), b","
    return _END.match(text, at) is not None


def _split_slowly(text: bytes) -> dict[str, bytes]:
    """`split` by the standard library: reads cut surrogates, escaped keys, and names what it refuses."""
    source = text.decode("utf-8").strip(" \t\r\n")
    members: dict[str, bytes] = {}
    try:
        at = _skip(source, 0, "{")
        while source[at] != "}":
            key, at = _DECODER.raw_decode(source, at)
            if not isinstance(key, str) or key in members:
                raise UpstreamError("the server sent a message in which a member stands twice")
            start = _skip(source, at, ":")
            _, at = _DECODER.raw_decode(source, start)
            members[key] = source[start:at].encode("utf-8")
            at = _skip(source, at, "")
            if source[at] == ",":
                at = _skip(source, at, ",")
                if source[at] == "}":
                    raise ValueError
        if at != len(source) - 1:
            raise ValueError
    except (ValueError, IndexError, RecursionError):
        raise UpstreamError("the server sent a line that is not a JSON object") from None
    return members


def _skip(source: str, at: int, sign: str) -> int:
    """The position of the next token after `sign`, which must be the next one ("" for none)."""
    while source[at] in " \t\r\n":
        at += 1
    if not source.startswith(sign, at):
        raise ValueError
    at += len(sign)
    while source[at] in " \t\r\n":
        at += 1
    return at


def _constant(name: str) -> None:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_constant)


def _exact(raw: bytes) -> Any:
    """A value whose numbers keep their digits: it is passed on. Raises `UpstreamError`."""
    try:
        text = raw.decode("utf-8")
        if "\\u" not in text:  # half an emoji is mended below
            return json.loads(text, parse_float=Decimal, parse_constant=_constant)
    except (ValueError, RecursionError):
        pass
    return value(raw)


def value(raw: bytes | None) -> Any:
    """A part of a message, parsed; half an emoji becomes a question mark. Raises `UpstreamError`."""
    if raw is None:
        return None
    try:
        return _VALUE.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        try:
            found = _DECODER.decode(raw.decode("utf-8"))
            # What we pass on is written anew, and half an emoji cannot be.
            return _VALUE.decode(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise UpstreamError("the server sent a line that is not a JSON object") from None
