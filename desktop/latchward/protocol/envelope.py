"""JSON-RPC 2.0 as MCP uses it: one object a message, no batches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from latchward.model.errors import ClientError, ParseError

from .strict import serialise
from .versions import INVALID_PARAMS, INVALID_REQUEST

RequestId = int | str

MAX_ID: Final = 256
"""Characters of a request's id."""
MAX_METHOD: Final = 256
"""Characters of a method's name."""

_REQUEST: Final = frozenset({"jsonrpc", "id", "method", "params"})
_REPLY: Final = frozenset({"jsonrpc", "id", "result", "error"})


@dataclass(frozen=True, slots=True)
class Request:
    """A message that wants an answer."""

    id: RequestId
    method: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Notification:
    """A message that wants none."""

    method: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """A client's answer to a request of ours: its result, or its error."""

    id: RequestId
    result: dict[str, Any] | None
    error: dict[str, Any] | None


Message = Request | Notification | Reply


def read(value: Any) -> Message:
    """The message in a strictly parsed value. Raises `ClientError` (-32600, -32602) with the reason."""
    if isinstance(value, list):
        raise ParseError(INVALID_REQUEST, "a batch is not accepted: send one message at a time")
    if not isinstance(value, dict):
        raise ParseError(INVALID_REQUEST, "a message must be an object")
    _no_lookalikes(value, "the message")
    if value.get("jsonrpc") != "2.0":
        raise ParseError(INVALID_REQUEST, '`jsonrpc` must be "2.0"')
    if "method" not in value:
        return _reply(value)
    if extra := value.keys() - _REQUEST:
        raise ParseError(INVALID_REQUEST, f"unknown member `{min(extra)[:80]}` in a request")
    method = value["method"]
    if not isinstance(method, str) or not method or len(method) > MAX_METHOD:
        raise ParseError(INVALID_REQUEST, f"`method` must be a text of 1 to {MAX_METHOD} characters")
    params = value.get("params", {})
    if not isinstance(params, dict):
        raise ClientError(INVALID_PARAMS, "`params` must be an object")
    _no_lookalikes(params, "`params`")
    if "id" not in value:
        return Notification(method, params)
    return Request(_id(value["id"]), method, params)


def id_of(value: Any) -> RequestId | None:
    """The id to answer under when `read` refused `value`; None where it has no usable one."""
    if not isinstance(value, dict):
        return None
    try:
        return _id(value.get("id"))
    except ClientError:
        return None


def result(request_id: RequestId, body: bytes) -> bytes:
    """A successful answer whose `result` is `body`, to the byte."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (serialise(request_id), body)


def error(request_id: RequestId | None, code: int, message: str, data: Any = None) -> bytes:
    """An error answer; `data` is left away when None."""
    body: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        body["data"] = data
    return serialise({"jsonrpc": "2.0", "id": request_id, "error": body})


def request(number: int, method: str, params: Mapping[str, Any]) -> bytes:
    """A request of ours."""
    return serialise({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


def passed_error(request_id: RequestId, raw: bytes) -> bytes:
    """An error answer whose `error` is `raw`, to the byte."""
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (serialise(request_id), raw)


def notification(method: str, params: Mapping[str, Any] | None = None) -> bytes:
    """A message that wants no answer."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    if params is not None:
        message["params"] = params
    return serialise(message)


def _reply(value: dict[str, Any]) -> Reply:
    if value.keys() - _REPLY or ("result" in value) == ("error" in value):
        raise ParseError(INVALID_REQUEST, "a message needs `method`, or exactly one of `result` and `error`")
    result, error = value.get("result"), value.get("error")
    if not isinstance(error if "error" in value else result, dict):
        raise ParseError(INVALID_REQUEST, "`result` and `error` must be objects")
    return Reply(_id(value.get("id")), result, error)


def _id(value: Any) -> RequestId:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ParseError(INVALID_REQUEST, "`id` must be a text or an integer")
    if len(value if isinstance(value, str) else str(value)) > MAX_ID:
        raise ParseError(INVALID_REQUEST, f"`id` is longer than {MAX_ID} characters")
    return value


def _no_lookalikes(members: dict[str, Any], where: str) -> None:
    """Refuse `Method` beside `method`: parsers that ignore case would read the other one."""
    if len({key.casefold() for key in members}) != len(members):
        raise ParseError(INVALID_REQUEST, f"{where} has two keys that differ by case alone")
