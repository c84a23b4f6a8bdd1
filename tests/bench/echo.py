"""The fixture server of the bench: over stdio, both eras, as little work as there can be.

`echo` is marked as one that only reads, `write` is not. Any other method but
the handshakes is answered with an empty result.
"""

import json
import os
import sys
from typing import Any

MODERN = {"resultType": "complete"}
LISTED = {**MODERN, "ttlMs": 60_000, "cacheScope": "private"}
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
INFO = {"name": "bench", "version": "1"}
CAPABILITIES: dict[str, Any] = {"tools": {}}

TOOLS = [
    {
        "name": "echo",
        "description": "Returns the text.",
        "inputSchema": SCHEMA,
        "annotations": {"readOnlyHint": True},
    },
    {"name": "write", "description": "Returns the text.", "inputSchema": SCHEMA},
]
RESULTS: dict[str, dict[str, Any]] = {
    "initialize": {"protocolVersion": "2025-11-25", "capabilities": CAPABILITIES, "serverInfo": INFO},
    "server/discover": {**LISTED, "supportedVersions": ["2026-07-28"], "capabilities": CAPABILITIES},
    "tools/list": {**LISTED, "tools": TOOLS},
}


def answer(message: dict[str, Any], era: str) -> dict[str, Any]:
    """The answer to a request; a server of one era does not know the other's handshake."""
    method, identity = message["method"], message["id"]
    if method == ("initialize" if era == "modern" else "server/discover"):
        return {"jsonrpc": "2.0", "id": identity, "error": {"code": -32601, "message": "Method not found"}}
    if method == "tools/call":
        content = [{"type": "text", "text": message["params"]["arguments"]["text"]}]
        return {"jsonrpc": "2.0", "id": identity, "result": {**MODERN, "content": content}}
    return {"jsonrpc": "2.0", "id": identity, "result": RESULTS.get(method, MODERN)}


def main(era: str) -> None:
    for line in sys.stdin.buffer:
        message = json.loads(line)
        if "id" in message:
            os.write(1, json.dumps(answer(message, era), separators=(",", ":")).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1])
