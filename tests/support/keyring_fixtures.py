"""The pytest fixtures over a keyring. A conftest imports those that it wants.

`ring` is a session with an unlocked keyring, `bare_session` one without any; the test's own process is in it.
`no_session` takes the session away.
"""

from collections.abc import Iterator

import pytest

from .keyring_session import KeyringSession


def enter(session: KeyringSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the test's own process into a session."""
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, session.env[name])


@pytest.fixture
def bare_session(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyringSession]:
    """A session bus with nothing on it."""
    with KeyringSession() as session:
        enter(session, monkeypatch)
        yield session


@pytest.fixture
def ring(bare_session: KeyringSession) -> KeyringSession:
    """A session with a keyring that is unlocked."""
    bare_session.start_keyring()
    return bare_session


@pytest.fixture
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """No session bus at all, as for a program that was started over the network or by cron."""
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
