"""The tray as a process, and its objects wired together."""

import os
import socket
import subprocess
import sys

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from latchward.control import messages as say
from latchward.control import wire
from latchward.gui import autostart, wiring
from latchward.gui.wiring import App

from .support import pair, question


def start(descriptor: int, **options) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "latchward", "tray", "--link", str(descriptor)]
    environ = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ, **options)


def test_a_descriptor_that_is_no_link_is_refused_with_a_sentence():
    with start(0, stdin=subprocess.DEVNULL) as tray:
        _, said = tray.communicate(timeout=30)
    assert tray.returncode == 1
    assert said == "latchward: `--link 0` is no socket; the gateway starts the tray, a person does not\n"


def test_the_verb_is_not_offered_to_people():
    shown = subprocess.run(
        [sys.executable, "-m", "latchward", "--help"], capture_output=True, text=True, check=True
    )
    assert not any(line.split()[:1] == ["tray"] for line in shown.stdout.splitlines())


@pytest.mark.parametrize(("last", "status"), [(wire.line(say.Stop()), 0), (b"", 1)])
def test_the_tray_greets_and_ends_with_its_gateway(last, status):
    ours, theirs = socket.socketpair()
    with ours, start(theirs.fileno(), pass_fds=(theirs.fileno(),)) as tray:
        theirs.close()
        ours.settimeout(30)
        ours.sendall(wire.line(say.Hello(say.VERSION, os.getpid(), "", "", "")))
        assert list(wire.from_tray().feed(ours.recv(1000))) == [say.Ready(say.VERSION)]
        ours.sendall(last)
        ours.close()
        _, said = tray.communicate(timeout=30)
    assert tray.returncode == status
    assert ("the tray ends" in said) == bool(status)


def boxes() -> list[QMessageBox]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, QMessageBox)]


class Started:
    """An app on a link, with what it was told to do."""

    def __init__(self, theme, ends, saved=None):
        self.link, self.gateway = ends
        self.windows = []
        self.restarts = []
        self.left = []
        restart = lambda: self.restarts.append(1)  # noqa: E731
        self.app = App(self.link, theme, self.make, restart, self.left.append, saved)
        self.gateway.greet()
        self.gateway.hear(1)

    def make(self, link, theme):
        self.windows.append(Window())
        return self.windows[-1]

    def end(self):
        self.link.close()
        self.app.tray.hide()
        self.app.asking.end()
        for window in self.windows:
            window.close()


class Window(QWidget):
    """Counts how often the first run was opened."""

    setups = 0

    def show_setup(self):
        self.setups += 1


@pytest.fixture
def started(theme, ends):
    made = Started(theme, ends)
    yield made
    made.end()


@pytest.fixture
def saved(tmp_path):
    return QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)


FOUND = say.FoundServer("k", "github", "npx github", ("a file",), ("Cursor",))


def test_the_window_is_made_when_it_is_first_opened(started, qtbot):
    assert started.windows == []
    started.app.menu.open.trigger()
    started.gateway.say(say.ShowWindow())
    qtbot.wait(50)
    assert len(started.windows) == 1
    assert started.windows[0].isVisible()


def test_a_first_start_that_finds_something_opens_the_first_run_once(theme, ends, qtbot, saved):
    started = Started(theme, ends, saved)
    last = say.Clients((), (FOUND,), "no keyring", first=True)
    started.gateway.say(say.Clients((), (FOUND,), first=True), last)
    qtbot.waitUntil(lambda: ends[0].latest(say.Clients) == last)
    (window,) = started.windows
    assert window.isVisible()
    assert window.setups == 1
    started.end()


def test_the_first_run_is_not_opened_by_the_next_start(theme, qtbot, saved, tmp_path):
    for times in (1, 0):
        kept = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        ends = pair(qtbot)
        started = Started(theme, ends, kept)
        started.gateway.say(say.Clients((), (FOUND,), first=True))
        qtbot.waitUntil(lambda ends=ends: ends[0].latest(say.Clients) is not None)
        assert [window.setups for window in started.windows] == [1] * times
        started.end()
        started.gateway.close()


@pytest.mark.parametrize(
    "told", [say.Clients((), (), first=True), say.Clients((), (FOUND,), first=False)], ids=["none", "later"]
)
def test_nothing_to_set_up_opens_nothing_and_is_not_remembered(theme, ends, qtbot, saved, told):
    started = Started(theme, ends, saved)
    started.gateway.say(told)
    qtbot.waitUntil(lambda: ends[0].latest(say.Clients) is not None)
    assert started.windows == []
    started.gateway.say(say.Clients((), (FOUND,), first=True))
    qtbot.waitUntil(lambda: [window.setups for window in started.windows] == [1])
    started.end()


def test_block_is_sent_and_a_failure_is_told(started, qtbot):
    started.app.menu.block.trigger()
    (block,) = started.gateway.hear(1)
    assert block == say.Block(block.serial, True)
    started.gateway.say(say.Failed(block.serial, "<b>no</b>"))
    qtbot.waitUntil(lambda: any(box.text() == "<b>no</b>" for box in boxes()))
    (box,) = [box for box in boxes() if box.text() == "<b>no</b>"]
    assert box.isVisible()
    assert box.textFormat() == Qt.TextFormat.PlainText
    box.close()


def test_unblocking_is_asked_first(started, qtbot):
    started.app.menu.show_mode("blocked")
    started.app.menu.block.trigger()
    started.gateway.hears_nothing()
    box = started.app._asking_to_unblock
    (unblock,) = [one for one in box.buttons() if one.text() == "Unblock"]
    unblock.click()
    (block,) = started.gateway.hear(1)
    assert not block.on


def test_quit_asks_only_where_questions_wait(started, qtbot):
    started.gateway.say(say.Asked(question()))
    qtbot.waitUntil(lambda: len(started.app.asking) == 1)
    started.app.menu.quit.trigger()
    started.gateway.hears_nothing()
    box = started.app._asking_to_quit
    assert box is not None
    box.reject()
    started.gateway.say(say.Closed("n1", "gone"))
    qtbot.waitUntil(lambda: not len(started.app.asking))
    started.app.menu.quit.trigger()
    assert started.gateway.hear(1) == [say.Quit()]


@pytest.mark.parametrize(("settled", "restarts"), [(0.0, [1]), (3600.0, [])])
def test_a_gateway_that_ran_is_started_anew_and_one_that_cannot_run_is_not(
    started, qtbot, monkeypatch, capsys, settled, restarts
):
    monkeypatch.setattr(wiring, "SETTLED", settled)
    with qtbot.waitSignal(started.link.lost):
        started.gateway.close()
    assert started.restarts == restarts
    assert started.left == [1]
    assert "the tray ends" in capsys.readouterr().err


def test_stop_starts_nothing_anew(started, qtbot, monkeypatch):
    monkeypatch.setattr(wiring, "SETTLED", 0.0)
    with qtbot.waitSignal(started.link.lost):
        started.gateway.say(say.Stop())
    assert started.restarts == []
    assert started.left == [0]


def test_start_at_login_is_written_and_taken_away(started):
    started.app.menu.login.trigger()
    assert autostart.is_on(autostart.place())
    assert started.app.menu.login.isChecked()
    started.app.menu.login.trigger()
    assert not autostart.is_on(autostart.place())
    assert not started.app.menu.login.isChecked()
