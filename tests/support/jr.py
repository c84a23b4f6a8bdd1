"""A small JSON-RPC client over streamable HTTP, for both protocol eras.

    client = Client(gateway.url, gateway.token)            # modern, 2026-07-28
    client = Client(gateway.url, gateway.token, "legacy")  # 2025-11-25; `initialize()` first
    reply = client.call("echo", {"text": "hi"})
    reply.status, reply.headers, reply.messages, reply.result, reply.error

It sends just what it is told and checks nothing: each default header, and all
of `_meta`, can be replaced (None takes a header away).
"""

import base64
import contextlib
import http.client
import json
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, Literal
from urllib.parse import urlsplit

LEGACY: Final = "2025-11-25"
MODERN: Final = "2026-07-28"
META: Final = "io.modelcontextprotocol/"
NAMED_BY: Final = {
    "tools/call": "name", "prompts/get": "name", "resources/read": "uri",
    "tasks/get": "taskId", "tasks/update": "taskId", "tasks/cancel": "taskId",
}  # fmt: skip

Message = dict[str, Any]
Headers = Mapping[str, str | None]
Era = Literal["modern", "legacy"]


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer: `headers` with names in lower case, every JSON-RPC message in it, the bytes of it."""

    status: int
    headers: dict[str, str]
    messages: list[Message]
    body: bytes = field(repr=False)

    @property
    def answer(self) -> Message:
        """The one message that answers the request."""
        [answer] = [message for message in self.messages if "method" not in message]
        return answer

    @property
    def result(self) -> Message:
        result: Message = self.answer["result"]
        return result

    @property
    def error(self) -> Message:
        error: Message = self.answer["error"]
        return error

    @property
    def text(self) -> str:
        """All text of a call's result."""
        return "".join(part["text"] for part in self.result["content"] if part["type"] == "text")

    @property
    def notifications(self) -> list[Message]:
        return [message for message in self.messages if "method" in message]


class Stream:
    """An answer that is still arriving."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = _headers(response)
        self._response = response

    def next(self) -> Message | None:
        """The next message, or None at the end. `TimeoutError` where none comes in the client's timeout."""
        return next(self._messages(), None)

    def hang_up(self) -> None:
        """Go away; whoever still reads on another thread is woken."""
        with contextlib.suppress(OSError):
            self._response.fp.raw._sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]

    def patience(self, seconds: float) -> None:
        """Wait so long for what comes next."""
        self._response.fp.raw._sock.settimeout(seconds)  # type: ignore[attr-defined]

    def _messages(self) -> Iterator[Message]:
        data: list[str] = []
        while line := self._response.readline():
            words = line.decode("utf-8").rstrip("\r\n")
            if words.startswith("data:"):
                data.append(words[5:].removeprefix(" "))
            elif not words and any(data):
                yield json.loads("\n".join(data))
                data = []


