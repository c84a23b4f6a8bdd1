"""The shape of settings.json, and the sentences for what is wrong with it.

The shape is pydantic's matter; what a shape cannot show is found by `check`.
Sentences never repeat a token, a header, a variable or a whole URL: secrets
are pasted there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from latchward.model.secret import has_placeholder, is_malformed
from latchward.policy.complaints import Fault, Location, did_you_mean, fault_of, located, quoted
from latchward.policy.places import Places

VERSION: Final = 1
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
TOKEN: Final = re.compile(r"sha256:[0-9a-f]{64}")

_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_NO_URL: Final = re.compile(r"[^\x21-\x7e]|[\\<>\"^`{|}]")
_TRANSPORTS: Final = {"stdio": "command", "http": "url", "streamable-http": "url", "sse": "url"}
_BELONGS: Final = {"args": "command", "env": "command", "cwd": "command", "headers": "url"}


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ServerForm(_Form):
    """One entry of `mcpServers`, as people paste it."""

    type: Literal["stdio", "http", "streamable-http", "sse"] | None = None
    command: str | None = None
    args: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    cwd: str | None = None
    url: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    disabled: bool = False
    shared: bool = False


class GrantForm(_Form):
    """One entry of `grants`: a client without a token comes by the local socket alone."""

    token: str = ""
    servers: dict[str, str] = Field(default_factory=dict)


class AskForm(_Form):
    """Where a person may be asked."""

    terminal: bool = False


class SettingsForm(_Form):
    """The whole file."""

    schema_: str = Field(default="", alias="$schema")
    version: Any = VERSION
    servers: dict[str, ServerForm] = Field(default_factory=dict, alias="mcpServers")
    grants: dict[str, GrantForm] = Field(default_factory=dict)
    ask: AskForm = Field(default_factory=AskForm)


def shaped(value: Any, places: Places) -> SettingsForm:
    """The form of a document. Raises `Fault` for the first thing that is wrong, in the order of the text."""
    if not isinstance(value, dict):
        raise Fault("settings are an object", (), f'write `{{"version": {VERSION}}}`')
    _check_version(value.get("version", VERSION))  # first: a newer file may have any shape
    try:
        form = SettingsForm.model_validate(value)
    except ValidationError as error:
        faults = [_fault(dict(detail), value) for detail in error.errors(include_url=False)]
    else:
        faults = list(check(form))
        if not faults:
            return form
    raise min(faults, key=lambda fault: places(fault.location, fault.at_key))


def _fault(detail: dict[str, Any], value: Any) -> Fault:
    fault = fault_of(detail, value, _keys_at(located(value, detail["loc"][:-1])[0]))
    if detail["type"] == "bool_type":
        return Fault(fault.wrong, fault.location, "write it without quotes")
    return fault


def check(form: SettingsForm) -> Iterator[Fault]:
    """Everything that is wrong with a form of the right shape."""
    yield from _check_server_names(form.servers)
    for name, server in form.servers.items():
        yield from _check_server(server, ("mcpServers", name))
    yield from _check_grants(form.grants)


def _check_version(version: object) -> None:
    if isinstance(version, bool) or not isinstance(version, int):
        raise Fault(
            f"version {quoted(version)} is no number", ("version",), f"write `{VERSION}` without quotes"
        )
    if version != VERSION:
        remedy = "update Latchward" if version > VERSION else f"write `{VERSION}`"
        wrong = f"version {version} is not known to this Latchward, which reads {VERSION},"
        raise Fault(wrong, ("version",), remedy)


def _keys_at(location: Location) -> Iterable[str]:
    """The keys that an object at this location may have."""
    form: type[BaseModel] = SettingsForm
    match location:
        case ("mcpServers", _):
            form = ServerForm
        case ("grants", _):
            form = GrantForm
        case ("ask",):
            form = AskForm
    return [info.alias or name for name, info in form.model_fields.items()]


def _check_name(kind: str, name: str, location: Location, *, at_key: bool = True) -> Iterator[Fault]:
    if not NAME.fullmatch(name):
        remedy = "use 1 to 32 letters, digits, `_` and `-`, a letter or digit first"
        yield Fault(f"{quoted(name)} cannot name a {kind}", location, remedy, at_key=at_key)


def _check_server_names(servers: Iterable[str]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for name in servers:
        location = ("mcpServers", name)
        folded = name.replace("-", "_").lower()
        yield from _check_name("server", name, location)
        if "__" in folded or folded.endswith("_"):
            wrong = f"the name {quoted(name)} holds two `_` or `-` in a row, or ends in one"
            yield Fault(wrong, location, "leave one out: `__` parts server and tool", at_key=True)
        if folded in seen:
            wrong = f"the names {quoted(seen[folded])} and {quoted(name)} look the same to some clients"
            yield Fault(wrong, location, "rename one", at_key=True)
        seen[folded] = name


def _check_server(server: ServerForm, location: Location) -> Iterator[Fault]:
    if (server.command is None) == (server.url is None):
        found = "neither `command` nor `url`" if server.url is None else "both `command` and `url`"
        yield Fault(f"a server has {found}", location, "write exactly one of them", at_key=True)
        return
    way = "command" if server.url is None else "url"
    if server.type is not None and _TRANSPORTS[server.type] != way:
        wrong = f"type `{server.type}` does not go with `{way}`"
        yield Fault(wrong, (*location, "type"), "remove `type`: it follows from the rest")
    for key, owner in _BELONGS.items():
        if owner != way and getattr(server, key):
            yield Fault(f"`{key}` does not go with `{way}`", (*location, key), "remove it", at_key=True)
    yield from _check_secrets(server, location)
    yield from _check_command(server, location) if way == "command" else _check_remote(server, location)


def _check_secrets(server: ServerForm, location: Location) -> Iterator[Fault]:
    """A secret has its place where no other program can read it: not in a command line, nor in an address."""
    for key in ("command", "cwd", "url"):
        if has_placeholder(getattr(server, key) or ""):
            yield _misplaced(key, (*location, key))
    for index, argument in enumerate(server.args):
        if has_placeholder(argument):
            yield _misplaced("args", (*location, "args", index))
    for key, values in (("env", server.env), ("headers", server.headers)):
        for name, value in values.items():
            if has_placeholder(name):
                here = (*location, key, name)
                yield Fault("a secret stands in a name", here, "put it into the value", at_key=True)
            if is_malformed(value):
                remedy = "write `${secret:NAME}`, with letters, digits, `_`, `-` and `.` in the name"
                yield Fault("a placeholder of a secret is malformed", (*location, key, name), remedy)


def _misplaced(key: str, location: Location) -> Fault:
    owner = "headers" if key == "url" else "env"
    return Fault(f"a secret cannot stand in `{key}`, which other programs see", location, f"use `{owner}`")


def _check_command(server: ServerForm, location: Location) -> Iterator[Fault]:
    command = server.command or ""
    if not command.strip():
        yield Fault("the command is empty", (*location, "command"), "write the program to start")
    for key, text in (("command", command), ("cwd", server.cwd or "")):
        if "\0" in text:
            yield Fault("text holds a NUL", (*location, key), "remove it")
    for index, argument in enumerate(server.args):
        if "\0" in argument:
            yield Fault("text holds a NUL", (*location, "args", index), "remove it")
    for name, value in server.env.items():
        if not name or "=" in name or "\0" in name + value:
            wrong = f"{quoted(name)} cannot be a variable of the environment"
            yield Fault(wrong, (*location, "env", name), "leave out `=` in the name, and NUL", at_key=True)
    if (
        server.cwd is not None
        and not server.cwd.startswith("/")
        and not re.match(r"[A-Za-z]:[\\/]", server.cwd)
    ):
        yield Fault(f"{quoted(server.cwd)} is no absolute path", (*location, "cwd"), "write the whole path")


def _check_remote(server: ServerForm, location: Location) -> Iterator[Fault]:
    if fault := _wrong_url(server.url or ""):
        yield Fault(fault[0], (*location, "url"), fault[1])
    seen: set[str] = set()
    for name, value in server.headers.items():
        here = (*location, "headers", name)
        if not _HEADER.fullmatch(name):
            yield Fault(
                f"{quoted(name)} cannot name a header",
                here,
                "write a name such as `Authorization`",
                at_key=True,
            )
        if name.lower() in seen:
            yield Fault(f"the header {quoted(name)} stands twice", here, "remove one", at_key=True)
        seen.add(name.lower())
        if _CONTROL.search(value) or not value.isascii():
            yield Fault(
                f"the header {quoted(name)} holds a character that headers cannot", here, "write plain ASCII"
            )


def _wrong_url(url: str) -> tuple[str, str] | None:
    """What is wrong with a URL and what to do, or None."""
    if _NO_URL.search(url):
        return "the URL holds a blank or a character that URLs cannot", "escape it with `%`, or remove it"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "the URL is not well formed", "write it like `https://host:port/path`"
    if parts.scheme not in ("http", "https"):
        return f"the URL's scheme {quoted(parts.scheme)} is not spoken", "write `https://…` or `http://…`"
    if not host:
        return "the URL names no host", "write it like `https://host/path`"
    if "@" in parts.netloc:
        return "the URL holds a user or a password", "put them into `headers`"
    if "#" in url:
        return "the URL has a fragment", "remove `#` and what follows"
    return None


def _check_grants(grants: Mapping[str, GrantForm]) -> Iterator[Fault]:
    tokens: dict[str, str] = {}
    for client, grant in grants.items():
        here = ("grants", client)
        yield from _check_name("client", client, here)
        if grant.token and not TOKEN.fullmatch(grant.token):
            remedy = "write `sha256:` and 64 digits of `0-9a-f`, never the token itself"
            yield Fault("the token is no hash", (*here, "token"), remedy)
        if grant.token and grant.token in tokens:
            wrong = f"{quoted(tokens[grant.token])} and {quoted(client)} have the same token"
            yield Fault(wrong, (*here, "token"), "make a new one for one of them")
        tokens[grant.token] = client
        for server, policy in grant.servers.items():
            yield from _check_name("server", server, (*here, "servers", server))
            yield from _check_name("policy", policy, (*here, "servers", server), at_key=False)


def unknown_server(name: str, servers: Iterable[str]) -> str:
    """What to say of a server that is in no list: the nearest name, or all."""
    known = list(servers)
    return f"there is no server {quoted(name)}: {did_you_mean(name, known) if known else 'add it first'}"
