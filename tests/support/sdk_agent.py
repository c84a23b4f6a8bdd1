"""A client of the MCP SDK at the end of `latchward connect`, for a test that is not asynchronous itself.

with SdkAgent(gateway.home / "run/gateway.sock") as agent:
    waiting = agent.call("files__write_file", {...})       # goes on while the test looks at the screen
    waiting.result(10)
"""

import asyncio
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from mcp import StdioServerParameters, stdio_client
from mcp.client.client import Client
from mcp_types import CallToolResult

from .connect import environment

SECONDS: Final = 30.0


class SdkAgent:
    """One client, on a thread of its own."""

    def __init__(self, path: Path, client: str = "agent") -> None:
        self._parameters = StdioServerParameters(
            command=sys.executable,
            args=["-m", "latchward", "connect", "--client", client, "--endpoint", str(path)],
            env=environment(),
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._ready: Future[Client] = Future()
        self._end = asyncio.Event()
        self._living: Future[None]

    def tools(self) -> list[str]:
        """The names of the tools that it sees."""
        listed = self._soon(self._ready.result(SECONDS).list_tools()).result(SECONDS)
        return [tool.name for tool in listed.tools]

    def call(self, tool: str, arguments: dict[str, Any]) -> "Future[CallToolResult]":
        """Call a tool; the result is waited for elsewhere."""
        return self._soon(self._ready.result(SECONDS).call_tool(tool, arguments))

    async def _live(self) -> None:
        try:
            async with Client(stdio_client(self._parameters)) as client:
                self._ready.set_result(client)
                await self._end.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise

    def _soon(self, work: Any) -> "Future[Any]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def __enter__(self) -> Self:
        self._thread.start()
        self._living = self._soon(self._live())
        self._ready.result(SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        try:
            self._living.result(SECONDS)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(SECONDS)
            self._loop.close()


def words(result: CallToolResult) -> str:
    """All text of a result."""
    return "".join(part.text for part in result.content if part.type == "text")
