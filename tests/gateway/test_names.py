"""The names on the endpoint that offers all servers together."""

import re

from hypothesis import given
from hypothesis import strategies as st

from latchward.gateway.names import MAX_NAME, expose

SERVERS = st.from_regex(r"[A-Za-z0-9]{1,31}", fullmatch=True)
TOOLS = st.lists(st.text(min_size=1, max_size=80), unique=True, max_size=20)


@given(SERVERS, TOOLS)
def test_every_tool_has_one_name_and_every_name_one_tool(server: str, tools: list[str]) -> None:
    names = expose(server, tools)
    assert sorted(names.values()) == sorted(tools)


@given(SERVERS, TOOLS)
def test_names_are_fit_for_every_client(server: str, tools: list[str]) -> None:
    for name in expose(server, tools):
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,45}", name)
        assert name.startswith(f"{server}__")


@given(SERVERS, TOOLS)
def test_names_stay_apart_where_a_client_folds_them(server: str, tools: list[str]) -> None:
    names = expose(server, tools)
    assert len({name.replace("-", "_").lower() for name in names}) == len(tools)


def test_a_plain_name_stays_as_it_is() -> None:
    assert expose("files", ["read_file"]) == {"files__read_file": "read_file"}


def test_a_name_does_not_depend_on_the_other_tools_unless_it_meets_one() -> None:
    alone = expose("s", ["x" * 60])
    assert alone.items() <= expose("s", ["x" * 60, "y", "z"]).items()


def test_two_names_that_meet_both_end_in_a_hash() -> None:
    assert all(len(name.rsplit("_", 1)[1]) == 8 for name in expose("s", ["a-b", "a_b"]))


def test_the_longest_server_leaves_room() -> None:
    assert all(len(name) <= MAX_NAME for name in expose("s" * 32, ["t" * 256, "t" * 255]))
