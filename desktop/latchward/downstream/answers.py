"""The answer to a request that was judged, in the client's era and as its method has it."""

from typing import Final

from latchward.model.era import Era
from latchward.model.errors import ClientError, UpstreamError
from latchward.model.outcome import Answered, Fault, ToolResult, Unknown
from latchward.model.tasks import ABOUT, ID
from latchward.model.verdict import Refusal, Verdict
from latchward.protocol import bridge, envelope, modern, wording
from latchward.protocol.envelope import Request
from latchward.protocol.versions import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_CAPABILITY,
    REFUSED,
    RESOURCE_NOT_FOUND,
    UNSUPPORTED_VERSION,
)

from .rounds import Asks

_REQUEST_FAULTS: Final = (HEADER_MISMATCH, METHOD_NOT_FOUND, MISSING_CAPABILITY, UNSUPPORTED_VERSION)
"""What a server finds wrong with a request itself, not with what it asks for."""
_OF_RESOURCES: Final = ("resources/read", "resources/subscribe")


def answer(era: Era, request: Request, answered: Answered | Asks) -> bytes:
    """The message. A refused tool is a result, for the model is to read it.

    Raises `ClientError` for a method that does not exist, and for what a server found wrong with the request.
    """
    match answered:
        case ToolResult():
            try:
                body = bridge.result(answered.result, answered.era, era, request.method)
            except UpstreamError as error:
                return answer(era, request, Verdict(Refusal.UNKNOWN, "", str(error), "gateway"))
            return envelope.result(request.id, body)
        case Asks():
            return envelope.result(request.id, modern.input_required(answered.questions, answered.handle))
        case Fault():
            if request.method in _OF_RESOURCES and answered.code in (RESOURCE_NOT_FOUND, INVALID_PARAMS):
                return _unknown(era, request)  # in our words: a hidden one must not be told from it
            if answered.code in _REQUEST_FAULTS:  # over HTTP these have a status of their own
                raise ClientError(answered.code, answered.message, answered.data)
            if answered.raw:
                return envelope.passed_error(request.id, answered.raw)
            return envelope.error(request.id, answered.code, answered.message, answered.data)
        case Unknown():
            return _unknown(era, request)
        case Verdict():
            if request.method == "tools/call":
                return envelope.result(request.id, wording.refused(answered, era))
            told = wording.sentence(answered)
            return envelope.error(request.id, REFUSED, told, wording.refusal(answered))


def _unknown(era: Era, request: Request) -> bytes:
    """The error for what is hidden and for what never was; the two are not told apart."""
    params = request.params
    match request.method:
        case "tools/call":
            return envelope.error(request.id, INVALID_PARAMS, f"Unknown tool: {params.get('name')}")
        case "prompts/get":
            return envelope.error(request.id, INVALID_PARAMS, f"Unknown prompt: {params.get('name')}")
        case "resources/read" | "resources/subscribe":
            code = INVALID_PARAMS if era is Era.MODERN else RESOURCE_NOT_FOUND
            return envelope.error(request.id, code, "Resource not found", {"uri": params.get("uri")})
        case "completion/complete":
            return envelope.error(request.id, INVALID_PARAMS, "Unknown reference")
        case method if method in ABOUT[era]:
            return envelope.error(request.id, INVALID_PARAMS, f"Unknown task: {params.get(ID)}")
    raise ClientError(METHOD_NOT_FOUND, "Method not found")
