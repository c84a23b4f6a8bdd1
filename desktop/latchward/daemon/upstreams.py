"""The servers of the settings in force, one connection each."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from latchward.model.errors import UpstreamError
from latchward.model.mask import Mask
from latchward.model.ports import Heard, Secrets, Told, Upstream
from latchward.model.secret import Secret
from latchward.model.upstream import UpstreamSpec
from latchward.upstream.carrying import Known, Ties, nobody_asked, nobody_hears
from latchward.upstream.environment import PLAIN, Birth
from latchward.upstream.kept import HANDSHAKE_LIMIT
from latchward.upstream.stdio import StdioUpstream


class Kept(Upstream, Protocol):
    """A connection that is made from an entry of the settings and ended with it."""

    spec: UpstreamSpec

    def retry(self) -> None: ...

    async def stop(self) -> None: ...


class UpstreamSet:
    """Implements `model.ports.Upstreams`.

    A server whose entry was edited is ended, and made anew at its next use.
    `birth` is what servers' processes get besides. `secrets` gives the values for which placeholders
    stand in entries. `heard` is told what servers say outside calls. `known`
    is what they said when they greeted us before, `told` hears what they say of tasks.
    """

    def __init__(
        self,
        specs: Callable[[], Mapping[str, UpstreamSpec]],
        on_change: Callable[[], None],
        birth: Birth = PLAIN,
        secrets: Secrets | None = None,
        heard: Heard = nobody_hears,
        known: Known | None = None,
        told: Told = nobody_asked,
    ) -> None:
        self._birth = birth
        self._ties = Ties(heard, told, known)
        self.masked = Mask()
        """Takes every secret that a server was given out of a text."""
        self._secrets = _Noted(secrets, self.masked) if secrets is not None else None
        self._specs = specs
        self._on_change = on_change
        self._made: dict[str, Kept] = {}
        self._stopping: set[asyncio.Task[None]] = set()

    def get(self, name: str) -> Upstream | None:
        spec = self._specs().get(name)
        made = self._made.get(name)
        if made is not None and made.spec == spec:
            return made
        if made is not None:
            self._retire(name)
        if spec is None:
            return None
        self._made[name] = self._make(spec)
        return self._made[name]

    def settle(self) -> None:
        """End what the settings no longer have; start what they have, so that no list waits for it."""
        specs = self._specs()
        for name in set(self._made) - set(specs):
            self._retire(name)
        for name in specs:
            upstream = self.get(name)
            if upstream is not None:
                self._keep(asyncio.ensure_future(_start(upstream)))

    def retry(self, name: str) -> None:
        """The person wants this server now: start it, whatever pause it is in."""
        self.get(name)
        if name in self._made:
            self._made[name].retry()

    async def until_listed(self, name: str) -> str:
        """Start a server and wait until it told its tools: "", or why it did not."""
        upstream = self.get(name)
        if upstream is None:
            return "it was removed meanwhile"
        ends = time.monotonic() + HANDSHAKE_LIMIT
        while True:
            try:
                await upstream.tools()
                return ""
            except UpstreamError as error:  # it may still be starting: `npx` fetches it first
                if upstream.last_error or time.monotonic() > ends:
                    return upstream.last_error or str(error)

    def troubles(self) -> tuple[tuple[str, bool, str], ...]:
        """Of each server: its name, whether it told its tools, and what went wrong last."""
        return tuple((name, made.listed() is not None, made.last_error) for name, made in self._made.items())

    async def stop(self) -> None:
        """End every server; returns when their processes are gone."""
        for name in list(self._made):
            self._retire(name)
        if self._stopping:
            await asyncio.wait(self._stopping)

    def _retire(self, name: str) -> None:
        self._keep(asyncio.ensure_future(self._made.pop(name).stop()))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    def _make(self, spec: UpstreamSpec) -> Kept:
        if spec.url:
            # The HTTP client costs 0.1 s and 14 MiB: only who has such a server pays for it.
            from latchward.upstream.http import HttpUpstream

            return HttpUpstream(spec, self._on_change, self._secrets, self._ties)
        return StdioUpstream(spec, self._on_change, self._birth, self._secrets, self._ties)


class _Noted:
    """Implements `model.ports.Secrets`: those of another, each noted in a mask before it is given."""

    def __init__(self, secrets: Secrets, mask: Mask) -> None:
        self._secrets = secrets
        self._mask = mask

    async def get(self, names: Iterable[str]) -> Mapping[str, Secret]:
        found = await self._secrets.get(names)
        self._mask.learn(secret.reveal() for secret in found.values())
        return found


async def _start(upstream: Upstream) -> None:
    with contextlib.suppress(UpstreamError):  # it was logged, and the next use tries again
        await upstream.tools()
