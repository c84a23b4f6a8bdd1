"""The dialog of the first run on a scripted gateway."""

from collections.abc import Iterator
from typing import Any

import pytest

from .scene import Scene


@pytest.fixture
def scene(qtbot: Any) -> Iterator[Scene]:
    """The dialog, not yet shown, and the gateway's end of its link."""
    made = Scene(qtbot)
    yield made
    made.close()
