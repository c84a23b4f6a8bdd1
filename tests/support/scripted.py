"""A scripted MCP server that has everything: prompts, resources, questions, subscriptions, logs; either era.

    python scripted.py --name NAME --era legacy|modern|dual --record FILE --orders FILE

Standard library alone. It asks whatever its tool `ask` is told to ask, whether or not the client can be
asked, and logs at every level whatever was wanted: to hold it back is what is tested. `record` gets each
line that arrives, byte for byte. `orders` is a file of lines of JSON that a test appends to: what
the server then does outside any call. `scripted_web` is the same over HTTP.

Tests use `spec()` for an entry of `mcpServers`, and `House` in `tests/bridge` for the rest.
"""

import argparse
import json
import os
import secrets
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

LEGACY: Final = "2025-11-25"
MODERN: Final = "2026-07-28"
META: Final = "io.modelcontextprotocol/"
LEVELS: Final = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
ANSWER_SECONDS: Final = 30.0
ORDERS_EVERY: Final = 0.01

METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
RESOURCE_NOT_FOUND: Final = -32002
UNSUPPORTED_VERSION: Final = -32022

Message = dict[str, Any]
Identity = int | str

TOOLS: Final = ("echo", "ask", "slow", "log", "links", "notify", "fail")
PROMPTS: Final = ("greeting", "asking", "secret", "denied")
RESOURCES: Final = ("one", "two", "secret", "denied")
SHARED: Final = "shared://same"
FORM: Final[Message] = {
    "method": "elicitation/create",
    "params": {
        "message": "Which colour?",
        "requestedSchema": {"type": "object", "properties": {"colour": {"type": "string"}}},
    },
}


class Failure(Exception):
    """A request that is answered with a JSON-RPC error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.error: Message = {"code": code, "message": message, **({} if data is None else {"data": data})}


class GivenUp(Exception):
    """Nobody waits for the answer any more."""


class Way(Protocol):
    """The way back to whoever sent a request."""

    def send(self, message: Message) -> None: ...

    def gone(self) -> bool:
        """Whether nobody is there any more."""
        ...


@dataclass
class Session:
    """What one client said: for a pipe, from its start on; over HTTP, under one session id."""

    era: str | None = None
    capabilities: Message = field(default_factory=dict)
    subscribed: set[str] = field(default_factory=set)
    under_way: dict[Identity, threading.Event] = field(default_factory=dict)
    standing: Way | None = None


@dataclass(frozen=True)
class Listener:
    """An open `subscriptions/listen`."""

    identity: Identity
    way: Way
    wanted: Message


@dataclass(frozen=True)
class Request:
    """One request under way."""

    server: "Everything"
    session: Session
    way: Way
    modern: bool
    identity: Identity
    params: Message
    given_up: threading.Event

    @property
    def meta(self) -> Message:
        meta: Message = self.params.get("_meta") or {}
        return meta

    def tell(self, method: str, params: Message) -> None:
        self.way.send({"jsonrpc": "2.0", "method": method, "params": params})

    def wait(self, seconds: float) -> None:
        """Raises `GivenUp` where the call is cancelled, or its client goes."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check()
            self.given_up.wait(min(0.02, left))
        self.check()

    def check(self) -> None:
        if self.given_up.is_set() or self.way.gone():
            raise GivenUp

    def ask(self, questions: Mapping[str, Message]) -> dict[str, Message]:
        """Ask a legacy client all of these at once; a result or an error of each."""
        numbers = {key: self.server.ask(self.way, question) for key, question in questions.items()}
        until = time.monotonic() + ANSWER_SECONDS
        while not all(number in self.server.replies for number in numbers.values()):
            self.check()
            if time.monotonic() > until:
                raise Failure(-32000, "no answer to what was asked")
            self.given_up.wait(0.005)
        self.check()
        return {key: self.server.replies.pop(number) for key, number in numbers.items()}


