"""What released agents sent, said again to a gateway: the very bytes, but for what each run has anew.

    wire = WIRES[...]
    with talk(wire, gateway, server="old", own=False) as talking:
        for step in wire.steps:
            talking.say(step)
    talking.heard            # of each step, in order: what came back

`tests/corpus/wire` holds the data.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from latchward import endpoint
from tests.support import jr, raw
from tests.support.connect import Agent
from tests.support.gateway import ROOT, Gateway

Message = dict[str, Any]

LISTEN: Final = "subscriptions/listen"
CALL: Final = "tools/call"
TOOL: Final = "echo"
_FOLDER: Final = ROOT / "tests" / "corpus" / "wire"


@dataclass(frozen=True, slots=True)
class Step:
    """One line, or one HTTP request: then with a verb and headers, and perhaps no message."""

    message: Message
    verb: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """The method of the message; where there is none, the verb."""
        return str(self.message.get("method", self.verb))

    @property
    def asks(self) -> bool:
        """Whether it is a request that is answered once, and not a stream."""
        return "id" in self.message and self.method != LISTEN

    def calling(self, tool: str, arguments: Message | None = None) -> "Step":
        """The same call, of this tool; every other step as it is."""
        if self.method != CALL:
            return self
        params = {**self.message["params"], "name": tool}
        if arguments is not None:
            params["arguments"] = arguments
        headers = {
            name: tool if name.lower() == "mcp-name" else value for name, value in self.headers.items()
        }
        return Step({**self.message, "params": params}, self.verb, headers)


@dataclass(frozen=True, slots=True)
class Wire:
    """One agent over one transport; the name tells the two apart, and what kind of server it met."""

    name: str
    client: str
    steps: tuple[Step, ...]

    @property
    def is_http(self) -> bool:
        return bool(self.steps[0].verb)

    @property
    def call(self) -> Step:
        """The call of the tool."""
        [call] = [step for step in self.steps if step.method == CALL]
        return call

    @property
    def before_the_call(self) -> tuple[Step, ...]:
        """All that came before it."""
        return self.steps[: self.steps.index(self.call)]


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back of a step: every message, and over HTTP status and kind of the answer."""

    step: Step
    messages: list[Message]
    status: int = 0
    kind: str = ""

    @property
    def answers(self) -> list[Message]:
        return [message for message in self.messages if "method" not in message]

    @property
    def notes(self) -> list[Message]:
        return [message for message in self.messages if "method" in message]

    @property
    def result(self) -> Message:
        """The result in the one answer."""
        [answer] = self.answers
        result: Message = answer["result"]
        return result


class Talk(Protocol):
    """An agent that says its steps."""

    heard: list[Heard]

    def say(self, step: Step) -> Heard:
        """Say it, and wait for all that answers it."""

    def after_restart(self) -> None:
        """Go on with the same gateway, started anew, as an agent that never opens twice."""


class OverHttp:
    """Keeps one connection for its requests, and one for each stream."""

    def __init__(self, gateway: Gateway, server: str, token: str) -> None:
        self.heard: list[Heard] = []
        self._gateway = gateway
        self._path = f"/s/{server}/mcp" if server else "/mcp"
        self._token = token
        self._session = ""
        self._streams: list[raw.Connection] = []
        self._connection = raw.Connection("127.0.0.1", gateway.port)

    def say(self, step: Step) -> Heard:
        request = self._request(step)
        if step.method in ("GET", LISTEN):
            heard = self._open(step, request)
        else:
            self._connection.send(request)
            answer = self._connection.read()
            kind = answer.header("content-type") or ""
            heard = Heard(step, jr.parse(kind, answer.body), answer.status, kind)
            self._session = answer.header("mcp-session-id") or self._session
        self.heard.append(heard)
        return heard

    def after_restart(self) -> None:
        self._connection.close()
        self._connection = raw.Connection("127.0.0.1", self._gateway.port)

    def close(self) -> None:
        for connection in (self._connection, *self._streams):
            connection.close()

    def _open(self, step: Step, request: bytes) -> Heard:
        """Open a stream; where it is asked for by a message, read its first event."""
        stream = raw.Connection("127.0.0.1", self._gateway.port)
        self._streams.append(stream)
        stream.send(request)
        head = stream.read_head()
        event = b""
        while step.message and not event.startswith(b"data:"):
            event = stream.line()
            assert event, "the stream has ended"
        messages = [json.loads(event.removeprefix(b"data:"))] if event else []
        return Heard(step, messages, head.status, head.header("content-type") or "")

    def _request(self, step: Step) -> bytes:
        body = _compact(step.message) if step.message else b""
        anew = {
            "Bearer TOKEN": f"Bearer {self._token}",
            "127.0.0.1:PORT": f"127.0.0.1:{self._gateway.port}",
            "LENGTH": str(len(body)),
            "SESSION": self._session,
        }
        headers = {name: anew.get(value, value) for name, value in step.headers.items()}
        lines = [f"{name}: {value}" for name, value in headers.items() if value]
        return "\r\n".join([f"{step.verb} {self._path} HTTP/1.1", *lines, "", ""]).encode() + body


class OverLines:
    """Starts the bridge and writes to it."""

    def __init__(self, place: Path, client: str) -> None:
        self.heard: list[Heard] = []
        self.agent = Agent(place, client)

    def say(self, step: Step) -> Heard:
        self.agent.write(_compact(step.message) + b"\n")
        notes = len(self.agent.notes)
        messages: list[Message] = []
        if step.asks:
            messages = [self.agent.answer(step.message["id"])]
        elif step.method == LISTEN:
            messages = [self.agent.next()]
        heard = Heard(step, self.agent.notes[notes:] + messages)
        self.heard.append(heard)
        return heard

    def after_restart(self) -> None:
        """The bridge does it."""

    def close(self) -> None:
        """What still comes, before the bridge has ended as it should, belongs to the last step."""
        with self.agent as agent:
            assert agent.end() == 0
            last = self.heard[-1]
            self.heard[-1] = Heard(last.step, last.messages + [json.loads(line) for line in agent.rest])


@contextmanager
def talk(wire: Wire, gateway: Gateway, server: str = "") -> Iterator[Talk]:
    """The agent before a gateway that knows it by its name; `server` for the endpoint of that one alone."""
    made: OverHttp | OverLines
    if wire.is_http:
        made = OverHttp(gateway, server, gateway.tokens[wire.client])
    else:
        assert not server, "the bridge leads to all servers"
        made = OverLines(gateway.home / "run" / endpoint.NAME, wire.client)
    try:
        yield made
    finally:
        made.close()


def _compact(message: Message) -> bytes:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()


def _read(path: Path) -> Wire:
    said = json.loads(path.read_text(encoding="utf-8"))
    steps = [Step(message) for message in said.get("says", ())]
    steps += [Step(one.get("body", {}), one["verb"], one["headers"]) for one in said.get("sends", ())]
    return Wire(f"{path.stem}-{path.parent.name}", said["client"], tuple(steps))


WIRES: Final = tuple(_read(path) for path in sorted(_FOLDER.glob("*/*.json")))
CLIENTS: Final = sorted({wire.client for wire in WIRES})
