"""The icon, its menu and the window's coming and going, on real panels."""

import itertools
import json
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support import recorder
from tests.support.a11y import BUTTON
from tests.support.desktop import Desktop, TrayIcon
from tests.support.desktop_fixtures import on, on_each
from tests.support.waiting import wait_for
from tests.support.whole import STILL, Whole, call, gone
from tests.support.x11 import Picture, Window

pytestmark = pytest.mark.desktop

with_a_tray = on_each(("openbox", "sni", "dunst"), ("xfwm4", "xembed", "xfce"))
POLICY = {"version": "1", "default": "allow", "tools": {"echo": {"action": "approve"}}}
WINDOW = "^Latchward$"

SIDES = itertools.cycle((-4, 4))
"""Beside the middle, in turns: two clicks at one place would be a double click."""
QUIT, LOGIN, BLOCK = 1, 2, 3
"""Entries of the menu, counted from its end."""


@contextmanager
def running(desktop: Desktop) -> Iterator[Whole]:
    """Latchward before one recorder: `echo` is asked about, everything else goes."""
    grants = {"agent": {"fixture": "fixture"}}
    with Whole(desktop, {"fixture": recorder.spec()}, {"fixture": POLICY}, grants) as whole:
        yield whole


def icon(desktop: Desktop) -> TrayIcon:
    """The icon, once it is drawn and stays in its place."""
    seen: list[TrayIcon] = []

    def look() -> TrayIcon | None:
        found = next((one for one in desktop.tray_icons() if "Latchward" in one.title), None)
        if found is None or found.width < 8 or _picture(desktop, found).colours() < 3:
            seen.clear()
            return None
        seen.append(found)
        return found if seen[-STILL:] == [found] * STILL else None

    return wait_for(look, "tray icon that stays")


def _picture(desktop: Desktop, place: TrayIcon) -> Picture:
    return desktop.screen.picture((place.x, place.y, place.width, place.height))


def drawn(desktop: Desktop) -> bytes:
    """The pixels of the icon."""
    return _picture(desktop, icon(desktop)).rgb


def changed(desktop: Desktop, *before: bytes) -> bytes:
    """The pixels of the icon, once they are none of those and stay so."""
    seen: list[bytes] = []

    def look() -> bytes:
        seen.append(drawn(desktop))
        same = len(seen) >= STILL and len(set(seen[-STILL:])) == 1
        return seen[-1] if same and seen[-1] not in before else b""

    return wait_for(look, "another picture")


def menu(desktop: Desktop) -> Window:
    """The icon's menu, open and in its place."""
    x, y = icon(desktop).centre
    desktop.click(x + next(SIDES), y, button=3)
    seen: list[Window] = []

    def look() -> Window | None:
        popups = [window for window in desktop.windows() if window.popup and window.pid]
        seen.extend(popups[-1:])
        return seen[-1] if popups and seen[-STILL:] == [seen[-1]] * STILL else None

    return wait_for(look, "menu of the icon")


def choose(desktop: Desktop, entry: int) -> None:
    """Choose an entry by the keyboard."""
    menu(desktop)
    desktop.key(*["Up"] * entry, "Return")


def blocked(whole: Whole) -> bool:
    path = whole.home / "accepted/blocked.json"
    return path.exists() and bool(json.loads(path.read_text())["reason"])


@with_a_tray
def test_the_four_states_of_the_icon_look_different(desktop: Desktop) -> None:
    with running(desktop) as whole, whole.agent() as agent:
        normal = changed(desktop)
        agent.send(call(1, "fixture__echo", {"text": "x"}))
        whole.dialog()
        asking = changed(desktop, normal)
        agent.send(call(2, "fixture__echo", {"text": "y"}))
        two = changed(desktop, normal, asking)  # the number of questions is in it
        whole.dialog().deny()
        agent.answer(1)
        whole.dialog().deny()
        agent.answer(2)
        assert changed(desktop, asking, two) == normal

        settings = whole.home / "settings.json"
        good = settings.read_text()
        settings.write_text("{")
        trouble = changed(desktop, normal)
        settings.write_text(good)
        assert changed(desktop, trouble) == normal

        choose(desktop, BLOCK)
        closed = changed(desktop, normal)
        assert blocked(whole)
        assert len({normal, asking, two, trouble, closed}) == 5


@with_a_tray
def test_the_menu_blocks_everything_and_ends_it(desktop: Desktop) -> None:
    with running(desktop) as whole, whole.agent() as agent:
        assert not _refused(agent.request("tools/call", _add()))
        choose(desktop, BLOCK)
        wait_for(lambda: blocked(whole), "block")
        assert "blocked" in json.dumps(agent.request("tools/call", _add()))
        choose(desktop, BLOCK)
        unblock = whole.tray_tree().find(BUTTON, "^Unblock$")
        assert blocked(whole)  # until it is said again
        unblock.press()
        wait_for(lambda: not blocked(whole), "end of the block")
        assert not _refused(agent.request("tools/call", _add()))


@with_a_tray
def test_the_menu_starts_latchward_at_login_and_no_longer(desktop: Desktop) -> None:
    entry = Path(desktop.env["XDG_CONFIG_HOME"], "autostart/latchward.desktop")
    with running(desktop):
        choose(desktop, LOGIN)
        wait_for(entry.exists, "autostart entry")
        [command] = [line for line in entry.read_text().splitlines() if line.startswith("Exec=")]
        assert Path(shlex.split(command.removeprefix("Exec="))[0]).exists()
        choose(desktop, LOGIN)
        wait_for(lambda: not entry.exists(), "end of the autostart entry")


