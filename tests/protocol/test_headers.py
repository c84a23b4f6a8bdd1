"""The routing headers of the modern era."""

import pytest

from latchward.model.errors import ClientError
from latchward.protocol import headers
from latchward.protocol.envelope import Request
from latchward.protocol.versions import HEADER_MISMATCH, META_VERSION

CALL = Request(1, "tools/call", {"name": "safe", "arguments": {}, "_meta": {META_VERSION: "2026-07-28"}})
GOOD = [
    (b"mcp-protocol-version", b"2026-07-28"),
    (b"mcp-method", b"tools/call"),
    (b"mcp-name", b"safe"),
]


def check(sent: list[tuple[bytes, bytes]]) -> None:
    headers.check_modern(headers.by_name(sent), CALL)


def test_headers_that_repeat_the_body_pass() -> None:
    check(GOOD)


def test_a_name_in_base64_passes() -> None:
    check([*GOOD[:2], (b"mcp-name", b"=?base64?c2FmZQ==?=")])


@pytest.mark.parametrize(
    "sent",
    [
        GOOD[1:],
        [GOOD[0], GOOD[2]],
        GOOD[:2],
        [*GOOD, (b"mcp-name", b"danger")],
        [*GOOD, (b"mcp-method", b"tools/call")],
        [*GOOD[:2], (b"mcp-name", b"danger")],
        [*GOOD[:2], (b"mcp-name", b"Safe")],
        [*GOOD[:2], (b"mcp-name", b"=?base64?!!?=")],
        [GOOD[0], (b"mcp-method", b"tools/list"), GOOD[2]],
        [(b"mcp-protocol-version", b"2025-11-25"), *GOOD[1:]],
    ],
)
def test_headers_that_say_something_else_are_refused(sent: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(ClientError) as refused:
        check(sent)
    assert refused.value.code == HEADER_MISMATCH


def test_a_modern_body_without_its_header_is_refused() -> None:
    with pytest.raises(ClientError, match="header mcp-protocol-version is missing"):
        headers.check_legacy(CALL)
