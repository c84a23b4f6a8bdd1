"""The gateway's end of the local socket: a real gateway, spoken to without a bridge."""

import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from latchward import endpoint
from latchward.downstream import limits, local
from latchward.downstream.processes import chain
from latchward.model.errors import ProfileError
from latchward.model.peer import Process, ProcessChain
from tests.support.asking import AskingGateway
from tests.support.connect import INITIALIZE, Line, message, modern
from tests.support.gateway import Gateway
from tests.support.jr import META
from tests.support.root import needs_root
from tests.support.scene import OPEN, SERVER, Scene, scene, wait_until

NOBODY = 65534
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
TWO_SECONDS = 2.0


def place(house: Scene) -> Path:
    return house.gateway.home / "run" / endpoint.NAME


@pytest.fixture
def line(house: Scene) -> Iterator[Line]:
    house.fresh()
    with Line.greeted(place(house)) as line:
        yield line


def call(tool: str, arguments: dict[str, Any], identity: int | str = 1, **meta: Any) -> dict[str, Any]:
    params: dict[str, Any] = {"name": f"{SERVER}__{tool}", "arguments": arguments}
    return message("tools/call", {**params, "_meta": meta} if meta else params, identity)


def cancel(identity: int | str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": identity}}


def text(answer: dict[str, Any]) -> str:
    return "".join(part["text"] for part in answer["result"]["content"])


# the socket


def test_nobody_but_the_owner_reaches_the_socket(house: Scene) -> None:
    assert stat.S_IMODE(os.lstat(place(house)).st_mode) == 0o600
    assert stat.S_IMODE(os.lstat(place(house).parent).st_mode) == 0o700


def test_the_socket_is_gone_when_the_gateway_is(tmp_path: Path) -> None:
    with Gateway({}, {}, {}, home=tmp_path / "p") as gateway:
        assert (gateway.home / "run" / endpoint.NAME).exists()
        wait_until(lambda: f"listening on unix:{gateway.home}/run/{endpoint.NAME}\n" in gateway.stderr)
        gateway.stop()
        assert not (gateway.home / "run" / endpoint.NAME).exists()


def test_a_socket_that_a_crash_left_is_replaced(tmp_path: Path) -> None:
    with Gateway({}, {}, {"agent": {}}, home=tmp_path / "p") as gateway:
        path = gateway.home / "run" / endpoint.NAME
        gateway.kill()
        assert path.exists()
        gateway.start()
        Line.greeted(path).close()


def _file(path: Path) -> None:
    path.touch()


def _link(path: Path) -> None:
    path.symlink_to("elsewhere")


def _folder(path: Path) -> None:
    path.mkdir()


def _given_away_by_root(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    os.chown(path, NOBODY, NOBODY)


@pytest.mark.parametrize(
    ("lies_there", "says"),
    [
        (_file, "is not a socket; move away"),
        (_folder, "is not a socket; move away"),
        (_link, "is a symbolic link; look where it leads"),
        pytest.param(_given_away_by_root, f"belongs to uid {NOBODY}, not to you", marks=needs_root),
    ],
)
def test_what_is_not_ours_is_refused_and_left_alone(tmp_path: Path, lies_there: Any, says: str) -> None:
    path = tmp_path / endpoint.NAME
    lies_there(path)
    with pytest.raises(ProfileError, match=says):
        local.listen(path)
    assert os.path.lexists(path)


def test_a_socket_on_which_somebody_answers_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / endpoint.NAME
    first = local.listen(path)
    with pytest.raises(ProfileError, match="another program listens"):
        local.listen(path)
    first.close()
    assert not path.exists()


def test_a_gateway_that_cannot_have_its_socket_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "run" / endpoint.NAME).touch()
    command = [sys.executable, "-m", "latchward", "gateway", "--port", "0"]
    done = subprocess.run(
        command,
        env={**os.environ, "LATCHWARD_HOME": str(tmp_path)},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert b"is not a socket; move away what lies there" in done.stderr


def test_another_ones_socket_is_not_removed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / endpoint.NAME
    ours = local.listen(path)
    path.unlink()
    path.touch()
    ours.close()
    assert path.exists()


def test_a_loopback_gateway_leaves_port_and_token_to_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "gateway.port"
    ours = local.listen_on_loopback(path)
    port, token = endpoint.read_loopback(path.read_bytes())
    assert (port, token) == (ours.sock.getsockname()[1], ours.token)
    assert len(token) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ours.close()
    assert not path.exists()


@needs_root
def test_a_process_that_root_made_another_users_is_turned_away() -> None:
    with tempfile.TemporaryDirectory(prefix="lw-") as name, Gateway({}, {}, {}, home=Path(name)) as gateway:
        path = gateway.home / "run" / endpoint.NAME
        for place, mode in ((gateway.home, 0o755), (path.parent, 0o755), (path, 0o666)):
            os.chmod(place, mode)  # as if the folders had not held
        os.seteuid(NOBODY)
        try:
            other = Line.to(path)
        finally:
            os.seteuid(0)
        with other:
            assert other.read() == b""
        wait_until(lambda: f"a process of uid {NOBODY} came to the local socket" in gateway.stderr)


# the greeting


@pytest.mark.parametrize(
    ("greeting", "says"),
    [
        (b'{"latchward":1,"client":"stranger"}', "run `latchward grant new stranger`"),
        (b'{"latchward":1,"client":"no name"}', "the greeting names no client"),
        (b'{"latchward":9,"client":"agent"}', "is of another version"),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}', "the first line must be a greeting"),
        (b"GET / HTTP/1.1", "the first line must be a greeting"),
        (b'{"latchward":1,"client":"agent","x":"%b"}' % (b"z" * 5000), "the first line must be a greeting"),
    ],
)
def test_a_greeting_that_is_not_let_in_is_told_why(house: Scene, greeting: bytes, says: str) -> None:
    with Line.to(place(house)) as line:
        line.write(greeting + b"\n" + json.dumps(message("tools/list", None, 1)).encode() + b"\n")
        refused = line.next()
        assert (refused["id"], refused["error"]["code"]) == (None, endpoint.NOT_ADMITTED)
        assert says in refused["error"]["message"]
        assert line.read() == b""


def test_a_connection_that_says_nothing_is_closed() -> None:
    with scene(limits={"GREETING_SECONDS": 0.5}) as house, Line.to(place(house)) as line:
        line.socket.settimeout(0.5 + TWO_SECONDS)
        assert line.read() == b""


def test_a_client_needs_no_token_here() -> None:
    with scene(clients=("agent", "socket-only")) as house:
        house.gateway.edit_settings(lambda settings: settings["grants"]["socket-only"].pop("token"))
        with Line.greeted(place(house), "socket-only") as line:
            line.send(call("echo", {"text": "hi"}))
            assert text(line.answer(1)) == "hi"


# the conversation


def test_initialize_opens_a_conversation_of_the_older_era(line: Line) -> None:
    line.send(message("initialize", INITIALIZE, 0))
    assert line.answer(0)["result"]["protocolVersion"] == "2025-11-25"
    line.send(INITIALIZED)
    line.send(message("ping", None, "p"))
    assert line.answer("p")["result"] == {}
    line.send(call("echo", {"text": "hi"}))
    answer = line.answer(1)
    assert text(answer) == "hi"
    assert "resultType" not in answer["result"]


def test_an_envelope_opens_a_conversation_of_the_newer_era(line: Line) -> None:
    line.send(modern("server/discover", None, "probe"))
    assert line.answer("probe")["result"]["supportedVersions"] == ["2026-07-28"]
    line.send(modern("tools/call", {"name": f"{SERVER}__echo", "arguments": {"text": "hi"}}, 1))
    answer = line.answer(1)
    assert (text(answer), answer["result"]["resultType"]) == ("hi", "complete")


def test_initialize_is_of_the_older_era_whatever_it_carries(line: Line) -> None:
    line.send(modern("initialize", INITIALIZE, 0))
    assert "protocolVersion" in line.answer(0)["result"]


def test_an_era_once_opened_stays(house: Scene, line: Line) -> None:
    line.send(message("initialize", INITIALIZE, 0))
    line.answer(0)
    line.send(modern("tools/list", None, 1))
    assert line.answer(1)["error"]["code"] == -32600
    with Line.greeted(place(house)) as other:
        other.send(modern("tools/list", None, 1))
        other.answer(1)
        other.send(message("initialize", INITIALIZE, 2))
        refused = other.answer(2)["error"]
        assert (refused["code"], refused["data"]["supported"]) == (-32022, ["2026-07-28"])
        other.send(message("tools/list", None, 3))
        assert other.answer(3)["error"]["code"] == -32602


def test_a_client_of_an_unknown_version_may_fall_back(line: Line) -> None:
    unknown = modern("server/discover", None, 1)
    unknown["params"]["_meta"] = {**unknown["params"]["_meta"], META + "protocolVersion": "2099-01-01"}
    line.send(unknown)
    assert line.answer(1)["error"]["code"] == -32022
    line.send(message("initialize", INITIALIZE, 2))
    assert "result" in line.answer(2)


@pytest.mark.parametrize(
    ("sent", "code", "identity"),
    [
        (b"{", -32700, None),
        (b"\xff", -32700, None),
        (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"}{}', -32700, None),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","Method":"x"}', -32600, 1),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":4,"method":"tools/exec"}', -32601, 4),
        (b'{"jsonrpc":"2.0","id":"s","method":"tools/call","params":{"name":1}}', -32602, "s"),
    ],
)
def test_a_wrong_line_is_answered_and_the_next_one_served(
    line: Line, sent: bytes, code: int, identity: int | str | None
) -> None:
    line.write(sent + b"\n" + json.dumps(message("ping", None, "next")).encode() + b"\r\n\r\n")
    refused = line.next()
    assert (refused["id"], refused["error"]["code"]) == (identity, code)
    assert line.answer("next")["result"] == {}


