"""The ways to the fixture: nothing between, and a gateway that has it over stdio or over HTTP.

On a `crossed` way the fixture speaks only the era that the suite does not: then all is bridged.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, Literal

from tests.support import everything
from tests.support.everything import Era, EverythingServer
from tests.support.gateway import Gateway

from .relay import TokenRelay
from .suite import Revision

Way = Literal["direct", "stdio", "http", "stdio crossed", "http crossed"]
THROUGH_US: Final[tuple[Way, ...]] = ("stdio", "http", "stdio crossed", "http crossed")

POLICY: Final = {
    "version": "1",
    "description": "What the suite needs, which is everything, each kind of thing by its own name.",
    "default": "deny",
    "tools": {"*": {"action": "allow"}},
    "resources": {"*": {"action": "allow"}},
    "prompts": {"*": {"action": "allow"}},
    "server_requests": {"elicitation": "allow", "sampling": "allow", "roots": "allow"},
}


@contextmanager
def way_to_fixture(way: Way, revision: Revision) -> Iterator[str]:
    """The address of a fixture of one's own, for a run of that revision."""
    if way == "direct":
        with EverythingServer() as server:
            yield server.url
    else:
        with through_us(way, revision) as relay:
            yield relay.url


@contextmanager
def through_us(way: Way, revision: Revision) -> Iterator[TokenRelay]:
    """A relay before a gateway's endpoint of a fixture, which is over stdio or HTTP behind it."""
    other: Era = "modern" if revision == "2025-11-25" else "legacy"
    era: Era = other if way.endswith("crossed") else "dual"
    with ExitStack() as stack:
        if way.startswith("http"):
            spec: dict[str, Any] = {"url": stack.enter_context(EverythingServer(era)).url}
        else:
            spec = everything.spec(era)
        gateway = stack.enter_context(
            Gateway({"everything": spec}, {"all": POLICY}, {"suite": {"everything": "all"}})
        )
        yield stack.enter_context(TokenRelay(gateway.port, "/s/everything/mcp", gateway.token))
