"""An agent at the end of `latchward connect`, and a scripted gateway at the other.

    with Agent(gateway.home / "run/gateway.sock", "agent") as agent:
        agent.request("initialize", {...})["result"]

Every line that comes on stdout must be one JSON-RPC message; every wait is bounded.
"""

import contextlib
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from . import jr

ROOT: Final = Path(__file__).parents[2]
WAIT: Final = 20.0

Message = dict[str, Any]


class Ended(AssertionError):
    """The bridge said nothing more, or nothing in time."""


def environment(**more: str) -> dict[str, str]:
    """What the most sparing agent passes on, and where the code lies."""
    plain = {name: os.environ.get(name, "") for name in ("HOME", "PATH")}
    return {**plain, "LANG": "C.UTF-8", "TERM": "dumb", "PYTHONPATH": str(ROOT / "desktop"), **more}


class Agent:
    """A bridge process, spoken to as an agent does."""

    def __init__(
        self,
        path: Path | None,
        client: str = "agent",
        *,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = (sys.executable, "-m", "latchward"),
    ) -> None:
        place = ["--endpoint", str(path)] if path else []
        self.process = subprocess.Popen(
            [*command, "connect", "--client", client, *place],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment() if env is None else env,
        )
        self.notes: list[Message] = []
        """What came unasked while an answer was waited for."""
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._next = 100
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def write(self, data: bytes) -> None:
        """Exact bytes."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: Message) -> None:
        self.write(json.dumps(message).encode() + b"\n")

    def line(self, seconds: float = WAIT) -> bytes:
        """The next line of stdout, without its end. Raises `Ended`."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise Ended(f"no line in {seconds} seconds") from None
        if not line:
            raise Ended("stdout has ended")
        assert line.endswith(b"\n")
        return line[:-1]

    def next(self, seconds: float = WAIT) -> Message:
        """The next message."""
        message = json.loads(self.line(seconds))
        assert isinstance(message, dict)
        assert message["jsonrpc"] == "2.0"
        assert ("method" in message) + ("result" in message) + ("error" in message) == 1
        return message

    def answer(self, identity: int | str | None, seconds: float = WAIT) -> Message:
        """The answer with this id; what comes before it is kept in `notes`."""
        until = time.monotonic() + seconds
        while True:
            message = self.next(max(0.0, until - time.monotonic()))
            if "method" not in message and message["id"] == identity:
                return message
            self.notes.append(message)

    def request(self, method: str, params: Message | None = None, seconds: float = WAIT) -> Message:
        """Send a request and wait for its answer."""
        self._next += 1
        self.send(message(method, params, self._next))
        return self.answer(self._next, seconds)

    def initialize(self) -> Message:
        """The legacy handshake."""
        opened = self.request("initialize", INITIALIZE)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return opened

    def end(self, seconds: float = WAIT) -> int:
        """Close stdin; the exit status."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        return self.process.wait(seconds)

    @property
    def rest(self) -> list[bytes]:
        """Every line that came and was not read, once the process has ended."""
        self._reader.join(WAIT)
        return [line for line in list(self._lines.queue) if line]

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line)
        self._lines.put(b"")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait(WAIT)
        self._reader.join(WAIT)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


INITIALIZE: Final[Message] = {
    "protocolVersion": jr.LEGACY,
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}
ENVELOPE: Final[Message] = {
    jr.META + "protocolVersion": jr.MODERN,
    jr.META + "clientInfo": {"name": "test", "version": "1"},
    jr.META + "clientCapabilities": {},
}


def message(method: str, params: Message | None, identity: int | str) -> Message:
    """A request of the legacy era."""
    plain: Message = {"jsonrpc": "2.0", "id": identity, "method": method}
    return {**plain, "params": params} if params is not None else plain


def modern(method: str, params: Message | None, identity: int | str) -> Message:
    """A request of the modern era."""
    return message(method, {**(params or {}), "_meta": ENVELOPE}, identity)


class Line:
    """One end of a local connection, spoken to in lines: a bridge's towards a gateway, or the reverse."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(WAIT)
        self.socket = sock
        self._file = sock.makefile("rb")

    @classmethod
    def greeted(cls, path: Path, client: str = "agent") -> "Line":
        """A connection to a gateway that let us in."""
        line = cls.to(path)
        line.write(b'{"latchward": 1, "client": "%b"}\n' % client.encode())
        assert line.read() == b'{"latchward":1}'
        return line

    @classmethod
    def to(cls, path: Path) -> "Line":
        """A connection on which nothing was said."""
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(WAIT)
        sock.connect(str(path))
        return cls(sock)

    def write(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send(self, message: Message) -> None:
        self.write(json.dumps(message).encode() + b"\n")

    def read(self) -> bytes:
        """The next line; b"" where the other end has closed."""
        try:
            return self._file.readline().removesuffix(b"\n")
        except ConnectionResetError:
            return b""

    def next(self) -> Message:
        return json.loads(self.read())  # type: ignore[no-any-return]

    def answer(self, identity: int | str | None) -> Message:
        """The answer with this id; anything before it is dropped."""
        while "method" in (message := self.next()) or message["id"] != identity:
            pass
        return message

    def close(self) -> None:
        with contextlib.suppress(OSError):  # wakes whoever still reads
            self.socket.shutdown(socket.SHUT_RDWR)
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ScriptedGateway:
    """A socket at a gateway's place; the test decides what is said on it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen(8)
        self._socket.settimeout(WAIT)

    def accept(self) -> Line:
        """The next connection, nothing said on it yet."""
        return Line(self._socket.accept()[0])

    def welcome(self) -> Line:
        """The next connection, greeted and let in."""
        line = self.accept()
        assert json.loads(line.read())["latchward"] == 1
        line.write(b'{"latchward":1}\n')
        return line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)


def result(identity: int | str, value: Message) -> bytes:
    """An answer, as a gateway writes it."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}\n' % (
        json.dumps(identity).encode(),
        json.dumps(value).encode(),
    )
