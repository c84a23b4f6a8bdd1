"""What the tests of the main window share: views as they are told, and a gateway on a real socketpair."""

import os
import socket
from functools import cache
from typing import Any, TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QPushButton, QWidget

from latchward.control import wire
from latchward.control.messages import (
    VERSION,
    EffectWord,
    FromGateway,
    FromTray,
    Hello,
    Servers,
    ServerView,
    ToolView,
)
from latchward.gui.link import Link
from latchward.gui.theme import Theme
from latchward.gui.window import TOOLS, MainWindow

Said = TypeVar("Said")

LEVEL = {
    "Read": "Low",
    "Write": "Medium",
    "Execute": "High",
    "Destructive": "Critical",
    "Financial": "Critical",
}


def tool(name: str, category: str = "Read", effect: EffectWord = "approve", **more: Any) -> ToolView:
    """One tool; everything that a test does not speak of is harmless."""
    plain: dict[str, Any] = {
        "title": "",
        "description": f"{name} does its work",
        "class_risk": LEVEL[category],
        "severity": LEVEL[category],
        "recommended": "allow" if category == "Read" else "approve",
        "reason": "its name says so",
        "evidence": (name,),
    }
    return ToolView(name=name, category=category, effect=effect, **(plain | more))


def server(name: str, *tools: ToolView, **more: Any) -> ServerView:
    """One running server under the policy of its own name."""
    plain: dict[str, Any] = {
        "policy": name,
        "revision": "r1",
        "command": f"uvx mcp-server-{name}",
        "digest": f"digest of {name}",
        "state": "running",
        "error": "",
        "clients": ("Claude Code",),
    }
    return ServerView(name=name, tools=tools, **(plain | more))


FILES = server(
    "files",
    tool("read_file", effect="allow"),
    tool("write_file", "Write"),
    tool("move_file", "Write"),
    tool("delete_file", "Destructive", "hide", recommended="hide"),
)
GIT = server(
    "git", tool("git_log", effect="allow"), tool("git_commit", "Write"), tool("git_reset", "Destructive")
)


class Gateway:
    """The other end of a tray's link: says what a test tells it to, and keeps what it hears."""

    def __init__(self, qtbot: Any) -> None:
        self._qtbot = qtbot
        self._end, tray = socket.socketpair()
        self._end.setblocking(False)
        self._reader = wire.from_tray()
        self.heard: list[FromTray] = []
        self.link = Link(tray)
        self.say(Hello(VERSION, 1, "test", "", "/run/test"))

    def say(self, message: FromGateway) -> None:
        """Say one message."""
        self._end.setblocking(True)
        self._end.sendall(wire.line(message))
        self._end.setblocking(False)

    def tell(self, *servers: ServerView) -> None:
        """Tell the servers."""
        self.say(Servers(servers))

    def hears(self, kind: type[Said]) -> Said:
        """The next message of a kind; the others before it are kept in `heard`."""
        found: list[Said] = []

        def look() -> bool:
            self._listen()
            found.extend(one for one in self.heard if isinstance(one, kind))
            return bool(found)

        self._qtbot.waitUntil(look)
        self.heard.remove(found[0])
        return found[0]

    def heard_nothing_of(self, kind: type[FromTray]) -> bool:
        """Whether no message of a kind came so far."""
        QApplication.processEvents()
        self._listen()
        return not any(isinstance(one, kind) for one in self.heard)

    def close(self) -> None:
        """End it."""
        self.link.close()
        self._end.close()

    def _listen(self) -> None:
        try:
            while data := self._end.recv(1 << 16):
                self.heard.extend(self._reader.feed(data))
        except BlockingIOError:
            return


@cache
def one_theme() -> Theme:
    """The theme of all these windows: it belongs to the application."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return Theme(app)


def open_window(
    qtbot: Any, gateway: Gateway, *servers: ServerView, saved: QSettings | None = None
) -> MainWindow:
    """The main window, shown at its page of tools, with these servers."""
    window = MainWindow(gateway.link, one_theme(), saved)
    qtbot.addWidget(window)
    if saved is None:
        window.show_page(TOOLS)
    window.show()
    gateway.tell(*servers)
    qtbot.waitUntil(lambda: len(window.tools.draft.views) == len(servers))
    QApplication.processEvents()
    return window


def texts(widget: QWidget) -> str:
    """What a person can read on `widget`."""
    return "\n".join(
        str(one.text() if hasattr(one, "text") else one.toPlainText())
        for one in widget.findChildren(QWidget)
        if hasattr(one, "text") or isinstance(one, QPlainTextEdit)
        if one.isVisibleTo(widget)
    )


def press(widget: QWidget, text: str) -> None:
    """Click the one button of `widget` that says `text`."""
    (found,) = [b for b in widget.findChildren(QPushButton) if b.text() == text and b.isVisibleTo(widget)]
    found.click()
