"""A session with a keyring, for whole ways through that need a secret."""

import sys

if sys.platform == "linux":
    from tests.support.keyring_fixtures import bare_session, no_session, ring

    __all__ = ["bare_session", "no_session", "ring"]
else:
    collect_ignore_glob = ["test_secrets.py"]