@with_a_tray
def test_the_menu_opens_the_window_by_mouse_and_quits_by_keyboard(desktop: Desktop) -> None:
    with running(desktop) as whole:
        place = menu(desktop)
        desktop.click(place.x + 30, place.y + 14)
        window = desktop.wait_window(WINDOW)
        assert window.pid == whole.tray_pid()
        desktop.focus(window)
        desktop.key("alt+F4")
        desktop.wait_no_window(WINDOW)
        assert icon(desktop)  # it closes into the tray
        tray = whole.tray_pid()
        choose(desktop, QUIT)
        assert whole.program.wait(8) == 0
        wait_for(lambda: gone(tray), "end of the tray")
        assert desktop.tray_icons() == []
        assert "qt warning" not in whole.program.printed


@on("openbox", "none", "none")
def test_without_a_panel_the_window_opens_and_says_why(desktop: Desktop) -> None:
    with running(desktop) as whole:
        desktop.wait_window(WINDOW)
        whole.tray_tree().find("label", "This desktop shows no tray icons")


@on()
def test_a_second_start_raises_the_window_and_is_done(desktop: Desktop) -> None:
    with running(desktop) as whole:
        env = {name: whole._env[name] for name in ("LATCHWARD_HOME", "PYTHONPATH")}
        second = desktop.run([sys.executable, "-m", "latchward"], env)
        assert second.wait() == 0
        assert "Latchward runs already" in second.printed
        window = desktop.wait_window(WINDOW)
        assert window.pid == whole.tray_pid()


@on()
def test_a_tray_that_crashes_is_back_in_three_seconds_and_what_it_asked_was_refused(desktop: Desktop) -> None:
    with running(desktop) as whole, whole.agent() as agent:
        agent.send(call(1, "fixture__echo", {"text": "x"}))
        whole.dialog()
        first = whole.tray_pid()
        os.kill(first, signal.SIGKILL)
        assert _refused(agent.answer(1, 2))
        assert not _refused(agent.request("tools/call", _add()))
        whole.tray_pid(3, other_than=first)
        icon(desktop)
        agent.send(call(2, "fixture__echo", {"text": "y"}))
        whole.dialog().allow()
        assert not _refused(agent.answer(2))


@on()
def test_trays_that_end_again_and_again_close_the_gate_and_the_desktop_is_told(desktop: Desktop) -> None:
    with running(desktop) as whole, whole.agent() as agent:
        tray = 0
        for _ in range(5):
            tray = whole.tray_pid(other_than=tray)
            os.kill(tray, signal.SIGKILL)
        whole.program.wait_print("the tray ended 5 times within a minute, so every call is refused")
        assert _refused(agent.request("tools/call", _add()))
        [notice] = wait_for(
            lambda: [one for one in desktop.notices() if "refuse" in one.title], "notification"
        )
        assert "start Latchward anew" in notice.body


@on()
def test_a_gateway_that_crashes_is_started_anew_by_its_tray(desktop: Desktop) -> None:
    with ExitStack() as stack:
        whole = stack.enter_context(running(desktop))
        lock = whole.home / "gateway.lock"
        before, tray = whole.program.pid, whole.tray_pid()
        began = _started(tray)
        wait_for(lambda: _uptime() - began > 12, "gateway that has settled", 15)
        os.kill(before, signal.SIGKILL)
        after = wait_for(lambda: int(lock.read_text().strip() or 0) not in (0, before), "new gateway", 5)
        assert after
        wait_for(lambda: gone(tray), "end of the old tray")
        new = int(lock.read_text())
        stack.callback(lambda: wait_for(lambda: gone(new), "end of the new gateway"))
        stack.callback(os.kill, new, signal.SIGTERM)
        assert icon(desktop)
        with whole.agent() as agent:
            assert not _refused(agent.request("tools/call", _add()))


@on()
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_gateway_and_tray_in_mid_question_ends_both_in_eight_seconds(
    desktop: Desktop, number: signal.Signals
) -> None:
    with running(desktop) as whole, whole.agent() as agent:
        agent.send(call(1, "fixture__echo", {"text": "x"}))
        whole.dialog()
        tray = whole.tray_pid()
        for pid in (tray, whole.program.pid):
            os.kill(pid, number)
        assert whole.program.wait(8) == 0
        wait_for(lambda: gone(tray), "end of the tray")
        assert all(row["verdict"] != "allow" for row in whole.rows() if row["kind"] == "decided")
        wait_for(lambda: not desktop.tray_icons(), "end of the icon")
        assert "Traceback" not in whole.program.printed


@on()
def test_what_lies_in_the_folder_of_the_start_is_not_run(desktop: Desktop, tmp_path: Path) -> None:
    for name in ("latchward", "PySide6", "json", "argparse"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('planted')")
    script = Path(sys.executable).with_name("latchward")
    if not script.exists():
        pytest.fail("latchward is not installed here")
    program = desktop.run([script], {"LATCHWARD_HOME": str(tmp_path / "home")}, cwd=tmp_path)
    program.wait_print("^listening on unix:")
    icon(desktop)
    assert "planted" not in program.printed
    program.signal(signal.SIGTERM)
    assert program.wait() == 0


def _add() -> dict[str, object]:
    return {"name": "fixture__add", "arguments": {"a": 1, "b": 2}}


def _refused(answer: dict[str, object]) -> bool:
    result = answer.get("result")
    return not isinstance(result, dict) or bool(result.get("isError"))


def _uptime() -> float:
    return float(Path("/proc/uptime").read_text().split()[0])


def _started(pid: int) -> float:
    """When a process was started, in seconds since boot."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")
