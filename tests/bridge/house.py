"""A gateway before servers that have everything, one of each era over each way.

with house() as house:
    house.web("old", "modern").ask({"q": FORM})       # a client over HTTP, of the endpoint of one server
    house.wire("legacy").call("old__echo")            # one over the local socket, where all are together
    house.arrived("old", "tools/call")
"""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.support import recorder, scripted, tasked
from tests.support.gateway import Gateway
from tests.support.scripted import META, Everything, events_of
from tests.support.scripted_web import EverythingWeb
from tests.support.talker import Answers, Kind, Message, WebTalker, WireTalker, obliging
from tests.support.waiting import wait_for

SERVERS: Final = {
    "old": ("legacy", "stdio"),
    "new": ("modern", "stdio"),
    "both": ("dual", "stdio"),
    "oldweb": ("legacy", "http"),
    "newweb": ("modern", "http"),
    "bothweb": ("dual", "http"),
}
"""Servers by name: the eras that each speaks, and the way to it."""
OLD: Final = ("old", "oldweb")
NEW: Final = ("new", "newweb", "both", "bothweb")
"""Those that speak each era. A dual one may be met in the older by a client of that era."""
ONLY_NEW: Final = ("new", "newweb")
"""Those that speak the newer alone."""
OPEN: Final[Message] = {"version": "1", "default": "allow"}

_ACCIDENT = re.compile(r"Traceback|never awaited|never retrieved|Exception in|internal error|INTERNAL")


@dataclass
class House:
    """The gateway, and what its servers got."""

    gateway: Gateway
    folder: Path
    webs: dict[str, EverythingWeb]
    _stack: ExitStack
    _before: dict[str, int] = field(default_factory=dict)
    _rows_before: int = 0

    # clients

    def web(
        self,
        server: str | None,
        kind: Kind = "modern",
        *,
        who: str = "agent",
        capabilities: Message | None = None,
        answers: Answers = obliging,
    ) -> WebTalker:
        """A client over HTTP, of one server, or of all together."""
        url = self.gateway.server_url(server) if server else self.gateway.url
        return WebTalker(url, self.gateway.tokens[who], kind, capabilities, answers)

    def wire(
        self,
        kind: Kind = "modern",
        *,
        who: str = "agent",
        capabilities: Message | None = None,
        answers: Answers = obliging,
    ) -> WireTalker:
        """A client over the local socket; it goes at the end of the house at the latest."""
        path = self.gateway.home / "run" / "gateway.sock"
        talker = WireTalker(path, who, kind, capabilities, answers)
        self._stack.callback(talker.close)
        return talker

    # servers

    def record(self, server: str) -> Path:
        return self.folder / f"{server}.record"

    def fresh(self) -> None:
        """Leave out of `arrived`, `events` and `rows` what happened so far."""
        for path in self.folder.iterdir():
            self._before[path.name] = len(recorder.received(path))
        self._rows_before = len(self._rows())

    def arrived(self, server: str, *methods: str) -> list[Message]:
        """The messages of these methods that reached a server; without any, the answers to its questions."""
        messages = [json.loads(line) for line in self._lines(self.record(server))]
        if not methods:
            return [message for message in messages if "method" not in message]
        return [message for message in messages if message.get("method") in methods]

    def met_in(self, server: str) -> str:
        """The era in which the last call reached a server."""
        calls = self.arrived(server, "tools/call", "prompts/get", "resources/read")
        return "modern" if META + "protocolVersion" in calls[-1]["params"].get("_meta", {}) else "legacy"

    def sent(self, server: str) -> bytes:
        """All bytes that reached a server."""
        return b"".join(self._lines(self.record(server)))

    def events(self, server: str, what: str) -> list[Message]:
        """What a server noted."""
        noted = [json.loads(line) for line in self._lines(events_of(self.record(server)))]
        return [event for event in noted if event["what"] == what]

    def order(self, server: str, do: str, **more: Any) -> None:
        """Have a server do something outside any call."""
        with self._orders(server).open("a") as file:
            file.write(json.dumps({"do": do, **more}) + "\n")
        number = len(recorder.received(self._orders(server)))
        wait_for(lambda: number in [one["number"] for one in self.events(server, "obeyed")], "obedience")

    def wait_arrived(self, server: str, method: str, number: int = 1) -> list[Message]:
        """The messages of a method that reached a server, once there are so many. Raises `NotInTime`."""
        wait_for(lambda: len(self.arrived(server, method)) >= number, f"{number} of {method} at {server}")
        return self.arrived(server, method)

    def wait_given_up(self, server: str, number: int = 1) -> None:
        """Wait until a server has noticed that so many calls were cancelled. Raises `NotInTime`."""
        wait_for(lambda: len(self.events(server, "given up")) >= number, f"cancellation at {server}")

    # the gateway

    def rows(self) -> list[dict[str, Any]]:
        """The record, oldest row first."""
        return self._rows()[self._rows_before :]

    def policy(self, server: str, document: Message) -> None:
        """Have this policy in force on a server, for each client."""
        self.gateway.write_policy(server, document)

    def open(self, server: str) -> None:
        """Have everything allowed there again."""
        self.policy(server, OPEN)

    def revoke(self, who: str) -> dict[str, Any]:
        """Take a grant away; what it was."""
        taken: dict[str, Any] = {}
        self.gateway.edit_settings(lambda settings: taken.update(settings["grants"].pop(who)))
        return taken

    def grant(self, who: str, grant: Mapping[str, Any]) -> None:
        """Give a grant back."""
        self.gateway.edit_settings(lambda settings: settings["grants"].update({who: dict(grant)}))

    def check(self) -> None:
        """Nothing went wrong in the gateway that nobody noticed."""
        said = [line for line in self.gateway.stderr.splitlines() if _ACCIDENT.search(line)]
        assert not said, self.gateway.stderr

    def _rows(self) -> list[dict[str, Any]]:
        path = self.gateway.home / "audit.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM record ORDER BY seq")]

    def _orders(self, server: str) -> Path:
        return self.folder / f"{server}.orders"

    def _lines(self, path: Path) -> list[bytes]:
        lines = recorder.received(path)[self._before.get(path.name, 0) :]
        return [line for line in lines if line.endswith(b"\n")]


