"""One notification on the desktop, for when there is no tray to show anything."""

import contextlib
import os
import sys
from typing import Final

WAIT: Final = 3.0
"""Seconds for the desktop to take it."""
_CRITICAL: Final = 2
_FOR_GOOD: Final = 0


def notify(title: str, text: str) -> None:
    """Show a notification where the desktop shows any. Blocks, but not for long."""
    if sys.platform != "linux" or not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return
    # Imported for the one moment in which it is needed.
    from jeepney import DBusAddress, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    place = "/org/freedesktop/Notifications"
    service = DBusAddress(place, "org.freedesktop.Notifications", "org.freedesktop.Notifications")
    hints = {"urgency": ("y", _CRITICAL), "desktop-entry": ("s", "latchward")}
    body: tuple[object, ...] = ("Latchward", 0, "latchward", title, text, [], hints, _FOR_GOOD)
    with contextlib.suppress(Exception), open_dbus_connection() as bus:  # it is only a courtesy
        bus.send_and_get_reply(new_method_call(service, "Notify", "susssasa{sv}i", body), timeout=WAIT)
