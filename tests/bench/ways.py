"""The server itself, the bare relay, and Latchward: over HTTP, and through `latchward connect`."""

import sys
from pathlib import Path
from typing import Any, Final

from ..support.connect import environment
from ..support.gateway import Gateway, GatewayFailed
from .channel import BenchFailed, last_words
from .setting import Fixture
from .way import ProcessWay, Session, Way, open_http, open_pipe

SERVER: Final = "bench"
POLICY: Final = {
    "version": "1",
    "default": "deny",
    "tools": {"echo": {}, "write": {}, "big": {}, "search_*": {}},
}


class Direct(Way):
    """No hop: the fixture server's own pipe, or its own URL."""

    name = "direct"

    def __init__(self, fixture: Fixture) -> None:
        super().__init__(fixture)
        self.starts = fixture.stdio

    async def open(self) -> Session:
        era = self.fixture.setting.era
        if self.fixture.stdio:
            return await open_pipe(self.fixture.command, era, counts=False)
        return await open_http(self.fixture.url, None, era)


class Relay(ProcessWay):
    """A hop that parses nothing."""

    name = "relay"

    def command(self, port: int) -> list[str]:
        relay = [sys.executable, "-m", "tests.bench.relay", str(port)]
        if self.fixture.stdio:
            return [*relay, "stdio", *self.fixture.command]
        return [*relay, "http", str(self.fixture.port)]


class Latchward(Way):
    """A gateway with a policy and an audit log, at the endpoint of one server; its profile is in `home`."""

    name = "latchward"

    def __init__(self, fixture: Fixture, home: Path) -> None:
        super().__init__(fixture)
        self.home = home
        self._gateway: Gateway | None = None

    async def start(self) -> None:
        server: dict[str, Any] = {"url": self.fixture.url}
        if self.fixture.stdio:
            command, *arguments = self.fixture.command
            server = {"command": command, "args": arguments}
        policies, grants = {"bench": POLICY}, {"bench": {SERVER: "bench"}}
        self._gateway = Gateway({SERVER: server}, policies, grants, home=self.home)
        try:
            self._gateway.start()
        except GatewayFailed as error:
            raise BenchFailed(f"did not listen: {last_words(str(error).encode())}") from None
        assert self._gateway.process is not None
        self.pids = [self._gateway.process.pid]

    async def open(self) -> Session:
        assert self._gateway is not None
        url, token = self._gateway.server_url(SERVER), self._gateway.token
        return await open_http(url, token, self.fixture.setting.era)

    def stop(self) -> None:
        if self._gateway:
            self._gateway.close()
        self._gateway = None


class Connect(Way):
    """A bridge to that gateway, as a client's entry starts it: the tools of all servers, renamed."""

    name = "connect"

    def __init__(self, fixture: Fixture, gateway: Latchward) -> None:
        super().__init__(fixture)
        self.needs: Latchward = gateway

    async def open(self) -> Session:
        program = str(Path(sys.executable).with_name("latchward"))
        place = str(self.needs.home / "run" / "gateway.sock")
        return await open_pipe(
            [program, "connect", "--client", "bench", "--endpoint", place],
            self.fixture.setting.era,
            env=environment(),
            prefix=f"{SERVER}__",
        )