def test_a_line_that_is_too_long_is_answered_and_the_next_one_served(line: Line) -> None:
    line.write(b'{"jsonrpc":"2.0","id":5,"method":"ping","params":{"a":"')
    for _ in range(100):
        line.write(b"z" * 65_536)
    line.write(b'"}}\n')
    line.send(message("ping", None, 6))
    refused = line.next()
    assert (refused["id"], refused["error"]["code"]) == (5, -32600)
    assert line.answer(6)["result"] == {}


def test_the_limits_of_both_ways_in_are_one() -> None:
    assert endpoint.MAX_LINE == limits.BODY_BYTES


def test_progress_comes_on_the_same_pipe(line: Line) -> None:
    line.send(call("slow", {"seconds": 0.3}, progressToken="t"))
    note = line.next()
    assert (note["method"], note["params"]["progressToken"]) == ("notifications/progress", "t")
    assert "result" in line.answer(1)


def test_a_cancelled_call_is_cancelled_at_the_server_and_never_answered(house: Scene, line: Line) -> None:
    line.send(call("slow", {"seconds": 30}))
    wait_until(house.calls)
    line.send(cancel(1))
    wait_until(house.cancelled)
    line.send(message("ping", None, 2))
    assert line.next()["id"] == 2


def test_a_call_and_its_cancellation_may_come_in_one_breath(house: Scene, line: Line) -> None:
    both = (call("slow", {"seconds": 30}), cancel(1), message("ping", None, 2))
    line.write(b"".join(json.dumps(said).encode() + b"\n" for said in both))
    assert line.next()["id"] == 2
    line.send(call("echo", {"text": "again"}))  # the id is free
    assert text(line.answer(1)) == "again"


