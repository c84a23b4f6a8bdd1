"""The client that the suite starts for its own servers: an agent that reaches them through a gateway.

    python -m tests.conformance.agent URL      the suite appends the URL, and says the rest in the environment

It lists what there is and calls, gets and reads all of it once, answering whatever it is asked.
"""

import json
import os
import shlex
import sys
from contextlib import suppress
from typing import Any, Final

from mcp.shared.inbound import mcp_param_headers, x_mcp_header_map

from tests.support.gateway import Gateway
from tests.support.jr import Client, Message

from .ways import POLICY

ROUNDS: Final = 10
SECONDS: Final = 10.0
COMMAND: Final = shlex.join([sys.executable, "-m", __name__])
"""What the suite is told to start."""
VALUES: Final[dict[str, Any]] = {
    "string": "text", "integer": 1, "number": 2, "boolean": True, "array": [], "object": {}, "null": None,
}  # fmt: skip
CAPABILITIES: Final[Message] = {"elicitation": {}, "sampling": {}, "roots": {}}


def main(url: str) -> None:
    legacy = os.environ["MCP_CONFORMANCE_PROTOCOL_VERSION"] == "2025-11-25"
    context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"))
    with Gateway({"suite": {"url": url}}, {"all": POLICY}, {"agent": {"suite": "all"}}) as gateway:
        client = Client(
            gateway.server_url("suite"), gateway.token, "legacy" if legacy else "modern", timeout=SECONDS
        )
        client.capabilities = CAPABILITIES
        if legacy:
            client.initialize()
        tools = client.tools()
        schemas = {tool["name"]: tool["inputSchema"] for tool in tools}
        for call in context.get("toolCalls") or calls_of(tools):
            names = x_mcp_header_map(schemas.get(call["name"], {}))
            ask(client, "tools/call", call, mcp_param_headers(names, call.get("arguments", {})))
        for method, member, key, use in (
            ("prompts/list", "prompts", "name", "prompts/get"),
            ("resources/list", "resources", "uri", "resources/read"),
        ):
            for offered in client.request(method).answer.get("result", {}).get(member, ()):
                ask(client, use, {key: offered[key]})


def calls_of(tools: list[Message]) -> list[Message]:
    """A call of each tool; a schema that one of them takes is that of the first."""
    calls = []
    for tool in tools:
        schema = tool["inputSchema"]
        names = schema.get("required") or schema.get("properties", {})
        values = {name: VALUES.get(schema["properties"][name].get("type"), "text") for name in names}
        if "schema" in values:
            values["schema"] = tools[0]["inputSchema"]
        calls.append({"name": tool["name"], "arguments": values})
    return calls


def ask(client: Client, method: str, params: Message, headers: dict[str, str] | None = None) -> None:
    """One request, its questions answered, for as many rounds as it takes."""
    more: Message = {}
    for _ in range(ROUNDS):
        result = stream(client, method, {**params, **more}, headers or {})
        if result.get("resultType") != "input_required":
            return
        asked = result.get("inputRequests", {})
        more = {"inputResponses": {key: answer(request) for key, request in asked.items()}}
        if "requestState" in result:
            more["requestState"] = result["requestState"]


def stream(client: Client, method: str, params: Message, headers: dict[str, str]) -> Message:
    """The result of a request, {} where it has none; what is asked on the way is answered."""
    message = client.message(method, params)
    if client.era == "modern":
        found = client.post(message, headers).answer.get("result")
        return dict(found or {})
    with client.stream(method, params) as answers:
        if "event-stream" not in answers.headers.get("content-type", ""):
            return {}
        while said := answers.next():
            if "method" not in said:
                return dict(said.get("result") or {})
            if "id" in said:
                client.post({"jsonrpc": "2.0", "id": said["id"], "result": answer(said)})
    return {}


def answer(request: Message) -> Message:
    """What an obliging person, model or disk answers."""
    if request["method"] == "elicitation/create":
        fields = request["params"].get("requestedSchema", {}).get("properties", {})
        return {"action": "accept", "content": {name: value(field) for name, field in fields.items()}}
    if request["method"] == "sampling/createMessage":
        text = {"type": "text", "text": "so it is"}
        return {"role": "assistant", "content": text, "model": "none", "stopReason": "endTurn"}
    return {"roots": [{"uri": "file:///test", "name": "test"}]}


def value(field: Message) -> Any:
    return field["default"] if "default" in field else VALUES.get(field.get("type", ""), "text")


if __name__ == "__main__":
    with suppress(TimeoutError):  # a server that the suite closes early is part of some scenarios
        main(sys.argv[1])
