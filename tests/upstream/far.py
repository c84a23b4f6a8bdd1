"""What the tests of servers over HTTP share: one upstream of our own, calls to it, answers that say no."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from latchward.model.caller import NOBODY, Caller
from latchward.model.errors import UpstreamError
from latchward.model.outcome import Outcome
from latchward.model.ports import Secrets, Upstream
from latchward.model.upstream import UpstreamSpec
from latchward.upstream.carrying import Ties
from latchward.upstream.http import HttpUpstream
from tests.support.web import Behaviour, Exchange

from .scripted import allowed, made_call
from .support import call

SECRET = "s3cr3t-t0ken-of-the-person"
HEADERS = {"Authorization": f"Bearer {SECRET}"}
ANSWER = (
    b'{"jsonrpc":"2.0","id":%ID%,"result":{"resultType":"complete","content":[{"type":"text","text":"yes"}]}}'
)
"""The answer to a call; `%ID%` is its id."""


@asynccontextmanager
async def upstream(
    url: str, headers: dict[str, str] | None = None, secrets: Secrets | None = None
) -> AsyncIterator[HttpUpstream]:
    """An upstream that is stopped at the end; with a token in its headers unless others are given."""
    spec = UpstreamSpec("far", url=url, headers=HEADERS if headers is None else headers)
    made = HttpUpstream(spec, lambda: None, secrets)
    try:
        yield made
    finally:
        await made.stop()


async def refusal(
    kind: type[UpstreamError], upstream: HttpUpstream, tool: str = "echo", **arguments: Any
) -> str:
    """What a call is refused with; it must be just this kind of error, and hold no secret."""
    with pytest.raises(kind) as refused:
        await call(upstream, tool, **arguments)
    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)
    return str(refused.value)


async def start_refusal(upstream: HttpUpstream) -> str:
    """Why the upstream cannot be used at all."""
    with pytest.raises(UpstreamError) as refused:
        await upstream.tools()
    assert SECRET not in str(refused.value) + upstream.last_error
    return str(refused.value)


def stream_of(*pieces: bytes) -> Behaviour:
    """A behaviour that answers with these bytes of an event stream; `%ID%` in them is the call's id."""

    def behave(exchange: Exchange) -> None:
        exchange.stream()
        for piece in pieces:
            exchange.raw(piece.replace(b"%ID%", str(exchange.id).encode()))

    return behave


@asynccontextmanager
async def hearing(url: str) -> AsyncIterator[tuple[HttpUpstream, list[tuple[str, Any, str]]]]:
    """An upstream, and what it heard outside calls: the method, the params, and for which client."""
    told: list[tuple[str, Any, str]] = []

    def heard(server: str, method: str, params: Any, grant: str) -> None:
        told.append((method, params, grant))

    made = HttpUpstream(UpstreamSpec("far", url=url), lambda: None, None, Ties(heard))
    try:
        yield made, told
    finally:
        await made.stop()


async def request(upstream: Upstream, method: str, caller: Caller = NOBODY, **params: Any) -> Outcome:
    """Send a call of any method, as the gateway does after it decided."""
    made = made_call(method, params, upstream.name)
    return await upstream.send(allowed(made), made, caller)
