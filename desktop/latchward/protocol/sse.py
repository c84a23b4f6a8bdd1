"""Server-sent events, written (WHATWG HTML, section 9.2)."""

from typing import Final

KEEP_ALIVE: Final = b": waiting\r\n\r\n"
"""A comment: bytes on the wire that no client reads as a message."""


def event(message: bytes) -> bytes:
    """One JSON-RPC message as one event.

    A line end inside JSON can only be white space between tokens, and would
    end the `data` line: it becomes a blank.
    """
    if b"\n" in message or b"\r" in message:
        message = message.replace(b"\r", b" ").replace(b"\n", b" ")
    return b"event: message\r\ndata: %b\r\n\r\n" % message
