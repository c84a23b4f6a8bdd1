"""The scripted agent: a real MCP client that makes the calls it is told to.

    LATCHWARD_TRIAL_TOKEN=... python -m latchward.cli.trial.agent URL

It first prints `{"tools": [names]}`. Then, for every line `{"tool": ...,
"arguments": ...}` on stdin, it makes that call and prints one line:

    {"step": 1, "tool": ..., "arguments": ..., "listed": true,
     "outcome": "result" | "error-result" | "protocol-error", "text": ...}

It waits as long as a call takes, for a call may wait for a person. A problem
with the connection itself ends it with one line on stderr and status 1.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, Implementation, TextContent
from pydantic import ValidationError

from latchward.cli.trial.plan import TOKEN_VARIABLE

CONNECT_SECONDS: Final = 300.0
MAX_PAGES: Final = 100


def _print(line: Mapping[str, Any]) -> None:
    print(json.dumps(line), flush=True)


async def _lines() -> AsyncIterator[str]:
    """The lines of stdin, read beside the event loop."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line.strip():
            yield line


async def _ignore_progress(progress: float, total: float | None, message: str | None) -> None:
    """Asking for progress is what tells the gateway that this client can wait."""


async def list_names(client: Client) -> list[str]:
    """The names of all tools, page after page."""
    names: list[str] = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = await client.list_tools(cursor=cursor)
        names.extend(tool.name for tool in page.tools)
        cursor = page.next_cursor
        if cursor is None:
            return names
    raise RuntimeError(f"the list of tools has more than {MAX_PAGES} pages")


def _text_of(result: CallToolResult) -> str:
    return "\n".join(part.text for part in result.content if isinstance(part, TextContent))


async def call(client: Client, tool: str, arguments: dict[str, Any]) -> tuple[str, str]:
    """Make one call; its outcome and text."""
    try:
        result = await client.call_tool(tool, arguments, progress_callback=_ignore_progress)
    except (MCPError, RuntimeError, ValidationError) as error:
        return "protocol-error", str(error)
    return ("error-result" if result.is_error else "result"), _text_of(result)


async def run(url: str, token: str) -> None:
    """List the tools, then make the calls from stdin."""
    headers = {"Authorization": f"Bearer {token}"}
    timeout = httpx2.Timeout(CONNECT_SECONDS, read=None)
    async with httpx2.AsyncClient(headers=headers, timeout=timeout, trust_env=False) as http:
        transport = streamable_http_client(url, http_client=http, max_sse_event_size=None)
        about = Implementation(name="latchward-trial", title="Latchward's scripted agent", version="1")
        async with Client(transport, mode="auto", client_info=about, cache=None) as client:
            names = await list_names(client)
            _print({"tools": names})
            step = 0
            async for line in _lines():
                step += 1
                await _one_step(client, step, line, names)


async def _one_step(client: Client, step: int, line: str, names: list[str]) -> None:
    wanted = json.loads(line)
    tool, arguments = wanted["tool"], wanted.get("arguments", {})
    outcome, text = await call(client, tool, arguments)
    seen = {"step": step, "tool": tool, "arguments": arguments, "listed": tool in names}
    _print({**seen, "outcome": outcome, "text": text})


def _cause(error: BaseException) -> BaseException:
    """The first real error inside nested exception groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def main(argv: list[str]) -> int:
    token = os.environ.pop(TOKEN_VARIABLE, "")
    if len(argv) != 1 or not token:
        print(f"usage: {TOKEN_VARIABLE}=TOKEN python -m latchward.cli.trial.agent URL", file=sys.stderr)
        return 2
    try:
        asyncio.run(run(argv[0], token))
    except (OSError, RuntimeError, ValueError, KeyError, MCPError, httpx2.HTTPError, ExceptionGroup) as error:
        cause = _cause(error)
        print(f"the scripted agent stopped: {type(cause).__name__}: {cause}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
