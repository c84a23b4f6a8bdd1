"""One gateway for each module here: what a test changes, it changes back."""

from collections.abc import Iterator

import pytest

from tests.bridge.house import House
from tests.bridge.house import house as build


@pytest.fixture(scope="module")
def whole() -> Iterator[House]:
    """A gateway before a server of each era over each way, open to `agent` and `other`."""
    with build() as made:
        yield made


@pytest.fixture
def house(whole: House) -> House:
    """The same, with nothing of earlier tests in what it tells."""
    whole.fresh()
    return whole
