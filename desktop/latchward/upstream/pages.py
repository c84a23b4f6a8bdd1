"""A server's lists, fetched page by page within limits, and what their pages say. No I/O."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from latchward.model.era import Era
from latchward.model.errors import ParseError, UpstreamError
from latchward.model.listed import Listed
from latchward.model.plain import one_line
from latchward.model.tool import ToolDefinition
from latchward.protocol import answer, modern, strict

MAX_PAGES: Final = 100
"""Pages of one list."""
MAX_ENTRIES: Final = 10_000
"""Entries of one list."""
MAX_LIST_VALUES: Final = 2_000_000
"""Values in one page of a list."""
MAX_NAME: Final = 256
"""Characters of a tool's or a prompt's name."""
MAX_ADDRESS: Final = 8192
"""Characters of a resource's address."""
MIN_TTL: Final = 1.0
"""Seconds that a list is used at least, whatever its server says: clients may ask for it all the time."""
MAX_TTL: Final = 3600.0
"""Seconds that a list is used at most, whatever its server says."""

Ask = Callable[[dict[str, Any]], Awaitable[answer.Incoming]]
"""Fetches one page: the params of the request to its answer."""


async def tools(ask: Ask, era: Era) -> dict[str, ToolDefinition]:
    """The definitions in all pages of `tools/list`, by name. Raises `UpstreamError`."""
    found, _ = await _all(ask, era, "tools", "tools")
    made: dict[str, ToolDefinition] = {}
    for tool in found:
        name = tool.get("name") if isinstance(tool, dict) else None
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
            raise UpstreamError(
                f"the server lists a tool whose name is not a text of 1 to {MAX_NAME} characters"
            )
        made.setdefault(name, ToolDefinition(name, tool, hashlib.sha256(strict.canonical(tool)).hexdigest()))
    return made


async def entries(ask: Ask, era: Era, kind: Listed) -> tuple[tuple[Mapping[str, Any], ...], float | None]:
    """The entries in all pages of a list, and the seconds that it may be used, where the server says them.

    Raises `UpstreamError`.
    """
    found, ttl = await _all(ask, era, kind.value, kind.words)
    limit = MAX_NAME if kind is Listed.PROMPTS else MAX_ADDRESS
    made: dict[str, Mapping[str, Any]] = {}
    for entry in found:
        key = entry.get(kind.key) if isinstance(entry, dict) else None
        if not isinstance(key, str) or not 0 < len(key) <= limit:
            raise UpstreamError(
                f"the server lists {kind.words} with a `{kind.key}` that is not a text of 1 to {limit}"
                " characters"
            )
        made.setdefault(key, entry)
    return tuple(made.values()), ttl


async def _all(ask: Ask, era: Era, member: str, words: str) -> tuple[list[Any], float | None]:
    found: list[Any] = []
    ttls: list[float] = []
    cursor: str | None = None
    seen: set[str | None] = {None}
    for _ in range(MAX_PAGES):
        said = await ask(_params(cursor, era))
        if said.result is None:
            raise UpstreamError(f"the server refused to list its {words}: {told(said.error)}")
        page = parsed(said.result)
        if not isinstance(page.get(member), list):
            raise UpstreamError(f"the server's list has no `{member}`")
        found += page[member]
        if (ttl := _ttl(page.get("ttlMs"))) is not None:
            ttls.append(ttl)
        if len(found) > MAX_ENTRIES:
            raise UpstreamError(f"the server lists more than {MAX_ENTRIES} {words}")
        cursor = page.get("nextCursor")
        if cursor is None:
            return found, min(ttls, default=None)
        if not isinstance(cursor, str) or cursor in seen:
            raise UpstreamError(f"the server's list of {words} never ends")
        seen.add(cursor)
    raise UpstreamError(f"the server's list of {words} has more than {MAX_PAGES} pages")


def _params(cursor: str | None, era: Era) -> dict[str, Any]:
    params: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
    return {**params, "_meta": modern.our_meta()} if era is Era.MODERN else params


def _ttl(milliseconds: Any) -> float | None:
    """Seconds within our limits; None for what is no time."""
    is_number = isinstance(milliseconds, int | Decimal) and not isinstance(milliseconds, bool)
    if not is_number or milliseconds < 0:
        return None
    return min(max(float(min(milliseconds, MAX_TTL * 1000)) / 1000, MIN_TTL), MAX_TTL)


def parsed(result: bytes) -> dict[str, Any]:
    """A result that is read by us, strictly. Raises `UpstreamError`."""
    try:
        value = strict.parse(result, max_values=MAX_LIST_VALUES)
    except ParseError as error:
        raise UpstreamError(f"the server's answer cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise UpstreamError("the server's answer is not an object")
    return value


def told(error: dict[str, Any] | None) -> str:
    """The reason in a server's error, cut and safe to show."""
    return one_line(str((error or {}).get("message", "no reason given")))
