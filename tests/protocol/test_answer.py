"""What servers send."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.model.errors import UpstreamError
from latchward.protocol import answer


def test_a_result_stays_bytes() -> None:
    result = b'{"content":[],"n":123456789012345678901234567890,"x":null,"half":"\\ud83d"}'
    said = answer.read(b'{"jsonrpc":"2.0","id":4,"result":%b}' % result)
    assert (said.id, said.result) == (4, result)


def test_white_space_and_order_do_not_matter() -> None:
    said = answer.read(b' { "result" : {"a" : 1} , "id" : 4 , "jsonrpc" : "2.0" } ')
    assert (said.id, said.result) == (4, b'{"a" : 1}')


def test_an_error_is_read() -> None:
    said = answer.read(b'{"jsonrpc":"2.0","id":4,"error":{"code":-32000,"message":"no"}}')
    assert said.error == {"code": -32000, "message": "no"}


def test_a_notification_has_no_id() -> None:
    said = answer.read(b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}')
    assert (said.id, said.method, said.params) == (None, "notifications/progress", {"progress": 1})


@pytest.mark.parametrize(
    "line",
    [
        b"Server started on port 3000",
        b"[]",
        b"{",
        b"{}",
        b'{"jsonrpc":"2.0","id":1,"result":{}} trailing',
        b'[{"jsonrpc":"2.0","id":1,"result":{}}]',
        b'{"jsonrpc":"2.0","id":1,"result":{"a":1},"result":{"a":2}}',
        b'{"jsonrpc":"2.0","id":1, "id":2,"result":{}}',
        b'{"jsonrpc":"2.0","id":1,"result":{"a":NaN}}',
        b'{"jsonrpc":"2.0","id":1,"result":{"a":"\xff"}}',
        b'{"jsonrpc":"2.0","id":1,"result":[]}',
        b'{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}',
        b'{"jsonrpc":"2.0","id":true,"result":{}}',
        b'{"jsonrpc":"2.0","id":1.5,"result":{}}',
        b'{"jsonrpc":"2.0","result":{}}',
        b'{"jsonrpc":"1.0","id":1,"result":{}}',
        b'{"jsonrpc":"2.0","id":1,"result":{},"extra":1}',
        b'{"jsonrpc":"2.0","id":1,"method":7}',
        b'{"jsonrpc":"2.0","id":1,"method":"x","params":[]}',
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ],
)
def test_everything_else_is_refused(line: bytes) -> None:
    with pytest.raises(UpstreamError):
        answer.read(line)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.integers() | st.text() | st.lists(st.floats(allow_nan=False, allow_infinity=False)),
        max_size=6,
    ),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :")]),
    st.booleans(),
)
def test_both_readers_split_an_object_alike(
    value: dict[str, object], separators: tuple[str, str], ascii_only: bool
) -> None:
    try:
        text = json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        text = json.dumps(value, separators=separators).encode()
    members = answer.split(text)
    assert {key: json.loads(raw) for key, raw in members.items()} == value
    assert members == answer._split_slowly(text)
