"""The released Claude Code, with a home of its own and no login: does it reach the gateway?"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import peers
from tests.support import recorder
from tests.support.gateway import Gateway

pytestmark = pytest.mark.skipif(not peers.ALL_RUN_HERE, reason="its package holds a Linux x64 program")

OPEN = {"version": "1", "default": "allow"}


@dataclass(frozen=True, slots=True)
class ClaudeCode:
    """The program, in a project of its own."""

    home: Path

    def __call__(self, *arguments: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "CLAUDE_CONFIG_DIR": str(self.home / "config"),
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        }
        done = subprocess.run(
            [str(peers.CLAUDE), *arguments],
            cwd=self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=50,
            check=True,
        )
        return done.stdout

    def add(self, name: str, url: str, token: str) -> None:
        header = f"Authorization: Bearer {token}"
        self("mcp", "add", "--transport", "http", name, url, "--header", header)

    def state(self, name: str) -> str:
        """What its live check says of a server."""
        [line] = [line for line in self("mcp", "list").splitlines() if line.startswith(f"{name}: ")]
        return line


@pytest.fixture
def claude(tmp_path: Path) -> ClaudeCode:
    return ClaudeCode(tmp_path)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway({"fixture": recorder.spec()}, {"open": OPEN}, {"claude": {"fixture": "open"}}) as running:
        yield running


def test_it_connects_with_a_token_to_all_servers_together(claude: ClaudeCode, gateway: Gateway) -> None:
    claude.add("latchward", gateway.url, gateway.token)
    assert "Connected" in claude.state("latchward")


def test_it_connects_with_a_token_to_one_server(claude: ClaudeCode, gateway: Gateway) -> None:
    claude.add("fixture", gateway.server_url("fixture"), gateway.token)
    assert "Connected" in claude.state("fixture")


def test_a_wrong_token_is_said_to_be_wrong_and_starts_no_login(claude: ClaudeCode, gateway: Gateway) -> None:
    claude.add("latchward", gateway.url, gateway.token[:-1])
    state = claude.state("latchward")
    assert "Failed to connect" in state
    assert "403" in state
    assert "a valid token is needed" in state
    assert "Needs authentication" not in state


def test_it_says_so_where_no_gateway_runs(claude: ClaudeCode, gateway: Gateway) -> None:
    claude.add("latchward", gateway.url, gateway.token)
    gateway.stop()
    assert "Failed to connect" in claude.state("latchward")
