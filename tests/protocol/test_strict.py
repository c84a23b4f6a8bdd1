"""The one parser of what clients send."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.model.errors import ParseError
from latchward.protocol import strict

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=3)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(JSON)
def test_what_is_serialised_parses_to_the_same_value(value: object) -> None:
    assert strict.parse(strict.serialise(value)) == value


@given(JSON)
def test_the_standard_library_reads_our_serialisation_alike(value: object) -> None:
    assert json.loads(strict.serialise(value), parse_float=Decimal) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b'{"a":1,"a":2}', "the key `a` stands twice"),
        (b'{"x":[{"deep":{"b":1,"b":1}}]}', "the key `b` stands twice"),
        (b'{"a":NaN}', "`NaN` is not JSON"),
        (b'{"a":-Infinity}', "`-Infinity` is not JSON"),
        (b'{"a":1e400}', "too large"),
        (b'{"a":' + b"9" * 1001 + b"}", "more than 1000 digits"),
        (b'{"a":' + b"9" * 4301 + b"}", "more than 1000 digits"),
        (b'{"a":' + b"9" * 1_000_000 + b"}", "more than 1000 digits"),
        (b'{"a":0.' + b"9" * 4301 + b"}", "more than 1000 digits"),
        (b'{"a":"\xff"}', "not UTF-8 at byte 6"),
        (b'{"a":"\xc0\xaf"}', "not UTF-8"),
        (b'{"a":"\xed\xa0\xbd"}', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        ('{"a":1}'.encode("utf-16"), "not UTF-8"),
        ('{"a":1}'.encode("utf-16-le"), "not JSON"),
        ('{"a":1}'.encode("utf-32-be"), "not JSON"),
        (b'{"a":"\\ud83d"}', "unpaired surrogate"),
        (b'{"\\udc00":1}', "unpaired surrogate"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "more than 50000 values"),
        (b"[]" * 2_000_000, "more than 50000 values"),
        (b"[" + b"0," * 1_000_000 + b"0]", "more than 50000 values"),
        (b'{"a":1,}', "not JSON"),
        (b'{"a":1} {"b":2}', "not JSON"),
        (b'{"a":01}', "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b'{"a":"\x01"}', "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_what_two_parsers_could_read_in_two_ways_is_refused(text: bytes, says: str) -> None:
    with pytest.raises(ParseError, match=says):
        strict.parse(text)


def test_digits_survive() -> None:
    text = b'{"big":123456789012345678901234567890,"long":0.12345678901234567890123,"money":1.10}'
    assert strict.serialise(strict.parse(text)) == text


def test_a_surrogate_pair_is_one_character() -> None:
    assert strict.parse(b'"\\ud83d\\ude00"') == "\U0001f600"


def test_brackets_and_commas_inside_text_do_not_count() -> None:
    text = strict.serialise({"table": "[{,}]" * 50_000})
    assert strict.parse(text) == {"table": "[{,}]" * 50_000}


def test_equal_values_have_equal_canonical_bytes() -> None:
    assert strict.canonical({"b": 1, "a": [1, 2]}) == strict.canonical({"a": [1, 2], "b": 1})
