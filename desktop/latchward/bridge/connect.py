"""The command `latchward connect`."""

from __future__ import annotations

import os
import signal
import sys

from latchward import endpoint

from .relay import Bridge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def main(arguments: list[str]) -> int:
    """Run the bridge; the exit status: 0 when the agent is done, 2 for wrong use."""
    out = _streams()
    try:
        client, path = _arguments(arguments)
    except ValueError as error:
        print(f"usage: latchward connect --client NAME [--endpoint PATH]\n{error}", file=sys.stderr)
        return 2
    bridge = Bridge(client, path, out)
    if hasattr(signal, "SIGCHLD"):
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # what `service` starts is waited for by nobody
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), bridge.stop)
    bridge.run(0)
    os._exit(0)  # the other thread may be in the middle of anything


def _streams() -> int:
    """Where to write to: a descriptor that nothing but us knows, so that no stray print can break a line."""
    while (lowest := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # one of the three was closed: a socket must not get its number
    os.close(lowest)
    out = os.dup(1)
    os.dup2(2, 1)
    return out


def _arguments(arguments: list[str]) -> tuple[str, str]:
    """Client and endpoint. Raises `ValueError` with what is wrong."""
    given = {"--client": "", "--endpoint": ""}
    words: Iterator[str] = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name not in given:
            raise ValueError(f"`{word}` is not an option")
        given[name] = value if equals else next(words, "")
    client, path = given["--client"], given["--endpoint"] or endpoint.default()
    if not endpoint.is_name(client):
        raise ValueError("`--client` needs a name of at most 32 letters, digits, `-` and `_`")
    if not os.path.isabs(path):
        raise ValueError("`--endpoint` needs an absolute path (and HOME is not set)")
    return client, path
