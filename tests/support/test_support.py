"""The tools of the tests are tested too: a recorder that lies would let anything pass."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from . import raw, recorder
from .jr import Client, encode, parse
from .recorder import META, MODERN, Message

ENVELOPE: Message = {META + "protocolVersion": MODERN, META + "clientCapabilities": {}}
HANDSHAKE: list[Message] = [
    {"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25", "capabilities": {}}},
    {"method": "notifications/initialized"},
]


def run(flags: list[str], *messages: Message, record: Path | None = None) -> tuple[bytes, int]:
    """Feed a recorder these messages by hand; its stdout and exit status."""
    entry = recorder.spec(*flags, record=record)
    lines = b"".join(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n" for message in messages)
    done = subprocess.run(
        [entry["command"], *entry["args"]], input=lines, capture_output=True, timeout=20, check=False
    )
    return done.stdout, done.returncode


def answers(flags: list[str], *messages: Message) -> list[Message]:
    return [json.loads(line) for line in run(flags, *messages)[0].splitlines()]


def modern(identity: int, method: str, **params: Any) -> Message:
    return {"id": identity, "method": method, "params": {**params, "_meta": ENVELOPE}}


def call(identity: int, tool: str, **arguments: Any) -> Message:
    return {"id": identity, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


ECHO = call(2, "echo", text="hi")


def test_it_records_every_line_byte_for_byte(tmp_path: Path) -> None:
    record = tmp_path / "record"
    run(["--era", "legacy"], *HANDSHAKE, ECHO, record=record)
    assert recorder.calls(record) == [{"name": "echo", "arguments": {"text": "hi"}}]
    assert len(recorder.received(record)) == 3


def test_a_legacy_recorder_speaks_the_handshake_era_only() -> None:
    first, second, third = answers(["--era", "legacy"], modern(0, "server/discover"), *HANDSHAKE, ECHO)
    assert first["error"]["code"] == recorder.METHOD_NOT_FOUND
    assert second["result"]["protocolVersion"] == "2025-11-25"
    assert third["result"] == {"content": [{"type": "text", "text": "hi"}]}


def test_a_modern_recorder_wants_the_envelope() -> None:
    first, second, third = answers(
        ["--era", "modern"],
        HANDSHAKE[0],
        ECHO,
        modern(3, "tools/call", name="add", arguments={"a": 1, "b": 2}),
    )
    assert first["error"]["code"] == recorder.UNSUPPORTED_VERSION
    assert second["error"]["code"] == recorder.INVALID_PARAMS
    assert third["result"]["resultType"] == "complete"
    assert third["result"]["structuredContent"] == {"sum": 3}


def test_a_dual_recorder_keeps_the_era_of_its_first_request() -> None:
    first, second = answers(["--era", "dual"], modern(1, "server/discover"), HANDSHAKE[0])
    assert first["result"]["supportedVersions"] == [MODERN]
    assert second["error"]["code"] == recorder.UNSUPPORTED_VERSION


def test_a_call_before_the_handshake_is_refused() -> None:
    [answer] = answers(["--era", "legacy"], ECHO)
    assert answer["error"]["code"] == recorder.INVALID_REQUEST


@pytest.mark.parametrize(
    ("flag", "piece"),
    [
        ("--bad-utf8", b'"\xff'),
        ("--duplicate-keys", b'"result": {"content": [{"type": "text", "text": "hi"}]}, "result"'),
        ("--nan", b"NaN"),
        ("--batch", b'[{"jsonrpc"'),
        ("--unknown-notification", b"notifications/vendor/thing"),
    ],
)
def test_a_spoilt_answer_is_spoilt_as_named(flag: str, piece: bytes) -> None:
    assert piece in run([flag], *HANDSHAKE, ECHO)[0]


def test_a_crash_leaves_half_a_line() -> None:
    output, status = run(["--crash-mid-line"], *HANDSHAKE, ECHO)
    assert status == 4
    assert not output.endswith(b"\n")


def test_exits_come_where_they_are_asked_for() -> None:
    assert run(["--exit-before-handshake"]) == (b"", 3)
    output, status = run(["--exit-after", "1"], *HANDSHAKE, ECHO)
    assert (len(output.splitlines()), status) == (1, 0)


def test_a_hanging_recorder_says_nothing() -> None:
    assert run(["--hang"], *HANDSHAKE, ECHO)[0] == b""
    assert len(run(["--hang-call"], *HANDSHAKE, ECHO)[0].splitlines()) == 1


def test_a_banner_stands_before_everything() -> None:
    lines = run(["--banner", "2"], HANDSHAKE[0])[0].splitlines()
    assert [line.startswith(b"recorder: starting up") for line in lines] == [True, True, False]


def test_a_late_answer_follows_the_cancellation() -> None:
    cancel: Message = {"method": "notifications/cancelled", "params": {"requestId": 2}}
    assert len(answers(["--late-answer"], *HANDSHAKE, ECHO)) == 1
    assert answers(["--late-answer"], *HANDSHAKE, ECHO, cancel)[-1]["id"] == 2


def test_pages_hold_all_tools_once() -> None:
    cursors: list[Message] = [{}, {"cursor": "page-1"}, {"cursor": "page-2"}, {"cursor": "page-3"}]
    lists = [{"id": 5, "method": "tools/list", "params": cursor} for cursor in cursors]
    pages = [answer["result"] for answer in answers(["--pages", "4"], *HANDSHAKE, *lists)[1:]]
    assert [tool for page in pages for tool in page["tools"]] == recorder.DEFAULT_TOOLS
    assert ["nextCursor" in page for page in pages] == [True, True, True, False]


@pytest.mark.parametrize(("kind", "different"), [("new", 2), ("same", 1)])
def test_an_endless_cursor_never_ends(kind: str, different: int) -> None:
    lists = [{"id": number, "method": "tools/list"} for number in (5, 6)]
    pages = answers(["--endless-cursor", kind], *HANDSHAKE, *lists)[1:]
    assert len({page["result"]["nextCursor"] for page in pages}) == different


def test_a_changed_list_is_told_and_shown() -> None:
    lists = [{"id": number, "method": "tools/list"} for number in (5, 6)]
    _, first, note, second = answers(["--change-tools-after-first-list"], *HANDSHAKE, *lists)
    assert note["method"] == "notifications/tools/list_changed"
    assert len(second["result"]["tools"]) == len(first["result"]["tools"]) + 1


def test_a_changed_list_is_told_to_who_listens_later() -> None:
    listen = modern(7, "subscriptions/listen", notifications={"toolsListChanged": True})
    _, acknowledged, note = answers(["--change-tools-after-first-list"], modern(1, "tools/list"), listen)
    assert acknowledged["params"]["notifications"] == {"toolsListChanged": True}
    assert note["params"]["_meta"] == {META + "subscriptionId": 7}


def test_a_slow_call_sends_progress_and_ends_at_a_cancellation() -> None:
    entry = recorder.spec("--era", "legacy")
    slow = call(2, "slow", seconds=30)
    slow["params"]["_meta"] = {"progressToken": "p"}
    with subprocess.Popen(
        [entry["command"], *entry["args"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for message in (*HANDSHAKE, slow):
            process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        assert json.loads(process.stdout.readline())["params"]["progressToken"] == "p"
        cancel = {"method": "notifications/cancelled", "params": {"requestId": 2}}
        process.stdin.write(json.dumps(cancel).encode() + b"\n")
        process.stdin.close()
        assert b'"id": 2' not in process.stdout.read()


def test_a_recorder_starts_without_site_packages() -> None:
    assert recorder.spec()["args"][:2] == ["-I", "-S"]
    assert recorder.spec()["command"] == sys.executable


# raw and jr, against a plain server


class _Handler(BaseHTTPRequestHandler):
    """Answers with what it got: JSON, or SSE where the body asks for `stream`."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append({name.lower(): value for name, value in self.headers.items()})
        message = json.loads(body)
        answer = json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": message.get("params", {})})
        self.send_response(200)
        if message["method"] == "stream":
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            note = json.dumps({"jsonrpc": "2.0", "method": "note"})
            self.wfile.write(f": hello\n\ndata: {note}\n\nevent: message\ndata: {answer}\n\n".encode())
            self.close_connection = True
            return
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with _serving() as server:
        yield server.server_address[1]


