"""A whole desktop of a test's own, without a screen: X server, D-Bus, window manager, tray, notifications.

    with Desktop(wm="openbox", tray="sni", notify="dunst") as desktop:
        program = desktop.run([sys.executable, "program.py"])
        window = desktop.wait_window("Approve")
        desktop.focus(window)
        desktop.key("Tab")
        desktop.tree.app("program").press(BUTTON, "Deny")

Programs get `desktop.env` and nothing of the caller's: a HOME and XDG directories that are thrown away, a bus
on which only what the desktop consists of can be activated. All of it hangs below one keeper process, which
ends it when the test process closes the desktop, or dies.

Easy to trip over: a key goes to whatever has the focus, so `focus` first; two clicks at one place within
400 ms are a double click; what a program prints after a key was pressed may come late, so `wait_print`.
"""

import re
import shlex
import subprocess
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from jeepney import DBusAddress, MessageType, Properties, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from .a11y import Tree
from .desktop_notices import Notice, Notices
from .desktop_programs import DesktopError, Program, Programs, program_path
from .desktop_settings import (
    HOSTS,
    MANAGERS,
    MARK,
    TRAYS,
    activated,
    bus,
    environment,
    notifyd,
    server,
    write_settings,
)
from .waiting import WAIT, NotInTime, wait_for
from .x11 import NoServer, Picture, Screen, Window

Wm = Literal["openbox", "xfwm4"]
Tray = Literal["sni", "xembed", "none"]
Notify = Literal["dunst", "xfce", "none"]

NOTIFICATIONS: Final = "org.freedesktop.Notifications"
WATCHER: Final = "org.kde.StatusNotifierWatcher"
XEMBED: Final = "_NET_SYSTEM_TRAY_S0"
STILL: Final = 5
"""So many looks must show a window unchanged: managers move it after it appears."""


@dataclass(frozen=True)
class TrayIcon:
    """An icon that the tray shows."""

    title: str
    x: int
    y: int
    width: int
    height: int

    @property
    def centre(self) -> tuple[int, int]:
        return self.x + self.width // 2, self.y + self.height // 2


