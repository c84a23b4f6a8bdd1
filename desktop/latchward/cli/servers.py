"""`latchward server add|list|remove`."""

import argparse
import shlex
import sys
from typing import Any

from latchward import assets
from latchward.model.errors import SettingsError
from latchward.model.plain import one_line
from latchward.model.upstream import UpstreamSpec
from latchward.storage import settings
from latchward.storage.files import write_atomically
from latchward.storage.lock import write_lock
from latchward.storage.paths import POLICY_SUFFIXES, Profile


def add(parsed: argparse.Namespace) -> int:
    """Add a server, and a policy that asks about every call where its name has none."""
    profile = Profile.home()
    profile.prepare()
    with write_lock(profile):
        changed = settings.add_server(settings.load(profile), parsed.name, _entry(parsed))
        policy = _first_policy(profile, parsed.name)
        settings.save(profile, changed)
    print(f"added the server {parsed.name}: {_shown(changed.servers[parsed.name])}")
    print(f"its policy is {policy}")
    print("it starts once you have agreed to that command: in the window, or by `latchward review`")
    return 0


def show(parsed: argparse.Namespace) -> int:
    """List the servers and who may see them."""
    current = settings.load(Profile.home())
    if not current.servers and not current.disabled:
        print("there is no server yet: latchward server add NAME -- COMMAND", file=sys.stderr)
    for name, spec in {**current.servers, **current.disabled}.items():
        seen_by = ", ".join(client for client, grant in current.grants.items() if name in grant.servers)
        state = "  (disabled)" if name in current.disabled else ""
        print(f"{name}{state}  {_shown(spec)}  seen by: {seen_by or 'no client'}")
    for note in current.notes:
        print(f"latchward: {note}", file=sys.stderr)
    return 0


def remove(parsed: argparse.Namespace) -> int:
    """Remove a server; its policy file stays."""
    profile = Profile.home()
    profile.prepare()
    with write_lock(profile):
        settings.save(profile, settings.remove_server(settings.load(profile), parsed.name))
    print(f"removed the server {parsed.name}; its policy was kept")
    return 0


def _entry(parsed: argparse.Namespace) -> dict[str, Any]:
    """The server's object as people paste it, from the command line."""
    if bool(parsed.url) == bool(parsed.command):
        raise SettingsError("give a command after `--`, or `--url`: latchward server add NAME -- COMMAND")
    if parsed.url:
        if parsed.env:
            raise SettingsError("`--env` is for a command; a server at a URL takes `--header`")
        headers = dict(_pair(text, ":", "--header 'NAME: VALUE'") for text in parsed.header)
        return {"url": parsed.url, **({"headers": headers} if headers else {})}
    if parsed.header:
        raise SettingsError("`--header` is for `--url`; a command takes `--env`")
    env = dict(_pair(text, "=", "--env KEY=VALUE") for text in parsed.env)
    command, *arguments = parsed.command
    return {"command": command, "args": arguments, **({"env": env} if env else {})}


def _pair(text: str, sign: str, form: str) -> tuple[str, str]:
    key, found, value = text.partition(sign)
    if not found:
        raise SettingsError(f"`{key}` has no value: write {form}")
    return key.strip(), value.strip() if sign == ":" else value


def _first_policy(profile: Profile, name: str) -> str:
    """The path of the server's policy; made where there is none, so that nothing is allowed unasked."""
    for suffix in POLICY_SUFFIXES:
        path = profile.policies / f"{name}{suffix}"
        if path.exists():
            return f"{path}, which was there already"
    path = profile.policies / f"{name}.json"
    write_atomically(path, assets.text("policies/ask.json").encode())
    return f"{path}: it asks about every call"


def _shown(spec: UpstreamSpec) -> str:
    """The server on one line; values of its environment and headers stay out, for they may be secrets."""
    return one_line(spec.url or shlex.join((spec.command, *spec.args)), 200)