@contextmanager
def _serving() -> Iterator[ThreadingHTTPServer]:
    _Handler.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_raw_reads_one_response_after_another(port: int) -> None:
    with raw.Connection("127.0.0.1", port) as connection:
        for identity in (1, 2):
            connection.send(raw.post(port, "/mcp", b'{"id": %d, "method": "x"}' % identity))
            response = connection.read()
            assert (response.status, json.loads(response.body)["id"]) == (200, identity)


def test_raw_reads_chunks_to_their_end() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    with raw_peer(chunked) as peer:
        assert raw.exchange("127.0.0.1", peer, b"GET / HTTP/1.1\r\n\r\n").body == b"abcde"


def test_raw_does_not_take_half_a_response_for_a_whole_one() -> None:
    with (
        raw_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf") as peer,
        pytest.raises(ConnectionError),
    ):
        raw.exchange("127.0.0.1", peer, b"GET / HTTP/1.1\r\n\r\n")


@contextmanager
def raw_peer(answer: bytes) -> Iterator[int]:
    """A port on which one connection gets this answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_modern_request_has_its_envelope_and_its_headers(port: int) -> None:
    reply = Client(f"http://127.0.0.1:{port}/mcp", "secret").call("écho", {"a": 1})
    assert reply.result["_meta"][META + "protocolVersion"] == MODERN
    [headers] = _Handler.seen
    assert headers["mcp-method"] == "tools/call"
    assert headers["mcp-name"] == "=?base64?w6ljaG8=?="
    assert headers["authorization"] == "Bearer secret"


def test_a_header_can_be_replaced_and_taken_away(port: int) -> None:
    client = Client(f"http://127.0.0.1:{port}/mcp", "secret")
    client.request("ping", headers={"mcp-method": "other", "Authorization": None})
    [headers] = _Handler.seen
    assert headers["mcp-method"] == "other"
    assert "authorization" not in headers


def test_a_legacy_request_has_neither(port: int) -> None:
    reply = Client(f"http://127.0.0.1:{port}/mcp", era="legacy").request("tools/list")
    assert reply.result == {}
    assert "mcp-method" not in _Handler.seen[0]


def test_sse_is_read_whole_or_message_by_message(port: int) -> None:
    client = Client(f"http://127.0.0.1:{port}/mcp")
    reply = client.request("stream")
    assert (len(reply.messages), reply.notifications[0]["method"]) == (2, "note")
    with client.stream("stream") as stream:
        first, second, end = stream.next(), stream.next(), stream.next()
    assert first is not None
    assert second is not None
    assert (first["method"], "result" in second, end) == ("note", True, None)


def test_parse_ignores_what_is_no_message() -> None:
    assert parse("text/plain", b"no") == []
    assert parse("application/json", b"") == []


def test_encode_keeps_plain_names() -> None:
    assert encode("read_note") == "read_note"
    assert encode(" edge") == "=?base64?IGVkZ2U=?="
