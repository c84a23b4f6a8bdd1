"""Nothing of a server outlives a gateway, not even one that is killed."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import Gateway
from tests.support.jr import Client
from tests.support.recorder import spec
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no /proc to look through")

ALLOW = {"version": "1", "default": "allow"}
STUBBORN = """
import os, signal, subprocess, sys

def wrote():
    with open(sys.argv[1], "a") as pids:
        print(os.getpid(), file=pids)

for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
role = sys.argv[2]
if role == "server":
    for other in ("child", "service"):
        subprocess.Popen([sys.executable, "-IS", sys.argv[0], sys.argv[1], other], stdin=subprocess.DEVNULL)
if role == "service":  # it goes away as services do: a session of its own, its parent gone
    if os.fork():
        os._exit(0)
    os.setsid()
wrote()
while True:
    signal.pause()
"""


def stubborn(folder: Path) -> tuple[dict[str, Any], Path]:
    """A server that ends by nothing but force, as does all that it starts; and the file of their numbers."""
    program, pids = folder / "stubborn.py", folder / "pids"
    program.write_text(STUBBORN)
    return {"command": sys.executable, "args": ["-IS", str(program), str(pids), "server"]}, pids


def running(pids: Path) -> list[int]:
    """Those of the processes that still run."""
    numbers = pids.read_text().split() if pids.exists() else []
    return [int(number) for number in numbers if _runs(Path("/proc", number, "stat"))]


def _runs(stat: Path) -> bool:
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_no_process_of_a_server_outlives_its_gateway(tmp_path: Path, end: str) -> None:
    entry, pids = stubborn(tmp_path)
    with Gateway({"stubborn": entry}, {}, {"agent": {"stubborn": "open"}}) as gateway:
        wait_for(lambda: len(running(pids)) == 3, "a server, its child and its service")
        getattr(gateway, end)()
        wait_for(lambda: not running(pids), "the end of all of them", 2)


def test_the_end_of_one_gateway_ends_no_server_of_another(tmp_path: Path) -> None:
    entry, pids = stubborn(tmp_path)
    with Gateway({"fixture": spec()}, {"open": ALLOW}, {"agent": {"fixture": "open"}}) as other:
        client = Client(other.url, other.token)
        assert "hi" in str(client.call("fixture__echo", {"text": "hi"}))
        with Gateway({"stubborn": entry}, {}, {"agent": {"stubborn": "open"}}) as gateway:
            wait_for(lambda: len(running(pids)) == 3, "a server, its child and its service")
            gateway.kill()
            wait_for(lambda: not running(pids), "the end of all of them", 2)
        assert "hi" in str(client.call("fixture__echo", {"text": "hi"}))
        assert "ended" not in other.stderr
