"""What a mask knows is in no text that it gives back, in whatever form it stood there."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.model.mask import MAX_VALUES, Mask

VALUE = 'pa ss/w+rd"ü&=?'
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="•…"), max_size=30)
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="•…"), min_size=4, max_size=20)


def test_a_value_becomes_dots() -> None:
    assert Mask(["s3cr3t"])("the key s3cr3t, s3cr3t is wrong") == "the key •••, ••• is wrong"


def test_what_holds_no_value_stays() -> None:
    assert Mask(["s3cr3t"])("nothing… of it") == "nothing… of it"


def test_a_short_value_stays_for_it_stands_everywhere() -> None:
    assert Mask(["abc", ""])("abc abcd") == "abc abcd"


def test_a_value_in_another_goes_with_it_whole() -> None:
    assert Mask(["s3cr3t", "s3cr3t-and-more"])("s3cr3t-and-more s3cr3t") == "••• •••"


def test_the_word_after_a_scheme_is_taken_out_alone_too() -> None:
    assert Mask(["Bearer s3cr3t"])("Bearer s3cr3t; s3cr3t") == "•••; •••"


def test_each_line_of_a_value_is_taken_out_alone_too() -> None:
    mask = Mask(["-----BEGIN KEY-----\nMIIEvQ\n-----END KEY-----"])
    assert mask("it said: MIIEvQ") == "it said: •••"


@pytest.mark.parametrize(
    "written",
    [
        quote(VALUE, safe=""),
        quote_plus(VALUE),
        json.dumps(VALUE)[1:-1],
        json.dumps(VALUE, ensure_ascii=False)[1:-1],
        base64.b64encode(VALUE.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(VALUE.encode()).decode().rstrip("="),
    ],
)
def test_a_value_is_known_however_it_is_written(written: str) -> None:
    shown = Mask([VALUE])(f"<{written}>")
    assert "•••" in shown
    assert len(shown) <= len("<•••xxx>")


def test_a_value_is_known_in_the_base64_of_addresses() -> None:
    written = base64.urlsafe_b64encode(b"~~~???>>>~~~").decode()
    assert {"-", "_"} < set(written)
    assert Mask(["~~~???>>>~~~"])(written) == "•••"


@pytest.mark.parametrize("before", ["", "u", "us", "use", "user:"])
@pytest.mark.parametrize("after", ["", "x", "xy"])
def test_a_value_is_known_in_base64_wherever_it_stands(before: str, after: str) -> None:
    whole = base64.b64encode(f"{before}s3cr3t-v4lue{after}".encode()).decode()
    shown = Mask(["s3cr3t-v4lue"])(whole)
    assert shown.count("•••") == 1
    # 12 bytes are 16 characters, of which the outer two may be its neighbours' too.
    assert len(whole) - len(shown.replace("•••", "")) >= 14


@pytest.mark.parametrize("cut", [4, 7, 11])
def test_the_beginning_of_a_value_at_a_cut_is_taken_out(cut: int) -> None:
    assert Mask(["s3cr3t-v4lue"])(f"wrong: {'s3cr3t-v4lue'[:cut]}…; try again") == "wrong: •••…; try again"


def test_at_a_cut_the_longest_beginning_goes() -> None:
    assert Mask(["aaaa-bbbb-cccc", "aaaa-zzzz"])("x aaaa-bbbb-c…") == "x •••…"


def test_what_is_learned_later_counts_from_then_on() -> None:
    mask = Mask()
    assert mask("s3cr3t") == "s3cr3t"
    mask.learn(["s3cr3t"])
    assert mask("s3cr3t") == "•••"


def test_the_oldest_values_go_where_there_are_too_many() -> None:
    mask = Mask(f"value-{number:05}" for number in range(MAX_VALUES + 1))
    assert mask("value-00000") == "value-00000"
    assert mask(f"value-00001 value-{MAX_VALUES:05}") == "••• •••"


@given(st.lists(VALUES, max_size=4), TEXT, TEXT)
def test_no_value_is_left_in_any_text(values: list[str], before: str, after: str) -> None:
    mask = Mask(values)
    for value in values:
        shown = mask(before + value + after)
        assert all(known not in shown for known in values)
