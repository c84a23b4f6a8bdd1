"""The tray's end of the private link: one socket, typed signals in, messages out."""

import socket
import stat
from collections.abc import Callable
from os import fstat
from typing import Final, TypeVar

from msgspec import Struct
from PySide6.QtCore import QObject, QSocketNotifier, Signal

from latchward.control import wire
from latchward.control.messages import (
    VERSION,
    AdoptionProgress,
    Asked,
    Block,
    Calls,
    Clients,
    Closed,
    Done,
    EndTemporary,
    Failed,
    FilePlan,
    FromGateway,
    FromTray,
    HeldList,
    Hello,
    Preview,
    Quit,
    Ready,
    Servers,
    ShowWindow,
    Status,
    Stop,
    TemporaryList,
)
from latchward.model.errors import LatchwardError

READ_AT_ONCE: Final = 256 * 1024
"""Bytes taken before painting gets its turn."""
MAX_UNSENT: Final = 16 * 1024 * 1024
"""Bytes that may wait for a gateway that does not read; then it is taken for gone."""

Said = TypeVar("Said", bound=Struct)
_KEPT: Final = (Hello, Status, Servers, HeldList, TemporaryList, Clients, AdoptionProgress, Calls)


class NoLink(LatchwardError):
    """What was handed over as the private link is none."""


def open_link(descriptor: int) -> socket.socket:
    """The socket that the gateway left open as `descriptor`. Raises `NoLink`."""
    try:
        if not stat.S_ISSOCK(fstat(descriptor).st_mode):
            raise NoLink(
                f"`--link {descriptor}` is no socket; the gateway starts the tray, a person does not"
            )
        return socket.socket(fileno=descriptor)
    except OSError:
        raise NoLink(
            f"`--link {descriptor}` is not open; the gateway starts the tray, a person does not"
        ) from None


class Link(QObject):
    """Speaks with the gateway; one signal for each kind of message, which carries that message.

    `latest(Servers)` is the last message of a kind that replaces its forerunner, for a window
    that opens late. `lost` comes once, and last; its word is "" where the gateway said `Stop` before.
    """

    greeted = Signal(object)
    """`Hello`: the handshake is done."""
    status = Signal(object)
    asked = Signal(object)
    closed = Signal(object)
    servers = Signal(object)
    held = Signal(object)
    temporary = Signal(object)
    preview = Signal(object)
    clients = Signal(object)
    file_plan = Signal(object)
    adoption = Signal(object)
    calls = Signal(object)
    done = Signal(int)
    failed = Signal(int, str)
    show_window = Signal()
    lost = Signal(str)

    def __init__(self, end: socket.socket, parent: QObject | None = None) -> None:
        super().__init__(parent)
        end.setblocking(False)
        self._end = end
        self._reader = wire.from_gateway()
        self._unsent = bytearray()
        self._latest: dict[type, FromGateway] = {}
        self._waiting: dict[int, tuple[Callable[[], None], Callable[[str], None]]] = {}
        self._serial = 0
        self._stopping = False
        self._open = True
        self._readable = QSocketNotifier(end.fileno(), QSocketNotifier.Type.Read, self)
        self._readable.activated.connect(self._read)
        self._writable = QSocketNotifier(end.fileno(), QSocketNotifier.Type.Write, self)
        self._writable.setEnabled(False)
        self._writable.activated.connect(self._write)
        self._to = {
            Status: self.status.emit,
            Asked: self.asked.emit,
            Closed: self.closed.emit,
            Servers: self.servers.emit,
            HeldList: self.held.emit,
            TemporaryList: self.temporary.emit,
            Preview: self.preview.emit,
            Clients: self.clients.emit,
            FilePlan: self.file_plan.emit,
            AdoptionProgress: self.adoption.emit,
            Calls: self.calls.emit,
        }

    @property
    def is_open(self) -> bool:
        """Whether messages can still be sent."""
        return self._open

    def latest(self, kind: type[Said]) -> Said | None:
        """The last message of this kind, if one came."""
        found = self._latest.get(kind)
        return found if isinstance(found, kind) else None

    def serial(self) -> int:
        """A number for the next request."""
        self._serial += 1
        return self._serial

    def send(self, message: FromTray) -> None:
        """Send one message, in the background where the gateway is slow; nothing where the link is lost."""
        if not self._open:
            return
        self._unsent += wire.line(message)
        if len(self._unsent) > MAX_UNSENT:
            self._end_with("the gateway does not read")
            return
        self._write()

    def request(
        self,
        message: FromTray,
        done: Callable[[], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Send a message with a serial; one of the two is called when its `Done` or `Failed` comes."""
        serial = getattr(message, "serial", 0)
        self._waiting[serial] = (done or _nothing, failed or _nothing_of)
        self.send(message)

    def block(self, on: bool, failed: Callable[[str], None] | None = None) -> None:
        """Block everything, or end it."""
        self.request(Block(self.serial(), on), failed=failed)

    def end_temporary(self, key: str) -> None:
        """Let an answer hold no longer."""
        self.request(EndTemporary(self.serial(), key))

    def quit(self) -> None:
        """End Latchward: gateway and tray."""
        self.send(Quit())

    def close(self) -> None:
        """End the link without a word."""
        if self._open:
            self._open = False
            self._readable.setEnabled(False)
            self._writable.setEnabled(False)
            self._end.close()

    def _read(self) -> None:
        try:
            data = self._end.recv(READ_AT_ONCE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end_with(error.strerror or "the link broke")
            return
        if not data:
            self._end_with("the gateway ended")
            return
        try:
            for message in self._reader.feed(data):
                if not self._open:
                    return
                self._take(message)
        except wire.LinkBroken as error:
            self._end_with(str(error))

    def _take(self, message: FromGateway) -> None:
        if isinstance(message, _KEPT):
            self._latest[type(message)] = message
        if isinstance(message, Hello):
            self._greet(message)
        elif Hello not in self._latest:
            raise wire.LinkBroken("the gateway did not say who it is; start Latchward anew")
        elif isinstance(message, Done):
            self._waiting.pop(message.serial, (_nothing, _nothing_of))[0]()
            self.done.emit(message.serial)
        elif isinstance(message, Failed):
            self._waiting.pop(message.serial, (_nothing, _nothing_of))[1](message.error)
            self.failed.emit(message.serial, message.error)
        elif isinstance(message, ShowWindow):
            self.show_window.emit()
        elif isinstance(message, Stop):
            self._stopping = True
            self._end_with("")
        else:
            self._to[type(message)](message)

    def _greet(self, hello: Hello) -> None:
        if hello.version != VERSION:
            raise wire.LinkBroken("gateway and tray are of different versions; start Latchward anew")
        self.send(Ready(VERSION))
        self.greeted.emit(hello)

    def _write(self) -> None:
        try:
            while self._unsent:
                sent = self._end.send(memoryview(bytes(self._unsent[:READ_AT_ONCE])))
                del self._unsent[:sent]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self._end_with(error.strerror or "the link broke")
            return
        if self._open:
            self._writable.setEnabled(bool(self._unsent))

    def _end_with(self, why: str) -> None:
        if self._open:
            self.close()
            self.lost.emit("" if self._stopping else why)


def _nothing() -> None:
    """For a request whose answer nobody waits for."""


def _nothing_of(_error: str) -> None:
    """The same, of its failure."""
