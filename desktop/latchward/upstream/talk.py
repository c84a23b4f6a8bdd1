"""What is said to any server and what its answers mean, whatever carries them. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from latchward.model.call import TOOLS_CALL, ToolCall
from latchward.model.caller import Caller
from latchward.model.era import Era
from latchward.model.errors import OutcomeUnknown, UpstreamError
from latchward.model.outcome import Fault, Outcome, ToolResult
from latchward.model.tasks import offers
from latchward.protocol import answer, headers, modern, strict, tasks
from latchward.protocol.versions import (
    LATEST_MODERN,
    LEGACY_VERSIONS,
    META_CLIENT_CAPABILITIES,
    META_LOG_LEVEL,
    UNSUPPORTED_VERSION,
)

from . import pages
from .rounds import Wanted, wanted

ANSWER_LIMIT: Final = 3600.0
"""Seconds that a server has to answer a call."""
LIST_LIMIT: Final = 30.0
"""Seconds for one page of a list."""
MAX_GREETING: Final = 1024 * 1024
"""Bytes of what a server says of itself."""

_COMPLETE: Final = b'"complete"'
_INPUT_REQUIRED: Final = b'"input_required"'
_TASK: Final = b'"task"'


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
    result = _of_itself(said.result)
    versions = result.get("supportedVersions")
    if not isinstance(versions, list) or LATEST_MODERN not in versions:
        return None
    return _greeting(Era.MODERN, LATEST_MODERN, result)


def wants_version(said: answer.Incoming, version: str) -> bool:
    """Whether a server refused a request for its version, and names this one among those that it speaks."""
    error = said.error or {}
    data = error.get("data")
    supported = data.get("supported") if isinstance(data, dict) else None
    wanted = isinstance(supported, list) and version in supported
    return error.get("code") == UNSUPPORTED_VERSION and wanted


def greeted(said: answer.Incoming) -> Greeting:
    """The greeting in an answer to `initialize`. Raises `UpstreamError` where it is none."""
    if said.result is None:
        raise UpstreamError(f"the server refused to open: {pages.told(said.error)}")
    result = _of_itself(said.result)
    version = result.get("protocolVersion")
    if not isinstance(version, str) or version not in LEGACY_VERSIONS:
        raise UpstreamError("the server answered `initialize` with a protocol version that we do not speak")
    return _greeting(Era.LEGACY, version, result)


def _of_itself(result: bytes) -> dict[str, Any]:
    if len(result) > MAX_GREETING:
        raise UpstreamError(f"the server says more than {MAX_GREETING} bytes of itself")
    return pages.parsed(result)


def _greeting(era: Era, version: str, result: dict[str, Any]) -> Greeting:
    capabilities = result.get("capabilities")
    return Greeting(era, version, capabilities if isinstance(capabilities, dict) else {})


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
    rest = b',"_meta":' + strict.serialise(meta) if meta else b""
    if more:
        rest = b"," + more + rest
    if call.task and era is Era.LEGACY:
        rest = b',"task":' + call.task + rest
    if call.method == TOOLS_CALL:
        return b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%b,"arguments":%b%b}}' % (
            number,
            strict.serialise(call.tool.name),
            call.payload,
            rest,
        )
    params = call.params[1:-1] + rest
    return b'{"jsonrpc":"2.0","id":%d,"method":%b,"params":{%b}}' % (
        number,
        strict.serialise(call.method),
        params.removeprefix(b","),
    )


def routing(call: ToolCall) -> dict[str, str]:
    """The headers by which a modern server's proxies see what a call is about."""
    made = {"Mcp-Method": headers.encode(call.method)}
    if call.method == TOOLS_CALL:
        made["Mcp-Name"] = headers.encode(call.tool.name)
    elif (member := headers.NAMED.get(call.method)) is not None:
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
        return Fault(code, message, error.get("data"), said.raw_error)
    try:
        members = answer.split(said.result)
    except UpstreamError as error:
        raise OutcomeUnknown(str(error)) from None
    if era is Era.MODERN:
        kind = members.get("resultType", _COMPLETE)
        if kind == _INPUT_REQUIRED:
            return wanted(members)
        if kind == _TASK and call.method == TOOLS_CALL and offers(caller.capabilities, era):
            return _begun(said.result, members, era)
        if kind == _TASK:
            raise OutcomeUnknown("the server began a task that was not asked for")
        if kind != _COMPLETE and not caller.capabilities.get("extensions"):
            raise OutcomeUnknown("the server answered with a kind of result that the client does not know")
    elif call.task and "task" in members:
        return _begun(said.result, members, era)
    return ToolResult(said.result, era, call.method == TOOLS_CALL and members.get("isError") == b"true")


def _begun(result: bytes, members: Mapping[str, bytes], era: Era) -> ToolResult:
    try:
        return ToolResult(result, era, task=tasks.begun(members, era))
    except UpstreamError as error:
        raise OutcomeUnknown(str(error)) from None


def progress_params(params: dict[str, Any]) -> dict[str, Any]:
    """The params of a `notifications/progress` as a client gets them: without our token."""
    return {key: value for key, value in params.items() if key != "progressToken"}
