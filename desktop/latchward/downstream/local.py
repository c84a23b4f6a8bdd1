"""The socket under `lines`: made so that nobody but the person can reach it, and never in another's place."""

import contextlib
import os
import secrets
import socket
import stat
import sys
from pathlib import Path
from typing import Final

from latchward import endpoint
from latchward.model.errors import ProfileError
from latchward.storage.files import reason, write_atomically

BACKLOG: Final = 128
"""Connections that may wait to be accepted."""


class LocalSocket:
    """A listening socket, and what lies at its path. `token`: what a greeting must carry, "" for nothing."""

    def __init__(self, sock: socket.socket, path: Path, token: str = "") -> None:
        self.sock = sock
        self.path = path
        self.token = token
        self._made = os.lstat(path)

    def close(self) -> None:
        """Stop listening; remove what lies at the path if it is still ours."""
        self.sock.close()
        with contextlib.suppress(OSError):
            if os.path.samestat(os.lstat(self.path), self._made):
                os.unlink(self.path)


def listen(path: Path) -> LocalSocket:
    """A Unix socket, mode 0600. Raises `ProfileError` where something else lies or listens there.

    The folder must have passed `Profile.prepare`. A socket that a crash left behind is replaced.
    """
    if sys.platform == "win32":
        return listen_on_loopback(path)
    _make_room(path)
    sock = socket.socket(socket.AF_UNIX)
    try:
        endpoint.at(str(path), sock.bind)
        os.chmod(path, 0o600)  # before `listen`: nobody can connect until then
        sock.listen(BACKLOG)
        sock.setblocking(False)
        return LocalSocket(sock, path)
    except OSError as error:
        sock.close()
        raise ProfileError(
            f"the socket `{path}` cannot be made: {reason(error)}; make its folder one of yours"
        ) from error


def listen_on_loopback(path: Path) -> LocalSocket:
    """For Windows, not run there: a port, and a file of the owner's that names it and a token of this run."""
    token = secrets.token_urlsafe(32)
    sock = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    sock.setblocking(False)
    write_atomically(path, endpoint.loopback_text(sock.getsockname()[1], token))
    return LocalSocket(sock, path, token)


def _make_room(path: Path) -> None:
    if sys.platform == "win32":
        return
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if stat.S_ISLNK(found.st_mode):
        raise ProfileError(f"`{path}` is a symbolic link; look where it leads, then remove it")
    if not stat.S_ISSOCK(found.st_mode):
        raise ProfileError(f"`{path}` is not a socket; move away what lies there")
    if found.st_uid != os.geteuid():
        raise ProfileError(f"`{path}` belongs to uid {found.st_uid}, not to you; remove it")
    if _answers(path):
        raise ProfileError(f"another program listens on `{path}`; quit it, then start Latchward again")
    os.unlink(path)


def _answers(path: Path) -> bool:
    """Whether anybody listens on a socket. One that is too busy to say so does."""
    if sys.platform == "win32":
        return False
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(endpoint.CONNECT_SECONDS)
        try:
            endpoint.at(str(path), sock.connect)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
    return True
