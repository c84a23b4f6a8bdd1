"""Addresses of resources in one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.policy.uris import normal_glob, normal_uri


@pytest.mark.parametrize(
    ("uri", "normal"),
    [
        ("FILE:///a/./b/../c", "file:///a/c"),
        ("file://localhost/a", "file:///a"),
        ("file:///../../a", "file:///a"),
        ("file:///a/..", "file:///"),
        ("file:///a/b/.", "file:///a/b/"),
        ("file:///%61%2Db", "file:///a-b"),
        ("file:///a%20b", "file:///a%20b"),
        ("file:///%c3%bc", "file:///\u00fc"),
        ("file:///%c3", "file:///%C3"),
        ("file:///a%252e", "file:///a%252e"),
        ("https://User@HOST/A?x=%2F#y", "https://User@host/A?x=%2F#y"),
        ("note:a/../b", "note:b"),
    ],
)
def test_an_address_has_one_spelling(uri: str, normal: str) -> None:
    assert normal_uri(uri) == normal


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "a",
        "/etc/passwd",
        "file:///a%2Fb",
        "file:///a%2f..",
        "file:///a%5cb",
        "file:///%00",
        "file:///%zz",
        "file:///a b",
        "file:///a\\b",
        "file:///a\n",
    ],
)
def test_an_address_that_hides_something_has_none(uri: str) -> None:
    assert normal_uri(uri) is None


@given(st.text("abAB./%25eE:?#~", max_size=15))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normal_uri("file:///" + text)

    assert once is None or normal_uri(once) == once


@pytest.mark.parametrize(
    ("glob", "normal"),
    [
        ("FILE://LOCALHOST/a/**", "file:///a/**"),
        ("https://*.Example.com/A", "https://*.example.com/A"),
        ("x://**A/b", "x://**A/b"),
        ("*", "*"),
        ("file:///%61*", "file:///a*"),
    ],
)
def test_a_glob_keeps_its_stars(glob: str, normal: str) -> None:
    assert normal_glob(glob) == normal
