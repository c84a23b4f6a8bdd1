"""The doors, by a request's head alone: what each lets through, and which one answers first."""

import pytest

from latchward.downstream.doors import Admitted, Head, Refused, admit, token_hash
from latchward.model.grant import Grant
from latchward.protocol.headers import by_name

PORT = 7717
TOKEN = "a-token-of-at-least-sixteen-characters"
OTHER = "the-token-of-somebody-else-altogether"
GRANTS = {
    "agent": Grant("agent", token_hash(TOKEN), {"files": "strict"}),
    "other": Grant("other", token_hash(OTHER), {"git": "strict"}),
    "by-socket": Grant("by-socket", "", {"files": "strict"}),
}
HEADERS: dict[str, str] = {
    "host": f"127.0.0.1:{PORT}",
    "authorization": f"Bearer {TOKEN}",
    "content-type": "application/json",
}


def knock(
    *more: tuple[str, str], method: str = "POST", target: str = "/mcp", **replaced: str | None
) -> Admitted | Refused:
    """Knock with a good head; in `replaced` None takes a header away, `_` in a name is `-`."""
    names = {name.replace("_", "-"): value for name, value in replaced.items()}
    pairs = [*{**HEADERS, **names}.items(), *more]
    sent = [(name.encode(), value.encode("latin-1")) for name, value in pairs if value is not None]
    return admit(Head(method, target, by_name(sent)), GRANTS, PORT)


def status(answer: Admitted | Refused) -> int:
    return answer.status if isinstance(answer, Refused) else 200


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"LocalHost:{PORT}"])
def test_our_own_host_passes(host: str) -> None:
    assert status(knock(host=host)) == 200


@pytest.mark.parametrize(
    "host",
    [
        None, "", f"evil.example:{PORT}", "127.0.0.1", "localhost", f"127.0.0.1:{PORT + 1}", "127.0.0.1:",
        f"127.0.0.1.evil.example:{PORT}", f"localhost.:{PORT}", f"0.0.0.0:{PORT}", f"[::1]:{PORT}",
        f"[::ffff:127.0.0.1]:{PORT}", f"2130706433:{PORT}", f"127.1:{PORT}", f"0x7f000001:{PORT}",
        f"user@127.0.0.1:{PORT}", f"127.0.0.1:{PORT}:80", f"127.0.0.1:{PORT}/",
        f"127.0.0.1:{PORT},evil.example", f"http://127.0.0.1:{PORT}", f"127.0.0.1:0{PORT}",
        f"127.0.0.1 :{PORT}", f"l\xf6calhost:{PORT}",
    ],
)  # fmt: skip
def test_no_other_host_passes(host: str | None) -> None:
    assert status(knock(host=host)) == 403


def test_two_host_headers_do_not_pass() -> None:
    assert status(knock(("host", f"127.0.0.1:{PORT}"))) == 403


@pytest.mark.parametrize(
    "origins",
    [
        ["https://evil.example"], ["null"], [""], [f"http://localhost:{PORT}"], [f"https://127.0.0.1:{PORT}"],
        ["file://"], ["https://a.example", "https://b.example"], ["chrome-extension://abcdefgh"],
        [f"http://127.0.0.1:{PORT + 1}"], [f"http://127.0.0.1:{PORT}"] * 2, [f"http://127.0.0.1:{PORT}/"],
    ],
)  # fmt: skip
def test_no_web_page_passes(origins: list[str]) -> None:
    assert status(knock(*(("origin", origin) for origin in origins))) == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_origin_of_our_own_host_passes_with_a_token(host: str) -> None:
    own = {"host": f"{host}:{PORT}", "origin": f"http://{host}:{PORT}"}
    assert status(knock(**own)) == 200
    assert status(knock(**own, authorization=None)) == 403


@pytest.mark.parametrize(
    "authorization",
    [
        None, "", "Bearer", "Bearer ", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Bearer {TOKEN.upper()}",
        f"Basic {TOKEN}", TOKEN, f"Bearer  {TOKEN} {TOKEN}", f"Bearer {TOKEN},{TOKEN}", f"Token {TOKEN}",
        f"Bearer {token_hash(TOKEN)}", "Bearer \xff\xfe",
    ],
)  # fmt: skip
def test_no_other_credential_passes(authorization: str | None) -> None:
    assert status(knock(authorization=authorization)) == 403


def test_the_word_bearer_may_have_any_case() -> None:
    assert status(knock(authorization=f"bearer {TOKEN}")) == 200


def test_two_authorization_headers_do_not_pass() -> None:
    assert status(knock(("authorization", f"Bearer {TOKEN}"))) == 403


def test_a_token_in_a_cookie_does_not_pass() -> None:
    assert status(knock(authorization=None, cookie=f"token={TOKEN}")) == 403


def test_the_token_says_who_comes() -> None:
    answer = knock(authorization=f"Bearer {OTHER}")
    assert isinstance(answer, Admitted)
    assert (answer.grant.client, answer.endpoint) == ("other", None)


