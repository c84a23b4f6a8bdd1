"""A prepared profile below a folder of the test's own, and a session with a keyring."""

import sys
from pathlib import Path

import pytest

from latchward.storage.paths import Profile

if sys.platform == "linux":
    from tests.support.keyring_fixtures import bare_session, no_session, ring

    __all__ = ["bare_session", "no_session", "ring"]
else:
    collect_ignore_glob = ["test_secrets.py"]


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    made = Profile.below(tmp_path / "latchward")
    assert made.prepare() == ()
    return made
