"""The handshake era: `initialize`, then plain requests (2024-11-05 to 2025-11-25)."""

from collections.abc import Mapping
from typing import Any

from latchward import __version__

from .strict import serialise
from .versions import LATEST_LEGACY, LEGACY_VERSIONS

SERVER_INFO = {"name": "latchward", "title": "Latchward", "version": __version__}


def negotiate(asked: Any) -> str:
    """The version to speak: the client's where we know it, else our latest."""
    return asked if asked in LEGACY_VERSIONS else LATEST_LEGACY


def initialize_result(asked: Any, capabilities: Mapping[str, Any]) -> bytes:
    """The result of `initialize` for a client that asked for version `asked`."""
    return serialise(
        {"protocolVersion": negotiate(asked), "capabilities": capabilities, "serverInfo": SERVER_INFO}
    )


def initialize_params(capabilities: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What we send to a server: our latest version, and the capabilities of the client behind us."""
    return {
        "protocolVersion": LATEST_LEGACY,
        "capabilities": capabilities or {},
        "clientInfo": {"name": "latchward", "title": "Latchward", "version": __version__},
    }
