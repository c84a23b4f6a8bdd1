"""The keyring of Linux desktops, over D-Bus, with an end to every wait.

The library waits without end for the person who is asked for the keyring's
password, and where nothing can ask them, too. Here the connection itself gives
up, whatever is waited for on it.

Imports D-Bus and cryptography: `keyrings` does so where this keyring is used.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

import secretstorage
from jeepney import DBusErrorResponse
from jeepney.auth import AuthenticationError
from jeepney.bus import get_bus
from jeepney.io.blocking import DBusConnection, prep_socket
from keyring.backends import SecretService as library
from keyring.errors import PasswordDeleteError
from secretstorage.util import add_match_rules

from latchward.model.errors import SecretError

from . import secrets

PROMPT_LIMIT: Final = 120.0
"""Seconds that a person has to unlock the keyring where it asks for its password."""
AUTH_LIMIT: Final = 5.0
"""Seconds for the session bus to let us in."""

_AWAY: Final = ("ServiceUnknown", "NameHasNoOwner", "NoReply", "Disconnected", "Spawn.")
"""How D-Bus names the errors of a keyring that is not there or does not start."""


class SecretService(library.Keyring):
    """As the library has it, but for waits and errors. Raises `SecretError` for most of what goes wrong.

    `on_prompt` is called before the person is asked for the keyring's password.
    """

    def __init__(self, on_prompt: Callable[[], None]) -> None:
        # Without the library's own, which takes settings from the environment.
        self._on_prompt = on_prompt

    def get_preferred_collection(self) -> secretstorage.Collection:
        """The person's keyring, unlocked, on a connection that the caller closes."""
        bus = _connect()
        try:
            collection = secretstorage.Collection(bus)
            if collection.is_locked():
                self._on_prompt()
                if collection.unlock() or collection.is_locked():
                    raise SecretError(secrets.DISMISSED)
        except BaseException:
            bus.close()
            raise
        return collection

    def get_password(self, service: str, username: str) -> str | None:
        with _told():
            try:
                found: str | None = super().get_password(service, username)  # type: ignore[no-untyped-call]
            except secretstorage.PromptDismissedException:
                raise
            except secretstorage.ItemNotFoundException:
                return None  # there is no keyring to look in yet, or it went while we looked
            return found

    def set_password(self, service: str, username: str, password: str) -> None:
        with _told():
            with closing(_connect()) as bus:
                if not _has_keyring(bus):
                    self._on_prompt()
                    secretstorage.get_default_collection(bus)  # makes one: the person chooses its password
            super().set_password(service, username, password)  # type: ignore[no-untyped-call]

    def delete_password(self, service: str, username: str) -> None:
        with _told():
            try:
                super().delete_password(service, username)  # type: ignore[no-untyped-call]
            except secretstorage.PromptDismissedException:
                raise
            except secretstorage.ItemNotFoundException:
                raise PasswordDeleteError from None

    @staticmethod
    def look() -> None:
        """Raise where there is no such keyring, or it is locked; the person is not asked."""
        with _told(), closing(_connect()) as bus:
            if _has_keyring(bus) and secretstorage.Collection(bus).is_locked():
                raise SecretError(secrets.LOCKED)


def is_there() -> bool:
    """Whether there is a Secret Service. Raises `SecretError` where there is no session bus to ask."""
    with _told(), closing(_connect()) as bus:
        return secretstorage.check_service_availability(bus)


class _Bus(DBusConnection):  # type: ignore[misc]  # the library has no types
    """A connection to the session bus on which every wait ends `PROMPT_LIMIT` seconds from its start."""

    def __init__(self, connected: socket.socket) -> None:
        self._until = time.monotonic() + PROMPT_LIMIT
        super().__init__(connected)

    def receive(self, *, timeout: float | None = None) -> Any:
        left = self._until - time.monotonic()
        return super().receive(timeout=left if timeout is None else min(timeout, left))


def _connect() -> _Bus:
    """The caller closes it. Raises `SecretError`."""
    try:
        connected = prep_socket(get_bus("SESSION"), timeout=AUTH_LIMIT)
    except (LookupError, ValueError, RuntimeError, OSError, AuthenticationError):
        raise SecretError(secrets.NO_BUS) from None
    try:
        bus = _Bus(connected)
        add_match_rules(bus)
    except BaseException:
        connected.close()
        raise
    return bus


def _has_keyring(bus: _Bus) -> bool:
    try:
        secretstorage.Collection(bus)
    except secretstorage.ItemNotFoundException:
        return False
    return True


@contextmanager
def _told() -> Iterator[None]:
    """Errors of D-Bus and of the keyring as sentences; `TimeoutError` stays."""
    try:
        yield
    except secretstorage.SecretServiceNotAvailableException:
        raise SecretError(secrets.ABSENT) from None
    except (secretstorage.LockedException, secretstorage.PromptDismissedException):
        raise SecretError(secrets.DISMISSED) from None
    except ConnectionError:
        raise SecretError(secrets.NO_BUS) from None
    except DBusErrorResponse as error:
        name = str(error.name).rpartition("Error.")[2]
        if name == "AccessDenied":
            raise SecretError(secrets.DENIED) from None
        if name.startswith(_AWAY):
            raise SecretError(secrets.ABSENT) from None
        raise
