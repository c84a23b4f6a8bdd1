"""The document of limits says what the source says, and every limit says what it bounds."""

import pytest

from .limits import DOCUMENT, ROOMS, limits, render


def test_the_document_lists_every_limit_as_it_is() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render(), "run `python -m tests.limits`"


@pytest.mark.parametrize("package", ROOMS)
def test_every_limit_says_what_it_bounds(package: str) -> None:
    silent = [f"{module}.{name}" for module, name, _, said in limits(package) if not said]
    assert silent == []
