"""A server that answers with the very bytes that the call's arguments name, to see what comes through.

    python verbatim.py legacy|modern        over stdio
    verbatim.behaviours(as_events=False)    the same, for the `on` of a `WebServer`

`say` takes one of these arguments, each a text of JSON: `result` and `error` are the answer's, `progress` the
further members of a notification that comes before it. `size` makes a result of so many bytes, `back` one
whose `got` is the request as it came. The standard library alone.
"""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

Json = dict[str, Any]

MODERN: Final = "2026-07-28"
LEGACY: Final = "2025-11-25"
META: Final = "io.modelcontextprotocol/"
CAPABILITIES: Final = {"tools": {"listChanged": True}}

ODD_TOOL: Final = (
    rb'{"vendor/first":null,"name":"odd","title":null,"description":"caf\u00e9 \ud83d\ude00",'
    rb'"inputSchema":{"$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{"a":{"$anchor":"x"}},'
    rb'"type":"object","properties":{"z":{"maximum":123456789012345678901234567890},"a":{"default":null,'
    rb'"multipleOf":0.10000000000000000000001}},"if":{"required":["z"]},"then":{},"x-unknown":[1,2.50,-0.0]},'
    rb'"annotations":{"readOnlyHint":true,"vendor/hint":[null]},"_meta":{"vendor/x":{"deep":[{"er":null}]}}}'
)
SAY: Final = b'{"name":"say","description":"Says what it is told to.","inputSchema":{"type":"object"}}'
TOOLS: Final = b'"tools":[%b,%b]' % (SAY, ODD_TOOL)


def big(size: int) -> bytes:
    """A result of about so many bytes, no two stretches of which are alike."""
    numbered = "".join(f"{number:07x} " for number in range(size // 8))
    return json.dumps({"resultType": "complete", "content": [{"type": "text", "text": numbered}]}).encode()


def answers(params: Json, request: bytes) -> Iterator[tuple[str, bytes]]:
    """What a call is answered with, each the name of a member and its bytes; `progress` comes first."""
    arguments = params["arguments"]
    if "progress" in arguments:
        token = json.dumps(params["_meta"]["progressToken"]).encode()
        yield "progress", b'{"progressToken":%b,%b}' % (token, arguments["progress"].encode())
    if "error" in arguments:
        yield "error", arguments["error"].encode()
    elif "size" in arguments:
        yield "result", big(arguments["size"])
    elif "back" in arguments:
        got = request.decode().strip()
        yield "result", json.dumps({"resultType": "complete", "content": [], "got": got}).encode()
    else:
        yield "result", arguments["result"].encode()


def lines(message: Json, request: bytes) -> Iterator[bytes]:
    """The same as messages, the last of which is the answer."""
    identity = json.dumps(message["id"]).encode()
    for member, data in answers(message["params"], request):
        if member == "progress":
            yield b'{"jsonrpc":"2.0","method":"notifications/progress","params":%b}' % data
        else:
            yield b'{"jsonrpc":"2.0","id":%b,"%b":%b}' % (identity, member.encode(), data)


def listed(modern: bool) -> bytes:
    return (
        b'{%b,"resultType":"complete","ttlMs":0,"cacheScope":"private"}' % TOOLS
        if modern
        else b"{%b}" % TOOLS
    )


def behaviours(as_events: bool) -> dict[str, Callable[[Any], None]]:
    """What a `WebServer` does instead of its own, as an event stream or as JSON."""

    def call(exchange: Any) -> None:
        _send(exchange, list(lines(exchange.request.message, exchange.request.body)), as_events)

    def tools(exchange: Any) -> None:
        modern = exchange.request.headers.get("mcp-protocol-version") == MODERN
        line = b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (json.dumps(exchange.id).encode(), listed(modern))
        _send(exchange, [line], as_events)

    return {"tools/call": call, "tools/list": tools}


def _send(exchange: Any, messages: list[bytes], as_events: bool) -> None:
    if as_events or len(messages) > 1:
        exchange.stream()
        for message in messages:
            exchange.raw(b"data: " + message + b"\n\n")
    else:
        exchange.reply(200, {"Content-Type": "application/json"}, messages[0])


def main(era: str) -> None:
    """Serve stdio until it ends."""
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        message = json.loads(line)
        if "id" not in message or "method" not in message:
            continue
        for answer in _serve(message, line, era == "modern"):
            out.write(answer + b"\n")
            out.flush()


def _serve(message: Json, line: bytes, modern: bool) -> Iterator[bytes]:
    method, identity = message["method"], message["id"]
    if method == "tools/call":
        yield from lines(message, line)
        return
    result: Json | bytes | None = None
    if method == "tools/list":
        result = listed(modern)
    elif method == "server/discover" and modern:
        result = {
            **{"resultType": "complete", "ttlMs": 0, "cacheScope": "private"},
            **{"supportedVersions": [MODERN], "capabilities": CAPABILITIES},
        }
    elif method == "initialize" and not modern:
        info = {"name": "verbatim", "version": "1"}
        result = {"protocolVersion": LEGACY, "capabilities": CAPABILITIES, "serverInfo": info}
    elif method == "ping":
        result = {}
    if result is None:
        error = {"code": -32601, "message": "Method not found"}
        yield json.dumps({"jsonrpc": "2.0", "id": identity, "error": error}).encode()
    else:
        data = result if isinstance(result, bytes) else json.dumps(result).encode()
        yield b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (json.dumps(identity).encode(), data)


if __name__ == "__main__":
    main(sys.argv[1])
