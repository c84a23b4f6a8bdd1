"""Bodies and silence: nothing a client sends, or does not send, costs more than its limit."""

import json
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support import raw
from tests.support.jr import dump
from tests.support.scene import SERVER, Scene, scene, wait_until

PATH = f"/s/{SERVER}/mcp"
MIB = 1024 * 1024
LIMIT = 4 * MIB
SHORT = {
    "UNREAD_SECONDS": 0.5,
    "HEAD_SECONDS": 0.5,
    "BODY_SECONDS": 2.0,
    "SILENT": 50,
    "CONNECTIONS": 300,
    "KEEP_ALIVE_SECONDS": 1,
}
"""Bounds of the gateway here: the tests wait for them."""


@pytest.fixture(scope="module")
def house() -> Iterator[Scene]:
    with scene(limits=SHORT) as house:
        yield house
        assert {call["name"] for call in house.calls()} <= {"big"}


def head(house: Scene, *lines: str) -> bytes:
    common = (
        f"POST {PATH} HTTP/1.1",
        f"Host: 127.0.0.1:{house.gateway.port}",
        f"Authorization: Bearer {house.gateway.token}",
        "Content-Type: application/json",
        "Accept: application/json, text/event-stream",
    )
    return "\r\n".join([*common, *lines, "", ""]).encode()


