"""Serve until killed, or until stdin ends."""

import argparse
import socket
import warnings

import anyio
import uvicorn
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPDeprecationWarning

# What the newer era has taken away is what the older one is asked for.
warnings.simplefilter("ignore", MCPDeprecationWarning)

from .server import server  # noqa: E402


async def stdio() -> None:
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--http", action="store_true", help="serve a free port instead of stdio")
    if not parser.parse_args().http:
        anyio.run(stdio)
        return
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
    uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    main()
