"""A prepared profile below a folder of the test's own."""

from pathlib import Path

import pytest

from latchward.storage.paths import Profile


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    made = Profile.below(tmp_path / "latchward")
    assert made.prepare() == ()
    return made
