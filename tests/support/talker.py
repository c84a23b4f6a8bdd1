"""A client of either era that answers what it is asked, over HTTP or over the local socket.

talker = WebTalker(gateway.server_url("old"), gateway.token, "legacy", capabilities=ALL)
said = talker.request("tools/call", {"name": "ask", "arguments": {...}})
said.result, said.asked, said.notes, said.rounds

A question of the handshake era is a request on the call's own way; one of the envelope era is a result, and
the call comes again. A dual client tries the newer era first, as the SDKs do.
"""

import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal

from . import jr
from .connect import Line
from .waiting import wait_for

Message = dict[str, Any]
Kind = Literal["legacy", "modern", "dual"]
WAIT: Final = 15.0

ALL: Final[Message] = {
    "elicitation": {"form": {}, "url": {}},
    "sampling": {},
    "roots": {},
}
"""Every capability that a client can be asked under."""

Answers = Callable[[str, Message], Message]
"""The reply to a question: an object with `result` or `error`, or an empty one for none at all."""


def obliging(method: str, params: Message) -> Message:
    """What a client says that answers everything."""
    if method == "elicitation/create":
        content = {} if params.get("mode") == "url" else {"content": {"colour": "blue"}}
        return {"result": {"action": "accept", **content}}
    if method == "sampling/createMessage":
        said = {"role": "assistant", "content": {"type": "text", "text": "a poem"}, "model": "m"}
        return {"result": {**said, "stopReason": "endTurn"}}
    return {"result": {"roots": [{"uri": "file:///home/me", "name": "home"}]}}


@dataclass
class Said:
    """What came of a request: its answer, and all that came before it."""

    answer: Message = field(default_factory=dict)
    asked: list[Message] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)
    rounds: int = 0

    @property
    def result(self) -> Message:
        result: Message = self.answer["result"]
        return result

    @property
    def error(self) -> Message:
        error: Message = self.answer["error"]
        return error

    @property
    def text(self) -> str:
        return "".join(part["text"] for part in self.result["content"] if part["type"] == "text")

    @property
    def answers(self) -> list[Message]:
        """What the server's tool `ask` was told in each round."""
        answers: list[Message] = self.result["structuredContent"]["answers"]
        return answers

    def notes_of(self, method: str) -> list[Message]:
        return [note["params"] for note in self.notes if note["method"] == method]


class Talker(ABC):
    """`era` is the one that it speaks; of a dual client, the one that was found."""

    def __init__(self, kind: Kind, capabilities: Message | None, answers: Answers) -> None:
        self.era: jr.Era = "legacy" if kind == "legacy" else "modern"
        self.capabilities = ALL if capabilities is None else capabilities
        self.answers = answers
        self.log_level = ""
        self._open(kind)

    def _open(self, kind: Kind) -> None:
        if kind == "dual" and "result" not in self.request("server/discover").answer:
            self.era = "legacy"
        if self.era == "legacy":
            self.greet()

    @abstractmethod
    def greet(self) -> None:
        """The handshake."""

    @abstractmethod
    def leg(self, method: str, params: Message, said: Said) -> Message:
        """Send one request and wait for its answer; what comes before it goes to `said`."""

    def request(self, method: str, params: Message | None = None, meta: Message | None = None) -> Said:
        """Send a request, answer what is asked, and send it again as often as it takes."""
        said, own = Said(), dict(params or {})
        if meta is not None:
            own["_meta"] = meta
        if self.era == "modern" and self.log_level:
            own["_meta"] = {**own.get("_meta", {}), jr.META + "logLevel": self.log_level}
        answer = self.leg(method, own, said)
        while (result := answer.get("result", {})).get("resultType") == "input_required":
            said.rounds += 1
            given = {}
            for key, question in result.get("inputRequests", {}).items():
                said.asked.append(question)
                reply = self.answers(question["method"], question.get("params", {}))
                if "result" in reply:
                    given[key] = reply["result"]
            more = {"requestState": result["requestState"], **({"inputResponses": given} if given else {})}
            answer = self.leg(method, {**own, **more}, said)
        said.answer = answer
        return said

    def call(self, tool: str, arguments: Message | None = None, meta: Message | None = None) -> Said:
        return self.request("tools/call", {"name": tool, "arguments": arguments or {}}, meta)

    def ask(
        self,
        questions: Mapping[str, Message],
        rounds: int = 1,
        tool: str = "ask",
        meta: Message | None = None,
    ) -> Said:
        """Have the server ask these."""
        return self.call(tool, {"questions": dict(questions), "rounds": rounds}, meta)

    def taken(self, message: Message, said: Said) -> Message | None:
        """Take what came before the answer; the reply to it, where it is a question."""
        if "id" not in message:
            said.notes.append(message)
            return None
        assert self.era == "legacy", f"a client of the envelope era was sent a request: {message}"
        said.asked.append({key: message[key] for key in ("method", "params") if key in message})
        reply = self.answers(message["method"], message.get("params", {}))
        return {"jsonrpc": "2.0", "id": message["id"], **reply} if reply else None


