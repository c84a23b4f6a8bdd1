"""Under what conditions is measured: how the fixture server is reached, in which era, with how many tools."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from ..support import jr
from .echo import FEWEST_TOOLS

ECHO: Final = str(Path(__file__).with_name("echo.py"))
STOP_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Setting:
    """The transport and the era of the fixture server; the client speaks the same era."""

    transport: Literal["stdio", "http"]
    era: jr.Era

    @property
    def name(self) -> str:
        return f"{self.transport}-{self.era}"


SETTINGS: Final = tuple(
    Setting(transport, era) for transport in ("stdio", "http") for era in ("legacy", "modern")
)


class Fixture:
    """The fixture server with so many tools: `command` starts it over stdio; over HTTP it runs at `port`."""

    def __init__(self, setting: Setting, tools: int = FEWEST_TOOLS) -> None:
        self.setting, self.tools = setting, tools
        self.port = 0
        # Over stdio it needs no packages, and starts in half the time without looking for them.
        bare = ["-S"] if setting.transport == "stdio" else []
        self.command = [sys.executable, "-I", *bare, ECHO, setting.era, str(tools), setting.transport]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def stdio(self) -> bool:
        return self.setting.transport == "stdio"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def last_tool(self, prefix: str = "") -> bytes:
        """What stands at the end of the list of tools."""
        more = self.tools - FEWEST_TOOLS
        return f'"{prefix}search_{more - 1:04}"'.encode() if more > 0 else f'"{prefix}big"'.encode()

    def __enter__(self) -> Self:
        if not self.stdio:
            self._process = subprocess.Popen(self.command, stdout=subprocess.PIPE)
            assert self._process.stdout is not None
            self.port = int(self._process.stdout.readline().split()[-1])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate(timeout=STOP_SECONDS)
