"""One call of a real client through a real gateway to a real server, and what each of them saw.

Every server stands behind a `tee`, so that what it was sent is known to the
byte; where it leaves something in the world (a file, a commit), that is looked
at too.
"""

import asyncio
import json
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent

from tests import peers
from tests.support import jr
from tests.support.waiting import wait_for

from .pages import Pages, address, was_asked
from .terminal import TerminalGateway

ClientEra = Literal["legacy", "2026-07-28"]
Arguments = dict[str, Any]

ERAS: Final[tuple[ClientEra, ...]] = ("legacy", "2026-07-28")
EFFECTS: Final = ("allow", "approve, allowed", "approve, denied", "deny", "hide", "limit")
PATHS: Final = ("/s/NAME/mcp", "/mcp")
SECONDS: Final = 30.0

_POLICIES: Final[dict[str, Callable[[str], dict[str, Any]]]] = {
    "allow": lambda tool: {"tools": {tool: {}}},
    "approve, allowed": lambda tool: {
        "tools": {tool: {"action": "approve", "reason": "it changes something"}}
    },
    "approve, denied": lambda tool: {
        "tools": {tool: {"action": "approve", "reason": "it changes something"}}
    },
    "deny": lambda tool: {"tools": {tool: {"action": "deny", "reason": "nothing is changed here"}}},
    "hide": lambda tool: {"default": "allow", "hide": [tool]},
    "limit": lambda tool: {"tools": {tool: {"rate_limit": {"max": 1, "window": 3600}}}},
}


@dataclass(frozen=True, slots=True)
class Peer:
    """A server: how it is started, a tool that only reads, and one whose work can be seen afterwards.

    `done` says whether the work of the call with that number is there; None
    where a server's work leaves no trace outside of it.
    """

    name: str
    command: Callable[[Path], list[str]]
    read: str
    read_arguments: Callable[[Path], Arguments]
    write: str
    write_arguments: Callable[[Path, int], Arguments]
    done: Callable[[Path, int], bool] | None = None
    before: Callable[[Path, int], None] = lambda folder, number: None
    env: Callable[[Path], dict[str, str]] = lambda folder: {}


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _stage(folder: Path, number: int) -> None:
    (folder / f"{number}.txt").write_text("changed\n")
    _git(folder, "add", f"{number}.txt")


def _in_memory(folder: Path, number: int) -> bool:
    file = folder / "memory.jsonl"
    return file.exists() and f'"entity {number}"' in file.read_text()


def _entity(folder: Path, number: int) -> Arguments:
    return {"entities": [{"name": f"entity {number}", "entityType": "test", "observations": ["was here"]}]}


def _thought(number: int) -> Arguments:
    said = {"thought": f"thought {number}", "nextThoughtNeeded": False}
    return {**said, "thoughtNumber": number, "totalThoughts": number}


