"""Bytes of a pipe become lines, however they are cut, and never more than the limit."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.model.errors import UpstreamError
from latchward.upstream.lines import Lines

LINE = st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"").rstrip(b"\r"))


@given(st.lists(LINE), st.lists(st.integers(min_value=1, max_value=50)), st.sampled_from([b"\n", b"\r\n"]))
def test_lines_come_out_whole_however_they_are_cut(
    written: list[bytes], sizes: list[int], end: bytes
) -> None:
    data = b"".join(line + end for line in written)
    lines, read = Lines(), list[bytes]()
    for size in [*sizes, len(data) + 1]:
        chunk, data = data[:size], data[size:]
        read.extend(lines.feed(chunk))
    assert read == [line for line in written if line]


def test_what_has_no_line_end_is_kept_back() -> None:
    assert list(Lines().feed(b'{"half"')) == []


@given(st.integers(min_value=1, max_value=30), st.integers(min_value=1, max_value=12))
def test_a_line_past_the_limit_is_refused_however_it_is_cut(length: int, size: int) -> None:
    lines = Lines(limit=10)
    data = b"x" * length + b"\n"
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    if length <= 10:
        assert [line for chunk in chunks for line in lines.feed(chunk)] == [b"x" * length]
    else:
        with pytest.raises(UpstreamError, match="more than 10 bytes"):
            [line for chunk in chunks for line in lines.feed(chunk)]


def test_a_refused_line_holds_no_more_than_the_limit_and_one_chunk() -> None:
    lines = Lines(limit=1000)
    for _ in range(10):
        assert list(lines.feed(b"x" * 100)) == []
    with pytest.raises(UpstreamError):
        list(lines.feed(b"x" * 100))
    assert sum(map(len, lines._parts)) <= 1100


def test_a_long_line_in_small_chunks_takes_linear_time() -> None:
    def seconds(chunks: int) -> float:
        lines, started = Lines(), time.perf_counter()
        for _ in range(chunks):
            list(lines.feed(b"x" * 64))
        assert [len(line) for line in lines.feed(b"\n")] == [chunks * 64]
        return time.perf_counter() - started

    small = min(seconds(4_000) for _ in range(3))
    assert seconds(64_000) < 16 * small * 6  # quadratic would be 16 times more
