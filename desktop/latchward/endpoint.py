"""The local way in: what its two ends, `bridge` and `downstream/lines`, must agree on.

    place      where the gateway of a profile listens
    peer       who is at the other end of a socket, by the kernel's word; `dial` asks before it speaks
    greeting   the first line each way; everything after it is JSON-RPC
    Cutter     bytes in, lines out, within a limit

The standard library alone, and little of it: every agent runs a bridge, and each of them pays for each import
(`typing` and `dataclasses` would cost more than all that is here).
"""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Final

NAME: Final = "gateway.port" if sys.platform == "win32" else "gateway.sock"
"""In the profile's runtime folder: the socket; on Windows a file that names a port and a token."""
HOME_VARIABLE: Final = "LATCHWARD_HOME"

PROTOCOL: Final = 1
MAX_LINE: Final = 4 * 1024 * 1024
"""Bytes of one line of a client, without its end."""
MAX_GREETING: Final = 4096
CONNECT_SECONDS: Final = 1.0
MAX_NAME: Final = 32
"""Characters of a client's name."""
WELCOME: Final = b'{"latchward":1}\n'
"""The answer to a greeting that is let in; any other is a JSON-RPC error, and the end."""
NOT_ADMITTED: Final = -31003
"""JSON-RPC code of that error. Ours lie outside the range that JSON-RPC and MCP keep."""

_LONGEST_ADDRESS: Final = 100  # `sun_path` holds 104 (macOS) to 108 (Linux) bytes
_KEPT: Final = 2048  # of each end of a line that is too long
_SCALAR = rb'("(?:[^"\\]|\\.)*"|-?\d+)'
_FIRST_ID = re.compile(
    rb'\s*\{\s*(?:"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*,\s*)*"id"\s*:\s*' + _SCALAR + rb"\s*,"
)
_LAST_ID = re.compile(rb'[,{]\s*"id"\s*:\s*' + _SCALAR + rb"\s*\}\s*\Z")


# place


def default(environ: Mapping[str, str] = os.environ) -> str:
    """Where the gateway of the profile that the environment names listens; "" where there is no home.

    Agrees with `storage.paths`, as far as a bridge can: agents pass it little more than HOME.
    """
    folder = _runtime(environ)
    return os.path.join(folder, NAME) if folder else ""


