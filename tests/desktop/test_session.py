"""The desktop of the tests is tested too: on it a small program is seen, heard, clicked and typed at."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.a11y import BUTTON
from tests.support.desktop import Desktop
from tests.support.desktop_fixtures import on, on_each
from tests.support.desktop_programs import DesktopError, Program
from tests.support.desktop_settings import MARK
from tests.support.waiting import wait_for
from tests.support.x11 import Window

pytestmark = pytest.mark.desktop

ROOT = Path(__file__).parents[2]
LITTLE = Path(__file__).with_name("little.py")
RED = (255, 0, 0)

everywhere = on_each(
    ("openbox", "sni", "dunst"),
    ("xfwm4", "xembed", "xfce"),
    ("openbox", "none", "none"),
    ("xfwm4", "sni", "xfce"),
)
with_a_tray = on_each(("openbox", "sni", "dunst"), ("xfwm4", "xembed", "xfce"), ("xfwm4", "sni", "xfce"))
with_notices = on_each(("openbox", "sni", "dunst"), ("xfwm4", "xembed", "xfce"), ("xfwm4", "xembed", "dunst"))
nothing_more = on("openbox", "none", "none")


def little(desktop: Desktop, *arguments: str) -> tuple[Program, Window]:
    """The small program, with its window open."""
    program = desktop.run([sys.executable, LITTLE, *arguments])
    return program, desktop.wait_window("Little question")


@everywhere
def test_a_window_is_found_and_seen(desktop: Desktop, tmp_path: Path) -> None:
    program, window = little(desktop)
    assert window.title == "Little question \u202e ?"
    assert window.pid == program.pid
    assert not window.popup
    wait_for(lambda: desktop.picture(window).colours() > 50, "drawn window")
    assert desktop.screenshot(tmp_path / "it.png").read_bytes().startswith(b"\x89PNG")


@everywhere
def test_a_click_presses_a_button_once(desktop: Desktop) -> None:
    program, _ = little(desktop)
    desktop.click(*desktop.tree.app("little").find(BUTTON, "^Deny$").centre)
    program.wait_print("^pressed Deny$")
    assert program.printed.count("pressed") == 1


@everywhere
def test_a_screen_reader_presses_a_button(desktop: Desktop) -> None:
    program, _ = little(desktop)
    desktop.tree.app("little").press(BUTTON, "^Allow$")
    program.wait_print("^pressed Allow$")


@everywhere
def test_keys_reach_the_window_with_the_focus(desktop: Desktop) -> None:
    program, window = little(desktop)
    desktop.focus(window)
    desktop.type("no <b>")
    desktop.key("Return")
    program.wait_print("^key Key_Return$")
    assert "\ntext no <b>\n" in program.printed


@nothing_more
def test_a_screen_reader_reads_and_writes_any_text(desktop: Desktop) -> None:
    program, _ = little(desktop)
    dialog = desktop.tree.app("little", pid=program.pid).find("dialog", "Little question")
    assert [node.name for node in dialog.all("label")] == ["May it?"]
    reason = dialog.find("text", "Reason")
    reason.set_text("nein, ½ \u202e")
    program.wait_print("^text nein, ½ \u202e$")
    assert reason.text == "nein, ½ \u202e"
    assert "focused" in reason.again().states
    dialog.find(BUTTON, "Deny").focus()
    wait_for(lambda: "focused" not in reason.again().states, "moved focus")


@with_a_tray
def test_the_tray_shows_the_icon_and_its_menu(desktop: Desktop) -> None:
    program, _ = little(desktop)
    program.wait_print("^available True$")
    icon = desktop.wait_tray("little")
    wait_for(lambda: desktop.picture().pixel(*icon.centre) == RED, "red icon")
    desktop.click(*icon.centre, button=3)
    wait_for(lambda: any(window.popup and window.pid for window in desktop.windows()), "menu")
    desktop.key("Down", "Return")
    program.wait_print("^wave$")


@nothing_more
def test_a_desktop_without_a_tray_says_so(desktop: Desktop) -> None:
    program, _ = little(desktop)
    program.wait_print("^available False$")
    assert desktop.tray_icons() == []


@on_each(("openbox", "sni", "dunst"), ("xfwm4", "xembed", "xfce"), ("openbox", "none", "none"))
def test_a_notification_is_read_as_it_was_sent(desktop: Desktop) -> None:
    little(desktop, "--notify")
    [notice] = wait_for(desktop.notices, "notification")
    assert (notice.program, notice.title, notice.body) == ("little", "Little notice", "Somebody asks")
    assert notice.actions == {"review": "Review", "deny": "Deny"}
    assert notice.hints["urgency"] == 2
    desktop.clear()
    assert desktop.notices() == []


@with_notices
def test_a_button_of_a_notification_is_clicked(desktop: Desktop) -> None:
    program, _ = little(desktop, "--notify")
    program.wait_print("^shown$")
    desktop.answer_notice("Deny")
    program.wait_print("^action deny$")


@nothing_more
def test_a_desktop_without_notifications_refuses_them(desktop: Desktop) -> None:
    program, _ = little(desktop, "--notify")
    program.wait_print("^refused org.freedesktop.DBus.Error.ServiceUnknown$")


@on("xfwm4", "xembed", "xfce", scale=2, dark=True)
def test_everything_is_larger_and_dark_where_a_person_wants_it(desktop: Desktop) -> None:
    program, window = little(desktop, "--notify")
    wait_for(lambda: 0.05 < desktop.picture(window).lightness() < 0.5, "dark window")
    assert window.width == 400
    desktop.click(*desktop.tree.app("little").find(BUTTON, "^Deny$").centre)
    program.wait_print("^pressed Deny$")
    program.wait_print("^shown$")
    desktop.answer_notice("Review")
    program.wait_print("^action review$")


@on()
def test_clearing_ends_the_programs_and_keeps_the_desktop(desktop: Desktop) -> None:
    program, _ = little(desktop, "--notify")
    program.wait_print("^shown$")
    desktop.clear()
    assert not Path(f"/proc/{program.pid}").exists()
    assert {window.name for window in desktop.windows()} == {"Xfce4-panel"}
    assert little(desktop)[1].title.startswith("Little")


@on()
def test_what_does_not_come_is_waited_for_no_longer_than_asked(desktop: Desktop) -> None:
    with pytest.raises(AssertionError, match=r"no window 'Nobody' within 0\.1 seconds"):
        desktop.wait_window("Nobody", seconds=0.1)


@on()
def test_a_program_that_is_not_there_is_named(desktop: Desktop) -> None:
    with pytest.raises(DesktopError, match="there is no `no-such-program`"):
        desktop.run(["no-such-program"])


HIDDEN = """
import ctypes, os, sys, time
ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)                           # undumpable: its environment cannot be read
if os.fork():
    time.sleep(60)
