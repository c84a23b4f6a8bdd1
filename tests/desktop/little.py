"""A small program as the tray is one: an icon, a dialog with two buttons, and with `--notify` a notification.

It prints a line for all that happens to it.
"""

import sys
import threading

from jeepney import DBusAddress, HeaderFields, MatchRule, MessageType, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSystemTrayIcon,
    QVBoxLayout,
)

PATH, NAME = "/org/freedesktop/Notifications", "org.freedesktop.Notifications"
ACTIONS = ["review", "Review", "deny", "Deny"]


class Keys(QObject):
    """Prints every key that a window gets."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched.isWindowType():
            print("key", Qt.Key(event.key()).name)
        return False


def notify() -> None:
    """Show a notification, and print which of its buttons was clicked."""
    with open_dbus_connection() as bus:
        rule = MatchRule(type="signal", interface=NAME, path=PATH)
        bus.send_and_get_reply(message_bus.AddMatch(rule))
        body = ("little", 0, "", "Little notice", "Somebody asks", ACTIONS, {"urgency": ("y", 2)}, 0)
        address = DBusAddress(PATH, bus_name=NAME, interface=NAME)
        reply = bus.send_and_get_reply(new_method_call(address, "Notify", "susssasa{sv}i", body))
        if reply.header.message_type is MessageType.error:
            print("refused", reply.header.fields[HeaderFields.error_name])
            return
        print("shown")
        while True:
            signal = bus.receive()
            if signal.header.fields.get(HeaderFields.member) == "ActionInvoked":
                print("action", signal.body[1])


def main() -> int:
    """Run until the dialog is closed."""
    app = QApplication(["little"])
    keys = Keys()
    app.installEventFilter(keys)
    red = QPixmap(32, 32)
    red.fill(QColor(255, 0, 0))
    menu = QMenu()
    menu.addAction("Wave", lambda: print("wave"))
    tray = QSystemTrayIcon(QIcon(red))
    tray.setToolTip("Little tray")
    tray.setContextMenu(menu)
    tray.activated.connect(lambda reason: print("tray", reason.name))
    tray.show()
    print("available", QSystemTrayIcon.isSystemTrayAvailable())

    dialog = QDialog()
    dialog.setWindowTitle("Little question ‮ ?")
    reason = QLineEdit()
    reason.setAccessibleName("Reason")
    reason.textChanged.connect(lambda text: print("text", text))
    column = QVBoxLayout(dialog)
    column.addWidget(QLabel("May it?"))
    column.addWidget(reason)
    for name in ("Allow", "Deny"):
        button = QPushButton(name, autoDefault=False)
        button.clicked.connect(lambda checked, name=name: print("pressed", name))
        column.addWidget(button)
    dialog.show()
    if "--notify" in sys.argv:
        threading.Thread(target=notify, daemon=True).start()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
