"""One gateway for each module here: what a test changes, it changes back."""

from collections.abc import Iterator

import pytest

from tests.support.scene import Scene, scene


@pytest.fixture(scope="module")
def house() -> Iterator[Scene]:
    """A gateway before a recorder of either era, open to `agent` and `other`."""
    with scene(clients=("agent", "other")) as house:
        yield house
