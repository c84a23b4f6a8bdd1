"""The secrets of a profile, in the keyring of the person's desktop (port `Secrets`).

A keyring blocks, and one that waits for its password may block for minutes. So
a thread asks it, one at a time, and nobody waits for that thread longer than a
limit. While it is stuck, who asks is told so at once; when it comes back, all is
well again by itself.

Nothing is kept here: each read asks the keyring, so that what is changed there
holds at the next start of a server. What is imported for it is imported in the
thread, at the first use.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from latchward.model.errors import SecretError
from latchward.model.secret import NAME, Secret
from latchward.policy.complaints import quoted

from .paths import Profile

if TYPE_CHECKING:
    from .keyrings import Keyring

LIMIT: Final = 10.0
"""Seconds that a request waits for the keyring."""
MAX_VALUE: Final = 256 * 1024
"""Bytes of one secret; no program takes more in a variable."""

NO_BUS: Final = (
    "there is no session bus, so no keyring can be reached; start Latchward in your desktop session"
)
ABSENT: Final = (
    "no keyring runs here; install and start one that speaks Secret Service,"
    " such as GNOME Keyring, KWallet or KeePassXC"
)
LOCKED: Final = "the keyring is locked; unlock it, then try again"
DISMISSED: Final = "the keyring is locked, and its password was not given; unlock it, then try again"
DENIED: Final = "the keyring does not let Latchward in; allow it there, then try again"
UNUSABLE: Final = "the library that reads the keyring is missing; install Latchward again"
SLOW: Final = "the keyring does not answer; see whether it waits for something, or restart it"

T = TypeVar("T")


def service_of(profile: Profile) -> str:
    """The name under which a profile's secrets stand in the keyring."""
    folder = profile.settings.parent
    return f"latchward:{os.path.realpath(folder)}" if profile == Profile.below(folder) else "latchward"


def check_name(name: str) -> None:
    """Raises `SecretError` for what cannot name a secret."""
    if not NAME.fullmatch(name):
        raise SecretError(
            f"{quoted(name)} cannot name a secret; use up to 100 letters, digits, `_`, `-` and `.`,"
            " a letter, digit or `_` first"
        )


class KeyringSecrets:
    """Implements `model.ports.Secrets`. For one event loop; `limit` is in seconds."""

    def __init__(self, service: str, limit: float = LIMIT) -> None:
        self.state = ""
        """Why the keyring could not be used when it was last asked, as a sentence; "" where it could."""
        self._service = service
        self._limit = limit
        self._asking: _Asking[Any] | None = None
        self._stuck = False

    async def get(self, names: Iterable[str]) -> Mapping[str, Secret]:
        """All of these. Raises `SecretError`."""
        wanted = tuple(dict.fromkeys(names))
        if not wanted:
            return {}
        found = await self._ask(lambda keyring: {name: keyring.get(name) for name in wanted})
        for name, value in found.items():
            if value is None:
                raise SecretError(
                    f"the keyring holds no secret `{name}`; store it: `latchward secret set {name}`"
                )
        return {name: Secret(value) for name, value in found.items() if value is not None}

    async def held(self, names: Iterable[str]) -> frozenset[str]:
        """Those of these that the keyring holds. Raises `SecretError`."""
        wanted = tuple(dict.fromkeys(names))
        return await self._ask(
            lambda keyring: frozenset(name for name in wanted if keyring.get(name) is not None)
        )

    async def put(self, name: str, value: str) -> None:
        """Keep a secret, in place of one of the same name. Raises `SecretError`."""
        check_name(name)
        _check_value(value)
        await self._ask(lambda keyring: keyring.put(name, value))

    async def forget(self, name: str) -> bool:
        """Remove a secret. Whether there was one. Raises `SecretError`."""
        return await self._ask(lambda keyring: keyring.forget(name))

    async def check(self) -> str:
        """`state`, found anew; the person is not asked for anything."""
        with suppress(SecretError):
            await self._ask(lambda keyring: keyring.look())
        return self.state

    async def _ask(self, work: "Callable[[Keyring], T]") -> T:
        """What `work` gives in the thread. Raises `SecretError`, also where it takes too long."""
        if self._stuck:
            raise SecretError(self.state)
        try:
            async with asyncio.timeout(self._limit):
                while (other := self._asking) is not None:
                    await other.ended.wait()
                    if other.error == DISMISSED:  # one no answers all who wait: nobody is asked again
                        raise SecretError(DISMISSED)
                asking: _Asking[T] = _Asking(self._service, work, self._ended)
                self._asking = asking
                await asking.ended.wait()
        except TimeoutError:
            self._stuck = True
            self.state = LOCKED if self._asking is not None and self._asking.prompted else SLOW
            raise SecretError(self.state) from None
        return asking.outcome()

    def _ended(self, asking: "_Asking[Any]") -> None:
        """The thread is done, whether or not somebody still waits for it."""
        self._asking = None
        self._stuck = False
        self.state = asking.error
        asking.ended.set()


class _Asking(Generic[T]):
    """One piece of work in a thread of its own, which keeps no process from ending."""

    def __init__(
        self, service: str, work: "Callable[[Keyring], T]", on_end: "Callable[[_Asking[T]], None]"
    ) -> None:
        self.ended = asyncio.Event()
        self.prompted = False
        """Whether the keyring asks the person for its password."""
        self.error = SLOW
        self._service = service
        self._work = work
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._made: list[T] = []
        threading.Thread(target=self._run, name="asks the keyring", daemon=True).start()

    def outcome(self) -> T:
        """What the work gave. Raises `SecretError` where it failed."""
        if self.error:
            raise SecretError(self.error)
        return self._made.pop()

    def _run(self) -> None:
        try:
            self._made.append(self._work(self._open()))
            self.error = ""
        except SecretError as error:
            self.error = str(error)
        except TimeoutError:
            self.error = LOCKED if self.prompted else SLOW
        finally:
            with suppress(RuntimeError):  # the loop may be closed by now
                self._loop.call_soon_threadsafe(self._on_end, self)

    def _open(self) -> "Keyring":
        try:
            from .keyrings import Keyring
        except ImportError:
            raise SecretError(UNUSABLE) from None
        return Keyring(self._service, self._prompting)

    def _prompting(self) -> None:
        self.prompted = True


def _check_value(value: str) -> None:
    if not value:
        raise SecretError("the secret is empty; give its value")
    if "\0" in value:
        raise SecretError("the secret holds a NUL, which no variable or header can; give it without")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise SecretError("the secret is no text; encode it, in base64 for example") from None
    if size > MAX_VALUE:
        raise SecretError(f"the secret has {size} bytes; at most {MAX_VALUE} can be kept")