os.setsid()
if os.fork():
    os._exit(0)
code = "import os, time; print('at', os.getpid(), flush=True); time.sleep(60)"
os.execve(sys.executable, [sys.executable, "-c", code], {})
"""


def carriers(mark: str) -> list[int]:
    """The processes that have this mark in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:  # ended, or another's
            continue
    return found


def test_closing_leaves_nothing_not_even_what_hides() -> None:
    with Desktop("xfwm4", "sni", "xfce") as desktop:
        little(desktop)
        hidden = int(desktop.run([sys.executable, "-c", HIDDEN]).wait_print(r"^at (\d+)$")[1])
        assert len(carriers(desktop.mark)) > 5
        socket = Path(f"/tmp/.X11-unix/X{desktop.env['DISPLAY'][1:]}")
        assert socket.exists()
    assert carriers(desktop.mark) == []
    assert not Path(f"/proc/{hidden}").exists()
    assert not desktop.root.exists()
    assert not socket.exists()


OWNER = """
import os, sys
from tests.support.a11y import BUTTON
from tests.support.desktop import Desktop
desktop = Desktop("openbox", "none", "none").start()
desktop.run([sys.executable, "-c", "import time; time.sleep(60)"])
print(desktop.mark, desktop.root, flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_desktop_ends_with_its_owner_however_that_dies() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OWNER], cwd=ROOT, capture_output=True, timeout=20, check=False
    )
    assert done.returncode == -signal.SIGKILL
    mark, directory = done.stdout.decode().split()
    wait_for(lambda: not carriers(mark), "end of the desktop")
    wait_for(lambda: not os.path.exists(directory), "end of its directory")
