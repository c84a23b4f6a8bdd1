"""The routing headers of 2026-07-28: copies of what the body says, never believed, only compared.

Source: MCP specification 2026-07-28, transports, "Standard request headers".
A test holds the codec against `mcp.shared.inbound`.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from latchward.model.errors import ClientError
from latchward.model.tasks import CANCEL, GET, ID, UPDATE

from .envelope import Request
from .versions import HEADER_MISMATCH, LEGACY_VERSIONS, META_VERSION

VERSION: Final = b"mcp-protocol-version"
METHOD: Final = b"mcp-method"
NAME: Final = b"mcp-name"
SESSION: Final = b"mcp-session-id"

NAMED_BY: Final = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
"""Method to the parameter that `Mcp-Name` repeats, in the protocol itself."""
NAMED: Final = {**NAMED_BY, **dict.fromkeys((GET, UPDATE, CANCEL), ID)}
"""The same, with those of the extension for tasks."""

_SENTINEL = re.compile(r"=\?base64\?(.*)\?=")
_PLAIN = re.compile(r"[\x20-\x7e]*")

Headers = Mapping[bytes, Sequence[bytes]]
"""All values of each header, by its name in lower case."""


def by_name(sent: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers of a request, whose names are in lower case."""
    named: dict[bytes, list[bytes]] = {}
    for name, value in sent:
        if name in named:
            named[name].append(value)
        else:
            named[name] = [value]
    return named


def single(headers: Headers, name: bytes) -> str | None:
    """The value of a header, or None. Raises `ClientError` (-32020) where it stands twice."""
    values = headers.get(name)
    if values is None:
        return None
    if len(values) > 1:
        raise ClientError(HEADER_MISMATCH, f"the header {name.decode()} stands more than once")
    return values[0].decode("latin-1")


def decode(value: str) -> str | None:
    """A header value as text, or None where its `=?base64?…?=` form is broken."""
    match = _SENTINEL.fullmatch(value)
    if match is None:
        return value
    try:
        raw = base64.b64decode(match[1], validate=True)
        text = raw.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text if base64.b64encode(raw).decode() == match[1] else None


def encode(value: str) -> str:
    """A text as a header's value: as it stands where that is safe, else in its `=?base64?…?=` form."""
    if _PLAIN.fullmatch(value) and value == value.strip() and not _SENTINEL.fullmatch(value):
        return value
    return f"=?base64?{base64.b64encode(value.encode()).decode()}?="


def is_modern(version: str | None) -> bool:
    """Whether this `MCP-Protocol-Version` opens the modern era; none, or a handshake version, does not."""
    return version is not None and version not in LEGACY_VERSIONS


def check_modern(headers: Headers, request: Request) -> None:
    """Refuse (-32020) a modern request whose headers say something else than its body."""
    meta = request.params.get("_meta")
    version = single(headers, VERSION)
    if not isinstance(meta, dict) or version != meta.get(META_VERSION):
        raise _mismatch("mcp-protocol-version", "protocol version")
    if single(headers, METHOD) != request.method:
        raise _mismatch("mcp-method", "method")
    parameter = NAMED.get(request.method)
    if parameter is not None:
        name: Any = request.params.get(parameter)
        told = single(headers, NAME)
        if isinstance(name, str) and (told is None or decode(told) != name):
            raise _mismatch("mcp-name", f"`{parameter}`")


def check_legacy(request: Request) -> None:
    """Refuse (-32020) a modern body that came without its header."""
    meta = request.params.get("_meta")
    if isinstance(meta, dict) and META_VERSION in meta:
        raise ClientError(HEADER_MISMATCH, "the header mcp-protocol-version is missing")


def _mismatch(header: str, what: str) -> ClientError:
    return ClientError(HEADER_MISMATCH, f"the header {header} does not match the {what} in the body")
