"""A model that follows a script: whichever agent asks, it wants tools called in turn, and then says so.

    with Model(("fixture__echo", {"text": "hi"})) as model:
        ...                      # an agent is pointed at model.url and asked anything
    model.offered                # every tool that the agent offered, by the name it gives them
    model.told                   # what the agent told the model of each call, in words

It speaks three protocols, and of each as little as the agents need: OpenAI's responses, Anthropic's messages,
Google's content. Whatever else they ask for is not there (404).
"""

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Protocol, Self

Message = dict[str, Any]

SAID: Final = "that is all"
"""The model's last words."""


class Wire(Protocol):
    """One protocol between an agent and a model."""

    def offered(self, request: Message) -> Iterator[tuple[str, Message]]:
        """The tools in a request: each by its name, with what a call to it must say to name it."""

    def told(self, request: Message) -> Iterator[str]:
        """What came of the calls before, in words."""

    def call(self, tool: Message, arguments: Message, number: int) -> list[Message]:
        """The events of an answer that calls a tool, as the call of this number."""

    def say(self, words: str) -> list[Message]:
        """The events of an answer in words."""


class Responses:
    """OpenAI's `/responses`."""

    def offered(self, request: Message) -> Iterator[tuple[str, Message]]:
        for tool in request.get("tools", ()):
            if tool["type"] == "namespace":
                for inner in tool["tools"]:
                    yield inner["name"], {"name": inner["name"], "namespace": tool["name"]}
            elif "name" in tool:
                yield tool["name"], {"name": tool["name"]}

    def told(self, request: Message) -> Iterator[str]:
        for item in request["input"]:
            if item["type"] == "function_call_output":
                yield _words(item["output"])

    def call(self, tool: Message, arguments: Message, number: int) -> list[Message]:
        call = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", **tool}
        return self._answer({**call, "arguments": json.dumps(arguments)})

    def say(self, words: str) -> list[Message]:
        content = [{"type": "output_text", "text": words, "annotations": []}]
        return self._answer({"type": "message", "id": "msg_1", "role": "assistant", "content": content})

    def _answer(self, item: Message) -> list[Message]:
        done = {**item, "status": "completed"}
        usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
        response = {"id": "resp_1", "object": "response", "status": "completed", "output": [done]}
        return [
            {"type": "response.created", "response": {**response, "status": "in_progress", "output": []}},
            {"type": "response.output_item.done", "output_index": 0, "item": done},
            {"type": "response.completed", "response": {**response, "usage": usage}},
        ]


class Messages:
    """Anthropic's `/messages`."""

    def offered(self, request: Message) -> Iterator[tuple[str, Message]]:
        for tool in request.get("tools", ()):
            yield tool["name"], {"name": tool["name"]}

    def told(self, request: Message) -> Iterator[str]:
        for message in request["messages"]:
            for block in message["content"] if isinstance(message["content"], list) else ():
                if block["type"] == "tool_result":
                    yield _words(block["content"])

    def call(self, tool: Message, arguments: Message, number: int) -> list[Message]:
        block = {"type": "tool_use", "id": f"toolu_{number}", **tool, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
        return self._answer(block, delta, "tool_use")

    def say(self, words: str) -> list[Message]:
        return self._answer({"type": "text", "text": ""}, {"type": "text_delta", "text": words}, "end_turn")

    def _answer(self, block: Message, delta: Message, stop: str) -> list[Message]:
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "scripted", "content": []}
        usage = {"input_tokens": 1, "output_tokens": 1}
        return [
            {"type": "message_start", "message": {**message, "stop_reason": None, "usage": usage}},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 1}},
            {"type": "message_stop"},
        ]


class Content:
    """Google's `:streamGenerateContent`."""

    def offered(self, request: Message) -> Iterator[tuple[str, Message]]:
        for tool in request.get("tools", ()):
            for function in tool.get("functionDeclarations", ()):
                yield function["name"], {"name": function["name"]}

    def told(self, request: Message) -> Iterator[str]:
        for content in request["contents"]:
            for part in content["parts"]:
                if "functionResponse" in part:
                    yield _words(list(part["functionResponse"]["response"].values()))

    def call(self, tool: Message, arguments: Message, number: int) -> list[Message]:
        return self._answer({"functionCall": {**tool, "args": arguments}})

    def say(self, words: str) -> list[Message]:
        return self._answer({"text": words})

    def _answer(self, part: Message) -> list[Message]:
        content = {"role": "model", "parts": [part]}
        usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
        candidate = {"content": content, "finishReason": "STOP", "index": 0}
        return [{"candidates": [candidate], "usageMetadata": usage}]


def _words(content: Any) -> str:
    """All the text in what an agent made of a result."""
    if isinstance(content, list):
        return "\n".join(_words(part) for part in content)
    return str(content.get("text", "")) if isinstance(content, dict) else str(content)


_WIRES: Final[Mapping[str, Wire]] = {
    "/responses": Responses(),
    "/messages": Messages(),
    ":streamGenerateContent": Content(),
}


class Model:
    """The model, on a free port of loopback, on threads of the test's process.

    A call is the end of the name of the tool, and the arguments; where no such tool is offered, it says so.
    """

    def __init__(self, *calls: tuple[str, Message]) -> None:
        self.offered: set[str] = set()
        self.told: list[str] = []
        self._calls = calls
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, request: Message) -> list[Message] | None:
        """The events of the answer; None where there is nothing at this path."""
        wire = next((wire for end, wire in _WIRES.items() if path.partition("?")[0].endswith(end)), None)
        if wire is None:
            return None
        offered = dict(wire.offered(request))
        self.offered |= offered.keys()
        self.told = list(wire.told(request))
        if len(self.told) >= len(self._calls):
            return wire.say(SAID)
        wanted, arguments = self._calls[len(self.told)]
        for name, tool in offered.items():
            if name.endswith(wanted):
                return wire.call(tool, arguments, len(self.told) + 1)
        return wire.say(f"no tool `{wanted}` is offered")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def _handler(model: Model) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._reply(200, "text/plain", b"")

        def do_GET(self) -> None:
            self._reply(404, "application/json", b"{}")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            events = model.answer(self.path, json.loads(body)) if body.startswith(b"{") else None
            if events is None:
                self._reply(404, "application/json", b"{}")
            else:
                self._reply(200, "text/event-stream", b"".join(map(_event, events)))

        def _reply(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Stay silent."""

    return Handler


def _event(event: Message) -> bytes:
    kind = f"event: {event['type']}\n" if "type" in event else ""
    return f"{kind}data: {json.dumps(event)}\n\n".encode()
