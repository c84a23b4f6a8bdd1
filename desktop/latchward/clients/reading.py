"""One entry of a client's file, read by that client's rules: what it would start or call, or why it cannot
be taken in.

What is wrong is found in the order of a person's reading: the shape of the entry, how its server is
reached, its references, and last what our own settings ask of a server (`storage.form` knows that, and says
it).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import urlsplit

from latchward.model.upstream import UpstreamSpec
from latchward.policy.complaints import Fault, pointer, quoted
from latchward.policy.places import check_text
from latchward.policy.values import kind_of
from latchward.storage.form import shaped

from .client import Client
from .found import Found, Place
from .home import Home
from .names import clean
from .references import Known, Reference, Text, Unresolved, resolve

OFF: Final = "it is switched off in this client"
LOGIN: Final = "it may want a login in a browser, which Latchward cannot do yet"
WHERE: Final = "it is started in the folder that the client is in; here it would start in another"

_SSE: Final = "it speaks the old SSE transport: give it its streamable HTTP address, or add it here by hand"
_SOCKET: Final = "it speaks over a WebSocket, which Latchward does not: give it its streamable HTTP address"
_SIGN_IN: Final = "it signs in with OAuth, which Latchward cannot do yet: give it a header with a token"
_TYPES: Final = {
    "stdio": "command",
    "local": "command",
    "http": "url",
    "streamable-http": "url",
    "streamable_http": "url",
    "streamableHttp": "url",
}
_SPOKEN_BY_OTHERS: Final = {"sse": _SSE, "ws": _SOCKET, "websocket": _SOCKET}
_NOT_TAKEN: Final = {
    "tcp": _SOCKET,
    "headersHelper": "a program makes its headers (`headersHelper`): write the headers themselves",
    "envFile": "its variables are in a file of their own (`envFile`): write them into `env`",
    "sandboxEnabled": "the client runs it in a sandbox, which it would lose here",
    "experimental_environment": "the client runs it on another machine (`experimental_environment`)",
    "bearer_token": "the client itself refuses `bearer_token`: write a header",
    "oauth": _SIGN_IN,
    "auth": _SIGN_IN,
    "authProviderType": _SIGN_IN,
}
"""Keys whose value, where there is one, we could not stand in for."""
_EVERYWHERE: Final = frozenset("HOME PATH LANG LOGNAME SHELL TERM TMPDIR TZ USER".split())
"""Variables that every server of ours gets anyway, from the gateway."""


@dataclass(frozen=True, slots=True)
class _Refused(Exception):
    why: str


def read(client: Client, place: Place, entry: Any, home: Home, off: bool = False) -> Found:
    """An entry as the client would use it. `off`: the client's file switches it off elsewhere. Never
    raises."""
    reader = _Reader(client, place, home)
    refused = ""
    try:
        off = off or _is_off(entry)
        reader.read(entry)
        if off:
            raise _Refused(OFF)
        reader.check()
    except _Refused as error:
        refused = error.why
    spec = reader.spec()
    ours = is_ours(spec)
    return Found(
        place,
        spec,
        needs=tuple(dict.fromkeys(reader.needs)),
        notes=() if refused or ours else tuple(reader.notes()),
        refused=refused,
        ours=ours,
        off=off,
    )


def is_ours(spec: UpstreamSpec) -> bool:
    """Whether this starts the bridge: `latchward connect`, or `python -m latchward connect`."""
    program = re.split(r"[\\/]", spec.command)[-1].lower().removesuffix(".exe")
    args = spec.args
    if program.startswith("python"):
        after = next((at + 1 for at, word in enumerate(args) if word == "-m"), len(args))
        program, args = (args[after : after + 1] or ("",))[0], args[after + 1 :]
    return re.fullmatch(r"latchward([-_.].*)?", program) is not None and "connect" in args


class _Reader:
    """Reads one entry; what it has is there to be shown even where it had to stop."""

    def __init__(self, client: Client, place: Place, home: Home) -> None:
        self._client, self._place, self._home = client, place, home
        self._notation = client.notation
        self._known = Known(home.environ, _places(client, place, home))
        self.needs: list[str] = []
        self._command = ""
        self._args: tuple[str, ...] = ()
        self._env: dict[str, str] = {}
        self._cwd: str | None = None
        self._url = ""
        self._headers: dict[str, str] = {}

    def read(self, entry: Any) -> None:
        """Raises `_Refused`."""
        if not isinstance(entry, dict):
            raise _Refused(f"it is {_kind(entry)}, not an object: correct it in the client's file")
        self._entry = entry
        way = self._way()
        if way == "command":
            self._read_command()
        elif way == "url":
            self._read_remote()
        self._check_transport(way)
        for key, why in _NOT_TAKEN.items():
            if _is_set(entry.get(key)) and entry[key] != "local":  # how Codex says "on this machine"
                raise _Refused(why)

    def _way(self) -> str:
        ways = [key for key in ("command", *self._notation.urls) if _is_set(self._entry.get(key))]
        if "command" in ways and len(ways) > 1:
            raise _Refused(f"it has both `command` and `{ways[1]}`: remove one of them")
        return "command" if "command" in ways else "url" if ways else ""

    def _check_transport(self, way: str) -> None:
        for key in ("type", "transport"):
            named = self._entry.get(key)
            if named is None or not isinstance(named, str):
                continue
            if named in _SPOKEN_BY_OTHERS:
                raise _Refused(_SPOKEN_BY_OTHERS[named])
            if named not in _TYPES:
                raise _Refused(f"its `{key}` {quoted(named)} is not known to Latchward: correct it")
            if way and _TYPES[named] != way:
                raise _Refused(f"its `{key}` {quoted(named)} does not go with `{way}`: correct one of them")
        if not way and not any(_is_set(self._entry.get(key)) for key in _NOT_TAKEN):
            raise _Refused("it has neither `command` nor an address: add one, or remove it")
        if way == "url" and not self._notation.remote:
            raise _Refused("this client starts programs only, and passes an address over: remove it")

    def _read_command(self) -> None:
        self._command = self._tilde(self._resolved(self._text("command"), "command"))
        self._args = tuple(self._tilde(self._resolved(text, "args")) for text in self._texts("args"))
        for name, text in self._table("env").items():
            self._env[name] = self._resolved(text, f"env.{name}", secret=True)
        for name in self._names(self._notation.env_names):
            self._env.setdefault(name, self._resolved((_variable(name),), name, secret=True))
        self._read_folder()
        if self._cwd is not None and re.search(r"[\\/]", self._command):
            # That folder is where the client's system looks for it.
            self._command = str(type(self._home.home)(self._cwd) / self._command)

    def _read_folder(self) -> None:
        """The folder to start in: as written, from the project's folder where it is relative."""
        project = self._place.project
        kind = type(self._home.home)
        if _is_set(self._entry.get("cwd")):
            path = kind(_expanded(self._resolved(self._text("cwd"), "cwd"), self._home.home))
            self._cwd = str(path if project is None else kind(project) / path)
        elif project is not None:
            self._cwd = str(project)

    def _read_remote(self) -> None:
        key = next(key for key in self._notation.urls if _is_set(self._entry.get(key)))
        self._url = self._resolved(self._text(key), key)
        for name, text in self._table(self._notation.headers).items():
            self._headers[name] = self._resolved(text, f"{self._notation.headers}.{name}", secret=True)
        notation = self._notation
        if notation.header_names:
            for name, text in self._table(notation.header_names).items():
                variable = "".join(piece for piece in text if isinstance(piece, str))
                self._headers[name] = self._resolved((_variable(variable),), variable, secret=True)
        if notation.bearer and _is_set(self._entry.get(notation.bearer)):
            variable = self._plain(notation.bearer)
            token = self._resolved((_variable(variable),), variable, secret=True)
            self._headers["Authorization"] = f"Bearer {token}"

    def _resolved(self, text: Text, what: str, *, secret: bool = False) -> str:
        try:
            return resolve(text, self._known, self.needs if secret else None)
        except Unresolved as error:
            raise _Refused(f"its {quoted(what)} {error}") from None

    def _tilde(self, text: str) -> str:
        return _expanded(text, self._home.home) if self._notation.tilde else text

    def _plain(self, key: str) -> str:
        value = self._entry.get(key)
        if not isinstance(value, str):
            raise _Refused(f"its `{key}` is {_kind(value)}, not text: correct it in the client's file")
        return value

    def _text(self, key: str) -> Text:
        return self._notation.syntax(self._plain(key))

    def _texts(self, key: str) -> list[Text]:
        value = self._entry.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _Refused(f"its `{key}` is not a list of texts: correct it in the client's file")
        return [self._notation.syntax(item) for item in value]

    def _table(self, key: str) -> dict[str, Text]:
        value = self._entry.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise _Refused(f"its `{key}` is {_kind(value)}, not an object: correct it in the client's file")
        table = {}
        for name, item in value.items():
            if self._notation.loose and key == "env":
                if item is None:
                    continue
                item = _number(item) if kind_of(item) == "a number" else item
            if not isinstance(item, str):
                where = quoted(f"{key}.{name}")
                raise _Refused(f"its {where} is {_kind(item)}, not text: put it into quotes")
            table[name] = self._notation.syntax(item)
        return table

    def _names(self, key: str) -> list[str]:
        """Variables that the client hands on from its own environment, and we do not anyway."""
        value = self._entry.get(key) if key else None
        if value is None:
            return []
        if not isinstance(value, list):
            raise _Refused(f"its `{key}` is {_kind(value)}, not a list: correct it in the client's file")
        names = [item.get("name") if isinstance(item, dict) else item for item in value]
        if not all(isinstance(name, str) for name in names):
            raise _Refused(f"its `{key}` holds something that names no variable: correct it")
        return [name for name in names if isinstance(name, str) and name not in _EVERYWHERE]

    def spec(self) -> UpstreamSpec:
        """What was read so far."""
        name = clean(self._place.name)
        if self._url:
            return UpstreamSpec(name, url=self._url, headers=self._headers)
        return UpstreamSpec(name, self._command, self._args, self._env, self._cwd)

    def check(self) -> None:
        """Raises `_Refused` for what settings would not take."""
        if why := wrong_with(self.spec()):
            raise _Refused(why)

    def notes(self) -> list[str]:
        """What a person should know before they take it in."""
        notes = []
        if self._url and not self._headers and not _is_here(self._url):
            notes.append(LOGIN)
        if self._command and self._cwd is None and any(_is_relative(arg) for arg in self._args):
            notes.append(WHERE)
        return notes


