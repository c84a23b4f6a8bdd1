"""The clients that Latchward knows, one file each.

A module in here makes one `CLIENT`, and says in its docstring where each outside fact is from. That is all:
no list names the modules.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from latchward.clients.client import Client
from latchward.model.errors import ConfigError
from latchward.policy.complaints import did_you_mean, quoted


def _found() -> Mapping[str, Client]:
    modules = (
        importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
    )
    clients: list[Client] = [module.CLIENT for module in modules]
    return MappingProxyType({client.id: client for client in sorted(clients, key=lambda one: one.title)})


CLIENTS: Final[Mapping[str, Client]] = _found()
"""All of them by their ids, in the order of their titles."""


def named(name: str) -> Client:
    """The client of this id. Raises `ConfigError`, which names the nearest."""
    if name not in CLIENTS:
        raise ConfigError(f"there is no client {quoted(name)}: {did_you_mean(name, CLIENTS)}")
    return CLIENTS[name]
