"""Where the peers come from: a venv of its own for each Python one, the tests' node_modules for the others.

Their dependencies clash with one another and with Latchward's, so none of them comes near its
environment. Packages are taken from the index that pip is set up with here.
"""

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from .channel import BenchFailed

INSTALL_SECONDS: Final = 600.0
NODE_MODULES: Final = Path(__file__).parents[1] / "peers" / "node_modules"


def default_cache() -> Path:
    """Where the venvs are kept between runs."""
    return user_cache_path("latchward-bench")


def python_peer(package: str, cache: Path) -> Path:
    """The program of a package `NAME==VERSION`, installed where it is not yet. Raises `BenchFailed`."""
    name = package.partition("==")[0]
    place = cache / package.replace("==", "-")
    program = place / "bin" / name
    complete = place / "complete"
    if complete.exists():
        return program
    shutil.rmtree(place, ignore_errors=True)
    print(f"installing {package} into {place}", file=sys.stderr)
    venv.create(place, with_pip=True)
    command = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", package]
    try:
        done = subprocess.run(command, timeout=INSTALL_SECONDS, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired:
        raise BenchFailed(f"pip did not install {package} within {INSTALL_SECONDS:.0f} s") from None
    if done.returncode or not program.exists():
        print(done.stderr, file=sys.stderr)
        raise BenchFailed(f"pip could not install {package}")
    complete.touch()
    return program


def npm_package(name: str) -> tuple[Path, str]:
    """The program and the version of an installed npm package. Raises `BenchFailed`."""
    folder = NODE_MODULES / name
    try:
        described = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    except OSError:
        raise BenchFailed(f"npm's {name} is not installed: run `npm ci` in tests/peers") from None
    program = described["bin"]
    return folder / (program if isinstance(program, str) else program[name]), described["version"]
