"""The ways to the fixture: nothing between, and a gateway that has it over stdio or over HTTP."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, Literal

from tests.support import everything
from tests.support.everything import EverythingServer
from tests.support.gateway import Gateway

from .relay import TokenRelay

Way = Literal["direct", "stdio", "http"]
THROUGH_US: Final[tuple[Way, ...]] = ("stdio", "http")

POLICY: Final = {
    "version": "1",
    "description": "What the suite needs, which is everything, each kind of thing by its own name.",
    "default": "deny",
    "tools": {"*": {"action": "allow"}},
    "resources": {"*": {}},
    "prompts": {"*": {}},
    "server_requests": {"elicitation": "allow", "sampling": "allow", "roots": "allow"},
}


@contextmanager
def way_to_fixture(way: Way) -> Iterator[str]:
    """The address of a fixture of one's own."""
    if way == "direct":
        with EverythingServer() as server:
            yield server.url
    else:
        with through_us(way) as relay:
            yield relay.url


@contextmanager
def through_us(way: Way) -> Iterator[TokenRelay]:
    """A relay before a gateway's endpoint of a fixture, which is over `stdio` or `http` behind it."""
    with ExitStack() as stack:
        over_http = way == "http"
        spec = {"url": stack.enter_context(EverythingServer()).url} if over_http else everything.spec()
        gateway = stack.enter_context(
            Gateway({"everything": spec}, {"all": POLICY}, {"suite": {"everything": "all"}})
        )
        yield stack.enter_context(TokenRelay(gateway.port, "/s/everything/mcp", gateway.token))