class WebTalker(Talker):
    """Over HTTP, to one endpoint."""

    def __init__(
        self,
        url: str,
        token: str,
        kind: Kind = "modern",
        capabilities: Message | None = None,
        answers: Answers = obliging,
    ) -> None:
        self.client = jr.Client(url, token, "legacy" if kind == "legacy" else "modern", WAIT)
        super().__init__(kind, capabilities, answers)

    def greet(self) -> None:
        client = self.client
        client.era, client.version, client.capabilities = "legacy", jr.LEGACY, self.capabilities
        client.initialize()

    def leg(self, method: str, params: Message, said: Said) -> Message:
        self.client.capabilities = self.capabilities
        for message in self.messages(self.client.message(method, params)):
            if "method" not in message:
                return message
            reply = self.taken(message, said)
            if reply is not None:
                assert self.client.post(reply).status == 202
        return {}

    def messages(self, message: Message) -> Iterator[Message]:
        """What comes back, as it comes."""
        with self.client._answer("POST", message, None) as response:
            if response.getheader("Content-Type") == "text/event-stream":
                yield from jr.Stream(response)._messages()
            else:
                yield json.loads(response.read())

    @contextmanager
    def hearing(self, **wanted: Any) -> Iterator["Heard"]:
        """A standing stream: GET, or a `subscriptions/listen` for what is wanted."""
        if self.era == "legacy":
            opened = self.client.get()
        else:
            opened = self.client.stream("subscriptions/listen", {"notifications": wanted})
        with opened as stream:
            heard = Heard()
            reading = threading.Thread(target=heard.read, args=(stream,), daemon=True)
            reading.start()
            try:
                if self.era == "modern":
                    heard.wait("notifications/subscriptions/acknowledged")
                yield heard
            finally:
                stream.hang_up()
                reading.join(WAIT)


class Heard:
    """What came on a standing way, in its order."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def read(self, stream: jr.Stream) -> None:
        while True:
            try:
                message = stream.next()
            except (OSError, ValueError):  # it was hung up
                return
            if message is None:
                return
            self.messages.append(message)

    def of(self, method: str) -> list[Message]:
        return [message for message in list(self.messages) if message.get("method") == method]

    def wait(self, method: str, number: int = 1, seconds: float = WAIT) -> list[Message]:
        """The messages of this method, once there are so many. Raises `NotInTime`."""
        wait_for(lambda: len(self.of(method)) >= number, f"{number} of {method}: {self.messages}", seconds)
        return self.of(method)


class WireTalker(Talker):
    """Over the local socket, as behind `latchward connect`; `heard` is what came unasked."""

    def __init__(
        self,
        path: Path,
        who: str = "agent",
        kind: Kind = "modern",
        capabilities: Message | None = None,
        answers: Answers = obliging,
    ) -> None:
        self.line = Line.greeted(path, who)
        self.line.socket.settimeout(None)
        self.heard = Heard()
        self._ids = count(1)
        self._answered: dict[int | str, Message] = {}
        self._said = Said()
        self._over = False
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        super().__init__(kind, capabilities, answers)

    def greet(self) -> None:
        info = {"name": "test", "version": "1"}
        params = {"protocolVersion": jr.LEGACY, "capabilities": self.capabilities, "clientInfo": info}
        self.leg("initialize", params, Said())
        self.line.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def leg(self, method: str, params: Message, said: Said) -> Message:
        identity = self.send(method, params)
        self._said = said
        return self.answer(identity)

    def send(self, method: str, params: Message, identity: int | str | None = None) -> int | str:
        """Send a request and do not wait; its id."""
        if self.era == "modern":
            envelope = {
                jr.META + "protocolVersion": jr.MODERN,
                jr.META + "clientInfo": {"name": "test", "version": "1"},
                jr.META + "clientCapabilities": self.capabilities,
            }
            params = {**params, "_meta": {**envelope, **params.get("_meta", {})}}
        number = next(self._ids) if identity is None else identity
        self.line.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number

    def notify(self, method: str, params: Message) -> None:
        self.line.send({"jsonrpc": "2.0", "method": method, "params": params})

    def answer(self, identity: int | str, seconds: float = WAIT) -> Message:
        """The answer to a request that was sent. Raises `NotInTime`."""
        wait_for(lambda: identity in self._answered or self._over, f"answer to {identity}", seconds)
        return self._answered.pop(identity, {})

    def _read(self) -> None:
        while line := self.line.read():
            message = json.loads(line)
            if "method" not in message:
                self._answered[message["id"]] = message
                continue
            self.heard.messages.append(message)
            reply = self.taken(message, self._said)
            if reply is not None:
                self.line.send(reply)
        self._over = True

    def close(self) -> None:
        self.line.close()
        self._reading.join(WAIT)


@contextmanager
def meanwhile(work: Callable[[], Any]) -> Iterator["Done"]:
    """Do something on another thread while the block runs; it is waited for at the end."""
    done = Done()

    def run() -> None:
        try:
            done.value = work()
        except BaseException as error:
            done.error = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield done
    finally:
        thread.join(WAIT * 2)
        done.over = not thread.is_alive()


@dataclass
class Done:
    """What the other thread came to."""

    value: Any = None
    error: BaseException | None = None
    over: bool = False

    @property
    def result(self) -> Any:
        assert self.over, "it did not end"
        if self.error is not None:
            raise self.error
        return self.value


def for_a_while(seconds: float, never: Callable[[], Any]) -> None:
    """Look for so long; what must not come true makes this fail. For a claim that something does not come."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert not never()
        time.sleep(0.01)
