"""The fixture server of the bench: over stdio or HTTP, in one era, as little work as there can be.

    echo.py modern|legacy [TOOLS [http]]

It lists so many tools. `echo` is marked as one that only reads; `write` is not; `big` only reads, and
returns as many bytes of text as it is asked for; the rest are there to be listed. What does not depend
on a request is serialised once. Any other method but the handshakes is answered with an empty result.

Over HTTP the line `listening on PORT` says where it is, always at `/mcp`.
"""

import json
import sys
from functools import cache
from typing import Any

FEWEST_TOOLS = 3
DIGITS = "0123456789"

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
SIZE = {"type": "object", "properties": {"bytes": {"type": "integer"}}, "required": ["bytes"]}
READS = {"readOnlyHint": True}
TOOLS: list[dict[str, Any]] = [
    {"name": "echo", "description": "Returns the text.", "inputSchema": TEXT, "annotations": READS},
    {"name": "write", "description": "Returns the text.", "inputSchema": TEXT},
    {"name": "big", "description": "Returns a long text.", "inputSchema": SIZE, "annotations": READS},
]


def filler(number: int) -> dict[str, Any]:
    """A tool of the usual size: some 500 bytes."""
    properties = {
        "path": {"type": "string", "description": "Where to look, relative to the root of the project."},
        "pattern": {"type": "string", "description": "What to look for; a regular expression."},
        "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
    }
    return {
        "name": f"search_{number:04}",
        "description": f"Searches part {number} of the project and returns the lines that were found.",
        "inputSchema": {"type": "object", "properties": properties, "required": ["pattern"]},
        "annotations": READS,
    }


class Answers:
    """What a server of this era, with so many tools, answers."""

    def __init__(self, era: str, count: int) -> None:
        self._closing = b',"resultType":"complete"}}' if era == "modern" else b"}}"
        kept = {"ttlMs": 60_000, "cacheScope": "private"} if era == "modern" else {}
        tools = TOOLS + [filler(number) for number in range(count - len(TOOLS))]
        info = {"name": "bench", "version": "1"}
        greeting: dict[str, Any] = {"capabilities": {"tools": {}}}
        if era == "modern":
            greeting |= {"supportedVersions": ["2026-07-28"], **kept}
        else:
            greeting |= {"protocolVersion": "2025-11-25", "serverInfo": info}
        self._known = {
            "server/discover" if era == "modern" else "initialize": self._result(greeting),
            "tools/list": self._result({"tools": tools, **kept}),
        }
        self._unknown = "initialize" if era == "modern" else "server/discover"
        self._empty = self._result({"_meta": {}})
        self._big = cache(self._text)

    def to(self, line: bytes) -> bytes | None:
        """The answer to a request; nothing to a notification."""
        message = json.loads(line)
        if "id" not in message:
            return None
        method, identity = message["method"], json.dumps(message["id"]).encode()
        if method == "tools/call":
            arguments = message["params"]["arguments"]
            result = self._big(arguments["bytes"]) if "bytes" in arguments else self._said(arguments["text"])
        elif method == self._unknown:
            result = b',"error":{"code":-32601,"message":"Method not found"}}'
        else:
            result = self._known.get(method, self._empty)
        return b'{"jsonrpc":"2.0","id":' + identity + result

    def _result(self, members: dict[str, Any]) -> bytes:
        return b',"result":' + _dump(members)[:-1] + self._closing

    def _said(self, text: str) -> bytes:
        return b',"result":{"content":[{"type":"text","text":' + _dump(text) + b"}]" + self._closing

    def _text(self, size: int) -> bytes:
        return self._said((DIGITS * (size // len(DIGITS) + 1))[:size])


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class Connection:
    """One HTTP connection, kept alive; requests with a Content-Length alone.

    A protocol of asyncio's in all but name: over stdio, importing that would be most of the start.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._buffer = bytearray()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end]).lower()
            _, _, length = head.partition(b"content-length:")
            whole = end + 4 + int(length.split(b"\r\n", 1)[0] or 0)
            if len(self._buffer) < whole:
                return
            body = bytes(self._buffer[end + 4 : whole])
            del self._buffer[:whole]
            self._transport.write(self._reply(head, body))

    def eof_received(self) -> None: ...

    def connection_lost(self, error: Exception | None) -> None: ...

    def pause_writing(self) -> None: ...

    def resume_writing(self) -> None: ...

    def _reply(self, head: bytes, body: bytes) -> bytes:
        if not head.startswith(b"post"):
            return b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n"
        answer = self._answers.to(body)
        if answer is None:
            return b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
        ok = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        return ok % len(answer) + answer


async def listen(answers: Answers) -> None:
    """Serve HTTP on a free port of loopback until somebody ends the process."""
    import asyncio

    loop: Any = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answers), "127.0.0.1", 0)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def lines(answers: Answers) -> None:
    """Serve stdin and stdout until stdin ends."""
    for line in sys.stdin.buffer:
        if answer := answers.to(line):
            sys.stdout.buffer.write(answer + b"\n")
            sys.stdout.buffer.flush()


def main(era: str, tools: str = str(FEWEST_TOOLS), transport: str = "stdio") -> None:
    answers = Answers(era, int(tools))
    if transport == "stdio":
        lines(answers)
        return
    run: Any
    try:
        from uvloop import run
    except ImportError:
        from asyncio import run
    run(listen(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
