"""Tests on a desktop of their own, which there is for Linux only."""

import sys

if sys.platform == "linux":
    from tests.support.asked_fixture import asked
    from tests.support.desktop_fixtures import desktop, desktops

    __all__ = ["asked", "desktop", "desktops"]
else:
    collect_ignore_glob = ["test_*.py"]
