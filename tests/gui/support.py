"""What the tests of the tray share: questions, and the gateway's end of a real socketpair."""

import json
import socket
from contextlib import suppress
from typing import Any

import msgspec

from latchward.control import wire
from latchward.control.messages import VERSION, FromGateway, FromTray, Hello, Question
from latchward.gui.link import Link

HOUR = 3600.0


def question(nonce: str = "n1", arguments: Any = None, **changes: Any) -> Question:
    """A question as the gateway asks it, with `changes`."""
    given = {"path": "/tmp/a", "content": "hello"} if arguments is None else arguments
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, separators=(",", ":"))
    asked = Question(
        nonce=nonce,
        binding=f"binding of {nonce}",
        client="claude-code",
        process=("claude", "zsh"),
        server="files",
        tool="write_file",
        title="Write file",
        description="Writes a file.",
        rule="/tools/write_file",
        reason="writes are asked about",
        arguments=text,
        category="write",
        severity="medium",
        chips=("changes a file",),
        changed=(),
        scopes=("call", "session"),
        arm_ms=800,
        seconds=HOUR,
    )
    return msgspec.structs.replace(asked, **changes)


class GatewayEnd:
    """The gateway's end of the link: says messages, and hears those of the tray."""

    def __init__(self, end: socket.socket, qtbot: Any) -> None:
        self._end = end
        self._qtbot = qtbot
        self._reader = wire.from_tray()
        end.setblocking(False)

    def say(self, *messages: FromGateway) -> None:
        self.raw(b"".join(wire.line(message) for message in messages))

    def raw(self, data: bytes) -> None:
        """Send bytes; the tray reads meanwhile."""
        while data:
            try:
                data = data[self._end.send(data) :]
            except BlockingIOError:
                self._qtbot.wait(1)

    def greet(self) -> None:
        self.say(Hello(VERSION, 1, "/profile", "", "/run/socket"))

    def hear(self, count: int) -> list[FromTray]:
        """The next `count` messages of the tray."""
        heard: list[FromTray] = []

        def enough() -> bool:
            with suppress(BlockingIOError):
                heard.extend(self._reader.feed(self._end.recv(1 << 20)))
            return len(heard) >= count

        self._qtbot.waitUntil(enough, timeout=10_000)
        assert len(heard) == count, heard
        return heard

    def hears_nothing(self) -> None:
        """Nothing was said up to now."""
        self._qtbot.wait(20)
        try:
            said = self._end.recv(1 << 20)
        except BlockingIOError:
            return
        raise AssertionError(said)

    def close(self) -> None:
        self._end.close()


def pair(qtbot: Any) -> tuple[Link, GatewayEnd]:
    """Both ends of a new private link."""
    ours, theirs = socket.socketpair()
    return Link(theirs), GatewayEnd(ours, qtbot)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time
