"""A session with a keyring, where a test wants one."""

import sys

if sys.platform == "linux":
    from tests.support.keyring_fixtures import bare_session, ring

    __all__ = ["bare_session", "ring"]
