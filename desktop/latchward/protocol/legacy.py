"""The handshake era: `initialize`, then plain requests (2024-11-05 to 2025-11-25)."""

from typing import Any

from latchward import __version__

from .strict import serialise
from .versions import LATEST_LEGACY, LEGACY_VERSIONS

SERVER_INFO = {"name": "latchward", "title": "Latchward", "version": __version__}
CAPABILITIES: dict[str, Any] = {"tools": {"listChanged": True}}


def negotiate(asked: Any) -> str:
    """The version to speak: the client's where we know it, else our latest."""
    return asked if asked in LEGACY_VERSIONS else LATEST_LEGACY


def initialize_result(asked: Any) -> bytes:
    """The result of `initialize` for a client that asked for version `asked`."""
    return serialise(
        {"protocolVersion": negotiate(asked), "capabilities": CAPABILITIES, "serverInfo": SERVER_INFO}
    )


def initialize_params() -> dict[str, Any]:
    """What we send to a server: our latest version, and no capability that we do not carry."""
    return {
        "protocolVersion": LATEST_LEGACY,
        "capabilities": {},
        "clientInfo": {"name": "latchward", "title": "Latchward", "version": __version__},
    }
