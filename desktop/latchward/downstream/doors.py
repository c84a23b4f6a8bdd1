"""Who may come in. Looks at the request's head alone; a body is read only after every door is passed.

The order matters: what a web page could send is refused before anything
depends on a token, and no answer given without a good token tells what
listens here.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from latchward.model.grant import Grant
from latchward.protocol.headers import Headers

_SERVER_PATH = re.compile(r"/s/([A-Za-z0-9_-]{1,32})/mcp")
_URL_PARTS = re.compile(r"[/?&;=#,:@ +]")
_SHORTEST_TOKEN: Final = 16
_METHODS: Final = ("POST", "GET", "DELETE")
_OVERRIDES: Final = frozenset(
    (b"x-http-method-override", b"x-http-method", b"x-method-override", b"upgrade", b"http2-settings")
)


@dataclass(frozen=True, slots=True)
class Refused:
    """An HTTP answer that closes the door. `leaked` is the client whose token stood in a URL."""

    status: int
    reason: str
    leaked: str = ""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The client, and the endpoint it asked for: a server's name, or None for all together."""

    grant: Grant
    endpoint: str | None


@dataclass(frozen=True, slots=True)
class Head:
    """What the doors look at: the target as it was sent, and the headers."""

    method: str
    target: str
    headers: Headers


def admit(head: Head, grants: Mapping[str, Grant], port: int) -> Admitted | Refused:
    """Pass the head through every door; the first that stays shut answers."""
    leaked = _leaked(head.target, grants)
    if leaked:
        return Refused(403, "nothing may stand in the URL", leaked)
    hosts = _values(head.headers, b"host")
    if len(hosts) != 1 or hosts[0].lower() not in _own_hosts(port):
        return Refused(403, "this address does not answer to that host")
    origins = _values(head.headers, b"origin")
    if origins and origins != [f"http://{hosts[0].lower()}"]:
        return Refused(403, "web pages may not come in")
    if "?" in head.target:
        return Refused(403, "nothing may stand in the URL")
    if not _OVERRIDES.isdisjoint(head.headers):
        return Refused(400, "this request asks for something that is not offered")
    match = _SERVER_PATH.fullmatch(head.target)
    if match is None and head.target != "/mcp":
        return Refused(404, "not found")
    grant = _grant(head.headers, grants)
    if grant is None:
        return Refused(403, "a valid token is needed: Authorization: Bearer TOKEN")
    endpoint = match[1] if match else None
    if endpoint is not None and endpoint not in grant.servers:
        return Refused(404, "not found")
    if head.method not in _METHODS:
        return Refused(405, "use POST")
    if head.method == "POST":
        return _body_refused(head.headers) or Admitted(grant, endpoint)
    return Admitted(grant, endpoint)


def still_admitted(admitted: Admitted, grants: Mapping[str, Grant]) -> bool:
    """Whether whoever was let in would be let in now, by the same token to the same endpoint."""
    now = grants.get(admitted.grant.client)
    return (
        now is not None
        and now.token_hash == admitted.grant.token_hash
        and (admitted.endpoint is None or admitted.endpoint in now.servers)
    )


def token_hash(token: str) -> str:
    """The form in which settings keep a token."""
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest()


def _grant(headers: Headers, grants: Mapping[str, Grant]) -> Grant | None:
    values = _values(headers, b"authorization")
    if len(values) != 1:
        return None
    kind, _, token = values[0].partition(" ")
    return _by_token(token.strip(), grants) if kind.lower() == "bearer" else None


def _by_token(token: str, grants: Mapping[str, Grant]) -> Grant | None:
    """The grant with this token. Looks at each one to the end, so that time tells nothing."""
    hashed = token_hash(token).encode()
    found = None
    for grant in grants.values():
        if hmac.compare_digest(hashed, grant.token_hash.encode()):
            found = grant
    return found


def _leaked(target: str, grants: Mapping[str, Grant]) -> str:
    """The client whose token stands anywhere in the request's target, or ""."""
    if target == "/mcp" or _SERVER_PATH.fullmatch(target):
        return ""
    for part in _URL_PARTS.split(unquote(target)):
        if len(part) >= _SHORTEST_TOKEN and (grant := _by_token(part, grants)) is not None:
            return grant.client
    return ""


def _body_refused(headers: Headers) -> Refused | None:
    kinds = _values(headers, b"content-type")
    parts = [part.strip().lower() for part in kinds[0].split(";")] if len(kinds) == 1 else [""]
    if parts[0] != "application/json" or any(part not in ("charset=utf-8", "") for part in parts[1:]):
        return Refused(415, "the body must be application/json in UTF-8")
    if _values(headers, b"content-encoding"):
        return Refused(415, "the body must not be compressed")
    if any(value.lower() != "chunked" for value in _values(headers, b"transfer-encoding")):
        return Refused(415, "the body may be chunked, and nothing else")
    return None


def _own_hosts(port: int) -> tuple[str, ...]:
    return (f"127.0.0.1:{port}", f"localhost:{port}")


def _values(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for value in headers.get(name, ())]