class Client:
    """A client of one endpoint; a new connection for every request."""

    def __init__(
        self, url: str, token: str | None = None, era: Era = "modern", timeout: float = 30.0
    ) -> None:
        parts = urlsplit(url)
        self.host, self.port, self.path = parts.hostname or "", parts.port or 80, parts.path
        self.token = token
        self.era = era
        self.timeout = timeout
        self.session: str | None = None
        self.version = MODERN if era == "modern" else LEGACY
        self.capabilities: Message = {}
        self.info: Message = {"name": "test", "version": "1"}
        self._ids = count(1)

    # what most tests need

    def initialize(self, version: str = LEGACY) -> Reply:
        """The legacy handshake, both steps; keeps the session id."""
        params = {"protocolVersion": version, "capabilities": self.capabilities, "clientInfo": self.info}
        reply = self.request("initialize", params, headers={"MCP-Protocol-Version": None})
        self.session = reply.headers.get("mcp-session-id")
        if "result" in reply.answer:
            self.version = reply.result["protocolVersion"]
            self.notify("notifications/initialized")
        return reply

    def discover(self) -> Reply:
        return self.request("server/discover")

    def tools(self) -> list[Message]:
        """The definitions of `tools/list`, all pages."""
        tools: list[Message] = []
        cursor: Message = {}
        while True:
            result = self.request("tools/list", cursor).result
            tools.extend(result["tools"])
            if "nextCursor" not in result:
                return tools
            cursor = {"cursor": result["nextCursor"]}

    def call(
        self,
        tool: str,
        arguments: Message | None = None,
        *,
        meta: Message | None = None,
        headers: Headers | None = None,
    ) -> Reply:
        params: Message = {"name": tool, "arguments": arguments or {}}
        if meta is not None:
            params["_meta"] = meta
        return self.request("tools/call", params, headers=headers)

    # the layers below

    def request(
        self,
        method: str,
        params: Message | None = None,
        *,
        headers: Headers | None = None,
        identity: int | str | None = None,
    ) -> Reply:
        """Send a request and read the whole answer, JSON or SSE."""
        return self.post(self.message(method, params, identity), headers)

    def notify(self, method: str, params: Message | None = None) -> Reply:
        message: Message = {"jsonrpc": "2.0", "method": method}
        return self.post({**message, "params": params} if params else message)

    def message(
        self, method: str, params: Message | None = None, identity: int | str | None = None
    ) -> Message:
        """A request as this era writes it; in the modern envelope, keys of the caller's `_meta` win."""
        params = dict(params or {})
        if self.era == "modern":
            params["_meta"] = {**self.envelope(), **(params.get("_meta") or {})}
        request: Message = {
            "jsonrpc": "2.0",
            "id": next(self._ids) if identity is None else identity,
            "method": method,
        }
        return {**request, "params": params} if params else request

    def envelope(self) -> Message:
        return {
            META + "protocolVersion": self.version,
            META + "clientInfo": self.info,
            META + "clientCapabilities": self.capabilities,
        }

    def post(self, body: Message | bytes, headers: Headers | None = None) -> Reply:
        """POST a message, or exact bytes, and read the whole answer."""
        with self._answer("POST", body, headers) as response:
            data = response.read()
            return Reply(
                response.status, _headers(response), parse(response.getheader("Content-Type"), data), data
            )

    @contextmanager
    def stream(
        self, method: str, params: Message | None = None, headers: Headers | None = None
    ) -> Iterator[Stream]:
        """Send a request and read its answer message by message."""
        with self._answer("POST", self.message(method, params), headers) as response:
            yield Stream(response)

    @contextmanager
    def get(self, headers: Headers | None = None) -> Iterator[Stream]:
        """The legacy GET stream."""
        with self._answer("GET", b"", headers) as response:
            yield Stream(response)

    def delete(self) -> int:
        """End the legacy session; the status."""
        with self._answer("DELETE", b"", None) as response:
            return response.status

    @contextmanager
    def _answer(
        self, verb: str, body: Message | bytes, headers: Headers | None
    ) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            data = body if isinstance(body, bytes) else dump(body)
            connection.request(verb, self.path, data or None, self.request_headers(body, headers))
            yield connection.getresponse()
        finally:
            connection.close()

    def request_headers(self, body: Message | bytes, replaced: Headers | None = None) -> dict[str, str]:
        """The headers of a POST of `body`, those in `replaced` as they stand there."""
        replaced = replaced or {}
        headers: dict[str, str | None] = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "Authorization": f"Bearer {self.token}" if self.token else None,
            "MCP-Protocol-Version": self.version,
            "Mcp-Session-Id": self.session,
        }
        if self.era == "modern" and isinstance(body, dict):
            headers |= routing_headers(body)
        lower = {name.lower() for name in replaced}
        kept = {name: value for name, value in headers.items() if name.lower() not in lower}
        return {name: value for name, value in {**kept, **replaced}.items() if value is not None}


def dump(message: Message) -> bytes:
    """A message as it is sent."""
    return json.dumps(message).encode()


def routing_headers(message: Message) -> dict[str, str | None]:
    """The modern `Mcp-Method` and `Mcp-Name` for this message."""
    method = message.get("method")
    named = (message.get("params") or {}).get(NAMED_BY.get(str(method), ""))
    return {"Mcp-Method": method, "Mcp-Name": encode(named) if isinstance(named, str) else None}


def encode(value: str) -> str:
    """A header's value: as it stands where that is safe, else in the protocol's base64 form."""
    if re.fullmatch(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?", value) and not value.startswith("=?base64?"):
        return value
    return f"=?base64?{base64.b64encode(value.encode()).decode()}?="


def parse(content_type: str | None, data: bytes) -> list[Message]:
    """Every message in an answer, JSON or SSE; none where it is neither."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind == "application/json" and data:
        message = json.loads(data)
        return message if isinstance(message, list) else [message]
    if kind == "text/event-stream":
        return [json.loads(event) for event in _events(data)]
    return []


def _events(data: bytes) -> Iterator[str]:
    for block in re.split(r"\n\n+", data.decode("utf-8").replace("\r\n", "\n")):
        lines = [line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:")]
        if any(lines):
            yield "\n".join(lines)


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}