def wrong_with(spec: UpstreamSpec) -> str:
    """Why settings would not take this server, or ""."""
    entry: dict[str, Any] = {"url": spec.url, "headers": dict(spec.headers)}
    if not spec.url:
        entry = {"command": spec.command, "args": list(spec.args), "env": dict(spec.env)}
        entry |= {"cwd": spec.cwd} if spec.cwd is not None else {}
    document = {"mcpServers": {spec.name: entry}}
    try:
        check_text(document)
        shaped(document, lambda *_: (0, 0))
    except Fault as fault:
        inside = fault.location[2:]
        where = f" at {quoted(pointer(inside))}" if inside else ""
        return f"{fault.wrong}{where}: {fault.remedy}"
    return ""


def _places(client: Client, place: Place, home: Home) -> dict[str, str]:
    """What references call the folders that are known."""
    separator = "\\" if home.platform == "win32" else "/"
    known = {"userHome": str(home.home), "pathSeparator": separator, "/": separator}
    if place.project is not None:
        folder = str(place.project)
        known |= {"workspaceFolder": folder, "workspaceFolderBasename": place.project.name}
        known |= dict.fromkeys(client.notation.places, folder)
    return known


def _variable(name: str) -> Reference:
    return Reference("variable", name, f"${{{name}}}")


def _expanded(text: str, home: PurePath) -> str:
    return str(home) + text[1:] if text == "~" or text.startswith(("~/", "~\\")) else text


def _is_relative(argument: str) -> bool:
    return argument == "." or argument.startswith(("./", "../", ".\\", "..\\"))


def _is_here(url: str) -> bool:
    """Whether an address is on this machine. The address is one that settings take."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host == "::1" or re.fullmatch(r"127(\.\d+){3}", host) is not None


def _is_off(entry: Any) -> bool:
    return isinstance(entry, dict) and (entry.get("disabled") is True or entry.get("enabled") is False)


def _is_set(value: object) -> bool:
    """Whether a key says something. `{"enabled": false}` is how Gemini says no."""
    if isinstance(value, Mapping):
        return bool(value) and value.get("enabled") is not False
    return value is not None and value is not False and value != ""


def _number(value: Any) -> str:
    """A number as the editors' language writes it."""
    return str(int(value)) if value == int(value) else str(value)


def _kind(value: object) -> str:
    return kind_of(value) or "something else"