class Desktop:
    """One desktop; a context manager. `scale` and `dark` are what a person has set for all programs."""

    def __init__(
        self,
        wm: Wm = "openbox",
        tray: Tray = "sni",
        notify: Notify = "dunst",
        scale: float = 1,
        dark: bool = False,
        *,
        size: tuple[int, int] = (1280, 800),
    ) -> None:
        self.wm: Wm = wm
        self.tray: Tray = tray
        self.notify: Notify = notify
        self.scale = scale
        self.dark = dark
        self.size = (round(size[0] * scale), round(size[1] * scale))
        self.mark = uuid.uuid4().hex
        self.root = Path()
        self.env: dict[str, str] = {}
        self.screen: Screen
        self.tree: Tree
        self._closed = 0
        self._open: list[Screen | Tree | Notices | DBusConnection] = []
        self._notices: Notices
        self._bus: DBusConnection
        self._programs: Programs

    # -- coming up and going away ---------------------------------------------------------------------

    def start(self) -> Self:
        """Bring it up. Raises `DesktopError`, with what the part that failed has printed."""
        self.root = Path(tempfile.mkdtemp(prefix="desk-"))
        self._programs = Programs(self.root, {MARK: self.mark})
        try:
            self.env = environment(self.root, self.mark, self.scale)
            write_settings(self.root, Path(self.env["XDG_CONFIG_HOME"]), self.dark)
            self._start_parts()
        except BaseException as error:
            logs = "".join(f"\n-- {log.name}\n{log.read_text()}" for log in sorted(self.root.glob("log/*")))
            self.close()
            if isinstance(error, (NotInTime, NoServer, OSError)):
                raise DesktopError(f"the desktop does not come up: {error}{logs}") from error
            raise
        return self

    def close(self) -> None:
        """End everything on it, and wait until it is gone."""
        for connection in reversed(self._open):
            connection.close()
        self._open = []
        self._programs.close()

    def clear(self) -> None:
        """End every program that was run on it, and take away what they have left; the desktop stays."""
        self._programs.clear()
        self._close_notices()
        self.move(1, self.size[1] // 2)
        wait_for(lambda: all(w.name.lower() == HOSTS[self.tray] for w in self.windows()), "empty desktop")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- programs -------------------------------------------------------------------------------------

    def run(
        self, command: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> Program:
        """Start a program, with `env` on top of the desktop's. Raises `DesktopError`."""
        home = self.root / "home"
        return self._programs.start(command, {**self.env, **(env or {})}, cwd or home, part=False)

    @property
    def printed(self) -> str:
        """What all programs run since the last `clear` have printed."""
        return "".join(
            f"-- {program.name} {program.pid}\n{program.printed}" for program in self._programs.run
        )

    def xdotool(self, *arguments: str | int) -> str:
        """What xdotool prints. Raises `DesktopError`."""
        command = [program_path("xdotool", self.env), *map(str, arguments)]
        try:
            done = subprocess.run(
                command, env=self.env, capture_output=True, text=True, timeout=WAIT, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise DesktopError(f"`{shlex.join(command)}` hangs") from error
        if done.returncode:
            raise DesktopError(f"`{shlex.join(command)}` fails: {done.stderr}")
        return done.stdout

    # -- windows and pixels ---------------------------------------------------------------------------

    def windows(self) -> list[Window]:
        """What is on the screen, panels and notifications too."""
        return self.screen.windows()

    def wait_window(self, title: str, seconds: float = WAIT) -> Window:
        """The newest window whose title matches, once it stays in its place. Raises `NotInTime`."""
        last: list[Window] = []

        def look() -> Window | None:
            fitting = [window for window in self.windows() if re.search(title, window.title)]
            if not fitting or (last and last[-1] != fitting[-1]):
                last.clear()
            last.extend(fitting[-1:])
            return last[-1] if len(last) >= STILL else None

        try:
            return wait_for(look, f"window {title!r}", seconds)
        except NotInTime as error:
            raise NotInTime(f"{error}, but {[window.title for window in self.windows()]}") from None

    def wait_no_window(self, title: str, seconds: float = WAIT) -> None:
        """Wait until no window's title matches. Raises `NotInTime`."""
        wait_for(
            lambda: not any(re.search(title, window.title) for window in self.windows()),
            f"end of window {title!r}",
            seconds,
        )

    def picture(self, window: Window | None = None) -> Picture:
        """What is to be seen of the screen, or of a window's place on it."""
        return self.screen.picture((window.x, window.y, window.width, window.height) if window else None)

    def screenshot(self, path: Path, window: Window | None = None) -> Path:
        """The same as a PNG file."""
        self.picture(window).save(path)
        return path

    # -- hands ----------------------------------------------------------------------------------------

    def key(self, *keys: str) -> None:
        """Press keys one after the other, such as `Return` or `alt+d`, in whatever has the focus."""
        self.xdotool("key", "--clearmodifiers", *keys)

    def type(self, text: str) -> None:
        """Type a text in whatever has the focus: ASCII only, or `ValueError`.

        What is not on the keyboard would have to be mapped to it for the moment, which programs see too late;
        `Node.set_text` takes any text.
        """
        if not text.isascii():
            raise ValueError(f"there are no keys for {text!r}")
        self.xdotool("type", "--clearmodifiers", "--delay", 5, "--", text)

    def move(self, x: int, y: int) -> None:
        """Move the pointer to a place on the screen."""
        self.xdotool("mousemove", x, y)

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Click at a place on the screen: 1 is the left button, 3 the right one."""
        self.xdotool("mousemove", x, y, "click", button)

    def focus(self, window: Window, seconds: float = WAIT) -> None:
        """Activate a window as its taskbar button does, and wait until keys go there. Raises `NotInTime`."""
        self.xdotool("windowactivate", window.id)

        def focused() -> bool:
            focus = self.screen.focus()
            return self.screen.active() == window.id and (
                focus == window.id or focus in self.screen.below(window.id)
            )

        wait_for(focused, f"focus in {window.title!r}", seconds)

    # -- tray and notifications -----------------------------------------------------------------------

    def tray_icons(self) -> list[TrayIcon]:
        """What the tray shows. StatusNotifier icons tell no place: they share the panel's, as they came."""
        host = next((window for window in self.windows() if window.name.lower() == HOSTS[self.tray]), None)
        inside = [self.screen.window(window) for window in self.screen.below(host.id)] if host else []
        parts = [part for part in inside if part]
        if self.tray == "xembed":
            icons = [part for part in parts if self.screen.property(part.id, "_XEMBED_INFO")]
            return [TrayIcon(icon.title, icon.x, icon.y, icon.width, icon.height) for icon in icons]
        plugin = next((part for part in parts if part.name.lower().startswith("wrapper")), None)
        titles = self._status_items() if plugin else []
        if not plugin or not titles:
            return []
        share = plugin.width // len(titles)
        return [
            TrayIcon(title, plugin.x + number * share, plugin.y, share, plugin.height)
            for number, title in enumerate(titles)
        ]

    def wait_tray(self, title: str = "", seconds: float = WAIT) -> TrayIcon:
        """The icon whose title matches, once the tray shows it. Raises `NotInTime`."""

        def look() -> TrayIcon | None:
            return next((icon for icon in self.tray_icons() if re.search(title, icon.title)), None)

        return wait_for(look, f"tray icon {title!r}", seconds)

    def notices(self) -> list[Notice]:
        """What programs wanted to be shown since the last `clear`, in their own words."""
        return self._notices.seen()

    def answer_notice(self, label: str, seconds: float = WAIT) -> None:
        """Click the button of a notification that is on the screen. Raises `NotInTime`.

        dunst has no buttons but a menu: it is opened by a click, and the choice in it made by a program.
        """
        if self.notify == "none":
            raise DesktopError("this desktop has no notifications")
        if self.notify == "xfce":
            button = self.tree.app("xfce4-notifyd").find(
                "push button", f"^{re.escape(label)}$", seconds=seconds
            )
            self.click(*button.centre)
            return
        notice = wait_for(
            lambda: next((w for w in self.windows() if w.popup and w.name.lower() == "dunst"), None),
            "notification",
            seconds,
        )
        (self.root / "choice").write_text(label)
        chosen = self.root / "chosen"
        chosen.unlink(missing_ok=True)
        self.click(*notice.centre)
        menu = wait_for(lambda: chosen.read_text() if chosen.exists() else "", "menu of dunst", seconds)
        if f"#{label} (" not in menu:
            raise NotInTime(f"the notification has no action {label!r}, but {menu}")

    def owns(self, name: str) -> bool:
        """Whether somebody on the session bus has this name."""
        address = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        return bool(self.ask(address, "NameHasOwner", "s", (name,))[0])

    def ask(
        self, address: DBusAddress, method: str, signature: str = "", body: tuple[Any, ...] = ()
    ) -> tuple[Any, ...]:
        """One call on the session bus. Raises `DesktopError` with the answer where it is an error."""
        message = new_method_call(address, method, signature or None, body)
        return self._answer(message)

    # -- how ------------------------------------------------------------------------------------------

    def _answer(self, message: Any) -> tuple[Any, ...]:
        reply = self._bus.send_and_get_reply(message, timeout=WAIT)
        if reply.header.message_type is MessageType.error:
            raise DesktopError(f"the session bus answers {reply.header.fields} {reply.body}")
        return tuple(reply.body)

    def _close_notices(self) -> None:
        """Close every notification: their numbers rise, so one more says which there can be."""
        if self.notify == "none":
            self._notices.forget()
            return
        daemon = DBusAddress("/org/freedesktop/Notifications", NOTIFICATIONS, NOTIFICATIONS)
        body: tuple[Any, ...] = ("", 0, "", "clear", "", [], {}, 0)
        last = int(self.ask(daemon, "Notify", "susssasa{sv}i", body)[0])
        for number in range(self._closed + 1, last + 1):
            message = new_method_call(daemon, "CloseNotification", "u", (number,))
            self._bus.send_and_get_reply(message, timeout=WAIT)  # one that is closed already is an error
        self._closed = last
        self._notices.forget()

    def _status_items(self) -> list[str]:
        """The titles of the StatusNotifier items, in order of coming."""
        watcher = DBusAddress("/StatusNotifierWatcher", bus_name=WATCHER, interface=WATCHER)
        titles = []
        for item in self._answer(Properties(watcher).get("RegisteredStatusNotifierItems"))[0][1]:
            bus, _, path = str(item).partition("/")
            where = DBusAddress("/" + path, bus_name=bus, interface="org.kde.StatusNotifierItem")
            try:
                titles.append(str(self._answer(Properties(where).get("Title"))[0][1]))
            except DesktopError:  # gone meanwhile
                continue
        return titles

    def _part(self, *command: str | Path) -> Program:
        return self._programs.start(command, self.env, self.root, part=True)

    def _start_parts(self) -> None:
        display = self._part(*server(*self.size))
        session = self._part(*bus(self.root))
        self.env["DISPLAY"] = ":" + display.wait_print(r"^(\d+)$")[1]
        address = session.wait_print(r"^(unix:\S+)$")[1]
        self.env["DBUS_SESSION_BUS_ADDRESS"] = address
        self.screen = Screen(self.env["DISPLAY"])
        self._open.append(self.screen)
        self._bus = open_dbus_connection(bus=address)
        self._open.append(self._bus)
        self._notices = Notices(address)
        self._open.append(self._notices)
        # What D-Bus starts gets the environment of the daemon, which is older than the display.
        daemon = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        late = {"DISPLAY": self.env["DISPLAY"], "DBUS_SESSION_BUS_ADDRESS": address}
        self.ask(daemon, "UpdateActivationEnvironment", "a{ss}", (late,))

        self._part(*MANAGERS[self.wm])
        if self.notify != "none":
            self._part("dunst" if self.notify == "dunst" else notifyd())
        if self.tray != "none":
            self._part(*TRAYS[self.tray])
        atspi = DBusAddress("/org/a11y/bus", bus_name="org.a11y.Bus", interface="org.a11y.Bus")
        self.tree = Tree(str(self.ask(atspi, "GetAddress")[0]), self.scale)
        self._open.append(self.tree)
        self.tree.apps()

        wait_for(self.screen.managed, f"window manager {self.wm}")
        if self.notify != "none":
            wait_for(lambda: self.owns(NOTIFICATIONS), f"notification daemon {self.notify}")
        if self.tray == "sni":
            wait_for(lambda: self.owns(WATCHER), "StatusNotifier watcher")
        elif self.tray == "xembed":
            wait_for(lambda: self.screen.owner(XEMBED), "XEmbed tray")
        for name in activated(self.root):
            self.ask(daemon, "StartServiceByName", "su", (name, 0))
        self._programs.keep()
