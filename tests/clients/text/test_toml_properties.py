"""What holds for every edit of every TOML file."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from latchward.clients.text import At, Dialect, Put, PutText, Remove, edit, parse, source_of

from .toml_files import NEW, File, files

TOML = Dialect("toml")
VALUES = st.sampled_from(
    [
        {"command": "/opt/latchward", "args": ["connect", "é"], "env": {"A b": "1", "C": "\x7f\x01\"'\n"}},
        {"command": "x", "env": {}},
        {},
        "text",
        1,
        1.0,
        True,
        [],
        [{"x": 1}, "y"],
    ]
)
MAPS = st.sampled_from([("mcp_servers",), (), ("features",), ("projects", "/x"), ("x", "y"), ("x",)])


def exactly(value: Any) -> Any:
    """A value with the type of everything in it, in no order."""
    if isinstance(value, dict):
        return {key: exactly(item) for key, item in value.items()}
    return [exactly(item) for item in value] if isinstance(value, list) else repr(value)


def changed(file: File, at: At, value: Any) -> Any:
    made = copy.deepcopy(file.value)
    inside = made
    for key in at[:-1]:
        inside = inside.setdefault(key, {})
    inside[at[-1]] = value
    return exactly(made)


def located(value: Any, at: At) -> Any:
    for key in at:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def full_lines(data: bytes) -> list[str]:
    return [line for line in data.decode("utf-8-sig").splitlines() if line.strip()]


def is_among(some: list[str], all_of: list[str]) -> bool:
    rest = iter(all_of)
    return all(line in rest for line in some)


@settings(max_examples=200, deadline=None)
@given(files())
def test_a_file_is_read_as_it_was_written(file: File) -> None:
    assert exactly(parse(file.data, TOML, "f")) == exactly(file.value)


@settings(max_examples=500, deadline=None)
@given(files(), MAPS, VALUES)
def test_what_was_put_in_comes_out_whole(file: File, parent: At, value: Any) -> None:
    at = (*parent, NEW)

    made = edit(file.data, TOML, [Put(at, value)], "f")
    assert exactly(parse(made, TOML, "f")) == changed(file, at, value)
    if not file.inline:
        assert is_among(full_lines(file.data), full_lines(made))
    back = edit(made, TOML, [Remove(at)], "f")
    if located(file.value, parent) is not None:
        assert back == file.data


@settings(max_examples=200, deadline=None)
@given(files().filter(lambda file: file.servers), VALUES, st.data())
def test_a_new_value_takes_the_place_of_the_old_one(file: File, value: Any, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(file.servers)))
    at = ("mcp_servers", name)

    made = edit(file.data, TOML, [Put(at, value)], "f")
    assert exactly(parse(made, TOML, "f")) == changed(file, at, value)
    if not file.inline:
        kept = [line.text for line in file.lines if line.owner != name]
        assert is_among(full_lines("\n".join(kept).encode()), full_lines(made))
    if isinstance(value, dict) and value and not file.apart:
        assert list(parse(made, TOML, "f")["mcp_servers"]) == list(file.servers)


@settings(max_examples=200, deadline=None)
@given(files().filter(lambda file: file.servers), st.data())
def test_a_member_takes_nothing_but_its_own_lines_along(file: File, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(file.servers)))

    made = edit(file.data, TOML, [Remove(("mcp_servers", name))], "f")
    left = {other: value for other, value in file.servers.items() if other != name}
    assert exactly(parse(made, TOML, "f").get("mcp_servers", {})) == exactly(left)
    if not file.inline:
        kept = "\n".join(line.text for line in file.lines if line.owner != name)
        assert full_lines(made) == full_lines(kept.encode())


@settings(max_examples=200, deadline=None)
@given(files().filter(lambda file: file.servers), st.data())
def test_what_is_put_back_gives_the_first_bytes(file: File, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(file.servers)))
    at = ("mcp_servers", name)
    kept = PutText(at, *source_of(file.data, TOML, at))

    made = edit(edit(file.data, TOML, [Remove(at)], "f"), TOML, [kept], "f")
    assert exactly(parse(made, TOML, "f")) == exactly(file.value)
    if name not in file.apart:
        assert made == file.data


@settings(max_examples=200, deadline=None)
@given(files(), st.data())
def test_servers_that_were_taken_in_go_back_to_the_byte(file: File, data: st.DataObject) -> None:
    taken = [("mcp_servers", name) for name in file.servers if data.draw(st.booleans())]
    kept = [PutText(at, *source_of(file.data, TOML, at)) for at in taken]
    ours = ("mcp_servers", NEW)
    entry = {"command": "/opt/latchward", "args": ["connect"]}

    adopted = edit(file.data, TOML, [*map(Remove, taken), Put(ours, entry)], "f")
    assert parse(adopted, TOML, "f")["mcp_servers"][NEW] == entry
    back = edit(adopted, TOML, [Remove(ours), *kept], "f")
    assert exactly(parse(back, TOML, "f")) == exactly(file.value)
    if not file.apart:
        assert back == file.data
