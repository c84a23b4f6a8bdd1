"""The desktop's notification of a question: Review… and Deny. Never Allow: it cannot show the arguments.

D-Bus is spoken in a thread of its own, so that a notification service that hangs never blocks the window.
"""

import os
import select
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from html import escape
from typing import Any, Final, NamedTuple

from PySide6.QtCore import QObject, Signal

REPLY_SECONDS: Final = 3.0
"""How long the service may take for one answer."""

_BUS_NAME: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"
REVIEW: Final = "review"
DENY: Final = "deny"


class _Show(NamedTuple):
    nonce: str
    body: str


class _Close(NamedTuple):
    pass


class _End(NamedTuple):
    pass


class Notifications(QObject):
    """At most one notification, that of the shown question; none where no service has buttons.

    `reviewed` and `denied` carry the nonce of the question that the notification was of.
    """

    reviewed = Signal(str)
    denied = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._orders: deque[_Show | _Close | _End] = deque()
        self._wakes = list(os.pipe())
        os.set_blocking(self._wakes[1], False)
        self._thread: threading.Thread | None = None

    def show_question(self, nonce: str, body: str) -> None:
        """Notify of a question, in place of the one before."""
        self._order(_Show(nonce, body))

    def close_question(self) -> None:
        """Take the notification away."""
        if self._thread is not None:
            self._order(_Close())

    def end(self) -> None:
        """Take it away and end the thread."""
        if self._thread is not None:
            self._order(_End())
            self._thread.join(REPLY_SECONDS)
            self._thread = None
        while self._wakes:
            os.close(self._wakes.pop())

    def _order(self, order: _Show | _Close | _End) -> None:
        if not self._wakes:
            return
        self._orders.append(order)
        if self._thread is None:
            worker = _Worker(self._orders, self._wakes[0], self.reviewed.emit, self.denied.emit)
            self._thread = threading.Thread(target=worker.run, name="notifications", daemon=True)
            self._thread.start()
        with suppress(BlockingIOError):  # then the thread has enough reasons to wake up
            os.write(self._wakes[1], b".")


class _Worker:
    """What runs in the thread; only it touches the connection."""

    def __init__(
        self,
        orders: "deque[_Show | _Close | _End]",
        wake: int,
        reviewed: Callable[[str], None],
        denied: Callable[[str], None],
    ) -> None:
        self._orders = orders
        self._wake = wake
        self._tell = {REVIEW: reviewed, "default": reviewed, DENY: denied}
        self._bus: Any = None
        self._capabilities: frozenset[str] = frozenset()
        self._id = 0
        self._nonce = ""

    def run(self) -> None:
        """Until `_End`."""
        while True:
            watched = [self._wake] if self._bus is None else [self._wake, self._bus.sock]
            ready, _, _ = select.select(watched, [], [])
            if self._wake in ready:
                os.read(self._wake, 4096)
            if not self._obey():
                return
            if self._bus is not None:
                self._guarded(self._listen)

    def _obey(self) -> bool:
        """Carry out the orders; of several to show, the last. False at the end."""
        last: _Show | _Close | _End | None = None
        while self._orders:
            last = self._orders.popleft()
            if isinstance(last, _End):
                break
        if isinstance(last, _Show):
            shown = last
            self._guarded(lambda: self._show(shown))
        elif last is not None:
            self._guarded(self._close)
        if isinstance(last, _End):
            self._drop()
            return False
        return True

    def _guarded(self, work: Callable[[], None]) -> None:
        """Without D-Bus, or with a service that misbehaves, there is no notification; the window is there."""
        try:
            work()
        except Exception:  # whatever a foreign service provokes must not end the thread
            self._drop()

    def _show(self, order: _Show) -> None:
        if self._bus is None:
            self._connect()
        if "actions" not in self._capabilities:
            return
        body = escape(order.body, quote=False) if "body-markup" in self._capabilities else order.body
        actions = [REVIEW, "Review…", DENY, "Deny"]
        hints = {"urgency": ("y", 2), "desktop-entry": ("s", "latchward"), "category": ("s", "im")}
        fields = ("Latchward", 0, "dialog-question", "A call waits for your answer", body, actions, hints, 0)
        # A new one each time: a press that was meant for the question before must not reach this one.
        self._close()
        self._nonce = order.nonce
        (self._id,) = self._call("Notify", "susssasa{sv}i", fields)

    def _close(self) -> None:
        self._nonce = ""
        if self._bus is not None and self._id:
            closing, self._id = self._id, 0
            self._call("CloseNotification", "u", (closing,))

    def _connect(self) -> None:
        from jeepney import MatchRule
        from jeepney.bus_messages import message_bus
        from jeepney.io.blocking import open_dbus_connection
        from jeepney.wrappers import unwrap_msg

        bus = open_dbus_connection(bus="SESSION")
        self._bus = bus
        rule = MatchRule(type="signal", interface=_BUS_NAME, path=_PATH)
        unwrap_msg(bus.send_and_get_reply(message_bus.AddMatch(rule), timeout=REPLY_SECONDS))
        (capabilities,) = self._call("GetCapabilities", "", ())
        self._capabilities = frozenset(capabilities)

    def _call(self, method: str, signature: str, body: tuple[Any, ...]) -> tuple[Any, ...]:
        from jeepney import DBusAddress, new_method_call
        from jeepney.wrappers import unwrap_msg

        service = DBusAddress(_PATH, bus_name=_BUS_NAME, interface=_BUS_NAME)
        message = new_method_call(service, method, signature or None, body)
        answer = self._bus.send_and_get_reply(message, timeout=REPLY_SECONDS)
        result: tuple[Any, ...] = unwrap_msg(answer)
        return result

    def _listen(self) -> None:
        """Every signal that has come."""
        from jeepney import HeaderFields

        while True:
            try:
                message = self._bus.receive(timeout=0)
            except TimeoutError:
                return
            name = message.header.fields.get(HeaderFields.member)
            if name == "ActionInvoked" and message.body[0] == self._id and self._nonce:
                self._tell.get(message.body[1], _nothing)(self._nonce)
            elif name == "NotificationClosed" and message.body[0] == self._id:
                self._id = 0

    def _drop(self) -> None:
        if self._bus is not None:
            self._bus.close()
        self._bus = None
        self._id = 0


def _nothing(_nonce: str) -> None:
    """For an action that is not ours."""
