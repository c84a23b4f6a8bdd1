"""Starting: on this machine alone, in a place that is the person's own, else one sentence why not."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.gateway import ROOT, Gateway
from tests.support.jr import Client
from tests.support.scene import OPEN

SECONDS = 20


def start(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Start a gateway that must not come to listen."""
    environment = {**os.environ, "LATCHWARD_HOME": str(home), "PYTHONPATH": str(ROOT / "desktop")}
    command = [sys.executable, "-m", "latchward", "gateway", *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


@pytest.mark.parametrize("option", ["--host", "--bind", "--address", "--listen"])
@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.0.1"])
def test_no_option_opens_the_gateway_to_others(tmp_path: Path, option: str, address: str) -> None:
    done = start(tmp_path / "home", "--port", "0", option, address)
    assert done.returncode == 2
    assert "unrecognized arguments" in done.stderr


@pytest.mark.parametrize("port", ["0.0.0.0:0", "-1", "65536", "x", ""])
def test_a_port_is_a_number_and_nothing_else(tmp_path: Path, port: str) -> None:
    done = start(tmp_path / "home", f"--port={port}")
    assert done.returncode == 2
    assert "is no port" in done.stderr


def test_a_setting_that_would_open_the_gateway_is_refused() -> None:
    with Gateway({}, {}, {}) as gateway:
        gateway.edit_settings(lambda settings: settings.update(host="0.0.0.0"))
        gateway.stop()
        gateway.start()
        assert "`host`" in gateway.stderr


def test_a_port_that_is_taken_is_named_with_the_way_out(tmp_path: Path) -> None:
    with Gateway({}, {"open": OPEN}, {}) as gateway:
        done = start(tmp_path / "home", "--port", str(gateway.port))
    assert done.returncode == 1
    assert f"port {gateway.port} cannot be used" in done.stderr
    assert "--port" in done.stderr


def test_a_second_gateway_on_one_profile_is_refused() -> None:
    with Gateway({}, {"open": OPEN}, {}) as gateway:
        done = start(gateway.home, "--port", "0")
    assert done.returncode == 1
    assert "another gateway" in done.stderr


def shared_runtime(home: Path) -> Path:
    (home / "run").mkdir(parents=True, mode=0o700)
    home.chmod(0o700)
    (home / "run").chmod(0o777)
    return home / "run"


def linked_settings(home: Path) -> Path:
    home.mkdir(mode=0o700)
    (home.parent / "elsewhere.json").touch(mode=0o600)
    (home / "settings.json").symlink_to(home.parent / "elsewhere.json")
    return home / "settings.json"


def dangling_settings(home: Path) -> Path:
    home.mkdir(mode=0o700)
    (home / "settings.json").symlink_to(home.parent / "nothing")
    return home / "settings.json"


def linked_runtime(home: Path) -> Path:
    home.mkdir(mode=0o700)
    (home.parent / "other").mkdir(mode=0o700)
    (home / "run").symlink_to(home.parent / "other")
    return home / "run"


def file_for_folder(home: Path) -> Path:
    home.mkdir(mode=0o700)
    (home / "policies").write_text("mine")
    return home / "policies"


def open_above(home: Path) -> Path:
    home.mkdir(mode=0o700)
    home.parent.chmod(0o777)
    return home.parent


PLACES: list[Callable[[Path], Path]] = [
    shared_runtime, linked_settings, dangling_settings, linked_runtime, file_for_folder, open_above,
]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")
@pytest.mark.parametrize("prepare", PLACES)
def test_a_place_that_is_not_safe_is_named_and_left_as_it_was(
    tmp_path: Path, prepare: Callable[[Path], Path]
) -> None:
    home = tmp_path / "above" / "home"
    home.parent.mkdir(mode=0o700)
    path = prepare(home)
    before = os.lstat(path)
    done = start(home, "--port", "0")
    assert done.returncode == 1
    assert f"`{path}`" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    after = os.lstat(path)
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


def test_broken_settings_let_nobody_in() -> None:
    gateway = Gateway({}, {"open": OPEN}, {"agent": {}})
    try:
        (gateway.home / "settings.json").write_text("{")
        gateway.start()
        assert Client(gateway.url, gateway.token).discover().status == 403
        assert "settings.json:1:2" in gateway.stderr
    finally:
        gateway.close()
