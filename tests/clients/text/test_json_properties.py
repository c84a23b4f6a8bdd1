"""What holds for every edit of every JSON file."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from latchward.clients.text import At, Put, PutText, Remove, edit, parse, source_of

from .json_files import NEW, File, odd_files, ordinary_files

VALUES = st.sampled_from(
    [
        {"command": "/opt/latchward", "args": ["connect", "é"], "env": {}},
        "text",
        1,
        1.0,
        True,
        None,
        [],
        {},
        [{}],
    ]
)
WHITE = b" \t\r\n"


def at_of(data: st.DataObject, file: File) -> At:
    return data.draw(st.sampled_from(file.members))


def exactly(value: Any) -> str:
    """A value with the type and the order of everything in it."""
    return repr(value)


def changed(file: File, at: At, value: Any = None, *, gone: bool = False) -> str:
    made = copy.deepcopy(file.value)
    inside = made
    for key in at[:-1]:
        inside = inside[key]
    inside[at[-1]] = value
    if gone:
        del inside[at[-1]]
    return exactly(made)


def without(data: bytes, signs: bytes) -> bytes:
    return data.translate(None, signs)


def is_thinned(made: bytes, data: bytes) -> bool:
    """Whether `made` is `data` with some bytes left out."""
    rest = iter(data)
    return all(sign in rest for sign in made)


@settings(max_examples=200, deadline=None)
@given(odd_files())
def test_a_file_is_read_as_it_was_written(file: File) -> None:
    assert exactly(parse(file.data, file.dialect, "f")) == exactly(file.value)


@settings(max_examples=500, deadline=None)
@given(odd_files(), VALUES, st.data())
def test_what_was_put_in_comes_out_whole(file: File, value: Any, data: st.DataObject) -> None:
    at = (*data.draw(st.sampled_from(list(file.objects))), NEW)

    made = edit(file.data, file.dialect, [Put(at, value)], "f")
    assert exactly(parse(made, file.dialect, "f")) == changed(file, at, value)
    assert is_thinned(file.data, made)
    assert edit(made, file.dialect, [Remove(at)], "f") == file.data


@settings(max_examples=200, deadline=None)
@given(odd_files().filter(lambda file: file.members), VALUES, st.data())
def test_a_new_value_changes_nothing_but_the_old_one(file: File, value: Any, data: st.DataObject) -> None:
    at = at_of(data, file)
    _, start, end = file.span(at)

    made = edit(file.data, file.dialect, [Put(at, value)], "f")
    assert exactly(parse(made, file.dialect, "f")) == changed(file, at, value)
    assert made[:start] == file.data[:start]
    assert made.endswith(file.data[end:])
    assert len(made) >= start + len(file.data) - end


@settings(max_examples=200, deadline=None)
@given(odd_files().filter(lambda file: file.members), st.data())
def test_what_is_taken_out_takes_white_space_and_one_comma_along(file: File, data: st.DataObject) -> None:
    at = at_of(data, file)
    start, _, end = file.span(at)
    rest = file.data[:start] + file.data[end:]

    made = edit(file.data, file.dialect, [Remove(at)], "f")
    assert exactly(parse(made, file.dialect, "f")) == changed(file, at, gone=True)
    assert is_thinned(made, rest)
    assert without(made, WHITE + b",") == without(rest, WHITE + b",")
    assert rest.count(b",") - made.count(b",") in (0, 1)
    outside = [comment for comment in file.comments if comment.encode() in rest]
    assert all(comment.encode() in made for comment in outside)


@settings(max_examples=200, deadline=None)
@given(odd_files().filter(lambda file: file.members), st.data())
def test_what_is_put_back_stands_where_it_stood(file: File, data: st.DataObject) -> None:
    at = at_of(data, file)
    kept = PutText(at, *source_of(file.data, file.dialect, at))

    made = edit(edit(file.data, file.dialect, [Remove(at)], "f"), file.dialect, [kept], "f")
    assert exactly(parse(made, file.dialect, "f")) == exactly(file.value)
    assert all(comment.encode() in made for comment in file.comments)
    if not file.doubled:  # else the member that it followed may be another of that name
        assert without(made, WHITE + b",") == without(file.data, WHITE + b",")


@settings(max_examples=200, deadline=None)
@given(ordinary_files(), st.data())
def test_what_is_put_back_into_an_ordinary_file_gives_its_first_bytes(
    file: File, data: st.DataObject
) -> None:
    servers = [("mcpServers", name) for name in file.value["mcpServers"]]
    at = data.draw(st.sampled_from([("mcpServers",), *servers]))
    kept = PutText(at, *source_of(file.data, file.dialect, at))

    less = edit(file.data, file.dialect, [Remove(at)], "f")
    assert less != file.data
    assert edit(less, file.dialect, [kept], "f") == file.data


@settings(max_examples=200, deadline=None)
@given(ordinary_files(), st.data())
def test_servers_that_were_taken_in_go_back_to_the_byte(file: File, data: st.DataObject) -> None:
    servers = [("mcpServers", name) for name in file.value["mcpServers"]]
    taken = [at for at in servers if data.draw(st.booleans())]
    kept = [PutText(at, *source_of(file.data, file.dialect, at)) for at in taken]
    ours = ("mcpServers", NEW)
    entry = {"command": "/opt/latchward", "args": ["connect"]}

    adopted = edit(file.data, file.dialect, [*map(Remove, taken), Put(ours, entry)], "f")
    assert parse(adopted, file.dialect, "f")["mcpServers"][NEW] == entry
    assert edit(adopted, file.dialect, [Remove(ours), *kept], "f") == file.data
