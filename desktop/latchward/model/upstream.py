"""How one MCP server is reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class UpstreamSpec:
    """A server as people paste it: either `command` (with `args`, `env`, `cwd`) or `url` (with `headers`).

    `shared`: one connection serves all clients, also where the server could ask each of them something; it is
    told that nobody can be asked. `sse`: the older transport over HTTP (2024-11-05) is used at once.
    """

    name: str
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    shared: bool = False
    sse: bool = False
