"""Globs over names and over addresses."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.policy.globs import compile_name_glob, compile_path_glob

from . import reference


@given(st.text("ab*?/.[", max_size=6), st.text("ab/.[\n", max_size=8))
def test_name_globs_agree_with_the_plainest_matcher(glob: str, name: str) -> None:
    assert compile_name_glob(glob)(name) is reference.matches(glob, name)


@given(st.text(max_size=20))
def test_text_without_stars_matches_itself_alone(text: str) -> None:
    literal = text.replace("*", "").replace("?", "")

    assert (compile_name_glob(literal)(literal), compile_name_glob(literal)(literal + "x")) == (True, False)


@pytest.mark.parametrize(
    ("glob", "text", "matches"),
    [
        ("*", "a/b\nc", True),
        ("a/*", "a/b", True),
        ("a/*", "a/b/c", False),
        ("a/?", "a/\U0001f600", True),
        ("a?b", "a/b", False),
        ("a/**", "a/b/c", True),
        ("a/**/z", "a/b/c/z", True),
        ("**/.env", "a/.env", True),
        ("a*", "xa", False),
        ("", "", True),
    ],
)
def test_path_globs_stop_at_slashes(glob: str, text: str, matches: bool) -> None:
    assert compile_path_glob(glob)(text) is matches


def test_a_glob_takes_linear_time() -> None:
    began = time.perf_counter()
    compile_name_glob("*a" * 400 + "b")("a" * 20_000)

    assert time.perf_counter() - began < 2.0
