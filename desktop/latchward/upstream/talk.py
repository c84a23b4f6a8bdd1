"""What is said to any server and what its answers mean, whatever carries them. No I/O."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from latchward.model.call import TOOLS_CALL, ToolCall
from latchward.model.caller import Caller
from latchward.model.era import Era
from latchward.model.errors import OutcomeUnknown, ParseError, UpstreamError
from latchward.model.outcome import Fault, Outcome, ToolResult
from latchward.model.plain import one_line
from latchward.model.tool import ToolDefinition
from latchward.protocol import answer, headers, modern, strict
from latchward.protocol.versions import (
    LATEST_MODERN,
    LEGACY_VERSIONS,
    META_CLIENT_CAPABILITIES,
    META_LOG_LEVEL,
)

from .rounds import Wanted, wanted

ANSWER_LIMIT: Final = 3600.0
"""Seconds that a server has to answer a call."""
LIST_LIMIT: Final = 30.0
"""Seconds for one page of a list."""
MAX_PAGES: Final = 100
MAX_TOOLS: Final = 10_000
MAX_LIST_VALUES: Final = 2_000_000
"""Values in one page of a list."""
MAX_NAME: Final = 256
"""Characters of a tool's name."""

_COMPLETE: Final = b'"complete"'
_INPUT_REQUIRED: Final = b'"input_required"'

LISTEN_PARAMS: Final[dict[str, Any]] = {
    "notifications": {"toolsListChanged": True},
    "_meta": modern.our_meta(),
}
"""What `subscriptions/listen` asks for."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a server said of itself. `version` is the protocol's."""

    era: Era
    version: str
    capabilities: Mapping[str, Any]

    def has(self, capability: str) -> bool:
        """Whether it can do this at all."""
        return isinstance(self.capabilities.get(capability), dict)

    def tells(self, capability: str) -> bool:
        """Whether it says so when the list that belongs to this capability is another."""
        return self.has(capability) and self.capabilities[capability].get("listChanged") is True


def discovered(said: answer.Incoming) -> Greeting | None:
    """The greeting in an answer to `server/discover`; None where it is not that of a modern server."""
    if said.result is None:
        return None
    result = parsed(said.result)
    versions = result.get("supportedVersions")
    if not isinstance(versions, list) or LATEST_MODERN not in versions:
        return None
    return _greeting(Era.MODERN, LATEST_MODERN, result)


def greeted(said: answer.Incoming) -> Greeting:
    """The greeting in an answer to `initialize`. Raises `UpstreamError` where it is none."""
    if said.result is None:
        raise UpstreamError(f"the server refused to open: {told(said.error)}")
    result = parsed(said.result)
    version = result.get("protocolVersion")
    if not isinstance(version, str) or version not in LEGACY_VERSIONS:
        raise UpstreamError("the server answered `initialize` with a protocol version that we do not speak")
    return _greeting(Era.LEGACY, version, result)


def _greeting(era: Era, version: str, result: dict[str, Any]) -> Greeting:
    capabilities = result.get("capabilities")
    return Greeting(era, version, capabilities if isinstance(capabilities, dict) else {})


async def all_tools(
    ask: Callable[[dict[str, Any]], Awaitable[answer.Incoming]], era: Era
) -> dict[str, ToolDefinition]:
    """All pages of `tools/list`, each fetched by `ask` from its params. Raises `UpstreamError`."""
    tools: dict[str, ToolDefinition] = {}
    cursor: str | None = None
    seen: set[str | None] = {None}
    for _ in range(MAX_PAGES):
        said = await ask(_page_params(cursor, era))
        if said.result is None:
            raise UpstreamError(f"the server refused to list its tools: {told(said.error)}")
        page = parsed(said.result)
        for definition in definitions(page):
            tools.setdefault(definition.name, definition)
        if len(tools) > MAX_TOOLS:
            raise UpstreamError(f"the server lists more than {MAX_TOOLS} tools")
        cursor = page.get("nextCursor")
        if cursor is None:
            return tools
        if not isinstance(cursor, str) or cursor in seen:
            raise UpstreamError("the server's list of tools never ends")
        seen.add(cursor)
    raise UpstreamError(f"the server's list of tools has more than {MAX_PAGES} pages")


