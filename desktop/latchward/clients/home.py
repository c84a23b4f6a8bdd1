"""Where a person's programs keep their files: folder, environment and system, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class Home:
    """All that decides where clients keep their files. `platform` is as `sys.platform` has it.

    Nothing here looks at the disk, so the paths of one system can be worked out on another.
    """

    home: PurePath
    environ: Mapping[str, str]
    platform: str

    def named(self, variable: str) -> PurePath | None:
        """The folder that the environment names; None where it names none, or no whole path."""
        value = self.environ.get(variable, "")
        path = type(self.home)(value)
        return path if value and path.is_absolute() else None

    @property
    def settings(self) -> PurePath:
        """The folder in which graphical programs have one of their own each (Electron's `appData`)."""
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        if self.platform == "win32":
            return self.named("APPDATA") or self.home / "AppData" / "Roaming"
        return self.named("XDG_CONFIG_HOME") or self.home / ".config"

    @property
    def local(self) -> PurePath:
        """The folder for what stays on one machine; it differs from `settings` on Windows alone."""
        if self.platform == "win32":
            return self.named("LOCALAPPDATA") or self.home / "AppData" / "Local"
        return self.settings
