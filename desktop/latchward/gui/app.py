"""The tray process: it closes itself to others and runs until its end of the private link is over.

Qt is imported after the process is hardened. When the link ends without `Stop`, the gateway is
gone: what waited is refused already, and Latchward is started anew.
"""

import argparse
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from latchward import program
from latchward.daemon.hardening import harden
from latchward.model.errors import LatchwardError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from .link import Link
    from .theme import Theme
    from .wiring import MakeWindow

_DISPLAYS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


class NoDisplay(LatchwardError):
    """There is nothing to show a window on."""


def main(parsed: argparse.Namespace) -> int:
    """`latchward tray`, as the gateway starts it. Raises `NoLink`, `NoDisplay`."""
    harden()
    return serve(parsed.link, _main_window)


def serve(descriptor: int, make_window: "MakeWindow") -> int:
    """Run until the link ends; the exit status. Raises `NoLink`, `NoDisplay`."""
    from PySide6.QtWidgets import QApplication

    from .link import Link, open_link
    from .messages import report_qt_messages
    from .preferences import place, preferences
    from .theme import Theme
    from .tray.picture import tray_icon
    from .tray.states import State
    from .wiring import App

    end = open_link(descriptor)
    if sys.platform == "linux" and not any(os.environ.get(name) for name in _DISPLAYS):
        raise NoDisplay("there is no display for the tray; `latchward gateway` runs without one")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C at a terminal is for the gateway, which says `Stop`
    report_qt_messages()
    qt = QApplication(["latchward"])
    qt.setApplicationName("Latchward")
    qt.setDesktopFileName("latchward")
    qt.setQuitOnLastWindowClosed(False)
    qt.setWindowIcon(tray_icon(State.NORMAL, ""))
    link = Link(end, qt)
    saved = preferences(place())
    app = App(link, Theme(qt, saved), make_window, start_anew, qt.exit, saved, qt)
    app.start()
    return qt.exec()


def start_anew() -> None:
    """Start Latchward as a program of its own, which outlives this one."""
    subprocess.Popen(program.command(), stdin=subprocess.DEVNULL, start_new_session=True)


def _main_window(link: "Link", theme: "Theme") -> "QWidget":
    from .preferences import place, preferences
    from .window import MainWindow

    return MainWindow(link, theme, preferences(place()))
