"""What the programs on a desktop ask its notification daemon to show, whether or not there is one."""

from dataclasses import dataclass
from typing import Any, Final

from jeepney import DBusAddress, HeaderFields, new_method_call
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import unwrap_msg

from .waiting import WAIT

BUS: Final = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus.Monitoring")
RULE: Final = "type='method_call',interface='org.freedesktop.Notifications',member='Notify'"


@dataclass(frozen=True)
class Notice:
    """One notification, in the words of the program."""

    program: str
    title: str
    body: str
    actions: dict[str, str]
    """The keys of the buttons, and what stands on them."""
    hints: dict[str, Any]


class Notices:
    """A monitor of the session bus; it costs nothing until it is read."""

    def __init__(self, address: str) -> None:
        self._seen: list[Notice] = []
        self._bus = open_dbus_connection(bus=address)
        unwrap_msg(
            self._bus.send_and_get_reply(
                new_method_call(BUS, "BecomeMonitor", "asu", ([RULE], 0)), timeout=WAIT
            )
        )

    def seen(self) -> list[Notice]:
        """All of them so far."""
        while True:
            try:
                message = self._bus.receive(timeout=0)
            except TimeoutError:
                return list(self._seen)
            if message.header.fields.get(HeaderFields.member) != "Notify":
                continue
            program, _, _, title, body, words, hints, _ = message.body
            actions = dict(zip(words[::2], words[1::2], strict=True))
            plain = {name: value[1] for name, value in hints.items()}
            self._seen.append(Notice(program, title, body, actions, plain))

    def forget(self) -> None:
        """Start anew."""
        self.seen()
        self._seen = []

    def close(self) -> None:
        self._bus.close()
