"""`latchward secret set|list|remove`."""

import argparse
import asyncio
import getpass
import sys
import warnings
from typing import Final

from latchward.daemon.hardening import harden
from latchward.model.errors import SecretError
from latchward.model.secret import names_in
from latchward.storage import settings
from latchward.storage.paths import Profile
from latchward.storage.secrets import MAX_VALUE, KeyringSecrets, check_name, service_of

PATIENCE: Final = 120.0
"""Seconds that the person has to unlock the keyring where it asks."""


def put(parsed: argparse.Namespace) -> int:
    """Keep a secret; its value comes from the terminal, unseen, or from standard input."""
    harden()
    check_name(parsed.name)
    profile = Profile.home()
    asyncio.run(_keyring(profile).put(parsed.name, _value(parsed.name)))
    print(f"the keyring holds the secret {parsed.name}")
    if wanted_by := _wanted(profile).get(parsed.name):
        print(f"used by {', '.join(wanted_by)}, from its next start on")
    return 0


def show(parsed: argparse.Namespace) -> int:
    """List the secrets that the settings want, and whether the keyring holds each."""
    harden()
    profile = Profile.home()
    wanted = _wanted(profile)
    if not wanted:
        print("no server wants a secret: write `${secret:NAME}` into its `env` or `headers`", file=sys.stderr)
        return 0
    held = asyncio.run(_keyring(profile).held(wanted))
    for name, servers in wanted.items():
        state = "held" if name in held else "missing"
        print(f"{name}  {state}  used by: {', '.join(servers)}")
    return 0


def remove(parsed: argparse.Namespace) -> int:
    """Remove a secret from the keyring."""
    harden()
    profile = Profile.home()
    if not asyncio.run(_keyring(profile).forget(parsed.name)):
        raise SecretError(f"the keyring holds no secret `{parsed.name}`: see `latchward secret list`")
    print(f"removed the secret {parsed.name}")
    if wanted_by := _wanted(profile).get(parsed.name):
        print(f"still wanted by {', '.join(wanted_by)}, at its next start", file=sys.stderr)
    return 0


def _keyring(profile: Profile) -> KeyringSecrets:
    return KeyringSecrets(service_of(profile), PATIENCE)


def _wanted(profile: Profile) -> dict[str, list[str]]:
    """The secrets that the settings want, each with the servers that want it."""
    current = settings.load(profile)
    wanted: dict[str, list[str]] = {}
    for name, spec in {**current.servers, **current.disabled}.items():
        values = (*spec.env.values(), *spec.headers.values())
        for secret in dict.fromkeys(secret for value in values for secret in names_in(value)):
            wanted.setdefault(secret, []).append(name)
    return wanted


def _value(name: str) -> str:
    """What was typed without an echo, or all of standard input without its last line end."""
    if sys.stdin.isatty():
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return getpass.getpass(f"value of {name} (it is not shown): ")
            except (EOFError, getpass.GetPassWarning):
                raise SecretError("the value was not read; give it on standard input") from None
    given = sys.stdin.buffer.read(MAX_VALUE + 3)
    end = b"\r\n" if given.endswith(b"\r\n") else b"\n"
    try:
        return given.removesuffix(end).decode()
    except UnicodeDecodeError:
        raise SecretError("the value is no UTF-8 text; encode it, in base64 for example") from None
