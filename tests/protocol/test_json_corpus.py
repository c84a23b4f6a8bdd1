"""The one parser, against a corpus of what is JSON, what is not, and what is left open."""

import json
from decimal import Decimal

import pytest

from latchward.model.errors import ParseError
from latchward.protocol import strict
from tests.corpus import json_cases

CASES = json_cases()
OPEN = {
    "i_array_49000": True,
    "i_array_60000": False,
    "i_array_depth_61": True,
    "i_number_1000_digits": True,
    "i_number_double_edge": True,
    "i_number_exponent_absurd": False,
    "i_number_exponent_huge": True,
    "i_number_exponent_tiny": True,
    "i_number_minus_zero_exponent": True,
    "i_number_over_edge": False,
    "i_number_point_many_zeros": True,
    "i_number_zero_huge_exponent": True,
    "i_object_1000_keys": True,
    "i_object_key_blank_differs": True,
    "i_object_key_twice_folded": True,
    "i_object_key_twice_normalised": True,
    "i_string_1mb": True,
    "i_string_lone_bom_char": True,
    "i_string_noncharacters": True,
    "i_string_nul_escaped": True,
}
"""What RFC 8259 leaves open: whether we read it."""


def reads(name: str) -> bool:
    try:
        strict.parse(CASES[name])
    except ParseError:
        return False
    return True


@pytest.mark.parametrize("name", [name for name in CASES if name[0] == "y"])
def test_json_is_read(name: str) -> None:
    assert reads(name)


@pytest.mark.parametrize("name", [name for name in CASES if name[0] == "y"])
def test_json_is_read_as_the_standard_library_reads_it(name: str) -> None:
    text = CASES[name].decode()
    assert strict.parse(CASES[name]) == json.loads(text, parse_float=Decimal)


@pytest.mark.parametrize("name", [name for name in CASES if name[0] == "n"])
def test_what_is_no_json_is_refused(name: str) -> None:
    assert not reads(name)


@pytest.mark.parametrize("name", [name for name in CASES if name[0] == "i"])
def test_what_is_left_open_stays_as_it_is(name: str) -> None:
    assert reads(name) is OPEN[name]


@pytest.mark.parametrize("name", [name for name in CASES if reads(name)])
def test_what_was_read_means_the_same_when_it_is_sent_on(name: str) -> None:
    value = strict.parse(CASES[name])
    sent = strict.serialise(value)
    assert strict.parse(sent) == value
    assert json.loads(sent) == json.loads(CASES[name])
