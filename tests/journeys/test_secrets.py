"""A secret's whole way: from the keyring to the one server that is to have it, and nowhere else."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from latchward.model.errors import SecretError
from latchward.storage import secrets
from latchward.storage.paths import Profile
from latchward.storage.secrets import KeyringSecrets, service_of
from tests.support import recorder
from tests.support.gateway import Gateway
from tests.support.jr import Client
from tests.support.keyring_session import PROMPTER, KeyringSession
from tests.support.waiting import wait_for
from tests.support.web import WebServer

pytestmark = pytest.mark.desktop
CANARY = "c4nary-3141592653589793"
OPEN = {"version": "1", "default": "allow"}
IMPORTS = {"PYTHONPROFILEIMPORTTIME": "1"}
"""Lets a process tell on standard error what it imports."""


def gateway(servers: dict[str, Any], home: Path, **options: Any) -> Gateway:
    grants = {"agent": dict.fromkeys(servers, "open")}
    return Gateway(servers, {"open": OPEN}, grants, home=home, **options)


def keep(home: Path, name: str, value: str) -> None:
    asyncio.run(KeyringSecrets(service_of(Profile.below(home))).put(name, value))


def echoed(gateway: Gateway, server: str) -> str:
    """What a call comes back with: the answer, or why there is none."""
    client = Client(gateway.server_url(server), gateway.token)
    return str(client.call("echo", {"text": "hi"}).result["content"][0]["text"])


def everything_below(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_secret_reaches_its_server_and_nothing_that_we_write_or_say(
    ring: KeyringSession, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    keep(home, "KEY", CANARY)
    with WebServer() as web:
        servers = {
            "near": recorder.spec(KEY="${secret:KEY}"),
            "far": {"url": web.url, "headers": {"Authorization": "Bearer ${secret:KEY}"}},
        }
        with gateway(servers, home) as running:
            assert echoed(running, "near") == "hi"
            assert echoed(running, "far") == "hi"
            (child,) = [
                path.parent
                for path in Path("/proc").glob("[0-9]*/environ")
                if path.parent.name.isdigit() and _has(path, f"KEY={CANARY}".encode())
            ]
            assert str(running.process and running.process.pid) == _parent(child)
            stopped = running.stop()
        assert stopped == 0
        assert {request.headers["authorization"] for request in web.requests} == {f"Bearer {CANARY}"}
    assert b"${secret:KEY}" in everything_below(home)
    assert CANARY.encode() not in everything_below(home)
    assert CANARY not in running.stderr


def _has(path: Path, piece: bytes) -> bool:
    try:
        return piece in path.read_bytes()
    except OSError:
        return False


def _parent(process: Path) -> str:
    return (process / "stat").read_text().rpartition(")")[2].split()[1]


def test_a_missing_secret_keeps_its_server_down_with_a_reason_and_no_other(
    ring: KeyringSession, tmp_path: Path
) -> None:
    servers = {"needing": recorder.spec(KEY="${secret:KEY}"), "other": recorder.spec()}
    with gateway(servers, tmp_path / "home") as running:
        assert echoed(running, "other") == "hi"
        wait_for(lambda: "the keyring holds no secret `KEY`; store it" in running.stderr, "reason")
        assert "the keyring holds no secret `KEY`; store it" in echoed(running, "needing")
        keep(tmp_path / "home", "KEY", CANARY)
        wait_for(lambda: echoed(running, "needing") == "hi", "start of the server")


def test_without_a_session_servers_that_need_no_secret_go_on(no_session: None, tmp_path: Path) -> None:
    servers = {"needing": recorder.spec(KEY="${secret:KEY}"), "other": recorder.spec()}
    with gateway(servers, tmp_path / "home") as running:
        assert echoed(running, "other") == "hi"
        wait_for(lambda: secrets.NO_BUS in running.stderr, "reason")
    with pytest.raises(SecretError):
        keep(tmp_path / "home", "KEY", CANARY)


def test_a_gateway_ends_while_the_keyring_waits_for_its_password(
    ring: KeyringSession, tmp_path: Path
) -> None:
    ring.lock()
    with ring.silent(PROMPTER), ring.prompts() as prompts:
        with gateway({"needing": recorder.spec(KEY="${secret:KEY}")}, tmp_path / "home") as running:
            wait_for(prompts, "question")
            started = time.monotonic()
            assert running.stop() == 0
            assert time.monotonic() - started < 5
        assert "Traceback" not in running.stderr


def test_a_gateway_whose_settings_want_no_secret_never_touches_the_keyring(
    ring: KeyringSession, tmp_path: Path
) -> None:
    with gateway({"other": recorder.spec(KEY="plain")}, tmp_path / "home", env=IMPORTS) as running:
        assert echoed(running, "other") == "hi"
        assert running.stop() == 0
    assert "latchward.daemon.assembly" in running.stderr
    assert "keyring" not in running.stderr
    assert "secretstorage" not in running.stderr


def test_a_gateway_whose_settings_want_one_loads_it_then(ring: KeyringSession, tmp_path: Path) -> None:
    keep(tmp_path / "home", "KEY", CANARY)
    with gateway({"near": recorder.spec(KEY="${secret:KEY}")}, tmp_path / "home", env=IMPORTS) as running:
        assert echoed(running, "near") == "hi"
    assert "keyring.backends.SecretService" in running.stderr
    assert os.environ["DBUS_SESSION_BUS_ADDRESS"] == ring.address
