"""What the parts of a desktop, and the programs on it, find in their environment and their settings."""

import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Final

from .desktop_programs import DesktopError

MARK: Final = "LATCHWARD_DESKTOP"
SERVICES: Final = Path("/usr/share/dbus-1/services")
ACTIVATED: Final = ("org.a11y.Bus", "org.xfce.Xfconf")
"""What D-Bus may start here. Whatever else the machine has stays out of it."""
ICON: Final = 28
"""The side of the tray, in pixels at scale 1."""


def environment(root: Path, mark: str, scale: float) -> dict[str, str]:
    """The environment of a desktop below `root`; its directories are made."""
    home, run = root / "home", root / "run"
    for directory in (home, run, root / "tmp", root / "log", root / "services"):
        directory.mkdir(mode=0o700)
    env = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TZ") if os.environ.get(name)} | {
        MARK: mark,
        "HOME": str(home),
        "USER": "person",
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(root / "tmp"),
        "XDG_RUNTIME_DIR": str(run),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_DIRS": "/usr/local/share:/usr/share",
        "XDG_CONFIG_DIRS": "/etc/xdg",
        "XDG_SESSION_TYPE": "x11",
        "XDG_CURRENT_DESKTOP": "XFCE",
        "GSETTINGS_BACKEND": "memory",
        "GIO_USE_VFS": "local",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
    }
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        Path(env[name]).mkdir(parents=True)
    if scale != 1:
        env |= {"QT_SCALE_FACTOR": f"{scale:g}", "GDK_SCALE": f"{max(1, int(scale))}"}
    return env


def write_settings(root: Path, config: Path, dark: bool) -> None:
    """What the parts read when they start."""
    services = root / "services"
    (root / "bus.conf").write_text(BUS.format(directory=root, services=services))
    for name in ACTIVATED:
        if (SERVICES / f"{name}.service").exists():
            shutil.copy(SERVICES / f"{name}.service", services)
    chooser = root / "choose"
    chooser.write_text(CHOOSER.format(directory=shlex.quote(str(root))))
    chooser.chmod(0o700)
    for place, text in {
        "gtk-3.0/settings.ini": GTK.format(dark=int(dark)),
        "dunst/dunstrc": DUNST.format(chooser=chooser),
        "xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml": PANEL,
    }.items():
        (config / place).parent.mkdir(parents=True)
        (config / place).write_text(text)


def activated(root: Path) -> list[str]:
    """The services that D-Bus may start on this desktop."""
    return [name for name in ACTIVATED if (root / "services" / f"{name}.service").exists()]


def notifyd() -> Path:
    """xfce4-notifyd is not on the PATH: its service file says where it is. Raises `DesktopError`."""
    for service in SERVICES.glob("*Notifications.service"):
        if found := re.search(r"^Exec=(\S*/xfce4-notifyd)$", service.read_text(), re.MULTILINE):
            return Path(found[1])
    raise DesktopError("there is no `xfce4-notifyd`: `./check` installs what the desktop tests need")


def server(width: int, height: int) -> list[str]:
    """The command of the X server, which prints the number of its display."""
    size = f"{width}x{height}x24"
    return ["Xvfb", "-displayfd", "1", "-screen", "0", size, "-dpi", "96", "-nolisten", "tcp", "-noreset"]


def bus(root: Path) -> list[str]:
    """The command of the session bus, which prints its address."""
    config = root / "bus.conf"
    return [
        "dbus-daemon",
        f"--config-file={config}",
        "--print-address=1",
        "--nofork",
        "--nopidfile",
        "--nosyslog",
    ]


MANAGERS: Final = {"openbox": ["openbox", "--sm-disable"], "xfwm4": ["xfwm4", "--compositor=off"]}
TRAYS: Final = {
    "sni": ["xfce4-panel", "--disable-wm-check"],
    "xembed": f"trayer --edge top --align right --widthtype request --height {ICON}".split(),
}
HOSTS: Final = {"sni": "xfce4-panel", "xembed": "trayer", "none": ""}
"""The class of the window that the tray is in."""
BUS: Final = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={directory}/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
CHOOSER: Final = """\
#!/bin/sh
# dunst gives its menu on standard input and takes the chosen line.
cd {directory} || exit 1
cat >menu
mv menu chosen
grep -m1 -F -- "#$(cat choice) (" chosen
"""
DUNST: Final = """\
[global]
    font = DejaVu Sans 10
    origin = top-right
    offset = 10x40
    dmenu = {chooser}
    mouse_left_click = context
    history_length = 100
"""
GTK: Final = """\
[Settings]
gtk-theme-name=Adwaita
gtk-icon-theme-name=Adwaita
gtk-font-name=DejaVu Sans 10
gtk-application-prefer-dark-theme={dark}
gtk-enable-animations=0
"""
PANEL: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array"><value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="28"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/><value type="int" value="2"/><value type="int" value="3"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="tasklist"/>
    <property name="plugin-2" type="string" value="separator">
      <property name="expand" type="bool" value="true"/><property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-3" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"""
