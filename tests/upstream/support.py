"""What these tests share: gateways that allow everything, processes, one upstream on its own loop."""

import asyncio
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from latchward.model.allow import mint_allow
from latchward.model.call import ToolCall
from latchward.model.caller import NOBODY, Caller
from latchward.model.ids import ToolId
from latchward.model.outcome import Outcome
from latchward.model.ports import Secrets, Upstream
from latchward.model.upstream import UpstreamSpec
from latchward.protocol import strict
from latchward.upstream.stdio import StdioUpstream
from tests.support.gateway import Gateway, Servers
from tests.support.jr import Client, Era, Reply

OPEN = {"version": "1", "default": "allow"}
PYTHON = sys.executable
LOOP_SECONDS = 45.0
QUICK_LOOKS = {"upstream.kept.REFRESH_EVERY": 0.2}
"""For a gateway that is to look soon at a list that changed."""

T = TypeVar("T")


def gateway(servers: Servers, **options: Any) -> Gateway:
    """A gateway before these servers, with one client that may do everything."""
    return Gateway(servers, {"open": OPEN}, {"agent": dict.fromkeys(servers, "open")}, **options)


def client(gateway: Gateway, server: str | None = None, era: Era = "modern", timeout: float = 30.0) -> Client:
    """A client of one server, or of all of them on `/mcp`; greeted where its era greets."""
    made = Client(
        gateway.server_url(server) if server else gateway.url, gateway.token, era=era, timeout=timeout
    )
    if era == "legacy":
        made.initialize()
    return made


def names(client: Client) -> list[str]:
    return [tool["name"] for tool in client.tools()]


def code(reply: Reply) -> str:
    """The code of a refusal."""
    return str(reply.result["_meta"]["latchward/refusal"]["code"])


def eventually(true: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until it holds; an `AssertionError` where it does not in that time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not come true within {seconds} s")
        time.sleep(0.01)


def said_of(gateway: Gateway, server: str) -> list[str]:
    """The lines on the gateway's stderr about one server."""
    return [line for line in gateway.stderr.splitlines() if f"`{server}`" in line]


def marked(mark: str) -> set[int]:
    """The processes with `mark` in their command line or their environment, the dead ones left out."""
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if mark.encode() in text and state not in "ZX":
            found.add(int(entry.name))
    return found


def on_loop(main: Coroutine[Any, Any, T], loop: str = "uvloop") -> T:
    """Run `main` on the loop that the gateway has, or on the standard library's; every warning is a fault."""
    import uvloop

    factory = uvloop.new_event_loop if loop == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        faults: list[dict[str, Any]] = []
        runner.get_loop().set_exception_handler(lambda _, context: faults.append(context))
        result = runner.run(_bounded(main))
        assert faults == []
        return result


async def _bounded(main: Coroutine[Any, Any, T]) -> T:
    """pytest's own timeout cannot break into uvloop's loop."""
    return await asyncio.wait_for(main, LOOP_SECONDS)


def upstream(
    entry: dict[str, Any],
    on_change: Callable[[], None] = lambda: None,
    secrets: Secrets | None = None,
) -> StdioUpstream:
    """One upstream of our own, `fixture`, from an entry of `mcpServers`."""
    spec = UpstreamSpec(
        "fixture", entry["command"], tuple(entry.get("args", ())), entry.get("env", {}), entry.get("cwd")
    )
    return StdioUpstream(spec, on_change, secrets=secrets)


async def call(upstream: Upstream, tool: str, caller: Caller = NOBODY, **arguments: Any) -> Outcome:
    """Send one call, as the gateway does after it decided."""
    payload = strict.serialise(arguments)
    digest = hashlib.sha256(payload).hexdigest()
    made = ToolCall("agent", "session", ToolId(upstream.name, tool), arguments, payload, digest)
    allow = mint_allow(digest=digest, revision="", row=1, holds=lambda: True)
    return await upstream.send(allow, made, caller)


def text_of(outcome: Outcome) -> str:
    """The text in a result as it came from the server."""
    body = json.loads(getattr(outcome, "result"))  # noqa: B009 - a fault fails here, loudly
    return "".join(part["text"] for part in body["content"])
