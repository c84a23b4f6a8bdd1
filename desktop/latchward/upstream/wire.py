"""HTTP to one server: one request, one reply, bytes in and out.

What holds for all of it: no redirect is followed, no proxy of the environment
is used, no cookie is kept, no compressed answer is taken, and no connection
waits for another. The person's header values are sent to the server's own
origin and stand in no message and no log.

Errors say whether a call may have been done. `NotSent`: the connection could
not be made, or the server turned the request away (`Rejected`).
`OutcomeUnknown`: everything after the first byte may have left.
"""

import asyncio
import contextlib
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp
import truststore
import yarl

from latchward import __version__
from latchward.model.errors import NotSent, OutcomeUnknown, UpstreamError
from latchward.model.plain import one_line
from latchward.model.secret import names_in
from latchward.model.upstream import UpstreamSpec

from .sse import Events

CONNECT_LIMIT: Final = 10.0
"""Seconds for the name, the connection and TLS together."""
MAX_BODY: Final = 64 * 1024 * 1024
"""Bytes of a JSON answer."""
IDLE_LIMIT: Final = 4.0
"""Seconds that an idle connection is kept: servers close theirs after 5 or more; no call may meet that."""
DRAIN_LIMIT: Final = 1.0
"""Seconds that a server has to end a stream whose answer we have, for its connection to be used again."""
BUSY: Final = 0.002
"""Seconds that a server's events may take at a time; beyond, it has to wait."""
SHARE: Final = 4.0
"""How many times as long as these events took a server waits then, so that no flood starves the others."""
PROBES: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""Seconds of silence, seconds between probes, their number: a dead peer is noticed after two minutes."""

_OURS: Final = frozenset(
    "host content-length content-type content-encoding transfer-encoding connection keep-alive te trailer"
    " upgrade expect accept accept-encoding last-event-id".split()
)
"""Headers that a server's entry cannot set, with all of `mcp-` and `proxy-`."""


class Unreachable(NotSent):
    """No connection could be made."""


class Rejected(NotSent):
    """The server turned a request away unread, with this HTTP `status`."""

    def __init__(self, message: str, status: int) -> None:
        self.status = status
        super().__init__(message)


class Reply:
    """An answer that is arriving. Each must be closed or finished."""

    def __init__(self, response: aiohttp.ClientResponse, drains: set[asyncio.Task[None]]) -> None:
        self._response = response
        self._drains = drains
        self.events = Events()
        self.status = response.status
        self.kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self.session = response.headers.get("Mcp-Session-Id")

    @property
    def is_stream(self) -> bool:
        """Whether events come, not one JSON message."""
        return self.kind == "text/event-stream"

    @property
    def last_id(self) -> str:
        """The id of the last whole event; "" for none."""
        return self.events.last_id

    @property
    def retry(self) -> float | None:
        """The pause in seconds that the server asked for before we come back."""
        return self.events.retry

    async def messages(self) -> AsyncIterator[bytes]:
        """Each JSON-RPC message; a stream that breaks just ends. Raises `OutcomeUnknown`."""
        encoding = self._response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding != "identity":
            raise OutcomeUnknown("the server compressed its answer, which we asked it not to do")
        if not self.is_stream:
            yield await self.body()
            return
        loop = asyncio.get_running_loop()
        try:
            async for chunk in self._response.content.iter_any():
                began = loop.time()
                for event in self.events.feed(chunk):
                    yield event
                    if (took := loop.time() - began) > BUSY:
                        await asyncio.sleep(took * SHARE)
                        began = loop.time()
        except (aiohttp.ClientError, OSError):
            return
        except UpstreamError as error:
            raise OutcomeUnknown(str(error)) from None

    async def body(self) -> bytes:
        """The whole JSON body. Raises `OutcomeUnknown` where it is none, breaks off or is too large."""
        if self.kind != "application/json":
            kind = one_line(self.kind or "nothing", 60)
            raise OutcomeUnknown(
                f"the server answered with `{kind}` where JSON or events belong (HTTP {self.status});"
                " check its `url`"
            )
        parts, size = [], 0
        try:
            async for chunk in self._response.content.iter_any():
                parts.append(chunk)
                size += len(chunk)
                if size > MAX_BODY:
                    raise OutcomeUnknown(f"the server's answer has more than {MAX_BODY} bytes")
        except (aiohttp.ClientError, OSError):
            raise OutcomeUnknown("the connection broke in the middle of the server's answer") from None
        return b"".join(parts)

    def close(self) -> None:
        """Give up the rest; the server sees the connection end."""
        self._response.close()

    def finish(self) -> None:
        """The answer is here: keep the connection if the server ends the stream soon."""
        if not self._response.content.is_eof():
            task = asyncio.ensure_future(self._drain())
            self._drains.add(task)
            task.add_done_callback(self._drains.discard)

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(DRAIN_LIMIT):
                await self._response.content.readany()  # more than the end of it is not waited for
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass
        finally:
            self._response.close()