class Everything:
    """The server, whatever carries its messages."""

    def __init__(self, name: str, era: str, events: Path | None = None, orders: Path | None = None) -> None:
        self.name = name
        self.era = era
        self.replies: dict[str, Message] = {}
        self.sessions: list[Session] = []
        self.listeners: list[Listener] = []
        self.states: dict[str, Message] = {}
        self.lists: dict[str, list[Message]] = {
            "tools": [_tool(tool) for tool in TOOLS],
            "prompts": [_prompt(prompt) for prompt in PROMPTS],
            "resources": [{"uri": f"res://{name}/{one}", "name": one} for one in RESOURCES],
            "resourceTemplates": [{"uriTemplate": f"item://{name}/{{id}}", "name": "item"}],
        }
        self.lists["resources"] += [{"uri": SHARED, "name": "same"}, {"uri": f"ask://{name}", "name": "ask"}]
        self.ended = threading.Event()
        self._events = events
        self._orders = orders
        self._asked = 0
        self._lock = threading.Lock()

    # what comes in

    def request(self, session: Session, way: Way, message: Message, modern: bool) -> Message | None:
        """The answer to a request; None where nobody waits for it any more."""
        identity, params = message["id"], message.get("params") or {}
        given_up = session.under_way[identity] = threading.Event()
        request = Request(self, session, way, modern, identity, params, given_up)
        try:
            result = self.answer(message["method"], request)
        except Failure as failure:
            return {"jsonrpc": "2.0", "id": identity, "error": failure.error}
        except GivenUp:
            self.note("given up", method=message["method"], name=params.get("name"))
            return None
        finally:
            session.under_way.pop(identity, None)
        if modern:
            stamp = {META + "serverInfo": {"name": self.name, "version": "1"}}
            result = {"resultType": "complete", "_meta": stamp, **result}
        return {"jsonrpc": "2.0", "id": identity, "result": result}

    def other(self, session: Session, message: Message) -> None:
        """A notification, or the answer to what we asked."""
        if "method" not in message:
            self.replies[str(message["id"])] = {
                key: message[key] for key in ("result", "error") if key in message
            }
        elif message["method"] == "notifications/cancelled":
            given_up = session.under_way.get((message.get("params") or {}).get("requestId", ""))
            if given_up is not None:
                given_up.set()

    def ask(self, way: Way, question: Message) -> str:
        """Put a question; the id under which its answer will come."""
        with self._lock:
            self._asked += 1
            number = f"{self.name}-{os.getpid()}-{self._asked}"
        way.send({"jsonrpc": "2.0", "id": number, **question})
        return number

    def answer(self, method: str, request: Request) -> Message:
        params, modern = request.params, request.modern
        if modern:
            self.check_envelope(request)
        handler = {
            **({"server/discover": self.discover} if modern else _legacy(self)),
            "tools/call": self.call,
            "prompts/get": self.prompt,
            "resources/read": self.read,
            "completion/complete": self.complete,
            "vendor/thing": lambda request: {"name": self.name, "params": _own(request.params)},
        }.get(method)
        if handler is not None:
            return handler(request)
        if method == "subscriptions/listen" and modern:
            return self.listen(request)
        kind = {"resources/templates/list": "resourceTemplates"}.get(method, method.removesuffix("/list"))
        if kind not in self.lists or not method.endswith("/list"):
            raise Failure(METHOD_NOT_FOUND, f"Method not found: {method}")
        shape: Message = {"ttlMs": 0, "cacheScope": "private"} if modern else {}
        half = len(self.lists[kind]) // 2 if params.get("cursor") is None else 0
        if half:
            return {kind: self.lists[kind][:half], "nextCursor": str(half), **shape}
        return {kind: self.lists[kind][int(params.get("cursor") or 0) :], **shape}

    def check_envelope(self, request: Request) -> None:
        version = request.meta.get(META + "protocolVersion")
        if version is None or META + "clientCapabilities" not in request.meta:
            raise Failure(INVALID_PARAMS, "the envelope in `_meta` is missing or not whole")
        if version != MODERN:
            data = {"supported": [MODERN], "requested": version}
            raise Failure(UNSUPPORTED_VERSION, "Unsupported protocol version", data)

    # greeting and lists

    @property
    def capabilities(self) -> Message:
        changes = {"listChanged": True}
        return {
            "tools": changes,
            "prompts": changes,
            "resources": {**changes, "subscribe": True},
            "completions": {},
            "logging": {},
        }

    def discover(self, request: Request) -> Message:
        shape = {"ttlMs": 0, "cacheScope": "private"}
        return {"supportedVersions": [MODERN], "capabilities": self.capabilities, **shape}

    def initialize(self, request: Request) -> Message:
        request.session.capabilities = request.params.get("capabilities") or {}
        info = {"name": self.name, "version": "1"}
        return {"protocolVersion": LEGACY, "capabilities": self.capabilities, "serverInfo": info}

    def subscribe(self, request: Request) -> Message:
        self.found(str(request.params.get("uri")), request)
        request.session.subscribed.add(str(request.params.get("uri")))
        return {}

    def unsubscribe(self, request: Request) -> Message:
        request.session.subscribed.discard(str(request.params.get("uri")))
        return {}

    def listen(self, request: Request) -> Message:
        listener = Listener(request.identity, request.way, request.params.get("notifications") or {})
        stamp = {META + "subscriptionId": listener.identity}
        acknowledged = {"notifications": listener.wanted, "_meta": stamp}
        request.tell("notifications/subscriptions/acknowledged", acknowledged)
        self.listeners.append(listener)
        try:
            while True:
                request.wait(1.0)
        finally:
            self.listeners.remove(listener)

    # calls

    def call(self, request: Request) -> Message:
        name, arguments = request.params.get("name"), request.params.get("arguments") or {}
        if name not in [tool["name"] for tool in self.lists["tools"]]:
            raise Failure(INVALID_PARAMS, f"Unknown tool: {name}")
        if name == "ask" and arguments.get("withdraw"):
            number = self.ask(request.way, next(iter(arguments["questions"].values())))
            request.wait(0.3)
            request.tell("notifications/cancelled", {"requestId": number, "reason": "no longer needed"})
            request.wait(0.3)
            return _text("withdrawn")
        if name == "ask":
            made = self.asking(request, arguments.get("questions") or {}, arguments.get("rounds", 1))
            if "structuredContent" in made:
                request.wait(float(arguments.get("then", 0)))
            return made
        if name == "slow":
            self.slow(request, float(arguments.get("seconds", 0)))
        elif name == "log":
            for level in LEVELS:
                request.tell("notifications/message", {"level": level, "logger": self.name, "data": level})
        elif name == "notify":
            request.tell(arguments["method"], arguments.get("params") or {})
        elif name == "fail":
            raise Failure(arguments.get("code", -32000), arguments.get("message", "it failed"))
        elif name == "links":
            blocks = [{"type": "resource_link", "uri": uri, "name": "a link"} for uri in arguments["uris"]]
            return {"content": blocks}
        return _text(str(arguments.get("text", name)))

    def slow(self, request: Request, seconds: float) -> None:
        """Progress every 50 ms where asked for."""
        token, began = request.meta.get("progressToken"), time.monotonic()
        while (spent := time.monotonic() - began) < seconds:
            if token is not None:
                progress = {"progressToken": token, "progress": round(spent, 3), "total": seconds}
                request.tell("notifications/progress", progress)
            request.wait(min(0.05, seconds - spent))

    def asking(self, request: Request, questions: Mapping[str, Message], rounds: int) -> Message:
        """Ask all of it so many times; what was answered in each round."""
        answers: list[Message] = []
        if request.modern:
            return self.modern_asking(request, questions, rounds)
        for _ in range(rounds if questions else 0):
            answers.append(request.ask(questions))
        return _answered(answers)

    def modern_asking(self, request: Request, questions: Mapping[str, Message], rounds: int) -> Message:
        token = request.params.get("requestState")
        kept: Message = {"answers": [], "current": {}}
        if token is not None:
            if token not in self.states:
                raise Failure(INVALID_PARAMS, "this state was never given, or was used")
            kept = self.states.pop(token)
            given = request.params.get("inputResponses") or {}
            current = {**kept["current"], **{key: {"result": value} for key, value in given.items()}}
            missing = {key: one for key, one in questions.items() if key not in current}
            if missing:
                return self.input_required(missing, {**kept, "current": current})
            kept = {"answers": [*kept["answers"], current], "current": {}}
        if len(kept["answers"]) < rounds:
            return self.input_required(questions, kept)
        return _answered(kept["answers"])

    def input_required(self, questions: Mapping[str, Message], kept: Message) -> Message:
        token = secrets.token_hex(8)
        self.states[token] = kept
        result: Message = {"resultType": "input_required", "requestState": token}
        return {**result, "inputRequests": questions} if questions else result

    # prompts, resources, completion

    def prompt(self, request: Request) -> Message:
        name, arguments = request.params.get("name"), request.params.get("arguments") or {}
        if name not in [prompt["name"] for prompt in self.lists["prompts"]]:
            raise Failure(INVALID_PARAMS, f"Unknown prompt: {name}")
        if name == "asking":
            made = self.asking(request, {"colour": FORM}, 1)
            if "structuredContent" not in made:
                return made
            words = json.dumps(made["structuredContent"]["answers"])
        else:
            words = f"{name} of {self.name} for {arguments.get('name')}"
        messages: list[Message] = [{"role": "user", "content": {"type": "text", "text": words}}]
        if "link" in arguments:
            link = {"type": "resource_link", "uri": arguments["link"], "name": "a link"}
            messages.append({"role": "user", "content": link})
        return {"messages": messages}

    def read(self, request: Request) -> Message:
        uri = str(request.params.get("uri"))
        self.found(uri, request)
        words = f"{uri} of {self.name}"
        if uri.startswith("ask://"):
            made = self.asking(request, {"colour": FORM}, 1)
            if "structuredContent" not in made:
                return made
            words = json.dumps(made["structuredContent"]["answers"])
        shape: Message = {"ttlMs": 0, "cacheScope": "private"} if request.modern else {}
        return {"contents": [{"uri": uri, "text": words}], **shape}

    def found(self, uri: str, request: Request) -> None:
        """Raises `Failure` where there is no such resource."""
        listed = uri in [resource["uri"] for resource in self.lists["resources"]]
        if not listed and not uri.startswith((f"item://{self.name}/", "link://")):
            code = INVALID_PARAMS if request.modern else RESOURCE_NOT_FOUND
            raise Failure(code, "Resource not found", {"uri": uri})

    def complete(self, request: Request) -> Message:
        ref, argument = request.params["ref"], request.params["argument"]
        words = f"{self.name} {ref.get('name') or ref.get('uri')} {argument['name']}={argument['value']}"
        return {"completion": {"values": [words], "total": 1, "hasMore": False}}

    # what it does outside calls

    def follow_orders(self) -> None:
        """Do what is appended to the file of orders; what stands there already only counts."""
        assert self._orders is not None
        done = 0
        while not self.ended.wait(ORDERS_EVERY):
            lines = self._orders.read_bytes().splitlines(keepends=True) if self._orders.exists() else []
            for line in lines[done:]:
                if not line.endswith(b"\n"):
                    break
                done += 1
                self.obey(json.loads(line))
                self.note("obeyed", number=done)

    def obey(self, order: Message) -> None:
        match order["do"]:
            case "add":
                self.lists[order["kind"]].append(order["entry"])
                self.changed(order["kind"])
            case "changed":
                self.changed(order["kind"])
            case "updated":
                self.updated(order["uri"])
            case "say":
                for session in self.sessions:
                    if session.standing is not None:
                        note = {"jsonrpc": "2.0", "method": order["method"], "params": order["params"]}
                        session.standing.send(note)

    def changed(self, kind: str) -> None:
        kind = "resources" if kind == "resourceTemplates" else kind
        self.broadcast(
            f"notifications/{kind}/list_changed",
            {},
            lambda session: True,
            lambda listener: listener.wanted.get(f"{kind}ListChanged") is True,
        )

    def updated(self, uri: str) -> None:
        self.broadcast(
            "notifications/resources/updated",
            {"uri": uri},
            lambda session: uri in session.subscribed,
            lambda listener: uri in listener.wanted.get("resourceSubscriptions", ()),
        )

    def broadcast(self, method: str, params: Message, session_wants: Any, listener_wants: Any) -> None:
        for session in list(self.sessions):
            if session.standing is not None and session.era == "legacy" and session_wants(session):
                session.standing.send({"jsonrpc": "2.0", "method": method, "params": params})
        for listener in list(self.listeners):
            if listener_wants(listener):
                own = {**params, "_meta": {META + "subscriptionId": listener.identity}}
                listener.way.send({"jsonrpc": "2.0", "method": method, "params": own})

    def note(self, what: str, **more: Any) -> None:
        """Leave a line for the test."""
        if self._events is not None:
            with self._lock, self._events.open("a") as file:
                file.write(json.dumps({"what": what, **more}) + "\n")


