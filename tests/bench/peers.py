"""The gateways of others, each where it can stand between the load client and this fixture server.

    fastmcp          PyPI; a proxy in front of a server over stdio or HTTP, listening on HTTP
    mcp-proxy        PyPI; stdio to HTTP, and HTTP to stdio
    mcp-proxy-npm    npm; stdio to HTTP
    supergateway     npm; stdio to HTTP, and HTTP to stdio

Each runs as its own documentation starts it, with its log turned down where it has a switch for that.
"""

import json
import shlex
from pathlib import Path
from typing import Final

from ..peers import NODE
from .install import npm_package, python_peer
from .setting import Fixture
from .way import ProcessWay, Session, Way, open_pipe

PACKAGES: Final = {"fastmcp": "fastmcp==4.2.3", "mcp-proxy": "mcp-proxy==0.13.0"}
NPM_NAMES: Final = {"mcp-proxy-npm": "mcp-proxy", "supergateway": "supergateway"}
NAMES: Final = (*PACKAGES, *NPM_NAMES)


class PeerBefore(ProcessWay):
    """A peer that listens on HTTP."""

    def __init__(self, name: str, fixture: Fixture, program: list[str], home: Path) -> None:
        super().__init__(fixture)
        self.name, self._program, self._home = name, program, home

    def command(self, port: int) -> list[str]:
        fixture, listening = self.fixture, ["--port", str(port)]
        match self.name:
            case "fastmcp":
                quiet = ["--transport", "http", "--no-banner", "--log-level", "ERROR"]
                return [*self._program, "run", self._target(), *listening, *quiet]
            case "mcp-proxy":
                quiet = ["--log-level", "ERROR"]
                return [*self._program, *listening, *quiet, "--", *fixture.command]
            case "mcp-proxy-npm":
                era = "modern" if fixture.setting.era == "modern" else "legacy"
                plain = ["--host", "127.0.0.1", "--server", "stream", "--upstreamProtocol", era]
                return [*self._program, *listening, *plain, "--", *fixture.command]
            case _:
                started = ["--stdio", shlex.join(fixture.command), "--logLevel", "none"]
                return [
                    *self._program,
                    *started,
                    "--outputTransport",
                    "streamableHttp",
                    "--stateful",
                    *listening,
                ]

    def _target(self) -> str:
        """What FastMCP stands in front of: a URL, or a file that names the command."""
        if not self.fixture.stdio:
            return self.fixture.url
        command, *arguments = self.fixture.command
        file = self._home / "fastmcp-servers.json"
        file.write_text(json.dumps({"mcpServers": {"bench": {"command": command, "args": arguments}}}))
        return str(file)


class PeerBridge(Way):
    """A peer that speaks lines to the client, and HTTP to the server."""

    def __init__(self, name: str, fixture: Fixture, program: list[str]) -> None:
        super().__init__(fixture)
        self.name, self._program = name, program

    async def open(self) -> Session:
        url = self.fixture.url
        if self.name == "mcp-proxy":
            command = [*self._program, "--transport", "streamablehttp", "--log-level", "ERROR", url]
        else:
            command = [*self._program, "--streamableHttp", url, "--logLevel", "none"]
        return await open_pipe(command, self.fixture.setting.era)


def peer(name: str, fixture: Fixture, home: Path, cache: Path) -> Way | None:
    """This peer on the way to that fixture; None where it does not do that. Raises `BenchFailed`."""
    if name == "mcp-proxy-npm" and not fixture.stdio:
        return None
    program = program_of(name, cache)
    if fixture.stdio or name == "fastmcp":
        return PeerBefore(name, fixture, program, home)
    return PeerBridge(name, fixture, program)


def program_of(name: str, cache: Path) -> list[str]:
    """What starts a peer; a Python one is installed first where it is not. Raises `BenchFailed`."""
    if name in PACKAGES:
        return [str(python_peer(PACKAGES[name], cache))]
    return [NODE, str(npm_package(NPM_NAMES[name])[0])]


def version_of(name: str) -> str:
    """The pinned or the installed version of a peer. Raises `BenchFailed` where there is none."""
    if name in PACKAGES:
        return PACKAGES[name].partition("==")[2]
    return npm_package(NPM_NAMES[name])[1]
