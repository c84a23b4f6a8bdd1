"""What tools and prompts are made of: content, questions, and state that comes back by way of the client."""

import hashlib
import hmac
import secrets
from typing import Any, Final

from mcp.shared.exceptions import MCPError

Json = dict[str, Any]

INVALID_PARAMS: Final = -32602

# One red pixel, and a WAV without a sample.
PNG: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
WAV: Final = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="


def text(words: str) -> Json:
    return {"type": "text", "text": words}


IMAGE: Final = {"type": "image", "data": PNG, "mimeType": "image/png"}
AUDIO: Final = {"type": "audio", "data": WAV, "mimeType": "audio/wav"}


def embedded(uri: str, words: str, mime: str = "text/plain") -> Json:
    return {"type": "resource", "resource": {"uri": uri, "mimeType": mime, "text": words}}


def form(**properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


def ask(message: str, **properties: Json) -> Json:
    """A question of the person, as `input_required` holds it."""
    params = {"message": message, "requestedSchema": form(**properties)}
    return {"method": "elicitation/create", "params": params}


def ask_model(prompt: str, tokens: int) -> Json:
    messages = [{"role": "user", "content": text(prompt)}]
    return {"method": "sampling/createMessage", "params": {"messages": messages, "maxTokens": tokens}}


STRING: Final = {"type": "string"}
ASK_NAME: Final = ask("What is your name?", name=STRING)
ASK_OK: Final = ask("Please confirm", ok={"type": "boolean"})
ASK_ROOTS: Final = {"method": "roots/list", "params": {}}

# state that comes back by way of the client

_KEY: Final = secrets.token_bytes(32)


def sign(state: str) -> str:
    return f"{state}.{hmac.new(_KEY, state.encode(), hashlib.sha256).hexdigest()}"


def signed(params: Any) -> str:
    """The state that comes back; "" where none does. Raises `MCPError` where it is not ours."""
    sent = params.request_state
    if sent is None:
        return ""
    state = str(sent).rpartition(".")[0]
    if not hmac.compare_digest(sign(state), sent):
        raise MCPError(INVALID_PARAMS, "the state is not the one that was given out")
    return state


def needs(state: str = "", **requests: Json) -> Json:
    """A result that asks for something first."""
    result: Json = {"resultType": "input_required", "inputRequests": requests}
    return {**result, "requestState": sign(state)} if state else result


def answers(params: Any) -> Json:
    return {key: _plain(value) for key, value in (params.input_responses or {}).items()}


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", by_alias=True) if hasattr(value, "model_dump") else value
