"""The pytest fixtures over this package; a conftest takes them with `pytest_plugins`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from .gateway import Gateway, Grants, Policies, Servers

StartGateway = Callable[..., Gateway]


@pytest.fixture
def start_gateway() -> Iterator[StartGateway]:
    """Start gateways like `Gateway(...)`; each is stopped at the end of the test."""
    with ExitStack() as stack:

        def start(servers: Servers, policies: Policies, grants: Grants, **options: Any) -> Gateway:
            return stack.enter_context(Gateway(servers, policies, grants, **options))

        yield start
