"""The other end of one pipe, in the test's hands: what a `Session` wrote, and what a server says to it."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from latchward.model.allow import Allow, mint_allow
from latchward.model.call import TOOLS_CALL, ToolCall
from latchward.model.caller import NOBODY, Caller, Question, Reply
from latchward.model.ids import ToolId
from latchward.model.outcome import Outcome
from latchward.protocol import strict
from latchward.upstream.conversation import Conversation
from latchward.upstream.session import Session
from tests.support.recorder import LEGACY, META, METHOD_NOT_FOUND, MODERN

Message = dict[str, Any]
WAIT = 10.0


def made_call(
    method: str, params: Message | None = None, server: str = "fixture", tool: str = "echo"
) -> ToolCall:
    """A call of this method as the gateway makes it; of `tools/call`, `params` are the arguments."""
    given = {} if params is None else params
    payload = strict.serialise(given)
    name = str(given.get("name") or given.get("uri") or method)
    if method == TOOLS_CALL:
        return ToolCall("agent", "session", ToolId(server, tool), given, payload, digest_of(payload))
    about = ToolId(server, name)
    return ToolCall("agent", "session", about, given, b"", digest_of(payload), method, params=payload)


def digest_of(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


def allowed(call: ToolCall, holds: Callable[[], bool] = lambda: True) -> Allow:
    """The proof for this call."""
    return mint_allow(digest=call.digest, revision="", row=1, holds=holds)


class Client:
    """A client that can be asked: `replies` are its answers by method, `said` and `asked` what it got."""

    def __init__(self, replies: Mapping[str, Reply] | None = None, **capabilities: Any) -> None:
        self.replies = dict(replies or {})
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.said: list[tuple[str, Mapping[str, Any]]] = []
        self.progress: list[Mapping[str, Any]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.was_cancelled = False
        self.capabilities = capabilities

    def caller(self, grant: str = "agent", log_level: str = "") -> Caller:
        return Caller(
            grant,
            capabilities=self.capabilities,
            log_level=log_level,
            progress=self.progress.append,
            tell=lambda method, params: self.said.append((method, params)),
            ask=self.ask,
        )

    async def ask(self, questions: Mapping[str, Question]) -> Mapping[str, Reply]:
        self.asked += [(one.method, one.params) for one in questions.values()]
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        return {key: self.replies[one.method] for key, one in questions.items() if one.method in self.replies}


class Pipe:
    """A session and its server: `lines` are what came, `on` what to do at a method, `heard_of` what was told
    outside calls.
    """

    def __init__(self, era: str = "legacy", **capabilities: Any) -> None:
        self.era = era
        self.capabilities = {"tools": {}, **capabilities}
        self.lines: list[Message] = []
        self.on: dict[str, Callable[[Message], None]] = {
            "server/discover": self._discover,
            "initialize": self._initialize,
        }
        self.heard_of: list[tuple[str, Mapping[str, Any]]] = []
        self.changed: list[str] = []
        self.wanted: frozenset[str] = frozenset()
        self.waits: Caller | None = None
        self._declared: Mapping[str, Any] = {}
        self.session = Session(self._write, self)

    # implements `conversation.Behind`

    @property
    def declared(self) -> Mapping[str, Any]:
        return self._declared

    def uris(self) -> frozenset[str]:
        return self.wanted

    def tasks(self) -> frozenset[str]:
        return frozenset()

    def task_told(self, talk: Conversation, params: Mapping[str, Any]) -> None:
        self.heard_of.append(("a task", params))

    def list_changed(self, capability: str) -> None:
        self.changed.append(capability)

    def heard(self, method: str, params: Mapping[str, Any]) -> None:
        self.heard_of.append((method, params))

    def waiting(self) -> Caller | None:
        return self.waits

    # the server

    def _write(self, line: bytes) -> None:
        message = json.loads(line)
        self.lines.append(message)
        if (handler := self.on.get(message.get("method", ""))) is not None:
            asyncio.get_running_loop().call_soon(handler, message)

    def _discover(self, message: Message) -> None:
        if self.era == "modern":
            self.result(message, {"supportedVersions": [MODERN], "capabilities": self.capabilities})
        else:
            self.error(message, METHOD_NOT_FOUND, "Method not found")

    def _initialize(self, message: Message) -> None:
        self.result(message, {"protocolVersion": LEGACY, "capabilities": self.capabilities})

    def say(self, message: Message) -> None:
        self.session.receive(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def result(self, message: Message, result: Message) -> None:
        shape = {"resultType": "complete"} if self.era == "modern" else {}
        self.say({"id": message["id"], "result": {**shape, **result}})

    def error(self, message: Message, code: int, words: str) -> None:
        self.say({"id": message["id"], "error": {"code": code, "message": words}})

    def notify(self, method: str, params: Message | None = None) -> None:
        self.say({"method": method, "params": params or {}})

    def acknowledge(self, listen: Message, **promised: Any) -> None:
        stamp = {META + "subscriptionId": listen["id"]}
        params = {"notifications": promised, "_meta": stamp}
        self.notify("notifications/subscriptions/acknowledged", params)

    # what tests do

    async def open(self, declared: Mapping[str, Any] | None = None) -> "Pipe":
        self._declared = declared or {}
        await self.session.open(probe=True)
        return self

    def sent(self, method: str) -> list[Message]:
        return [line for line in self.lines if line.get("method") == method]

    async def next(self, method: str, count: int = 1) -> Message:
        """The request or notification of this method with that number, once it is there."""
        await until(lambda: len(self.sent(method)) >= count)
        return self.sent(method)[count - 1]

    async def answer_to(self, identity: int | str) -> Message:
        """What the session answered to a request of the server."""
        found: list[Message] = []

        def look() -> bool:
            found[:] = [one for one in self.lines if one.get("id") == identity and "method" not in one]
            return bool(found)

        await until(look)
        return found[0]

    def calling(
        self, caller: Caller = NOBODY, method: str = TOOLS_CALL, **params: Any
    ) -> "asyncio.Task[Outcome]":
        """A call that is under way."""
        call = made_call(method, params)
        return asyncio.ensure_future(self.session.call(allowed(call), call, caller))


async def until(true: Callable[[], object]) -> None:
    """Wait until it holds, bounded."""
    async with asyncio.timeout(WAIT):
        while not true():
            await asyncio.sleep(0.001)


def bounded(main: Coroutine[Any, Any, None]) -> None:
    """Run on a loop of its own; a task that fails with nobody to hear it is a fault."""
    with asyncio.Runner() as runner:
        faults: list[dict[str, Any]] = []
        runner.get_loop().set_exception_handler(lambda _, context: faults.append(context))
        runner.run(asyncio.wait_for(main, WAIT))
        assert faults == []
