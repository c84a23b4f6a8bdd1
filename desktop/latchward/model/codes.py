"""The error codes of JSON-RPC 2.0, and ours."""

from typing import Final

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
REFUSED: Final = 403
"""Our own, outside the codes that JSON-RPC and MCP reserve: the policy, a limit or a person said no."""
