"""A server's lists, fetched page by page within limits, and what their pages say. No I/O."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

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
MAX_LIST_BYTES: Final = 8 * 1024 * 1024
"""Bytes of one list, all its pages together."""
MAX_ENTRY_VALUES: Final = 10_000
"""Values in one entry of a list, or in what a server says of itself."""
BUSY: Final = 0.005
"""Seconds that a list is read without a pause; everyone else is served in between."""
MAX_NAME: Final = 256
"""Characters of a tool's or a prompt's name."""
MAX_ADDRESS: Final = 8192
"""Characters of a resource's address."""
MIN_TTL: Final = 1.0
"""Seconds that a list is used at least, whatever its server says: clients may ask for it all the time."""
MAX_TTL: Final = 3600.0
"""Seconds that a list is used at most, whatever its server says."""


class _Entry(msgspec.Struct, gc=False):
    """Any object, for counting."""


_COUNTED = msgspec.json.Decoder(list[_Entry])
_RAW = msgspec.json.Decoder(list[msgspec.Raw])

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
    left = MAX_LIST_BYTES
    for _ in range(MAX_PAGES):
        said = await ask(_params(cursor, era))
        if said.result is None:
            raise UpstreamError(f"the server refused to list its {words}: {told(said.error)}")
        left -= len(said.result)
        if left < 0:
            raise UpstreamError(f"the server's list of {words} has more than {MAX_LIST_BYTES} bytes")
        page = answer.split(said.result)
        raws = _raws(page.get(member, b""), member, words, MAX_ENTRIES - len(found))
        found += await _read(raws)
        if (ttl := _ttl(_value(page.get("ttlMs", b"null")))) is not None:
            ttls.append(ttl)
        cursor = _value(page.get("nextCursor", b"null"))
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


def _raws(entries: bytes, member: str, words: str, room: int) -> list[msgspec.Raw]:
    """The entries of a page, none of them built before it is known that they are not too many."""
    try:
        if len(_COUNTED.decode(entries)) > room:
            raise UpstreamError(f"the server lists more than {MAX_ENTRIES} {words}")
        return _RAW.decode(entries)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise UpstreamError(f"the server's list has no `{member}` of objects") from None


async def _read(raws: list[msgspec.Raw]) -> list[Any]:
    made: list[Any] = []
    loop = asyncio.get_running_loop()
    began = loop.time()
    for raw in raws:
        made.append(_value(bytes(raw)))
        if loop.time() - began > BUSY:
            await asyncio.sleep(0)
            began = loop.time()
    return made


def _value(raw: bytes) -> Any:
    try:
        return strict.parse(raw, max_values=MAX_ENTRY_VALUES)
    except ParseError as error:
        raise UpstreamError(f"the server's answer cannot be read: {error}") from None


def parsed(result: bytes) -> dict[str, Any]:
    """A result that is read by us, strictly. Raises `UpstreamError`."""
    value = _value(result)
    if not isinstance(value, dict):
        raise UpstreamError("the server's answer is not an object")
    return value


def told(error: dict[str, Any] | None) -> str:
    """The reason in a server's error, cut and safe to show."""
    return one_line(str((error or {}).get("message", "no reason given")))
