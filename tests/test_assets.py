"""The door to resources/, from a checkout and from the wheel."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from latchward import assets

CHECKOUT = Path(__file__).parents[1]


def test_policy_of_a_new_server_asks() -> None:
    assert json.loads(assets.text("policies/ask.json"))["default"] == "approve"


def test_checkout_reads_its_own_resources() -> None:
    assert assets.path("policies/ask.json") == CHECKOUT / "resources" / "policies" / "ask.json"


@pytest.mark.parametrize("name", ["policies/none.json", "../pyproject.toml", str(CHECKOUT / "LICENSE")])
def test_what_is_not_a_resource_is_not_found(name: str) -> None:
    with pytest.raises(FileNotFoundError, match="no resource"):
        assets.path(name)


def test_wheel_carries_the_resources(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)

    code = "from latchward import assets; print(assets.path('policies/ask.json'))"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    ).stdout

    assert Path(found.strip()) == installed / "latchward" / "_resources" / "policies" / "ask.json"