def test_two_requests_under_one_id_are_not_under_way_at_once(house: Scene, line: Line) -> None:
    line.send(call("slow", {"seconds": 1}))
    line.send(message("ping", None, 1))
    assert "still under way" in line.answer(1)["error"]["message"]
    assert "result" in line.answer(1)


def test_a_call_ends_with_the_client_that_wanted_it(house: Scene) -> None:
    house.fresh()
    with Line.greeted(place(house)) as line:
        line.send(call("slow", {"seconds": 30}))
        wait_until(house.calls)
    wait_until(house.cancelled)


def test_a_question_ends_with_the_client_that_raised_it() -> None:
    asks = {SERVER: {"version": "1", "default": "approve"}}
    with scene(policies=asks, kind=AskingGateway) as house:
        gateway = house.gateway
        assert isinstance(gateway, AskingGateway)
        with Line.greeted(place(house)) as line:
            line.send(call("echo", {"text": "hi"}))
            gateway.question()
        gateway.until(b"The question is closed")
        gateway.write_policy(SERVER, OPEN)
        assert not house.calls()


def test_a_subscription_is_acknowledged_told_and_cancelled(house: Scene) -> None:
    with scene() as own, Line.greeted(place(own)) as line:
        wanted = {"notifications": {"toolsListChanged": True}}
        line.send(modern("subscriptions/listen", wanted, "l"))
        acknowledged = line.next()
        assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
        assert acknowledged["params"]["_meta"] == {META + "subscriptionId": "l"}
        line.send(modern("tools/list", None, 1))
        line.answer(1)
        own.gateway.write_policy(SERVER, {"version": "1", "default": "allow", "hide": ["add"]})
        changed = line.next()
        assert changed["method"] == "notifications/tools/list_changed"
        assert changed["params"]["_meta"] == {META + "subscriptionId": "l"}
        line.send(cancel("l"))
        line.send(modern("server/discover", None, 2))
        assert line.next()["id"] == 2


