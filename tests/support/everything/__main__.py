"""Serve until killed, or until stdin ends."""

import argparse
import socket
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
import uvicorn
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPDeprecationWarning
from mcp.shared.message import SessionMessage
from mcp_types import ErrorData, JSONRPCError, JSONRPCRequest
from starlette.responses import Response

# What the newer era has taken away is what the older one is asked for.
warnings.simplefilter("ignore", MCPDeprecationWarning)

from .server import server  # noqa: E402
from .tools import MODERN  # noqa: E402

REFUSED: Final = {"legacy": "server/discover", "modern": "initialize"}
"""What a server of one era alone does not know: the opening of the other."""
METHOD_NOT_FOUND: Final = -32601


async def stdio(era: str) -> None:
    async with stdio_server() as (reading, writing), of_one_era(era, reading, writing) as messages:
        await server.run(messages, writing, server.create_initialization_options())


@asynccontextmanager
async def of_one_era(era: str, reading: Any, writing: Any) -> AsyncIterator[Any]:
    """What is read, but for the opening that the era does not know, which is refused here."""
    ours, theirs = anyio.create_memory_object_stream[Any](0)

    async def sift() -> None:
        async with ours:
            async for said in reading:
                message = getattr(said, "message", None)
                if isinstance(message, JSONRPCRequest) and message.method == REFUSED.get(era):
                    error = ErrorData(code=METHOD_NOT_FOUND, message="Method not found")
                    refusal = JSONRPCError(jsonrpc="2.0", id=message.id, error=error)
                    await writing.send(SessionMessage(refusal))
                else:
                    await ours.send(said)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sift)
        yield theirs
        tasks.cancel_scope.cancel()


def http(era: str) -> None:
    app = server.streamable_http_app()

    async def one_era(scope: Any, receive: Any, send: Any) -> None:
        version = dict(scope.get("headers", ())).get(b"mcp-protocol-version", b"").decode()
        if scope["type"] != "http" or era in ("dual", "modern" if version == MODERN else "legacy"):
            await app(scope, receive, send)
        else:
            await Response("Bad Request: unsupported protocol version", 400)(scope, receive, send)

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
    uvicorn.Server(uvicorn.Config(one_era, log_level="error")).run(sockets=[listener])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--http", action="store_true", help="serve a free port instead of stdio")
    parser.add_argument("--era", choices=("legacy", "modern", "dual"), default="dual")
    options = parser.parse_args()
    if options.http:
        http(options.era)
    else:
        anyio.run(stdio, options.era)


if __name__ == "__main__":
    main()
