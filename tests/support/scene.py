"""One gateway before recording servers, and what must hold of it after every test.

with scene(policies={"fixture": {...}}) as house:
    house.client("legacy").call(...)
    house.calls()          # what the server was asked to do, our own probes left out
# at the end: a healthy call works, each call that arrived had its row first, nothing was logged
# that nobody expected
"""

import hashlib
import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from latchward.protocol import strict

from . import recorder
from .gateway import Gateway, Policies
from .jr import Client, Era, Message

SERVER: Final = "fixture"
PROBE: Final = {"text": "a healthy call"}
OPEN: Final[Message] = {"version": "1", "default": "allow"}
HEALTHY_SECONDS: Final = 1.0

_ACCIDENT = re.compile(r"Traceback|never awaited|never retrieved|Exception in|internal error|INTERNAL")


@dataclass
class Scene:
    """A running gateway, the files its servers record to, and its first client's name."""

    gateway: Gateway
    records: dict[str, Path]
    expected: list[str] = field(default_factory=list)
    """Regular expressions of lines on stderr that a test provokes on purpose."""
    _before: dict[str, int] = field(default_factory=dict)

    def client(
        self,
        era: Era = "modern",
        *,
        server: str | None = None,
        who: str | None = None,
        timeout: float = 10.0,
    ) -> Client:
        """A client of the endpoint of one server, or of all together where `server` is None."""
        gateway = self.gateway
        url = gateway.server_url(server) if server else gateway.url
        return Client(url, gateway.tokens[who] if who else gateway.token, era, timeout)

    def fresh(self) -> None:
        """Leave out of `calls`, `cancelled` and `rows` what happened so far."""
        self._before = {server: len(recorder.received(record)) for server, record in self.records.items()}
        self._before[""] = len(self._all_rows())

    def calls(self, server: str = SERVER) -> list[Message]:
        """The calls that arrived at a server; our probes are left out."""
        calls = [params for method, params in self._arrived(server) if method == "tools/call"]
        return [call for call in calls if call.get("arguments") != PROBE]

    def cancelled(self, server: str = SERVER) -> list[Message]:
        """The params of each cancellation that arrived at a server."""
        return [params for method, params in self._arrived(server) if method == "notifications/cancelled"]

    def rows(self) -> list[dict[str, Any]]:
        """The record, oldest row first."""
        return self._all_rows()[self._before.get("", 0) :]

    def _arrived(self, server: str) -> list[tuple[str, Message]]:
        lines = recorder.received(self.records[server])[self._before.get(server, 0) :]
        messages = [json.loads(line) for line in lines if line.endswith(b"\n")]
        return [(message.get("method", ""), message.get("params", {})) for message in messages]

    def _all_rows(self) -> list[dict[str, Any]]:
        path = self.gateway.home / "audit.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'record'").fetchall():
                return []  # the file is being made
            return [dict(row) for row in connection.execute("SELECT * FROM record ORDER BY seq")]

    def healthy(self) -> bool:
        """Whether a healthy client's call to a healthy server works, in time.

        The machine may be busy with other things: one of three must be quick.
        """
        client = self.client(server=SERVER)
        for _ in range(3):
            began = time.monotonic()
            if client.call("echo", PROBE).text != PROBE["text"]:
                return False
            if time.monotonic() - began < HEALTHY_SECONDS:
                return True
        return False

    def check(self) -> None:
        """The oracle."""
        assert self.healthy()
        allowed = [row["digest"] for row in self._all_rows() if row["verdict"] == "allow"]
        for server in self.records:
            for line in recorder.received(self.records[server]):
                message = strict.parse(line)  # keeps every digit, which the digest is over
                if message.get("method") == "tools/call":
                    allowed.remove(digest(message["params"]))  # ValueError: no row of its own
        told = [line for line in self.gateway.stderr.splitlines() if not self._is_expected(line)]
        assert not [line for line in told if _ACCIDENT.search(line)], "\n".join(told)

    def _is_expected(self, line: str) -> bool:
        return any(re.search(pattern, line) for pattern in self.expected)


def digest(call: Mapping[str, Any]) -> str:
    """The digest of a call as a server got it, made the way the gateway makes its own."""
    plain = {"arguments": call.get("arguments", {}), "name": call["name"]}
    return hashlib.sha256(strict.canonical(plain)).hexdigest()


@contextmanager
def scene(
    *flags: str,
    policies: Policies | None = None,
    clients: Sequence[str] = ("agent",),
    servers: Sequence[str] = (SERVER,),
    kind: type[Gateway] = Gateway,
    **options: Any,
) -> Iterator[Scene]:
    """A gateway with recorders as `servers`, each under the policy of its own name, for each of `clients`.

    A server without a policy in `policies` allows everything. The oracle is asked at the end.
    """
    with TemporaryDirectory(prefix="latchward-scene-") as folder:
        records = {server: Path(folder, f"{server}.record") for server in servers}
        documents = dict.fromkeys(servers, OPEN) | dict(policies or {})
        grants = {client: {server: server for server in servers} for client in clients}
        entries = {server: recorder.spec(*flags, record=records[server]) for server in servers}
        with kind(entries, documents, grants, **options) as gateway:
            house = Scene(gateway, records)
            for server in servers:  # a list waits for no server: the tests do
                wait_until(house.client(server=server).tools)
            yield house
            house.check()


def wait_until(true: Callable[[], Any], seconds: float = 5.0) -> None:
    """Look again and again; `TimeoutError` where it does not become true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)