def _page_params(cursor: str | None, era: Era) -> dict[str, Any]:
    params: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
    return {**params, "_meta": modern.our_meta()} if era is Era.MODERN else params


def call_message(number: int, call: ToolCall, era: Era, caller: Caller, more: bytes = b"") -> bytes:
    """A call under our id `number`, which is its progress token too where `caller` wants progress.

    A modern server is told the caller's capabilities, no more and no less. `more` are members that the params
    have besides.
    """
    meta: dict[str, Any] = {"progressToken": number} if caller.progress is not None else {}
    if era is Era.MODERN:
        meta[META_CLIENT_CAPABILITIES] = caller.capabilities
        if caller.log_level:
            meta[META_LOG_LEVEL] = caller.log_level
        meta = modern.our_meta(meta)
    params = (
        b'"name":%b,"arguments":%b' % (strict.serialise(call.tool.name), call.payload)
        if call.method == TOOLS_CALL
        else call.params[1:-1]
    )
    members = (params, more, b'"_meta":' + strict.serialise(meta) if meta else b"")
    return b'{"jsonrpc":"2.0","id":%d,"method":%b,"params":{%b}}' % (
        number,
        strict.serialise(call.method),
        b",".join(filter(None, members)),
    )


def routing(call: ToolCall) -> dict[str, str]:
    """The headers by which a modern server's proxies see what a call is about."""
    made = {"Mcp-Method": headers.encode(call.method)}
    if call.method == TOOLS_CALL:
        made["Mcp-Name"] = headers.encode(call.tool.name)
    elif (member := headers.NAMED_BY.get(call.method)) is not None:
        name = strict.parse(call.params).get(member)
        if isinstance(name, str):
            made["Mcp-Name"] = headers.encode(name)
    return made


def outcome(said: answer.Incoming, era: Era, call: ToolCall, caller: Caller) -> Outcome | Wanted:
    """What an answer to a call means. Raises `OutcomeUnknown` where it cannot be made out."""
    if said.result is None:
        error = said.error or {}
        code, message = error.get("code"), error.get("message")
        if not isinstance(code, int) or not isinstance(message, str):
            raise OutcomeUnknown("the server answered with a malformed error")
        return Fault(code, message, error.get("data"))
    try:
        members = answer.split(said.result)
    except UpstreamError as error:
        raise OutcomeUnknown(str(error)) from None
    if era is Era.MODERN:
        kind = members.get("resultType", _COMPLETE)
        if kind == _INPUT_REQUIRED:
            return wanted(members)
        if kind != _COMPLETE and not caller.capabilities.get("extensions"):
            raise OutcomeUnknown("the server answered with a kind of result that the client does not know")
    return ToolResult(said.result, era, call.method == TOOLS_CALL and members.get("isError") == b"true")


def progress_params(params: dict[str, Any]) -> dict[str, Any]:
    """The params of a `notifications/progress` as a client gets them: without our token."""
    return {key: value for key, value in params.items() if key not in ("progressToken", "_meta")}


def parsed(result: bytes) -> dict[str, Any]:
    """A result that is read by us, strictly. Raises `UpstreamError`."""
    try:
        value = strict.parse(result, max_values=MAX_LIST_VALUES)
    except ParseError as error:
        raise UpstreamError(f"the server's answer cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise UpstreamError("the server's answer is not an object")
    return value


def definitions(page: dict[str, Any]) -> list[ToolDefinition]:
    """The tools in one page of a list. Raises `UpstreamError`."""
    tools = page.get("tools")
    if not isinstance(tools, list):
        raise UpstreamError("the server's list has no `tools`")
    found = []
    for tool in tools:
        name = tool.get("name") if isinstance(tool, dict) else None
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
            raise UpstreamError(
                f"the server lists a tool whose name is not a text of 1 to {MAX_NAME} characters"
            )
        digest = hashlib.sha256(strict.canonical(tool)).hexdigest()
        found.append(ToolDefinition(name, tool, digest))
    return found


def told(error: dict[str, Any] | None) -> str:
    """The reason in a server's error, cut and safe to show."""
    return one_line(str((error or {}).get("message", "no reason given")))