@contextmanager
def house(
    *names: str,
    policies: Mapping[str, Message] | None = None,
    clients: Sequence[str] = ("agent", "other"),
    tasks: bool = False,
    **options: Any,
) -> Iterator[House]:
    """A gateway before these servers of `SERVERS`, or all. One without a policy allows everything.

    With `tasks` they are those that do a job as a task.
    """
    chosen = names or tuple(SERVERS)
    with TemporaryDirectory(prefix="latchward-bridge-") as place, ExitStack() as stack:
        folder = Path(place)
        webs: dict[str, EverythingWeb] = {}
        entries: dict[str, Message] = {}
        for name in chosen:
            era, way = SERVERS[name]
            record, orders = folder / f"{name}.record", folder / f"{name}.orders"
            if way == "http":
                make = tasked.Tasked if tasks else Everything
                webs[name] = stack.enter_context(EverythingWeb(name, era, record, orders, make))
                entries[name] = {"url": webs[name].url}
            else:
                entries[name] = (tasked if tasks else scripted).spec(name, era, record, orders)
        documents = dict.fromkeys(chosen, OPEN) | dict(policies or {})
        grants = {client: {name: name for name in chosen} for client in clients}
        gateway = stack.enter_context(Gateway(entries, documents, grants, **options))
        made = House(gateway, folder, webs, stack)
        for name in chosen:
            wait_for(lambda name=name: _listed(made, name), f"list of {name}")  # type: ignore[misc]
        yield made
        made.check()


def _listed(made: House, name: str) -> bool:
    with suppress(KeyError):
        return bool(made.web(name).request("tools/list").result["tools"])
    return False
