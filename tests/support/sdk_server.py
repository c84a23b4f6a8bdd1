"""The SDK's own server over streamable HTTP, in both eras, as a child process.

    with SdkServer("--stateless") as server: server.url

Run as a program it serves on a free port and prints its URL.
"""

import argparse
import subprocess
import sys
import threading
from types import TracebackType
from typing import Final, Self

START_SECONDS: Final = 30.0


class SdkServer:
    """Starts the program below and waits, bounded, until it serves."""

    def __init__(self, *flags: str) -> None:
        self._flags = flags
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        command = [sys.executable, __file__, *self._flags]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, stdin=subprocess.DEVNULL
        )
        guard = threading.Timer(START_SECONDS, self._process.kill)
        guard.start()
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        guard.cancel()
        assert self.url, "the SDK's server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


def main() -> None:
    """Serve until killed."""
    import socket
    from typing import Annotated, Any

    import anyio
    import uvicorn
    from mcp.server.mcpserver import Context, MCPServer
    from mcp.server.mcpserver.resolve import Elicit, ListRoots, Resolve
    from mcp_types import ListRootsResult
    from pydantic import BaseModel, Field
    from starlette.responses import Response

    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true", help="answer with JSON, not with events")
    parser.add_argument("--era", choices=("legacy", "modern", "dual"), default="dual")
    parser.add_argument("--sse", action="store_true", help="the older transport alone")
    parser.add_argument("--stateless", action="store_true", help="no legacy sessions")
    options = parser.parse_args()
    server = MCPServer("sdk")
    cancelled: list[str] = []

    @server.tool()
    def echo(text: str) -> str:
        return text

    @server.tool()
    async def steps(count: int, ctx: Context) -> str:
        for step in range(count):
            await ctx.report_progress(step + 1, count, f"step {step + 1}")
        return "done"

    @server.tool()
    async def slow(mark: str) -> str:
        try:
            await anyio.sleep(20)
        except BaseException:
            cancelled.append(mark)
            raise
        return "slept"

    @server.tool()
    def was_cancelled(mark: str) -> str:
        return str(mark in cancelled)

    @server.tool()
    def region(
        where: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})], ctx: Context
    ) -> str:
        return f"{where} {(ctx.headers or {}).get('mcp-param-region')}"

    @server.tool()
    async def grow(ctx: Context) -> str:
        server.add_tool(echo, name="grown")
        await ctx.notify_tools_changed()
        if ctx.protocol_version != "2026-07-28":
            await ctx.session.send_tool_list_changed()
        return "grown"

    class Name(BaseModel):
        name: str

    def asked_name() -> Elicit[Name]:
        return Elicit("Your name?", Name)

    @server.tool()
    def greet(who: Annotated[Name, Resolve(asked_name)]) -> str:
        return f"Hello {who.name}"

    def asked_roots() -> ListRoots:
        return ListRoots()

    @server.tool()
    def roots(found: Annotated[ListRootsResult, Resolve(asked_roots)]) -> str:
        return " ".join(str(root.uri) for root in found.roots)

    @server.tool()
    async def touch(uri: str, ctx: Context) -> str:
        await ctx.notify_resource_updated(uri)
        return "touched"

    @server.tool()
    async def say(words: str, ctx: Context) -> str:
        await ctx.session.send_log_message("info", words, related_request_id=ctx.request_id)
        return "said"

    @server.tool()
    async def add_prompt(ctx: Context) -> str:
        server.prompt(name="another")(letter)
        await ctx.notify_prompts_changed()
        if ctx.protocol_version != "2026-07-28":
            await ctx.session.send_prompt_list_changed()
        return "added"

    @server.prompt()
    def letter(to: str) -> str:
        return f"Dear {to}"

    @server.resource("memo://one")
    def memo() -> str:
        return "the memo"

    @server.resource("memo://{day}/note")
    def note(day: str) -> str:
        return f"the note of {day}"

    async def one_era(scope: Any, receive: Any, send: Any) -> None:
        """Turn away what is not of the era that was asked for, as servers of that era alone do."""
        version = dict(scope.get("headers", ())).get(b"mcp-protocol-version", b"")
        era = "modern" if version == b"2026-07-28" else "legacy"
        if scope["type"] != "http" or options.era in ("dual", era):
            await app(scope, receive, send)
        else:
            await Response("Bad Request: unsupported protocol version", 400)(scope, receive, send)

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    app = server.streamable_http_app(json_response=options.json, stateless_http=options.stateless)
    if options.sse:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}/sse", flush=True)
        uvicorn.Server(uvicorn.Config(server.sse_app(), log_level="error")).run(sockets=[listener])
        return
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
    uvicorn.Server(uvicorn.Config(one_era, log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    main()