def _legacy(server: Everything) -> dict[str, Any]:
    return {
        "initialize": server.initialize,
        "ping": lambda request: {},
        "logging/setLevel": lambda request: {},
        "resources/subscribe": server.subscribe,
        "resources/unsubscribe": server.unsubscribe,
    }


def _tool(name: str) -> Message:
    tool: Message = {"name": name, "description": f"Does {name}.", "inputSchema": {"type": "object"}}
    return {**tool, "annotations": {"readOnlyHint": True}}


def _prompt(name: str) -> Message:
    return {"name": name, "arguments": [{"name": "name", "required": False}]}


def _text(words: str) -> Message:
    return {"content": [{"type": "text", "text": words}]}


def _answered(answers: list[Message]) -> Message:
    return {**_text(json.dumps(answers)), "structuredContent": {"answers": answers}}


def _own(params: Message) -> Message:
    return {key: value for key, value in params.items() if key != "_meta"}


class Pipe:
    """Implements `Way`: stdout, one message a line."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        data = memoryview(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        with self._lock:
            while data:
                data = data[os.write(1, data) :]

    def gone(self) -> bool:
        return False


def serve_stdio(server: Everything, record: Path) -> None:
    """Read lines until there are no more; each request is worked on in a thread of its own."""
    pipe, session = Pipe(), Session(None if server.era == "dual" else server.era)
    server.sessions.append(session)

    def work(message: Message) -> None:
        modern = session.era == "modern"
        answer = server.request(session, pipe, message, modern)
        if answer is not None:
            pipe.send(answer)

    with record.open("ab", buffering=0) as file:
        for line in sys.stdin.buffer:
            file.write(line)
            message = json.loads(line)
            if "id" not in message or "method" not in message:
                if message.get("method") == "notifications/initialized":
                    session.standing = pipe
                server.other(session, message)
                continue
            enveloped = META + "protocolVersion" in ((message.get("params") or {}).get("_meta") or {})
            if session.era is None:
                session.era = "modern" if enveloped else "legacy"
            threading.Thread(target=work, args=(message,), daemon=True).start()


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripted", allow_abbrev=False)
    parser.add_argument("--name", required=True)
    parser.add_argument("--era", choices=("legacy", "modern", "dual"), required=True)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--orders", type=Path, required=True)
    options = parser.parse_args()
    server = Everything(options.name, options.era, events_of(options.record), options.orders)
    threading.Thread(target=server.follow_orders, daemon=True).start()
    serve_stdio(server, options.record)


# for tests


def events_of(record: Path) -> Path:
    """Where the server leaves lines for the test."""
    return record.with_suffix(".events")


def spec(name: str, era: str, record: Path, orders: Path) -> Message:
    """An entry of `mcpServers` that starts this server."""
    options = ["--name", name, "--era", era, "--record", str(record), "--orders", str(orders)]
    return {"command": sys.executable, "args": ["-I", "-S", __file__, *options]}


if __name__ == "__main__":
    main()