PEERS: Final = (
    Peer(
        "filesystem",
        lambda folder: peers.filesystem(folder),
        "list_allowed_directories",
        lambda folder: {},
        "write_file",
        lambda folder, number: {"path": str(folder / f"{number}.txt"), "content": "written"},
        lambda folder, number: (folder / f"{number}.txt").exists(),
    ),
    Peer(
        "everything",
        lambda folder: peers.everything(),
        "echo",
        lambda folder: {"message": "hello"},
        "get-sum",
        lambda folder, number: {"a": number, "b": 1},
    ),
    Peer(
        "memory",
        lambda folder: peers.memory(),
        "read_graph",
        lambda folder: {},
        "create_entities",
        _entity,
        _in_memory,
        env=lambda folder: {"MEMORY_FILE_PATH": str(folder / "memory.jsonl")},
    ),
    Peer(
        "thinking",
        lambda folder: peers.sequential_thinking(),
        "sequentialthinking",
        lambda folder: _thought(1),
        "sequentialthinking",
        lambda folder, number: _thought(number),
    ),
    Peer(
        "fetch",
        lambda folder: peers.fetch(),
        "fetch",
        lambda folder: {"url": address(folder, "front")},
        "fetch",
        lambda folder, number: {"url": address(folder, str(number))},
        lambda folder, number: was_asked(folder, str(number)),
    ),
    Peer(
        "time",
        lambda folder: peers.time(),
        "get_current_time",
        lambda folder: {"timezone": "UTC"},
        "convert_time",
        lambda folder, number: {
            "source_timezone": "UTC",
            "time": f"{number // 60 % 24:02}:{number % 60:02}",
            "target_timezone": "Europe/Vienna",
        },
    ),
    Peer(
        "git",
        lambda folder: peers.git(folder),
        "git_status",
        lambda folder: {"repo_path": str(folder)},
        "git_commit",
        lambda folder, number: {"repo_path": str(folder), "message": f"commit {number}"},
        lambda folder, number: f"commit {number}\n" in _git(folder, "log", "--format=%s"),
        _stage,
    ),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the agent saw (listed, outcome, text), which calls the server was sent, whether it did them."""

    listed: bool
    outcome: Literal["result", "error result", "protocol error"]
    text: str
    calls: tuple[Arguments, ...]
    done: bool | None


class Journeys:
    """All peers behind one gateway, with a client for each effect, era and path: limits count by client."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="latchward-peers-")
        self.root = Path(self._folder.name).resolve()
        self._numbers = count(1)
        for peer in PEERS:
            self.folder(peer).mkdir()
        self._pages = Pages(self.root / "fetch")
        repository = self.root / "git"
        _git(repository, "init", "-q")
        _git(repository, "config", "user.name", "Test")
        _git(repository, "config", "user.email", "test@example.invalid")
        _git(repository, "commit", "-q", "--allow-empty", "-m", "the first")
        self.gateway = TerminalGateway(
            {peer.name: self._entry(peer) for peer in PEERS},
            {
                f"{peer.name}-{_word(effect)}": {"version": "1", "default": "deny", **policy(peer.write)}
                for peer in PEERS
                for effect, policy in _POLICIES.items()
            }
            | {"read": {"version": "1", "default": "allow"}},
            {
                _client(effect, era, path): {peer.name: f"{peer.name}-{_word(effect)}" for peer in PEERS}
                for effect in EFFECTS
                for era in ERAS
                for path in PATHS
            }
            | {"reader": {peer.name: "read" for peer in PEERS}},
        )

    def folder(self, peer: Peer) -> Path:
        """Where the server works."""
        return self.root / peer.name

    def _tap(self, peer: Peer) -> Path:
        return self.root / f"{peer.name}.sent"

    def _entry(self, peer: Peer) -> dict[str, Any]:
        command = peer.command(self.folder(peer))
        arguments = ["-c", 'tee -a "$0" | "$@"', str(self._tap(peer)), *command]
        return {"command": "/bin/sh", "args": arguments, "env": peer.env(self.folder(peer))}

    def sent(self, peer: Peer) -> list[dict[str, Any]]:
        """Every message that the server was sent."""
        return [json.loads(line) for line in self._tap(peer).read_bytes().splitlines()]

    def calls(self, peer: Peer) -> list[Arguments]:
        """The params of each `tools/call` that the server was sent."""
        return [message["params"] for message in self.sent(peer) if message.get("method") == "tools/call"]

    def era(self, peer: Peer) -> str:
        """The era in which the gateway speaks to this server."""
        return "legacy" if any(message["method"] == "initialize" for message in self.sent(peer)) else "modern"

    def read(self, peer: Peer, era: ClientEra, path: str) -> Seen:
        """List, and make the call that only reads, as a client that may do everything."""
        return self._attempt(
            peer, "reader", era, path, peer.read, peer.read_arguments(self.folder(peer)), None
        )

    def write(self, peer: Peer, effect: str, era: ClientEra, path: str) -> Seen:
        """List, and make the call that changes something, under the policy for this effect."""
        number = next(self._numbers)
        peer.before(self.folder(peer), number)
        arguments = peer.write_arguments(self.folder(peer), number)
        attempt = (peer, _client(effect, era, path), era, path, peer.write, arguments, number)
        if effect.startswith("approve"):
            with self.gateway.person("allow" if effect.endswith("allowed") else "deny"):
                return self._attempt(*attempt)
        return self._attempt(*attempt)

    def _attempt(
        self,
        peer: Peer,
        client: str,
        era: ClientEra,
        path: str,
        tool: str,
        arguments: Arguments,
        number: int | None,
    ) -> Seen:
        before = len(self.calls(peer)) if self._tap(peer).exists() else 0
        name = tool if path != "/mcp" else f"{peer.name}__{tool}"
        url = self.gateway.url if path == "/mcp" else self.gateway.server_url(peer.name)
        names, outcome, text = asyncio.run(_call(url, self.gateway.tokens[client], era, name, arguments))
        done = peer.done(self.folder(peer), number) if peer.done and number is not None else None
        return Seen(name in names, outcome, text, tuple(self.calls(peer)[before:]), done)

    def _wait_for_lists(self) -> None:
        """A list waits for no server that is still starting; these journeys begin once all have started."""
        reader = jr.Client(self.gateway.url, self.gateway.tokens["reader"])

        def all_listed() -> bool:
            return len({tool["name"].partition("__")[0] for tool in reader.tools()}) == len(PEERS)

        wait_for(all_listed, "list of every server", SECONDS)

    def __enter__(self) -> Self:
        try:
            self._pages.__enter__()
            self.gateway.start()
            self._wait_for_lists()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gateway.close()
        self._pages.__exit__(kind, error, trace)
        self._folder.cleanup()


def _word(effect: str) -> str:
    return effect.replace(", ", "-")


def _client(effect: str, era: str, path: str) -> str:
    return f"{_word(effect)}-{'legacy' if era == 'legacy' else 'modern'}-{'all' if path == '/mcp' else 'one'}"


async def _call(
    url: str, token: str, era: ClientEra, tool: str, arguments: Arguments
) -> tuple[list[str], Literal["result", "error result", "protocol error"], str]:
    """What the SDK's own client sees: the names listed, then how the call ends and its text."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        asyncio.timeout(SECONDS),
        httpx2.AsyncClient(headers=headers, timeout=SECONDS, trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http), mode=era) as client,
    ):
        names = [listed.name for listed in (await client.list_tools()).tools]
        try:
            result = await client.call_tool(tool, arguments)
        except MCPError as error:
            return names, "protocol error", str(error)
        return names, "error result" if result.is_error else "result", _text(result)


def _text(result: CallToolResult) -> str:
    return "\n".join(part.text for part in result.content if isinstance(part, TextContent))
