"""The two eras of MCP."""

from enum import StrEnum


class Era(StrEnum):
    """LEGACY opens with `initialize` (2025-11-25 and earlier).

    MODERN carries an envelope in each request (2026-07-28).
    """

    LEGACY = "legacy"
    MODERN = "modern"
