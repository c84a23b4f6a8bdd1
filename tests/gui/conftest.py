"""Windows without a screen. A warning of Qt fails the test, as any other."""

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from latchward.gui.link import Link
from latchward.gui.theme import Theme

from .support import GatewayEnd, pair


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    """No test sees or writes the person's own files, or speaks on their session bus."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/no-bus")


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    """The one theme of all tests: to dress every window anew for each would take its time."""
    return Theme(qapp)


@pytest.fixture
def ends(qtbot) -> Iterator[tuple[Link, GatewayEnd]]:
    """A link, and the gateway's end of it."""
    link, gateway = pair(qtbot)
    yield link, gateway
    link.close()
    gateway.close()
