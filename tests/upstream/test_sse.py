"""Server-sent events, read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.model.errors import UpstreamError
from latchward.protocol import sse as written
from latchward.upstream.sse import MAX_RETRY, Events

LINES = st.lists(
    st.sampled_from(
        [
            "data: a",
            "data:b",
            "data",
            "data:  c",
            ": note",
            "",
            "",
            "id: 1",
            "id",
            "event: message",
            "event: x",
            "x",
        ]
    ),
    max_size=30,
)


@given(LINES, st.lists(st.integers(min_value=1, max_value=7)), st.sampled_from(["\n", "\r\n", "\r"]))
def test_events_come_out_the_same_however_they_are_cut(lines: list[str], sizes: list[int], end: str) -> None:
    data = "".join(line + end for line in lines).encode()
    whole, pieces = Events(), Events()
    wanted = list(whole.feed(data))
    read: list[bytes] = []
    rest = data
    for size in sizes:
        read += pieces.feed(rest[:size])
        rest = rest[size:]
    read += pieces.feed(rest)
    assert read == wanted
    assert pieces.last_id == whole.last_id


@given(
    st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)
)
def test_what_we_write_we_read(value: object) -> None:
    message = json.dumps(value, indent=1).encode()
    [read] = Events().feed(written.event(message))
    assert json.loads(read) == value


def test_lines_of_data_are_joined() -> None:
    assert list(Events().feed(b"data: one\ndata: two\n\n")) == [b"one\ntwo"]


def test_other_kinds_of_events_are_left_out() -> None:
    assert list(Events().feed(b"event: ping\ndata: x\n\nevent: message\ndata: y\n\n")) == [b"y"]


def test_an_event_without_data_gives_its_id_alone() -> None:
    events = Events()
    assert list(events.feed(b"id: 5\ndata:\n\nid: 6\n")) == []
    assert events.last_id == "5"


@pytest.mark.parametrize(
    ("field", "retry"),
    [
        (b"1500", 1.5),
        (b"0", 0.0),
        (b"999999999", MAX_RETRY),
        (b"-1", None),
        (b"x", None),
        (b"1" * 5000, None),
    ],
)
def test_the_pause_that_a_server_asks_for_is_bounded(field: bytes, retry: float | None) -> None:
    events = Events()
    list(events.feed(b"retry: " + field + b"\n\n"))
    assert events.retry == retry


@pytest.mark.parametrize("data", [b"data: " + b"x" * 100, b"data: x\n" * 20, b": x\n" * 40])
def test_an_event_past_the_limit_is_refused(data: bytes) -> None:
    events = Events(limit=100)
    with pytest.raises(UpstreamError, match="more than 100 bytes"):
        list(events.feed(data))
