"""`latchward connect`, a real process, between an agent and a gateway that follows a script."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward import endpoint
from latchward.bridge.book import PATIENCE, RESTART, UNDER_WAY, Book, Message
from latchward.bridge.service import ask_for_service
from latchward.storage.paths import Profile

from .support.connect import (
    INITIALIZE,
    ROOT,
    Agent,
    Ended,
    Line,
    ScriptedGateway,
    environment,
    message,
    modern,
    result,
)
from .support.root import needs_root
from .support.scene import wait_until

TWO_SECONDS = 2.0
NOBODY = 65534

INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
CALL = message("tools/call", {"name": "t"}, 7)
LISTEN = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, "l")
SUBSCRIPTION = {"_meta": {"io.modelcontextprotocol/subscriptionId": "l"}}
ACKNOWLEDGED = (
    b'{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":%b}\n'
    % json.dumps(SUBSCRIPTION).encode()
)


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lw-") as folder:
        yield Path(folder) / endpoint.NAME


@pytest.fixture
def gate(path: Path) -> Iterator[ScriptedGateway]:
    with ScriptedGateway(path) as gate:
        yield gate


@pytest.fixture
def agent(path: Path) -> Iterator[Agent]:
    with Agent(path) as agent:
        yield agent


def opened(agent: Agent, gate: ScriptedGateway) -> Line:
    """A link on which the legacy handshake is done."""
    link = gate.welcome()
    agent.send(message("initialize", INITIALIZE, 0))
    link.read()
    link.write(result(0, {"protocolVersion": "2025-11-25"}))
    agent.answer(0)
    agent.send(INITIALIZED)
    link.read()
    return link


# lines


def test_the_first_line_names_the_client(gate: ScriptedGateway, agent: Agent) -> None:
    with gate.accept() as link:
        assert json.loads(link.read()) == {"latchward": 1, "client": "agent"}


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0", "id" : 1,"method":"x","params":{"a":1.10,"a":2}}',
        b'\xff\x00 not json [{"',
        b'{"jsonrpc":"2.0","id":1,"method":"a"}{"jsonrpc":"2.0","id":2,"method":"b"}',
        '{"jsonrpc":"2.0","id":"é","method":"x"}'.encode(),
        b"  [] ",
        b"[" * 100_000,
        b'{"id":' + b"9" * 6000 + b"}",
    ],
)
def test_a_line_of_the_agent_arrives_byte_for_byte(gate: ScriptedGateway, agent: Agent, line: bytes) -> None:
    with gate.welcome() as link:
        agent.write(line + b"\n")
        assert link.read() == line


@pytest.mark.parametrize(
    "line", [b'{"jsonrpc":"2.0","id":1,"result":{"x":"\\ud83d"}}', b'{"jsonrpc" : "2.0"}']
)
def test_a_line_of_the_gateway_arrives_byte_for_byte(
    gate: ScriptedGateway, agent: Agent, line: bytes
) -> None:
    with gate.welcome() as link:
        link.write(line + b"\n")
        assert agent.line() == line


def test_lines_arrive_whole_however_they_are_written(gate: ScriptedGateway, agent: Agent) -> None:
    with gate.welcome() as link:
        for byte in b'{"jsonrpc":"2.0","id":1,"method":"x"}\r\n\r\n\n   \n':
            agent.write(bytes([byte]))
        agent.write(b'{"jsonrpc":"2.0","method":"y"}\n{"jsonrpc":"2.0"')
        agent.write(b',"method":"z"}\n')
        assert link.read() == b'{"jsonrpc":"2.0","id":1,"method":"x"}'
        assert [link.next()["method"], link.next()["method"]] == ["y", "z"]


def test_a_last_line_without_its_end_is_passed_on(gate: ScriptedGateway, agent: Agent) -> None:
    with gate.welcome() as link:
        agent.write(b'{"jsonrpc":"2.0","id":1,"meth')
        assert agent.process.stdin
        agent.process.stdin.close()
        assert link.read() == b'{"jsonrpc":"2.0","id":1,"meth'
        link.write(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"cut"}}\n')
        assert agent.answer(None)["error"]["message"] == "cut"
        assert agent.process.wait(TWO_SECONDS) == 0


def test_a_line_of_four_mebibytes_is_passed_on(gate: ScriptedGateway, agent: Agent) -> None:
    with gate.welcome() as link:
        line = b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"%b"}}'
        line %= b"z" * (endpoint.MAX_LINE - len(line) + 2)
        agent.write(line + b"\n")
        assert link.read() == line


def test_a_line_of_65_megabytes_is_answered_and_costs_no_memory(gate: ScriptedGateway, agent: Agent) -> None:
    with gate.welcome() as link:
        agent.write(b'{"method":"x","params":{"id":3,"a":"')
        for _ in range(1000):
            agent.write(b"z" * 65_000)
        agent.write(b'"},"jsonrpc":"2.0","id":"long"}\n')
        agent.send(CALL)
        assert "bytes" in agent.answer("long")["error"]["message"]
        assert link.next() == CALL
        assert peak_kib(agent.process.pid) < 40 * 1024


def peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


@given(st.lists(st.binary(max_size=12).map(lambda raw: raw.replace(b"\n", b"")), max_size=6), st.data())
def test_how_bytes_are_cut_never_changes_the_lines(lines: list[bytes], data: st.DataObject) -> None:
    written = b"\n".join(lines) + b"\n"
    at = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=8)))
    cutter = endpoint.Cutter(8)
    cut = [written[a:b] for a, b in zip([0, *at], [*at, len(written)], strict=True)]
    found = [line for piece in cut for line in cutter.feed(piece)]
    kept = [line.rstrip(b"\r") for line in lines if line.strip(b" \t\r\x0b\x0c")]
    assert [line if isinstance(line, bytes) else None for line in found] == [
        line if len(line) <= 8 else None for line in kept
    ]


@pytest.mark.parametrize(
    ("line", "identity"),
    [
        (b'{"jsonrpc":"2.0","id":12,"method":"x","params":"%b"}', b"12"),
        (b'{"method":"x","params":{"id":1,"a":"%b"},"jsonrpc":"2.0","id":"a\\"b"}', b'"a\\"b"'),
        (b'{"method":"x","params":{"a":"%b","id":12}}', b"null"),
        (b'{"params":["%b"],"id":12', b"null"),
        (b'{"a":"%b","id":007}', b"null"),
    ],
)
def test_the_id_of_a_line_that_is_too_long_is_read_where_that_is_certain(
    line: bytes, identity: bytes
) -> None:
    [cut] = endpoint.Cutter(100).feed(line % (b"z" * 9000) + b"\n")
    assert isinstance(cut, endpoint.TooLong)
    assert cut.id == identity


# no gateway


def test_without_a_gateway_every_request_is_answered_within_two_seconds(agent: Agent) -> None:
    agent.send(INITIALIZED)
    for asked in (message("initialize", INITIALIZE, 0), modern("server/discover", {}, "d"), CALL):
        agent.send(asked)
    started = time.monotonic()
    for identity in (0, "d", 7):
        assert agent.answer(identity, TWO_SECONDS)["error"]["message"].startswith(
            "Latchward is not running: start it"
        )
    assert time.monotonic() - started < TWO_SECONDS
    assert agent.notes == []


def test_a_gateway_that_comes_in_time_gets_what_waited(path: Path, agent: Agent) -> None:
    agent.send(message("initialize", INITIALIZE, 0))
    agent.send(CALL)
    wait_until(lambda: len(os.listdir(f"/proc/{agent.process.pid}/task")) == 2)  # it looks for a gateway now
    with ScriptedGateway(path) as gate, gate.welcome() as link:
        assert [link.next()["method"], link.next()["method"]] == ["initialize", "tools/call"]


def test_a_gateway_that_does_not_greet_is_as_good_as_none(gate: ScriptedGateway, agent: Agent) -> None:
    agent.send(CALL)
    assert "not running" in agent.answer(7, TWO_SECONDS)["error"]["message"]


def test_a_line_that_is_no_message_is_answered_without_a_gateway_too(agent: Agent) -> None:
    agent.write(b'{"jsonrpc":"2.0","id":1,"method":"a"}{}\n')
    assert agent.answer(None, TWO_SECONDS)["error"]["code"] == -32700


def test_a_request_that_is_cancelled_while_it_waits_is_never_sent() -> None:
    book = Book()
    cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
    waiting = [Message(json.dumps(said).encode()) for said in (CALL, cancelled, message("ping", None, 8))]
    assert all(book.wait(one, 0.0) for one in waiting)
    assert [book.next(), book.next(), book.next()] == [*waiting[1:], None]


def test_more_than_can_wait_is_answered_at_once() -> None:
    book = Book()
    waits = [book.wait(Message(b'{"id":%d,"method":"x"}' % number), 0.0) for number in range(1001)]
    assert waits == [True] * 1000 + [False]
    assert len(book.overdue(PATIENCE)) == 1000


def test_what_is_under_way_is_bounded() -> None:
    book = Book()
    for number in range(UNDER_WAY + 5):
        book.sent(Message(b'{"id":%d,"method":"x"}' % number))
    assert len(book.broke(0.0)) == UNDER_WAY


# a gateway that is started anew


def test_a_call_under_way_is_reported_as_unknown_and_never_sent_again(path: Path, agent: Agent) -> None:
    with ScriptedGateway(path) as gate, gate.welcome() as link:
        agent.send(CALL)
        link.read()
        link.write(b'{"jsonrpc":"2.0","id":7,"resu')  # cut in the middle of a line
        link.close()
        assert "may have been done" in agent.answer(7)["error"]["message"]
        with gate.welcome() as second:
            agent.send(message("ping", None, 8))
            assert second.next()["method"] == "ping"


def test_the_agent_does_not_notice_that_its_conversation_is_opened_anew(path: Path, agent: Agent) -> None:
    with ScriptedGateway(path) as gate:
        opened(agent, gate).close()
        agent.send(CALL)
        with gate.welcome() as link:
            first = link.next()
            assert (first["method"], first["id"], link.next()) == ("initialize", 0, INITIALIZED)
            link.write(result(0, {"protocolVersion": "2025-11-25"}))
            assert link.next() == CALL
            link.write(result(7, {}))
            assert agent.answer(7)["result"] == {}
    lists = ("tools", "prompts", "resources")
    assert [note["method"] for note in agent.notes] == [f"notifications/{one}/list_changed" for one in lists]


def test_what_was_asked_for_the_whole_conversation_is_asked_again_unnoticed(path: Path, agent: Agent) -> None:
    level = message("logging/setLevel", {"level": "info"}, 1)
    wanted, gone = (message("resources/subscribe", {"uri": f"x:{number}"}, number) for number in (2, 3))
    unwanted = message("resources/unsubscribe", {"uri": "x:3"}, 4)
    with ScriptedGateway(path) as gate:
        link = opened(agent, gate)
        for asked in (level, wanted, gone, unwanted):
            agent.send(asked)
            assert link.next() == asked
            link.write(result(asked["id"], {}))
            assert agent.answer(asked["id"])["result"] == {}
        link.close()
        with gate.welcome() as link:
            assert [link.next() for _ in range(4)][2:] == [level, wanted]
            link.write(result(0, {}) + result(1, {}) + result(2, {}))
            agent.send(CALL)
            assert link.next() == CALL
            link.write(result(7, {"x": 1}))
            assert agent.next()["method"] == "notifications/tools/list_changed"
            assert agent.answer(7)["result"] == {"x": 1}


def test_a_question_under_the_id_of_a_call_under_way_answers_nothing(path: Path, agent: Agent) -> None:
    with ScriptedGateway(path) as gate:
        link = opened(agent, gate)
        agent.send(CALL)
        assert link.next() == CALL
        asked = b'{"jsonrpc":"2.0","id":7,"method":"roots/list","params":{}}\n'
        link.write(asked)
        assert agent.next()["method"] == "roots/list"
        reply = {"jsonrpc": "2.0", "id": 7, "result": {"roots": []}}
        agent.send(reply)
        assert link.next() == reply
        link.close()
        assert "may have been done" in agent.answer(7)["error"]["message"]


def test_a_subscription_stands_again_and_is_acknowledged_once(path: Path, agent: Agent) -> None:
    with ScriptedGateway(path) as gate:
        with gate.welcome() as link:
            agent.send(LISTEN)
            link.read()
            link.write(ACKNOWLEDGED)
            assert agent.next()["method"] == "notifications/subscriptions/acknowledged"
        with gate.welcome() as link:
            assert link.next() == LISTEN
            link.write(ACKNOWLEDGED + result("x", {}))
            changed = agent.next()
            assert (changed["method"], changed["params"]) == (
                "notifications/tools/list_changed",
                SUBSCRIPTION,
            )
            assert agent.next()["id"] == "x"


def test_a_handshake_under_way_goes_to_the_next_gateway(path: Path, agent: Agent) -> None:
    with ScriptedGateway(path) as gate:
        with gate.welcome() as link:
            agent.send(message("initialize", INITIALIZE, 0))
            link.read()
        with gate.welcome() as link:
            assert link.next()["method"] == "initialize"
            link.write(result(0, {}))
            assert agent.answer(0)["result"] == {}


def test_how_long_a_request_waits_depends_on_what_it_may_wait_for() -> None:
    def waits(book: Book, method: str, now: float) -> float:
        asked = Message(b'{"id":1,"method":"%b"}' % method.encode())
        assert book.wait(asked, now)
        return asked.until - now

    book = Book()
    book.begin(0.0)
    assert waits(book, "x", 0.0) == PATIENCE
    assert waits(book, "x", 60.0) == 0.0  # nobody came: it is told at once
    assert waits(book, "initialize", 60.0) == waits(book, "server/discover", 60.0) == PATIENCE
    book.broke(100.0)
    assert waits(book, "x", 100.0) == waits(book, "initialize", 100.0) == RESTART
    assert waits(book, "x", 100.0 + RESTART - 0.5) == PATIENCE
    assert waits(book, "x", 100.0 + RESTART) == 0.0


def test_what_could_not_leave_waits_and_what_left_does_not() -> None:
    book = Book()
    left, stayed = Message(json.dumps(CALL).encode()), Message(b'{"id":8,"method":"ping"}')
    for one in (left, stayed):
        book.sent(one)
    book.unsent(stayed, 0.0)
    assert book.broke(0.0) == [left]
    assert book.next() is stayed
    assert book.broke(0.0) == [stayed]
    book.unsent(stayed, 0.0)  # too late: the agent was told
    assert book.next() is None


# whom it speaks to


@needs_root
def test_nothing_is_said_to_a_socket_that_root_gave_away(path: Path, gate: ScriptedGateway) -> None:
    os.chown(path, NOBODY, NOBODY)
    with Agent(path) as agent:
        agent.send(CALL)
        assert f"belongs to uid {NOBODY}" in agent.answer(7, TWO_SECONDS)["error"]["message"]


@needs_root
def test_nothing_is_said_to_a_listener_that_root_started_for_another(path: Path) -> None:
    sock = socket.socket(socket.AF_UNIX)
    with sock:
        sock.bind(str(path))
        os.seteuid(NOBODY)  # the kernel notes who calls `listen`
        try:
            sock.listen(8)
        finally:
            os.seteuid(0)
        with Agent(path) as agent:
            agent.send(CALL)
            assert f"uid {NOBODY}, not you, listens" in agent.answer(7, TWO_SECONDS)["error"]["message"]
            sock.settimeout(TWO_SECONDS)
            connection, _ = sock.accept()
            with connection:
                connection.settimeout(TWO_SECONDS)
                assert connection.recv(100) == b""


def test_nothing_is_said_to_what_is_no_socket(path: Path, agent: Agent) -> None:
    path.symlink_to("/dev/null")
    agent.send(CALL)
    assert "is not a socket" in agent.answer(7, TWO_SECONDS)["error"]["message"]


def test_a_client_that_is_turned_away_is_told_why_and_let_in_later(
    gate: ScriptedGateway, agent: Agent
) -> None:
    agent.send(message("initialize", INITIALIZE, 0))
    with gate.accept() as link:
        link.read()
        link.write(b'{"jsonrpc":"2.0","id":null,"error":{"code":-31003,"message":"not yet"}}\n')
        assert agent.answer(0)["error"]["message"] == "not yet"
    agent.send(CALL)
    with gate.welcome() as link:
        assert link.next() == CALL


# how it ends


def test_the_last_answers_are_waited_for_when_the_agent_says_no_more(
    gate: ScriptedGateway, agent: Agent
) -> None:
    with gate.welcome() as link:
        agent.send(LISTEN)
        agent.send(CALL)
        link.read()
        link.read()
        assert agent.process.stdin
        agent.process.stdin.close()
        link.write(result(7, {"late": True}))
        assert agent.answer(7)["result"] == {"late": True}
        assert agent.process.wait(TWO_SECONDS) == 0  # no answer is due to a subscription
        assert link.read() == b""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_without_a_word(gate: ScriptedGateway, agent: Agent, number: signal.Signals) -> None:
    with gate.welcome() as link:
        agent.process.send_signal(number)
        assert agent.process.wait(TWO_SECONDS) == 0
        assert link.read() == b""
    assert agent.rest == []
    assert agent.process.stderr
    assert agent.process.stderr.read() == b""


def test_an_agent_that_no_longer_reads_ends_it(path: Path, gate: ScriptedGateway) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "latchward", "connect", "--client", "b", "--endpoint", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    with process, gate.welcome() as link:
        assert process.stdout
        process.stdout.close()
        link.write(result(1, {}))
        assert process.wait(TWO_SECONDS) == 0


# what it costs, and what disturbs it


def test_stdout_holds_nothing_but_messages_whatever_surrounds_it(path: Path) -> None:
    noisy = environment(PYTHONWARNINGS="always", LANG="C", LC_ALL="POSIX", PYTHONUTF8="0", PYTHONDEVMODE="1")
    closed = ["sh", "-c", 'exec "$0" -m latchward "$@" 2>&-', sys.executable]
    with (
        ScriptedGateway(path) as gate,
        Agent(path, env=noisy, command=closed) as agent,
        gate.welcome() as link,
    ):
        said = json.dumps(message("x", {"text": "é\u2028"}, "ü"), ensure_ascii=False).encode()
        agent.write(said + b"\n")
        assert link.read() == said
        link.close()
        assert agent.answer("ü")["error"]["code"] == -31002
        assert agent.end() == 0
        assert agent.rest == []


def test_it_imports_little() -> None:
    code = (
        "import sys; sys.argv = ['x', 'connect', '--help']; import latchward.__main__ as m\ntry: m.main()\n"
    )
    code += "except SystemExit: pass\nsys.stderr.write(' '.join(sys.modules))"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True
    )
    loaded = set(said.stderr.split())
    assert "latchward.bridge.relay" in loaded
    assert not loaded & {
        "asyncio",
        "argparse",
        "typing",
        "dataclasses",
        "subprocess",
        "inspect",
        "platformdirs",
    }
    assert {name for name in loaded if name.startswith("latchward.")} == {
        "latchward.__main__",
        "latchward.endpoint",
        *(f"latchward.bridge{rest}" for rest in ("", ".book", ".connect", ".relay", ".service")),
    } - {"latchward.bridge"} | {"latchward.bridge"}


@pytest.mark.parametrize(
    "arguments", [[], ["--client", "a b"], ["--client", "a", "--endpoint", "x"], ["--help"]]
)
def test_wrong_use_is_told_on_stderr_alone(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "latchward", "connect", *arguments]
    done = subprocess.run(command, capture_output=True, env=environment(), timeout=20, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"usage: latchward connect --client NAME")


# where the gateway is


@pytest.mark.parametrize("runtime", [None, "", "relative", "{}", "{}/missing"])
@pytest.mark.parametrize("state", [None, "", "relative", "{}/state"])
@pytest.mark.parametrize("named", [None, "", "{}/profile/../other/"])
def test_both_ends_agree_on_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str | None, state: str | None, named: str | None
) -> None:
    wanted = {"XDG_RUNTIME_DIR": runtime, "XDG_STATE_HOME": state, "LATCHWARD_HOME": named, "HOME": "{}"}
    for name, value in wanted.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value.format(tmp_path))
    assert endpoint.default() == str(Profile.home().runtime / endpoint.NAME)


def test_without_a_home_there_is_no_place() -> None:
    assert endpoint.default({}) == endpoint.default({"HOME": "here"}) == ""


def test_a_place_of_any_length_is_reached(path: Path) -> None:
    folder = path.parent / ("d" * 200)
    folder.mkdir()
    long = str(folder / endpoint.NAME)
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        endpoint.at(long, server.bind)
        server.listen()
        endpoint.at(long, client.connect)
        assert endpoint.peer(client) == (os.geteuid(), os.getpid())


def test_the_file_of_a_loopback_gateway_is_read_as_it_is_written() -> None:
    assert endpoint.read_loopback(endpoint.loopback_text(7717, "secret")) == (7717, "secret")
    for broken in (b"", b"7717", b"0 secret", b"x secret", b"70000 secret"):
        with pytest.raises(ValueError, match="no port"):
            endpoint.read_loopback(broken)


@pytest.mark.parametrize("client", ["a", "Claude-Code_2", "x" * 32])
def test_a_greeting_is_read_as_it_is_written(client: str) -> None:
    assert endpoint.read_greeting(endpoint.greeting(client)) == (client, "")
    assert endpoint.read_greeting(endpoint.greeting(client, "t")) == (client, "t")


@pytest.mark.parametrize(
    "line",
    [b"", b"[]", b"\xff", b"[" * 5000, b'{"latchward":2,"client":"a"}', b'{"latchward":1}', b'{"client":"a"}']
    + [b'{"latchward":1,"client":"%b"}' % name for name in (b"", b"-a", b"a b", b"x" * 33, b"\xc3\xa9")],
)
def test_what_is_no_greeting_is_refused_with_a_sentence(line: bytes) -> None:
    with pytest.raises(ValueError, match="latchward connect"):
        endpoint.read_greeting(line)


def test_no_service_is_asked_for_a_gateway_of_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    place = endpoint.default({"HOME": str(tmp_path)})
    assert ask_for_service(place) is False  # there is no unit
    unit = tmp_path / ".config/systemd/user/latchward.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    assert ask_for_service(str(tmp_path / "other/gateway.sock")) is False


def test_a_service_manager_that_cannot_help_changes_nothing(tmp_path: Path) -> None:
    unit = tmp_path / ".config/systemd/user/latchward.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    with Agent(None, env={**environment(), "HOME": str(tmp_path)}) as agent:
        agent.send(CALL)
        assert "not running" in agent.answer(7, TWO_SECONDS)["error"]["message"]


# as somebody who is not root


@needs_root
def test_started_by_root_for_a_person_it_serves_them(tmp_path: Path) -> None:
    python = next((p for p in ("/usr/bin/python3", "/usr/local/bin/python3") if os.access(p, os.X_OK)), "")
    if not python:
        pytest.fail("no Python that everybody may run")
    with tempfile.TemporaryDirectory(prefix="lw-") as name:
        folder = Path(name)
        subprocess.run(["cp", "-r", str(ROOT / "desktop"), name], check=True)
        subprocess.run(["chmod", "-R", "a+rX", name], check=True)
        os.chmod(name, 0o777)
        place = folder / endpoint.NAME
        run = [
            "setpriv",
            f"--reuid={NOBODY}",
            f"--regid={NOBODY}",
            "--clear-groups",
            python,
            "-m",
            "latchward",
        ]
        env = environment(PYTHONPATH=str(folder / "desktop"), PYTHONDONTWRITEBYTECODE="1")
        with ScriptedGateway(place), Agent(place, env=env, command=run) as agent:  # root's, so not theirs
            agent.send(CALL)
            assert "belongs to uid 0" in agent.answer(7, TWO_SECONDS)["error"]["message"]
            with pytest.raises(Ended):
                agent.line(0.1)
