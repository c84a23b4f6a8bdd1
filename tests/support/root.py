"""What only root can try: to give things away, or to be somebody else for a moment. CI is root."""

import os

import pytest

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can give things away or be somebody else"
)
