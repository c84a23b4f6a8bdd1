"""Paths into arguments."""

from typing import Any

import pytest

from latchward.policy.paths import ABSENT, MISFIT, BadPath, parse_path

ARGUMENTS = {
    "a": {"b": [1, {"c": "xyz"}], "length": 9},
    "a.b": 2,
    'q"': 3,
    "length": 4,
    "n": None,
    "list": [],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("args.a.b[0]", 1),
        ("args.a.b[1].c", "xyz"),
        ("args.a.b[1].c.length", 3),
        ("args.a.b.length", 2),
        ('args["a.b"]', 2),
        ('args["q\\""]', 3),
        ("args.length", 4),
        ('args.a["length"]', 9),
        ("args.a.length", MISFIT),
        ("args.n", None),
        ("args.n.x", ABSENT),
        ("args.n.length", MISFIT),
        ("args.a.b[2]", ABSENT),
        ("args.a.b.c", ABSENT),
        ("args.a[0]", ABSENT),
        ("args.nothing", ABSENT),
    ],
)
def test_a_path_finds_one_value(path: str, value: Any) -> None:
    assert parse_path(path).getter()(ARGUMENTS) == value


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("args.a.b[*]", [1, {"c": "xyz"}]),
        ("args.a.b[*].c", [ABSENT, "xyz"]),
        ("args.list[*]", []),
        ("args.n[*]", [MISFIT]),
        ("args.a[*]", [MISFIT]),
        ("args.nothing[*]", [ABSENT]),
    ],
)
def test_a_star_finds_every_element(path: str, values: list[Any]) -> None:
    assert list(parse_path(path).values(ARGUMENTS)) == values


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("", "begin with `args.`"),
        ("arg.a", "begin with `args.`"),
        ("args", "name an argument"),
        ("args.", "separate names"),
        ("argsx.a", "separate names"),
        ("args.a[-1]", "count list elements from 0"),
        ("args.a[x]", 'write `[0]`, `[*]` or `["a key"]`'),
        ("args.a[0", "in the brackets"),
        ("args[*]", "`args` itself is an object"),
        ("args.a\nb", "separate names"),
        ("args." + "a" * 1000, "at most 1,000 characters"),
    ],
)
def test_a_path_that_does_not_load_says_what_to_write(path: str, remedy: str) -> None:
    with pytest.raises(BadPath) as caught:
        parse_path(path)

    assert remedy in str(caught.value)
