"""Heads of requests on the wire: only our own clients get to a body, and no answer says who listens."""

import json
import socket
from collections.abc import Iterator

import pytest

from tests.support import raw
from tests.support.jr import dump
from tests.support.scene import SERVER, Scene, scene

CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "delete", "arguments": {"path": "/"}},
}
BODY = dump(CALL)
PATH = f"/s/{SERVER}/mcp"
EXPECTS = "Content-Type: application/json", "Accept: application/json, text/event-stream"
TELLING = (b"latchward", b"uvicorn", b"python", b"mcp-session", b"0.1.0", SERVER.encode(), b"agent", b"asgi")
"""What an answer to a stranger must not hold."""


@pytest.fixture(scope="module")
def house() -> Iterator[Scene]:
    """A gateway that no test here may bring to make a call; strangers' bytes leave no line in its log."""
    with scene(clients=("agent", "leaky-1", "leaky-2")) as house:
        yield house
        assert house.calls() == []
        assert "WARNING" not in house.gateway.stderr


def send(house: Scene, data: bytes) -> raw.Response:
    """These bytes on a new connection; the answer, which may not tell anything."""
    response = raw.exchange("127.0.0.1", house.gateway.port, data)
    told = repr(response.headers).encode() + response.body
    assert not [word for word in TELLING if word in told.lower()]
    assert response.header("access-control-allow-origin") is None
    return response


def head(house: Scene, first: str, *lines: str, host: str | None = None, token: bool = True) -> bytes:
    """A head with our Host and token unless told otherwise, and the length of `BODY`."""
    name = f"127.0.0.1:{house.gateway.port}" if host is None else host
    bearer = [f"Authorization: Bearer {house.gateway.token}"] if token else []
    all_lines = [first, f"Host: {name}", *bearer, *lines, "", ""]
    return "\r\n".join(line for line in all_lines if line != "Host: -").encode("latin-1")


def post(house: Scene, *lines: str, host: str | None = None, token: bool = True, path: str = PATH) -> bytes:
    return head(
        house,
        f"POST {path} HTTP/1.1",
        *EXPECTS,
        f"Content-Length: {len(BODY)}",
        *lines,
        host=host,
        token=token,
    )


@pytest.mark.parametrize(
    "host", ["evil.example:{port}", "evil.example", "127.0.0.1", "[::1]:{port}", "-", ""]
)
def test_a_rebound_name_is_refused_before_the_body(house: Scene, host: str) -> None:
    with raw.Connection("127.0.0.1", house.gateway.port) as connection:
        connection.send(post(house, host=host.format(port=house.gateway.port)))  # and no body
        assert connection.read().status in (400, 403)
        assert connection.closed_by_peer()


@pytest.mark.parametrize(
    "lines",
    [
        ["Origin: https://evil.example"], ["Origin: null"], ["Origin:"], ["Origin: http://127.0.0.1"],
        ["Origin: https://a.example", "Origin: https://b.example"], ["ORIGIN: https://evil.example"],
    ],
)  # fmt: skip
def test_an_origin_is_refused_before_the_body(house: Scene, lines: list[str]) -> None:
    with raw.Connection("127.0.0.1", house.gateway.port) as connection:
        connection.send(post(house, *lines))
        assert connection.read().status == 403
        assert connection.closed_by_peer()


def test_a_second_host_header_is_refused(house: Scene) -> None:
    assert send(house, post(house, "Host: evil.example") + BODY).status == 403


@pytest.mark.parametrize(
    "line",
    [
        "", "Authorization: Bearer {short}", "Authorization: Bearer {token}x", "Authorization: Basic {token}",
        "Cookie: token={token}", "Authorization: Bearer {token}\r\nAuthorization: Bearer {token}",
        "X-Authorization: Bearer {token}", "Proxy-Authorization: Bearer {token}",
    ],
)  # fmt: skip
def test_a_bad_token_is_refused_with_a_plain_reason(house: Scene, line: str) -> None:
    token = house.gateway.token
    response = send(house, post(house, line.format(token=token, short=token[:-1]), token=False) + BODY)
    assert response.status == 403
    assert json.loads(response.body) == {"error": "a valid token is needed: Authorization: Bearer TOKEN"}
    assert response.header("www-authenticate") is None


@pytest.mark.parametrize(
    ("client", "target"), [("leaky-1", "/mcp?access_token={token}"), ("leaky-2", "/mcp/{token}")]
)
def test_a_token_seen_in_a_url_is_worth_nothing_from_then_on(house: Scene, client: str, target: str) -> None:
    assert house.client(who=client).discover().status == 200
    house.expected.append("was sent in a URL")
    send(house, post(house, token=False, path=target.format(token=house.gateway.tokens[client])) + BODY)
    assert house.client(who=client).discover().status == 403
    assert f"the token of `{client}` was sent in a URL and is revoked" in house.gateway.stderr
    assert house.gateway.tokens[client] not in house.gateway.stderr


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/jsonx", "application/json; charset=utf-16", None,
    ],
)  # fmt: skip
def test_what_a_form_can_send_is_refused(house: Scene, kind: str | None) -> None:
    lines = [f"Content-Type: {kind}"] if kind else []
    first = f"POST {PATH} HTTP/1.1"
    data = head(house, first, "Accept: */*", f"Content-Length: {len(BODY)}", *lines)
    assert send(house, data + BODY).status == 415