def _runtime(environ: Mapping[str, str]) -> str:
    named = environ.get(HOME_VARIABLE, "")
    if named:
        return os.path.join(os.path.normpath(named), "run") if os.path.isabs(named) else ""
    home = environ.get("USERPROFILE" if sys.platform == "win32" else "HOME", "")
    if not os.path.isabs(home):
        return ""
    if sys.platform == "win32":  # not run
        local = environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
        return os.path.join(os.path.normpath(local), "Temp", "latchward")
    if sys.platform == "darwin":  # not run
        named = environ.get("XDG_RUNTIME_DIR", "")
        caches = os.path.join(home, "Library", "Caches", "TemporaryItems")
        return os.path.join(named if os.path.isabs(named) else caches, "latchward")
    for folder in (environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{os.geteuid()}"):
        if os.path.isabs(folder) and os.path.isdir(folder):
            return os.path.join(folder, "latchward")
    state = environ.get("XDG_STATE_HOME", "")
    return os.path.join(
        state if os.path.isabs(state) else os.path.join(home, ".local/state"), "latchward/run"
    )


def at(path: str, use: Callable[[str], object]) -> None:
    """Call `use`, a socket's `bind` or `connect`, for `path`, however long it is. Raises `OSError`."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS or sys.platform != "linux":
        use(path)
        return
    folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        use(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
    finally:
        os.close(folder)


def loopback_text(port: int, token: str) -> bytes:
    """What that file holds on Windows; not run there."""
    return f"{port} {token}\n".encode("ascii")


def read_loopback(data: bytes) -> tuple[int, str]:
    """Port and token in that file. Raises `ValueError`."""
    words = data.decode("ascii").split()
    if len(words) != 2 or not words[0].isdigit() or not 0 < int(words[0]) < 65536:
        raise ValueError(f"`{NAME}` holds no port and token: start Latchward again")
    return int(words[0]), words[1]


# peer


def peer(sock: socket.socket) -> tuple[int, int]:
    """uid and pid of whoever connected, or listens, at the other end of a Unix socket. Raises `OSError`."""
    if sys.platform == "linux":
        found = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)  # struct ucred: pid, uid, gid
        return _number(found[4:8]), _number(found[0:4])
    if sys.platform == "darwin":  # not run
        local, credentials, process = 0, 1, 2  # SOL_LOCAL, LOCAL_PEERCRED, LOCAL_PEERPID of sys/un.h
        found = sock.getsockopt(local, credentials, 76)  # struct xucred: version, uid, …
        return _number(found[4:8]), _number(sock.getsockopt(local, process, 4))
    raise OSError("this system does not say who is at the other end of a socket")


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, sys.byteorder)


class NotOurs(Exception):
    """What lies at the gateway's place, or listens there, is not the person's own; `str()` is a sentence."""


def dial(path: str, client: str) -> socket.socket:
    """A socket to the gateway, with `client`'s greeting sent.

    Raises `OSError` where none listens, and `NotOurs`, before a byte is sent, where it is not ours.
    """
    if sys.platform == "win32":  # not run
        with open(path, "rb") as file:
            port, token = read_loopback(file.read(MAX_GREETING))
        sock = socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS)
        sock.sendall(greeting(client, token))
        return sock
    found = os.lstat(path)
    if not stat.S_ISSOCK(found.st_mode):
        raise NotOurs(f"`{path}` is not a socket, so nothing was sent there: move it away")
    if found.st_uid != os.geteuid():
        raise NotOurs(f"`{path}` belongs to uid {found.st_uid}, not to you, so nothing was sent there")
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.settimeout(CONNECT_SECONDS)
        at(path, sock.connect)
        uid, _ = peer(sock)
        if uid != os.geteuid():
            raise NotOurs(f"uid {uid}, not you, listens on `{path}`, so nothing was sent there")
        sock.sendall(greeting(client))
    except BaseException:
        sock.close()
        raise
    return sock


# greeting


def greeting(client: str, token: str = "") -> bytes:
    """The bridge's first line. `token` goes over loopback alone: a Unix socket needs none."""
    said: dict[str, object] = {"latchward": PROTOCOL, "client": client}
    if token:
        said["token"] = token
    return json.dumps(said).encode("ascii") + b"\n"


def read_greeting(line: bytes) -> tuple[str, str]:
    """Client and token of a greeting. Raises `ValueError` with a sentence for the other end."""
    wrong = "the first line must be a greeting of `latchward connect`"
    try:
        said = json.loads(line.decode("utf-8")) if len(line) <= MAX_GREETING else None
    except (ValueError, RecursionError):
        raise ValueError(wrong) from None
    if not isinstance(said, dict) or not isinstance(said.get("latchward"), int):
        raise ValueError(wrong)
    if said["latchward"] != PROTOCOL:
        raise ValueError("this `latchward connect` is of another version: restart Latchward, then the client")
    client, token = said.get("client"), said.get("token", "")
    if not isinstance(client, str) or not isinstance(token, str) or not is_name(client):
        raise ValueError("the greeting names no client: `latchward connect --client NAME`")
    return client, token


def refusal(line: bytes) -> str:
    """Why a greeting was turned away, from the line that came instead of `WELCOME`."""
    try:
        said = json.loads(line.decode("utf-8"))["error"]["message"]
    except (ValueError, KeyError, TypeError, RecursionError):
        said = None
    return said if isinstance(said, str) else "Latchward did not understand `latchward connect`: restart both"


def is_name(client: str) -> bool:
    """Whether a client can have this name (as `storage.form` has it)."""
    plain = client.replace("-", "a").replace("_", "a")
    return client.isascii() and plain.isalnum() and client[0].isalnum() and len(client) <= MAX_NAME


# lines


class TooLong:
    """A line over the limit. `id` is the JSON text of its id where that can be told, else `null`."""

    __slots__ = ("id",)

    def __init__(self, head: bytes, tail: bytes) -> None:
        found = _FIRST_ID.match(head) or _LAST_ID.search(tail)
        self.id = found[1] if found else b"null"
        try:
            json.loads(self.id)
        except ValueError:
            self.id = b"null"


class Cutter:
    """Cuts what a client writes into lines. Blank ones are left out, ends are taken off.

    Holds at most `limit` bytes, whatever comes; the time is linear in the bytes, however they come.
    """

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._held = bytearray()
        self._head = b""
        self._tail = b""

    def feed(self, data: bytes) -> Iterator[bytes | TooLong]:
        """The lines that `data` completes."""
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            self._take(data[start:end])
            yield from self.end()
            start = end + 1
        self._take(data[start:])

    def end(self) -> Iterator[bytes | TooLong]:
        """The line that is held, as if its end had come."""
        line = bytes(self._held).rstrip(b"\r")
        if self._head:
            yield TooLong(self._head, self._tail)
        elif len(line) > self._limit:
            yield TooLong(line, line[-_KEPT:])
        elif line and not line.isspace():
            yield line
        self._held = bytearray()
        self._head = self._tail = b""

    def _take(self, piece: bytes) -> None:
        if self._head:
            self._tail = (self._tail + piece)[-_KEPT:]
            return
        self._held += piece
        if len(self._held) > self._limit + 1:  # the end may be two bytes
            self._head, self._tail = bytes(self._held[:_KEPT]), bytes(self._held[-_KEPT:])
            self._held = bytearray()
