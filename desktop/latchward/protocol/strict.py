"""The one parser for what clients send, and the one serialiser for what we send on.

A message that two parsers could read in two ways is refused: what was judged
must be what is forwarded. Refused are bytes that are not strict UTF-8, a byte
order mark, duplicate keys, NaN and infinities, numbers beyond what any peer
can hold, unpaired surrogates, and anything deeper or larger than the limits
below. Integers come back as `int`, fractions as `Decimal`: digits survive.
"""

import json
import re
from decimal import Decimal
from typing import Any, Final

import msgspec

from latchward.model.errors import ParseError

from .versions import PARSE_ERROR

MAX_DEPTH: Final = 64
"""Nested arrays and objects."""
MAX_VALUES: Final = 50_000
"""Values in one message: many small ones would hold up every other client while they are read."""
MAX_DIGITS: Final = 1000
"""Digits of one number; reading one costs the square of their count."""

# An unfinished string is taken to the end: looking for its end again at every quote in it would be quadratic.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_CANONICAL = msgspec.json.Encoder(decimal_format="number", order="sorted")


def parse(data: bytes, *, max_values: int = MAX_VALUES) -> Any:
    """The one value in `data`, or `ParseError` with a sentence that says why not."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError(PARSE_ERROR, f"the message is not UTF-8 at byte {error.start}") from None
    _check_size(data, max_values)
    try:
        value = _DECODER.decode(text)
        if "\\u" in text:
            _ENCODER.encode(value)  # raises for a surrogate without its pair
    except ParseError:
        raise
    except UnicodeEncodeError:
        raise ParseError(PARSE_ERROR, "a string holds an unpaired surrogate") from None
    except json.JSONDecodeError as error:
        raise ParseError(
            PARSE_ERROR, f"the message is not JSON: {error.msg} at character {error.pos}"
        ) from None
    except (ValueError, ArithmeticError, RecursionError):
        raise ParseError(PARSE_ERROR, "the message holds a number that cannot be kept exactly") from None
    return value


def serialise(value: Any) -> bytes:
    """Compact UTF-8 JSON, keys in their own order."""
    return _ENCODER.encode(value)


def canonical(value: Any) -> bytes:
    """Compact UTF-8 JSON with sorted keys: equal values give equal bytes. What digests are made of."""
    return _CANONICAL.encode(value)


def _check_size(data: bytes, max_values: int) -> None:
    """Refuse what is too deep or too large before anything is built from it.

    Counting brackets and commas is cheap and never too low; only a message
    that fails it is looked at again with its strings taken out.
    """
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH and data.count(b",") < max_values:
        return
    most = 2 * max_values  # strings: one key and one value each
    bare, strings = _STRING.subn(b"", data, count=most + 1)
    counted = max(bare.count(b","), bare.count(b"[") + bare.count(b"{"))
    if strings > most or counted >= max_values:
        raise ParseError(PARSE_ERROR, f"the message has more than {max_values} values")
    depth = 0
    for found in re.finditer(rb"[\[{\]}]", bare):
        depth += 1 if found[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            raise ParseError(PARSE_ERROR, f"the message is nested deeper than {MAX_DEPTH} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ParseError(PARSE_ERROR, f"the key `{twice[:80]}` stands twice in one object")
    return made


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ParseError(PARSE_ERROR, f"a number has more than {MAX_DIGITS} digits")
    return int(digits)


def _fraction(digits: str) -> Decimal:
    if len(digits) > MAX_DIGITS:
        raise ParseError(PARSE_ERROR, f"a number has more than {MAX_DIGITS} digits")
    if float(digits) in (float("inf"), float("-inf")):
        raise ParseError(PARSE_ERROR, f"the number `{digits[:40]}` is too large")
    return Decimal(digits)


def _constant(name: str) -> None:
    raise ParseError(PARSE_ERROR, f"`{name}` is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)