CROSS = (
    "Sec-Fetch-Site: cross-site",
    "User-Agent: Mozilla/5.0 Chrome/140",
    "Accept: */*",
    "Referer: https://evil.example/",
)
PAGE = "Origin: https://evil.example"
TEXT = "Content-Type: text/plain;charset=UTF-8"
MULTIPART = "Content-Type: multipart/form-data; boundary=x"
ASKS = "Access-Control-Request-Method: POST"
KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
BROWSER = {
    "fetch, simple": ("POST", [PAGE, TEXT, "Sec-Fetch-Mode: no-cors"], True),
    "fetch, cors": ("POST", [PAGE, TEXT, "Sec-Fetch-Mode: cors"], True),
    "send beacon": ("POST", [PAGE, TEXT, "Sec-Fetch-Dest: empty"], True),
    "form": ("POST", [PAGE, "Content-Type: application/x-www-form-urlencoded"], True),
    "form of a sandboxed frame": ("POST", ["Origin: null", MULTIPART], True),
    "preflight": (
        "OPTIONS",
        [PAGE, ASKS, "Access-Control-Request-Headers: authorization,content-type"],
        False,
    ),
    "preflight of a private network": (
        "OPTIONS",
        [PAGE, ASKS, "Access-Control-Request-Private-Network: true"],
        False,
    ),
    "event source": ("GET", [PAGE, "Accept: text/event-stream", "Cache-Control: no-cache"], False),
    "image": ("GET", ["Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"], False),
    "script": ("GET", ["Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: script"], False),
    "navigation": ("GET", ["Sec-Fetch-Mode: navigate", "Upgrade-Insecure-Requests: 1"], False),
    "web socket": (
        "GET",
        [PAGE, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", KEY],
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("method", "lines", "has_body"), BROWSER.values(), ids=BROWSER)
def test_what_a_browser_sends_for_a_page_is_refused(
    house: Scene, method: str, lines: list[str], has_body: bool
) -> None:
    length = [f"Content-Length: {len(BODY)}"] if has_body else []
    data = head(house, f"{method} {PATH} HTTP/1.1", *CROSS, *lines, *length, token=False)
    assert send(house, data + (BODY if has_body else b"")).status == 403


@pytest.mark.parametrize(
    "data",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /mcp\r\n\r\n",
        b"GET /mcp HTTP/0.9\r\n\r\n",
        b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\x00" * 100,
        b"GET /mcp HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /mcp HTTP/1.1\r\n Folded: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET  /mcp  HTTP/1.1\r\n\r\n",
        b"POST /mcp HTTP/1.1\nHost: x\n\n",
    ],
)
def test_what_is_no_request_is_answered_with_a_few_plain_words(house: Scene, data: bytes) -> None:
    response = send(house, data)
    assert response.status in (400, 403)
    assert set(json.loads(response.body)) == {"error"}


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 5"],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: +5"],
        ["Content-Length: -1"],
        ["Content-Length: 0x5"],
        ["Content-Length: 5, 5"],
        ["Transfer-Encoding: gzip"],
        ["Transfer-Encoding: chunked, gzip"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding : chunked"],
        ["Content-Length: 99999999999999999999999999"],
    ],
)
def test_a_body_of_two_lengths_is_refused(house: Scene, lines: list[str]) -> None:
    data = head(house, f"POST {PATH} HTTP/1.1", *EXPECTS, *lines)
    assert send(house, data + b"5\r\nhello\r\n0\r\n\r\n").status in (400, 413, 415)


@pytest.mark.parametrize(
    "first", ["TRACE {path}", "PUT {path}", "HEAD {path}", "OPTIONS {path}", "PATCH {path}"]
)
def test_a_method_that_is_not_offered_is_refused(house: Scene, first: str) -> None:
    data = head(house, first.format(path=PATH) + " HTTP/1.1")
    with raw.Connection("127.0.0.1", house.gateway.port) as connection:
        connection.send(data)
        assert connection.read_head().status == 405


@pytest.mark.parametrize(
    "lines",
    [
        ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAA"],
        ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"],
        ["X-HTTP-Method-Override: DELETE"],
        ["X-Method-Override: GET"],
    ],
)
def test_nothing_is_upgraded_or_overridden(house: Scene, lines: list[str]) -> None:
    assert send(house, post(house, *lines) + BODY).status == 400


