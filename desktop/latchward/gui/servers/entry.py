"""What a person types or pastes, made into servers to add. No Qt.

A command line is read as a shell would read its quotes, but no shell ever runs it. Pasted
JSON may be the configuration of any client: the map of servers is looked for under
the names that clients give it.
"""

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from latchward.model.plain import one_line

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")

_MAPS: Final = ("mcpServers", "servers", "mcp_servers", "context_servers", "mcp")
_SHELL: Final = frozenset("| || & && ; > >> < 2> 2>&1".split())
_RUNNERS: Final = frozenset(
    "npx uvx bunx pnpx pipx node deno bun python python3 uv docker run exec dlx -y -m".split()
)
_VARIABLE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)


class EntryError(Exception):
    """What is wrong with an input, in one sentence. `at` is `name` or `what`."""

    def __init__(self, at: str, sentence: str) -> None:
        super().__init__(sentence)
        self.at = at


@dataclass(frozen=True, slots=True)
class Entry:
    """One server to add."""

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def read(name: str, what: str, taken: Iterable[str] = ()) -> tuple[Entry, ...]:
    """The servers that are meant. Raises `EntryError`."""
    what = what.strip()
    if not what:
        raise EntryError("what", "Type a command line or a URL, or paste the JSON of a client.")
    if what.startswith("{") or what.startswith('"'):
        entries = _from_json(name.strip(), what)
    elif re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", what):
        entries = (Entry(name.strip() or suggest(what), url=_url(what)),)
    else:
        entries = (_from_line(name.strip(), what),)
    known = {_folded(one): one for one in taken}
    for entry in entries:
        _check_name(entry.name, known)
        known[_folded(entry.name)] = entry.name
    return entries


def suggest(what: str) -> str:
    """A name for a command line or a URL: `git` for `uvx mcp-server-git`; "" where none comes to mind."""
    if re.match(r"https?://", what):
        host = urlsplit(what).hostname or ""
        parts = [
            part
            for part in host.split(".")
            if part not in ("mcp", "www", "api", "com", "app", "dev", "io", "org")
        ]
        return _cleaned(parts[-1]) if parts else ""
    try:
        words = shlex.split(what)
    except ValueError:
        return ""
    for word in words:
        base = word.rsplit("/", 1)[-1]
        if word.startswith("-") or base in _RUNNERS or _VARIABLE.fullmatch(word):
            continue
        base = re.sub(r"(@[\w.^~-]+|\.(py|js|mjs|ts|exe|sh))$", "", base)
        return _cleaned(
            re.sub(r"^(mcp-server-|server-|mcp-)|(-mcp-server|-server-mcp|-mcp|-server)$", "", base)
        )
    return ""


def _cleaned(text: str) -> str:
    return re.sub(r"[_-]{2,}", "-", re.sub(r"[^A-Za-z0-9_-]", "-", text)).strip("-_")[:32].strip("-_")


def _folded(name: str) -> str:
    return name.replace("-", "_").lower()


def _check_name(name: str, known: Mapping[str, str]) -> None:
    if not name:
        raise EntryError("name", "Give the server a short name, for example files.")
    shown = one_line(name, 40)
    if not NAME.fullmatch(name):
        raise EntryError(
            "name",
            f"{shown} cannot be a name: use 1 to 32 letters, digits, _ and -, a letter or digit first.",
        )
    if "__" in _folded(name) or _folded(name).endswith("_"):
        raise EntryError("name", f"{shown} cannot be a name: leave out a double or last _ or -.")
    if _folded(name) in known:
        raise EntryError("name", f"There is a server {known[_folded(name)]} already: take another name.")


def _from_line(name: str, line: str) -> Entry:
    try:
        words = shlex.split(line)
    except ValueError:
        raise EntryError("what", "A quotation mark or a backslash at the end is left open.") from None
    env: dict[str, str] = {}
    while words and (found := _VARIABLE.fullmatch(words[0])):
        env[found[1]] = found[2]
        words = words[1:]
    if not words or not words[0]:
        raise EntryError("what", "The program to start is missing.")
    if shell := next((word for word in words if word in _SHELL), ""):
        raise EntryError(
            "what", f"No shell reads this line, so {shell} would not work: write a script and start that."
        )
    if "\0" in line:
        raise EntryError("what", "The line holds a NUL character: remove it.")
    return Entry(name or suggest(line), command=tuple(words), env=env)


def _url(text: str) -> str:
    sentence = "Write the whole URL, like https://host/mcp, without blanks."
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise EntryError("what", sentence) from None
    if not host or not text.isascii() or re.search(r"[\s\\<>\"^`{|}]", text):
        raise EntryError("what", sentence)
    if parts.scheme not in ("http", "https"):
        raise EntryError(
            "what", f"{one_line(parts.scheme, 20)}:// is not spoken here: use https:// or http://."
        )
    return text


def _from_json(name: str, text: str) -> tuple[Entry, ...]:
    if text.startswith('"'):
        text = "{" + text.rstrip().rstrip(",") + "}"
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise EntryError(
            "what", f"This JSON ends or breaks at line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise EntryError("what", "This JSON is nested too deeply.") from None
    if _is_server(found):
        return (_server(name, found),)
    entries = _servers_in(found)
    if not entries:
        raise EntryError(
            "what", 'No server is in this JSON: it should hold "mcpServers", or one "command" or "url".'
        )
    made = tuple(_server(key, value) for key, value in entries.items())
    if name and len(made) == 1:
        one = made[0]
        return (Entry(name, one.command, one.url, one.env, one.headers),)
    return made


def _servers_in(found: Any) -> dict[str, Any]:
    """The map of servers in a client's configuration, at any of the places that clients have it."""
    if not isinstance(found, dict):
        return {}
    if found and all(_is_server(value) for value in found.values()):
        return found
    for key in _MAPS:
        inside = _servers_in(found.get(key))
        if inside:
            return inside
    return {}


def _is_server(value: Any) -> bool:
    return isinstance(value, dict) and any(
        isinstance(value.get(key), str | list) for key in ("command", "url", "httpUrl", "serverUrl")
    )


def _server(name: str, value: Mapping[str, Any]) -> Entry:
    """One entry of a client's map."""
    url = next((value[key] for key in ("url", "httpUrl", "serverUrl") if isinstance(value.get(key), str)), "")
    if url:
        return Entry(name or suggest(url), url=_url(url), headers=_texts(value.get("headers"), "headers"))
    command = value["command"]
    listed = command if isinstance(command, list) else [command]
    args = value.get("args", [])
    if not isinstance(args, list) or not all(isinstance(word, str) for word in (*listed, *args)):
        raise EntryError(
            "what", f"The arguments of {one_line(name, 40) or 'the server'} should be a list of texts."
        )
    words = (*listed, *args)
    if not words or not words[0].strip():
        raise EntryError("what", f"The command of {one_line(name, 40) or 'the server'} is empty.")
    if any("\0" in word for word in words):
        raise EntryError("what", "The command holds a NUL character: remove it.")
    env = _texts(value.get("env", value.get("environment")), "env")
    return Entry(name or suggest(shlex.join(words)), command=words, env=env)


def _texts(found: Any, called: str) -> dict[str, str]:
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise EntryError("what", f"{called} should map names to texts.")
    return dict(found)