def test_a_client_of_the_older_era_hears_of_changes_unasked(house: Scene) -> None:
    with scene() as own, Line.greeted(place(own)) as line:
        line.send(message("initialize", INITIALIZE, 0))
        line.send(INITIALIZED)
        line.send(message("tools/list", None, 1))
        line.answer(1)
        own.gateway.write_policy(SERVER, {"version": "1", "default": "allow", "hide": ["add"]})
        assert line.next() == {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}


def test_requests_under_way_are_bounded(house: Scene, line: Line) -> None:
    for number in range(limits.IN_FLIGHT + 1):
        line.send(modern("subscriptions/listen", {"notifications": {}}, number))
    refused = line.answer(limits.IN_FLIGHT)
    assert "too many requests are under way" in refused["error"]["message"]


def test_a_client_that_does_not_read_loses_its_connection(house: Scene, line: Line) -> None:
    count = limits.LINE_BACKLOG // 10_000_000 + 4
    for number in range(count):
        line.send(call("big", {"bytes": 10_000_000}, number))
    wait_until(lambda: "does not read what it is told" in house.gateway.stderr, 30.0)
    assert house.healthy()


def test_a_revoked_client_is_shut_out_at_once() -> None:
    with scene(clients=("agent", "other")) as house, Line.greeted(place(house), "other") as line:
        revoke = [sys.executable, "-m", "latchward", "grant", "revoke", "other"]
        env = {**os.environ, "LATCHWARD_HOME": str(house.gateway.home)}
        subprocess.run(revoke, env=env, capture_output=True, timeout=30, check=True)
        assert line.read() == b""
        with Line.to(place(house)) as again:
            again.write(endpoint.greeting("other"))
            assert "latchward grant new other" in again.next()["error"]["message"]


def test_what_is_under_way_ends_with_the_grant() -> None:
    with scene(clients=("agent", "other")) as house, Line.greeted(place(house), "other") as line:
        line.send(call("slow", {"seconds": 30}))
        wait_until(house.calls)
        revoke = [sys.executable, "-m", "latchward", "grant", "revoke", "other"]
        env = {**os.environ, "LATCHWARD_HOME": str(house.gateway.home)}
        subprocess.run(revoke, env=env, capture_output=True, timeout=30, check=True)
        assert line.read() == b""
        wait_until(house.cancelled)


# who stands behind it


def test_a_chain_leads_from_the_process_to_those_that_started_it() -> None:
    code = "import os, sys; print(os.getppid(), flush=True); sys.stdin.read()"
    command = ["sh", "-c", '"$0" -c "$1"; exit', sys.executable, code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        assert shell.stdout
        assert int(shell.stdout.readline()) == shell.pid
        [child] = Path(f"/proc/{shell.pid}/task/{shell.pid}/children").read_text().split()
        found = chain(os.geteuid(), int(child))
        assert shell.stdin
        shell.stdin.close()
    first, second, third, *_ = found.processes
    assert first.program == os.path.realpath(sys.executable)
    assert first.arguments == (sys.executable, "-c", code)
    assert (second.pid, second.arguments[0], third.pid) == (shell.pid, "sh", os.getpid())
    assert str(found).startswith(f"{first.program} < {second.program} < ")


def test_a_process_that_is_gone_has_no_chain() -> None:
    gone = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, check=True)
    assert chain(0, int(gone.stdout)) == ProcessChain(0, ())
    assert str(ProcessChain(0, ())) == "unknown"


def test_a_program_cannot_write_into_the_log_with_its_name() -> None:
    assert "\n" not in str(ProcessChain(0, (Process(1, 1, "/tmp/a\nb\u202e", ()),)))