def test_a_client_that_waits_for_continue_is_told_only_after_the_doors(house: Scene) -> None:
    assert send(house, post(house, "Expect: 100-continue", token=False)).status == 403


def test_a_client_that_waits_for_continue_is_told_to(house: Scene) -> None:
    body = dump({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    first = f"POST {PATH} HTTP/1.1"
    lines = (*EXPECTS, f"Content-Length: {len(body)}", "Expect: 100-continue")
    with raw.Connection("127.0.0.1", house.gateway.port) as connection:
        connection.send(head(house, first, *lines))
        assert connection.read().status == 100
        connection.send(body)
        assert json.loads(connection.read().body)["result"] == {}


STRANGE = (
    "GET /", "GET /mcp", "DELETE /mcp", "POST /mcp", "GET /s/fixture/mcp", "GET /s/none/mcp", "GET /sse",
    "GET /health", "GET /.well-known/oauth-protected-resource",
    "GET /.well-known/oauth-authorization-server", "GET /favicon.ico", "GET /docs", "GET /openapi.json",
    "GET /metrics", "HEAD /", "OPTIONS /mcp", "PUT /mcp", "GET /../../etc/passwd",
)  # fmt: skip


@pytest.mark.parametrize("first", STRANGE)
@pytest.mark.parametrize("era", ["", "MCP-Protocol-Version: 2026-07-28"])
def test_a_stranger_learns_nothing(house: Scene, first: str, era: str) -> None:
    lines = [era] if era else []
    data = head(house, f"{first} HTTP/1.1", "Last-Event-ID: 7", *lines, token=False)
    if first.startswith("HEAD"):
        data = data.replace(b"HEAD", b"GET", 1)
    assert send(house, data).status in (403, 404, 405)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_the_modern_era_has_neither_get_nor_delete(house: Scene, method: str) -> None:
    data = head(house, f"{method} {PATH} HTTP/1.1", "MCP-Protocol-Version: 2026-07-28", "Last-Event-ID: 7")
    assert send(house, data).status == 405


@pytest.mark.parametrize(
    "lines",
    [
        [f"X-Filler: {'x' * 65_536}"],
        [f"X-{number}: y" for number in range(2000)],
        [f"X-{n}: y" for n in range(101)],
    ],
)
def test_a_large_head_is_refused(house: Scene, lines: list[str]) -> None:
    assert send(house, post(house, *lines)).status == 431


def test_an_endless_head_is_cut_off(house: Scene) -> None:
    with raw.Connection("127.0.0.1", house.gateway.port) as connection:
        connection.send(b"GET /mcp HTTP/1.1\r\n")
        with pytest.raises(ConnectionError):
            connection.send((b"X: " + b"y" * 4096 + b"\r\n") * 4096)


def test_a_long_target_is_refused(house: Scene) -> None:
    assert send(house, head(house, f"GET /{'a' * 40_000} HTTP/1.1")).status == 431


def test_what_follows_a_whole_request_does_not_spoil_its_answer(house: Scene) -> None:
    ping = dump({"jsonrpc": "2.0", "id": 7, "method": "ping"})
    first = f"POST {PATH} HTTP/1.1"
    data = head(house, first, *EXPECTS, f"Content-Length: {len(ping)}")
    with raw.Connection("127.0.0.1", house.gateway.port) as connection:
        connection.send(data + ping + b"\x00 garbage \r\n\r\n")
        response = connection.read()
        assert (response.status, json.loads(response.body)["id"]) == (200, 7)
        assert connection.closed_by_peer()


def test_a_field_after_the_body_is_no_header(house: Scene) -> None:
    ping = dump({"jsonrpc": "2.0", "id": 7, "method": "ping"})
    chunks = b"%x\r\n%b\r\n0\r\nAuthorization: Bearer %b\r\n\r\n" % (
        len(ping),
        ping,
        house.gateway.token.encode(),
    )
    data = head(house, f"POST {PATH} HTTP/1.1", *EXPECTS, "Transfer-Encoding: chunked", token=False)
    assert send(house, data + chunks).status == 403


def test_only_this_machine_is_listened_to(house: Scene) -> None:
    port = house.gateway.port
    listening = set()
    for name, width in (("/proc/net/tcp", 8), ("/proc/net/tcp6", 32)):
        with open(name) as table:
            for line in table.readlines()[1:]:
                fields = line.split()
                address, number = fields[1].split(":")
                if fields[3] == "0A" and int(number, 16) == port:
                    listening.add(address[:width])
    assert listening == {"0100007F"}


def test_no_other_address_of_this_machine_answers(house: Scene) -> None:
    for address in ("127.0.0.2", "::1"):
        with pytest.raises(OSError):  # noqa: PT011
            socket.create_connection((address, house.gateway.port), timeout=1)