@pytest.mark.parametrize(
    "target",
    [
        f"/mcp?token={TOKEN}", f"/mcp?{TOKEN}", f"/mcp?a=1&access_token={TOKEN}&b", f"/mcp;{TOKEN}",
        f"/mcp/{TOKEN}", f"/{TOKEN}/mcp", f"/mcp?authorization=Bearer%20{TOKEN}", f"/mcp#{TOKEN}",
        f"/mcp?authorization=Bearer+{TOKEN}", f"/mcp?t={TOKEN.replace('a', '%61')}",
        f"http://127.0.0.1/mcp?token={TOKEN}", f"http://{TOKEN}@127.0.0.1/mcp", f"/sse?{TOKEN}",
    ],
)  # fmt: skip
def test_a_token_in_the_url_is_noticed(target: str) -> None:
    answer = knock(target=target, authorization=None)
    assert isinstance(answer, Refused)
    assert (answer.status, answer.leaked) == (403, "agent")


def test_a_token_in_the_url_is_noticed_whatever_else_is_wrong() -> None:
    answer = knock(target=f"/mcp?token={TOKEN}", host="evil.example", origin="null", method="GET")
    assert isinstance(answer, Refused)
    assert answer.leaked == "agent"


@pytest.mark.parametrize("target", ["/mcp?", "/mcp?x=1", "/s/files/mcp?server=git"])
def test_nothing_may_stand_in_the_url(target: str) -> None:
    assert knock(target=target) == Refused(403, "nothing may stand in the URL")


@pytest.mark.parametrize(
    "target",
    [
        "/", "", "/mcp/", "//mcp", "/MCP", "/%6dcp", "/./mcp", "/x/../mcp", "/mcp%00", "/mcp;x", "/mcp#x",
        "/s/files", "/s/files/mcp/", "/s//mcp", "/s/../mcp", "/s/fi%6ces/mcp", "/s/files%2fmcp",
        "/s/FILES/mcp", "/s/git/mcp", "/s/nothing/mcp", "/s/" + "x" * 33 + "/mcp", "/s/files/mcp\n", "/sse",
        "/health", f"http://127.0.0.1:{PORT}/mcp", "*", "/.well-known/oauth-protected-resource",
        "/favicon.ico",
    ],
)  # fmt: skip
def test_no_other_path_is_there(target: str) -> None:
    assert status(knock(target=target)) == 404


def test_the_endpoint_of_one_server_passes_whom_it_is_granted_to() -> None:
    answer = knock(target="/s/files/mcp")
    assert isinstance(answer, Admitted)
    assert answer.endpoint == "files"


def test_without_a_token_a_server_that_exists_looks_like_one_that_does_not() -> None:
    there, absent = (knock(target=f"/s/{name}/mcp", authorization=None) for name in ("files", "absent"))
    assert there == absent == Refused(403, "a valid token is needed: Authorization: Bearer TOKEN")


@pytest.mark.parametrize(
    "method", ["HEAD", "OPTIONS", "PUT", "PATCH", "TRACE", "CONNECT", "post", "PROPFIND"]
)
def test_no_other_method_is_offered(method: str) -> None:
    assert status(knock(method=method)) == 405


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "TRACE", "GET", "DELETE", "POST"])
def test_without_a_token_all_methods_are_alike(method: str) -> None:
    assert status(knock(method=method, authorization=None)) == 403


@pytest.mark.parametrize(
    "name",
    ["upgrade", "http2-settings", "x-http-method-override", "x-http-method", "x-method-override"],
)
def test_a_request_that_would_be_another_one_is_refused(name: str) -> None:
    assert status(knock((name, "GET"))) == 400


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
        "application/json;",
    ],
)
def test_json_passes(kind: str) -> None:
    assert status(knock(content_type=kind)) == 200


@pytest.mark.parametrize(
    "kind",
    [
        None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/jsonx", "application/json-patch+json", "application/json; charset=utf-16",
        "application/json; charset=utf-8; charset=utf-16", "application/json; boundary=x", "text/json",
        "application/json, text/plain", "text/plain; application/json", "*/*",
    ],
)  # fmt: skip
def test_nothing_else_passes_as_a_body(kind: str | None) -> None:
    assert status(knock(content_type=kind)) == 415


def test_two_content_types_do_not_pass() -> None:
    assert status(knock(("content-type", "application/json"))) == 415


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity", ""])
def test_a_compressed_body_does_not_pass(encoding: str) -> None:
    assert status(knock(content_encoding=encoding)) == 415


@pytest.mark.parametrize("encoding", ["gzip, chunked", "identity", "gzip", "chunked, chunked"])
def test_a_body_may_be_chunked_and_nothing_else(encoding: str) -> None:
    assert status(knock(transfer_encoding=encoding)) == 415


@pytest.mark.parametrize(
    ("head", "door"),
    [
        ({"host": "evil.example", "origin": "null", "authorization": None}, "host"),
        ({"origin": "null", "authorization": None, "target": "/nothing"}, "web pages"),
        ({"target": "/nothing", "authorization": None}, "not found"),
        ({"authorization": None, "content_type": "text/plain"}, "valid token"),
    ],
)
def test_what_a_web_page_could_send_is_refused_before_a_token_matters(
    head: dict[str, str | None], door: str
) -> None:
    answer = knock(**head)  # type: ignore[arg-type]
    assert isinstance(answer, Refused)
    assert door in answer.reason
