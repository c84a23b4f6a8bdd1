"""A session bus of a test's own, and on it the real keyring, in whatever state the test wants.

    with KeyringSession() as session:
        session.start_keyring()                     # unlocked
        session.lock()
        session.unlock()

`env` is what a program needs to find it. Nothing of the machine's own session is seen or touched: HOME and
the XDG directories are thrown away, and D-Bus can start nothing on it but what `offer` names.
"""

import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import secretstorage
from jeepney import DBusAddress, HeaderFields, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection
from jeepney.wrappers import unwrap_msg
from secretstorage.util import format_secret, open_session

from .desktop_notices import BUS as MONITORING
from .desktop_programs import Programs
from .desktop_settings import BUS, MARK, bus, environment
from .waiting import WAIT, wait_for

SECRETS: Final = "org.freedesktop.secrets"
PROMPTER: Final = "org.gnome.keyring.SystemPrompter"
PASSWORD: Final = "of the keyring"
_LOGIN: Final = "/org/freedesktop/secrets/collection/login"
_DAEMON: Final = "gnome-keyring-daemon --foreground --components=secrets"
_INTERNAL: Final = DBusAddress(
    "/org/freedesktop/secrets", SECRETS, "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
)


def keyring_command(*, unlocked: bool) -> list[str]:
    """Starts the keyring, made with `PASSWORD` where it is new; without `unlocked` it is just started."""
    feed = f"printf %s '{PASSWORD}' | exec {_DAEMON} --unlock" if unlocked else f"exec {_DAEMON}"
    return ["sh", "-c", feed]


class KeyringSession:
    """A context manager. `policy` are more rules of the bus, such as `<deny own="..."/>`."""

    def __init__(self, policy: str = "") -> None:
        self._policy = policy
        self.root = Path()
        self.env: dict[str, str] = {}

    def __enter__(self) -> Self:
        mark = uuid.uuid4().hex
        self.root = Path(tempfile.mkdtemp(prefix="ring-"))
        self._programs = Programs(self.root, {MARK: mark})
        try:
            self.env = environment(self.root, mark, 1)
            rules = BUS.format(directory=self.root, services=self.root / "services")
            (self.root / "bus.conf").write_text(rules.replace("</policy>", f"{self._policy}</policy>"))
            daemon = self._programs.start(bus(self.root), self.env, self.root, part=True)
            self.env["DBUS_SESSION_BUS_ADDRESS"] = daemon.wait_print(r"^(unix:\S+)$")[1]
            self._programs.keep()
        except BaseException:
            self._programs.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._programs.close()

    @property
    def address(self) -> str:
        """The address of the bus."""
        return self.env["DBUS_SESSION_BUS_ADDRESS"]

    def start_keyring(self, *, unlocked: bool = True) -> None:
        """Start the keyring, made with `PASSWORD` where it is new; without `unlocked` it is just started."""
        self._programs.start(keyring_command(unlocked=unlocked), self.env, self.root, part=False)
        with self.connected() as connection:
            wait_for(lambda: Proxy(message_bus, connection).NameHasOwner(SECRETS)[0], "keyring")

    def stop_keyring(self) -> None:
        """End it; what it holds stays."""
        self._programs.clear()

    def offer(self, name: str, command: str) -> None:
        """Let D-Bus start a program for a name."""
        service = self.root / "services" / f"{name}.service"
        service.write_text(f"[D-BUS Service]\nName={name}\nExec={command}\n")

    def lock(self) -> None:
        """Lock it as a person does; it keeps running."""
        with self.connected() as connection:
            secretstorage.Collection(connection).lock()

    def unlock(self) -> None:
        """Unlock it with its password, beside any question that it may have open."""
        with self.connected() as connection:
            secret = format_secret(open_session(connection), PASSWORD.encode(), "text/plain")
            call = new_method_call(_INTERNAL, "UnlockWithMasterPassword", "o(oayays)", (_LOGIN, secret))
            unwrap_msg(connection.send_and_get_reply(call, timeout=WAIT))

    @property
    def locked(self) -> bool:
        """Whether the person's keyring is locked."""
        with self.connected() as connection:
            return secretstorage.Collection(connection).is_locked()

    @contextmanager
    def silent(self, name: str) -> Iterator[None]:
        """Somebody has this name on the bus and answers nothing: a window that nobody looks at."""
        with self.connected() as connection:
            assert Proxy(message_bus, connection).RequestName(name)[0] == 1
            yield

    @contextmanager
    def prompts(self) -> Iterator[Callable[[], int]]:
        """Counts how often the keyring is told to ask for its password."""
        seen = 0

        def count() -> int:
            nonlocal seen
            with suppress(TimeoutError):
                while True:
                    message = watching.receive(timeout=0)
                    seen += message.header.fields.get(HeaderFields.member) == "Prompt"
            return seen

        with self.connected() as watching:
            rule = "type='method_call',interface='org.freedesktop.Secret.Prompt',member='Prompt'"
            call = new_method_call(MONITORING, "BecomeMonitor", "asu", ([rule], 0))
            unwrap_msg(watching.send_and_get_reply(call, timeout=WAIT))
            yield count

    @contextmanager
    def connected(self) -> Iterator[DBusConnection]:
        """A connection to the bus."""
        with closing(open_dbus_connection(bus=self.address)) as connection:
            yield connection

    @property
    def stored(self) -> bytes:
        """Every byte that the session has on the disk."""
        files = [path for path in self.root.rglob("*") if path.is_file()]
        return b"\n".join(path.read_bytes() for path in files if os.access(path, os.R_OK))