class Wire:
    """All requests to one server."""

    def __init__(self, spec: UpstreamSpec) -> None:
        self._url = yarl.URL(spec.url, encoded=spec.url.isascii())
        parts = urlsplit(spec.url)
        self.origin = one_line(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", 120)
        self._host = one_line(parts.hostname or "", 100)
        self._headers = _headers({})
        secrets = [name for value in spec.headers.values() for name in names_in(value)]
        self._has_token = bool(secrets) or any(name.lower() == "authorization" for name in spec.headers)
        self._renew = (
            f"store another: `latchward secret set {secrets[0]}`" if secrets else "put a valid one there"
        )
        self._client: aiohttp.ClientSession | None = None
        self._drains: set[asyncio.Task[None]] = set()
        self._closed = False

    def use(self, headers: Mapping[str, str]) -> None:
        """Send these headers of the person's from now on. Raises `NotSent` where one cannot be sent."""
        for name, value in headers.items():
            if not (value.isascii() and value.isprintable()):
                raise NotSent(
                    f"the value of its header `{name}` holds a line end or another character that headers"
                    " cannot; store its secret anew, without"
                )
        self._headers = _headers(headers)

    def beside(self, reference: str) -> yarl.URL:
        """The address that a reference of the server's means. Raises `UpstreamError` for another origin."""
        with contextlib.suppress(ValueError):
            found = self._url.join(yarl.URL(reference))
            if found.origin() == self._url.origin():
                return found
        raise UpstreamError("the server names an address that is not on its own origin; see its `url`")

    async def request(
        self, method: str, body: bytes | None, headers: Mapping[str, str], at: yarl.URL | None = None
    ) -> Reply:
        """Send one request, to `at` if that is given; returns when the head of the reply is here.

        Raises `Unreachable`, `Rejected` for a redirect or a missing authorization, `OutcomeUnknown`.
        """
        try:
            response = await self._session().request(
                method,
                self._url if at is None else at,
                data=body,
                headers={**self._headers, **_content(body), **headers},
                allow_redirects=False,
            )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise Unreachable(self._why(error)) from None
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            raise OutcomeUnknown("the connection to the server broke before it answered") from None
        reply = Reply(response, self._drains)
        if refusal := self._refusal(response):
            reply.close()
            raise Rejected(refusal, response.status)
        return reply

    async def close(self) -> None:
        """End all connections; whoever waits for an answer is told that it broke."""
        self._closed = True
        self._headers = {}
        for task in self._drains:
            task.cancel()
        if self._client is not None:
            await self._client.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._closed:
            raise NotSent("the server was removed or the gateway is stopping; nothing was sent")
        if self._client is None:
            connector = aiohttp.TCPConnector(
                limit=0, keepalive_timeout=IDLE_LIMIT, ssl=_trust(), socket_factory=_probing_socket
            )
            self._client = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_LIMIT, sock_read=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                read_bufsize=256 * 1024,
            )
        return self._client

    def _why(self, error: Exception) -> str:
        """Why no connection could be made. The text of `error` stays out: it may hold the whole URL."""
        if isinstance(error, TimeoutError):
            return f"{self.origin} did not take the connection within {CONNECT_LIMIT:.0f} seconds"
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            reason = getattr(error.certificate_error, "verify_message", "") or "it does not match"
            return f"the certificate of {self.origin} is not trusted ({one_line(str(reason), 100)})"
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return f"the host `{self._host}` was not found; check the `url` of the server"
        if isinstance(error, aiohttp.ClientConnectorSSLError):
            return f"{self.origin} does not speak TLS as it should; check the `url` of the server"
        if isinstance(error, aiohttp.ClientConnectorError):
            number = error.os_error.errno
            reason = os.strerror(number).lower() if number else "no connection"
            return f"{self.origin} cannot be reached ({reason}); see that it runs, or correct its `url`"
        return "the `url` of the server cannot be used"

    def _refusal(self, response: aiohttp.ClientResponse) -> str:
        """What to tell of a status by which nobody at the server looked at the request; "" for others."""
        status = response.status
        if status == 401:
            if self._has_token:
                return f"the server does not accept the token in its `headers` (HTTP 401): {self._renew}"
            return (
                "the server wants authorization (HTTP 401):"
                " put a token into its `headers`, such as `Authorization: Bearer …`"
            )
        if status == 403:
            return (
                "the server refuses us (HTTP 403): it may want authorization, or a token in its `headers`"
                " that may do more"
            )
        if 300 <= status < 400:
            target = _target(str(self._url), response.headers.get("Location", ""))
            where = one_line(f"{target.scheme}://{target.netloc.rpartition('@')[2]}{target.path}", 160)
            return (
                f"the server redirects to `{where}` (HTTP {status}), which is not followed;"
                " if it moved there, change its `url`"
            )
        return ""


def _headers(own: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in own.items() if not is_ours(name)}
    return {
        "User-Agent": f"latchward/{__version__}",
        **kept,
        "Accept": "application/json, text/event-stream",
        "Accept-Encoding": "identity",
    }


def is_ours(header: str) -> bool:
    """Whether this header is the protocol's, so that a server's entry cannot set it."""
    name = header.lower()
    return name in _OURS or name.startswith(("mcp-", "proxy-"))


def _target(url: str, location: str) -> SplitResult:
    try:
        return urlsplit(urljoin(url, location))
    except ValueError:
        return urlsplit("")


def _content(body: bytes | None) -> dict[str, str]:
    return {} if body is None else {"Content-Type": "application/json"}


def _trust() -> ssl.SSLContext | bool:
    """Whom TLS trusts: the system's store. True is the HTTP library's context, made once from it.

    truststore asks macOS and Windows themselves, and knows where Linux systems
    keep their store when OpenSSL does not; it reads that anew for each
    connection (40 ms), so it is not used where it is not needed.
    """
    paths = ssl.get_default_verify_paths()
    if sys.platform not in ("win32", "darwin") and (paths.cafile or paths.capath):
        return True
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _probing_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket that notices when its peer is gone without a word."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in PROBES.items():
        if (option := getattr(socket, name, None)) is not None:
            with contextlib.suppress(OSError):
                made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made
