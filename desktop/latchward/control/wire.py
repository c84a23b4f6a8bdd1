"""Messages to lines and back, without I/O. A line that is not one whole known message ends the link."""

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

import msgspec

from latchward.model.errors import LatchwardError

from .messages import FromGateway, FromTray

MAX_LINE: Final = 64 * 1024 * 1024
"""Bytes of one line: the views of five thousand tools, or an argument of the largest call, fit well."""

Said = TypeVar("Said")

_ENCODER: Final = msgspec.json.Encoder()


class LinkBroken(LatchwardError):
    """The other end said something that no version of ours says."""


def line(message: FromGateway | FromTray) -> bytes:
    """One message as a line, its line feed included."""
    return _ENCODER.encode(message) + b"\n"


class Reader(Generic[Said]):
    """Collects bytes and yields messages."""

    def __init__(self, decoder: "msgspec.json.Decoder[Said]") -> None:
        self._decoder = decoder
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[Said]:
        """The messages that `data` completes. Raises `LinkBroken`."""
        *whole, rest = data.split(b"\n")
        for end in whole:
            text = b"".join((*self._parts, end))
            self._parts.clear()
            self._size = 0
            try:
                yield self._decoder.decode(text)
            except (msgspec.MsgspecError, RecursionError):
                raise LinkBroken("a line on the private link is no message; start Latchward anew") from None
        self._parts.append(rest)
        self._size += len(rest)
        if self._size > MAX_LINE:
            raise LinkBroken("a line on the private link is too long; start Latchward anew")


def from_gateway() -> Reader[FromGateway]:
    """What the tray reads with."""
    return Reader(msgspec.json.Decoder(FromGateway))


def from_tray() -> Reader[FromTray]:
    """What the gateway reads with."""
    return Reader(msgspec.json.Decoder(FromTray))
