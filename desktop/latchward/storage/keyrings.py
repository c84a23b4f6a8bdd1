"""The keyrings that encrypt what they are given, and one of them, opened.

Each kind is named here and made here. The library's own choice is never asked
for: it takes a file in clear where some package, variable or setting offers one.

Everything blocks, and importing this costs 9 MiB with what it opens: `secrets`
does so in a thread, and only where a secret is wanted.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from keyring import errors

from latchward.model.errors import SecretError

from . import secrets


class Store(Protocol):
    """What the library's keyrings have in common."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


class Keyring:
    """The person's keyring, opened for one piece of work.

    `on_prompt` is called before the person is asked for its password, where
    that can be told. All raise `SecretError`, and `TimeoutError` where it took too long.
    """

    def __init__(self, service: str, on_prompt: Callable[[], None]) -> None:
        self._service = service
        with _told():
            self._store = _open(on_prompt)

    def get(self, name: str) -> str | None:
        """The value of a secret; None where there is no such one."""
        with _told():
            return self._store.get_password(self._service, name)

    def put(self, name: str, value: str) -> None:
        """Keep a secret, in place of one of the same name."""
        with _told():
            self._store.set_password(self._service, name, value)

    def forget(self, name: str) -> bool:
        """Remove a secret. Whether there was one."""
        with _told():
            try:
                self._store.delete_password(self._service, name)
            except errors.PasswordDeleteError:
                return False
            return True

    def look(self) -> None:
        """Raise where it cannot be used as it is; the person is not asked for anything."""
        with _told():
            if (look := getattr(self._store, "look", None)) is not None:
                look()


def _open(on_prompt: Callable[[], None]) -> Store:
    """The first of the allowed keyrings that is there. Raises `SecretError` where none is."""
    if sys.platform == "darwin":
        from keyring.backends import macOS

        return macOS.Keyring()  # type: ignore[no-untyped-call]
    if sys.platform == "win32":
        from keyring.backends import Windows

        return Windows.WinVaultKeyring()  # type: ignore[no-untyped-call]
    from . import secret_service

    try:
        if secret_service.is_there():
            return secret_service.SecretService(on_prompt)
        absent = SecretError(secrets.ABSENT)
    except SecretError as error:
        absent = error
    from keyring.backends import kwallet, libsecret

    for kind in (libsecret.Keyring, kwallet.DBusKeyring, kwallet.DBusKeyringKWallet4):
        if kind.viable:
            return kind()
    raise absent


@contextmanager
def _told() -> Iterator[None]:
    """What a keyring raises as a sentence. The library lets errors of any kind through, so any is caught."""
    try:
        yield
    except (SecretError, TimeoutError):
        raise
    except errors.KeyringLocked:
        raise SecretError(secrets.DISMISSED) from None
    except UnicodeDecodeError:
        raise SecretError("the keyring holds a secret that is no text; store it again") from None
    except Exception as error:
        kind = type(error).__name__
        raise SecretError(
            f"the keyring cannot be used (`{kind}`); see whether other programs can use it"
        ) from None