def memory(house: Scene) -> int:
    """Bytes of memory that the gateway holds."""
    process = house.gateway.process
    assert process is not None
    with open(f"/proc/{process.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


def connect(house: Scene) -> raw.Connection:
    return raw.Connection("127.0.0.1", house.gateway.port)


def cut_off(connection: raw.Connection, piece: bytes) -> bool:
    """Send `piece` again and again, 64 MiB of it; whether the other side had enough before."""
    try:
        for _ in range(64 * MIB // len(piece)):
            connection.send(piece)
    except ConnectionError:
        return True
    return False


@pytest.mark.parametrize("length", [LIMIT + 1, 1024 * MIB, 2**63 - 1])
def test_a_body_declared_too_large_is_refused_unread(house: Scene, length: int) -> None:
    with connect(house) as connection:
        connection.send(head(house, f"Content-Length: {length}"))
        assert connection.read().status == 413
        assert connection.closed_by_peer()


def test_the_largest_body_is_read(house: Scene) -> None:
    frame = dump({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": ""}})
    body = frame.replace(b'""', b'"' + b"x" * (LIMIT - len(frame)) + b'"')
    with connect(house) as connection:
        connection.send(head(house, f"Content-Length: {len(body)}") + body)
        assert json.loads(connection.read().body)["result"] == {}


def test_an_endless_chunked_body_is_refused_within_its_limit_of_memory(house: Scene) -> None:
    before = memory(house)
    with connect(house) as connection:
        connection.send(head(house, "Transfer-Encoding: chunked"))
        assert cut_off(connection, b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        assert memory(house) - before < 8 * MIB


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"2\r\n{}\r\n0\r\n", b"X-Trailer: " + b"y" * 60_000 + b"\r\n"),
        (b"2\r\n{}\r\n0\r\nX-Trailer: ", b"y" * 65_536),
        (b"2;ext=", b"y" * 65_536),
        (b"", b"0" * 65_536),
        (b"", b"1;" + b"e" * 1000 + b"\r\n \r\n"),
    ],
    ids=["trailers", "one trailer", "chunk extension", "chunk size", "extensions"],
)
def test_the_marks_between_chunks_have_a_limit_too(house: Scene, begin: bytes, piece: bytes) -> None:
    before = memory(house)
    with connect(house) as connection:
        connection.send(head(house, "Transfer-Encoding: chunked") + begin)
        assert cut_off(connection, piece)
        assert memory(house) - before < 8 * MIB


def test_a_compressed_body_is_not_unpacked(house: Scene) -> None:
    bomb = zlib.compress(b"0" * 64 * MIB, 9)
    before = memory(house)
    response = raw.exchange(
        "127.0.0.1",
        house.gateway.port,
        head(house, "Content-Encoding: gzip", f"Content-Length: {len(bomb)}") + bomb,
    )
    assert response.status == 415
    assert memory(house) - before < 8 * MIB


def test_a_head_that_does_not_end_is_given_up(house: Scene) -> None:
    with connect(house) as connection:
        connection.send(b"POST /mcp HTTP/1.1\r\nX: ")
        assert connection.closed_by_peer()


def test_a_second_head_on_a_connection_that_does_not_end_is_given_up(house: Scene) -> None:
    body = dump({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    with connect(house) as connection:
        connection.send(head(house, f"Content-Length: {len(body)}") + body)
        assert connection.read().status == 200
        connection.send(b"POST /mcp HTTP/1.1\r\nX: ")
        assert connection.closed_by_peer()


def test_a_body_that_does_not_come_is_given_up(house: Scene) -> None:
    with connect(house) as connection:
        connection.send(head(house, "Content-Length: 100") + b"{")
        assert connection.read().status == 408
        assert connection.closed_by_peer()


def test_a_body_that_ends_early_leaves_nothing(house: Scene) -> None:
    with connect(house) as connection:
        connection.send(head(house, "Content-Length: 100") + b'{"jsonrpc"')
    assert house.healthy()


def test_an_idle_connection_is_closed(house: Scene) -> None:
    body = dump({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    with connect(house) as connection:
        connection.send(head(house, f"Content-Length: {len(body)}") + body)
        assert connection.read().status == 200
        assert connection.closed_by_peer()


def ask_for(house: Scene, size: int) -> bytes:
    """A request whose answer has so many bytes."""
    params = {"name": "big", "arguments": {"bytes": size}}
    body = dump({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    return head(house, f"Content-Length: {len(body)}") + body


def test_a_client_that_never_reads_its_answer_loses_the_connection(house: Scene) -> None:
    with connect(house) as connection:
        connection.send(ask_for(house, 16 * MIB))
        wait_until(lambda: house.calls())
        wait_until(lambda: established(house.gateway.port) == 0)


def test_a_client_that_reads_slowly_gets_its_whole_answer(house: Scene) -> None:
    with connect(house) as connection:
        connection.send(ask_for(house, 16 * MIB))
        length = int(connection.read_head().header("content-length") or 0)
        got = 0
        while got < length:
            time.sleep(0.1)
            got += len(connection._file.read(min(2 * MIB, length - got)))
        assert got == length > 16 * MIB


def test_silent_connections_do_not_keep_a_healthy_client_out(house: Scene) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(connect(house)) for _ in range(200)]
        for connection in silent[:100]:
            connection.send(b"GET /mcp HTTP/1.1\r\n")
        assert house.healthy()
        wait_until(lambda: all(connection.closed_by_peer() for connection in silent))


def test_connections_that_come_and_go_do_not_slow_a_healthy_client(house: Scene) -> None:
    for _ in range(500):
        socket.create_connection(("127.0.0.1", house.gateway.port)).close()
    assert house.healthy()


def test_idle_clients_past_the_limit_are_told_to_come_again(house: Scene) -> None:
    body = dump({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    request = head(house, f"Content-Length: {len(body)}") + body
    seen = set()
    with ExitStack() as stack:
        for _ in range(310):
            connection = stack.enter_context(connect(house))
            connection.send(request)
            seen.add(connection.read().status)
    assert seen == {200, 503}
    wait_until(lambda: raw.exchange("127.0.0.1", house.gateway.port, request).status == 200)


def test_no_connection_is_left_open(house: Scene) -> None:
    wait_until(lambda: established(house.gateway.port) == 0)


def established(port: int) -> int:
    """How many connections the gateway holds."""
    with open("/proc/net/tcp") as table:
        lines = [line.split() for line in table.readlines()[1:]]
    return sum(fields[1].endswith(f":{port:04X}") and fields[3] in ("01", "08") for fields in lines)
