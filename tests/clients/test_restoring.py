"""What a person gets back: the first bytes, or what stands there now without us and with what we took."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latchward.clients import files
from latchward.clients.backups import Backups
from latchward.clients.client import ENTRY
from latchward.clients.known import CLIENTS
from latchward.clients.text import At, Dialect, Put, Remove, edit
from latchward.model.errors import ClientFileError

from .taking import JSON, JSONC, OURS, TOML, ClientFile
from .test_golden import looked, takeable

A = {"command": "npx", "args": ["-y", "a"], "env": {"KEY": "canary"}}
B = {"command": "uvx", "args": ["b"]}
C = {"url": "https://c.example.com/mcp"}


@pytest.fixture(autouse=True)
def _nobody_else_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SETTLE", 0.0)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., ClientFile]:
    def made(text: str | bytes | None, dialect: Dialect = JSON, at: At = ("mcpServers",)) -> ClientFile:
        path = tmp_path / "home" / "client.conf"
        path.parent.mkdir()
        if text is not None:
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        return ClientFile(path, Backups(tmp_path / "backups"), dialect, at)

    return made


Make = Callable[..., ClientFile]


def document(**more: Any) -> str:
    return json.dumps(
        {"theme": "dark", "mcpServers": {"a": A, "b": B, "c": C}, "last": 1.0, **more}, indent=2
    )


def golden(client: str, folder: Path) -> list[tuple[ClientFile, list[str]]]:
    """The maps of servers in a client's golden files, and which can be taken out of each."""
    servers = [one.place for one in takeable(looked(client, folder)) if one.place.scope != "project"]
    backups = Backups(folder / "backups")
    return [
        (
            ClientFile(file, backups, CLIENTS[client].dialect, at),
            [place.name for place in servers if (place.file, place.at) == (file, at)],
        )
        for file, at in dict.fromkeys((place.file, place.at) for place in servers)
    ]


each_client = pytest.mark.parametrize("client", CLIENTS)


@each_client
def test_a_golden_file_comes_back_to_the_byte(client: str, tmp_path: Path) -> None:
    for file, names in golden(client, tmp_path):
        first = file.path.read_bytes()
        file.take(*names)
        assert file.path.read_bytes() != first
        assert file.give_back().exact
        assert file.path.read_bytes() == first


@each_client
def test_a_golden_file_that_was_taken_from_piece_by_piece_comes_back_to_the_byte(
    client: str, tmp_path: Path
) -> None:
    for file, names in golden(client, tmp_path):
        first = file.path.read_bytes()
        for name in names:
            file.take(name)
        assert file.give_back().exact
        assert file.path.read_bytes() == first


@each_client
def test_what_a_client_changed_elsewhere_in_its_golden_file_stays_and_all_else_comes_back_to_the_byte(
    client: str, tmp_path: Path
) -> None:
    for file, names in golden(client, tmp_path):
        theirs = Put(("added-since", "deep"), 1.5)
        gone = Remove((*file.at, ENTRY))  # an entry of ours that was there before us is none of theirs
        expected = edit(file.path.read_bytes(), file.dialect, [theirs, gone], "")
        first = file.path.read_bytes()
        file.take(*names)
        file.edit(theirs)
        given = file.give_back()
        assert (given.exact, given.notes) == (False, ())
        assert file.path.read_bytes() == expected
        file.path.write_bytes(first)


def test_an_edit_between_two_takings_stays_too(make: Make) -> None:
    file = make(document())
    file.take("a")
    file.edit(Put(("theme",), "light"), Put(("mcpServers", "d"), B))
    file.take("b", "d")
    given = file.give_back()
    assert not given.exact
    d = ',\n    "d": {\n      "command": "uvx",\n      "args": [\n        "b"\n      ]\n    }'
    expected = document(theme="light").replace('c.example.com/mcp"\n    }', f'c.example.com/mcp"\n    }}{d}')
    assert file.path.read_text() == expected


def test_a_server_that_came_between_two_takings_comes_back_even_if_the_file_looks_as_after_the_first(
    make: Make,
) -> None:
    file = make('{"mcpServers": {}}')
    file.take()
    after = file.path.read_bytes()
    file.edit(Put(("mcpServers", "a"), A))
    file.take("a")
    assert file.path.read_bytes() == after
    file.give_back()
    assert file.meaning() == {"mcpServers": {"a": A}}


def test_a_file_that_was_put_back_by_hand_is_given_back_as_it_is(make: Make) -> None:
    file = make(document())
    file.take("a", "b")
    file.path.write_text(document())
    assert file.give_back().exact
    assert file.path.read_text() == document()


def test_a_file_that_was_deleted_is_written_again(make: Make) -> None:
    file = make(document())
    file.take("a")
    file.path.unlink()
    assert file.give_back().exact
    assert file.path.read_text() == document()


def test_an_edit_that_was_never_made_changes_nothing(make: Make) -> None:
    file = make(document())
    file.take("a")
    file.path.write_text(document(theme="light"))  # what a client wrote, had we been killed before the edit
    given = file.give_back()
    assert given.notes == ()
    assert file.path.read_text() == document(theme="light")


def test_an_entry_that_the_person_wrote_anew_stays_and_is_told(make: Make) -> None:
    file = make(document())
    file.take("a", "b")
    file.edit(Put(("mcpServers", "a"), C))
    given = file.give_back()
    assert given.notes == (f"`a` was written anew since in `{file.path}`; that one stays",)
    assert file.meaning()["mcpServers"] == {"a": C, "b": B, "c": C}


def test_an_entry_that_the_person_wrote_again_as_it_was_is_not_worth_a_word(make: Make) -> None:
    file = make(document())
    file.take("a")
    file.edit(Put(("mcpServers", "a"), A))
    assert file.give_back().notes == ()
    assert file.meaning() == json.loads(document())


def test_our_entry_goes_whatever_was_added_to_it(make: Make) -> None:
    file = make(document())
    file.take("a")
    file.edit(Put(("mcpServers", "latchward"), {**OURS, "timeout": 5, "env": {"X": "y"}}))
    assert file.give_back().notes == ()
    assert file.meaning() == json.loads(document())


def test_our_entry_goes_in_the_older_form_too(make: Make) -> None:
    file = make(document())
    file.take("a")
    older = file.meaning()["mcpServers"]["latchward"]
    file.take("b", ours={"command": "/new/latchward", "args": ["connect"]})
    file.edit(Put(("mcpServers", "latchward"), older))
    file.give_back()
    assert file.meaning() == json.loads(document())


def test_an_entry_of_our_name_that_starts_something_else_stays_and_is_told(make: Make) -> None:
    file = make(document())
    file.take("a")
    file.edit(Put(("mcpServers", "latchward"), {**OURS, "command": "/somebody/else"}))
    given = file.give_back()
    assert given.notes == (f"`latchward` starts something else by now in `{file.path}`; it stays",)
    assert list(file.meaning()["mcpServers"]) == ["a", "b", "c", "latchward"]


def test_an_entry_of_ours_that_the_person_took_out_is_no_matter(make: Make) -> None:
    file = make(document())
    file.take("a")
    file.edit(Remove(("mcpServers", "latchward")))
    assert file.give_back().notes == ()
    assert file.meaning() == json.loads(document())


def test_a_server_that_had_our_name_comes_back_in_our_place(make: Make) -> None:
    text = document(mcpServers={"latchward": A, "b": B})
    file = make(text)
    file.take("latchward")
    file.edit(Put(("theme",), "light"))
    file.give_back()
    assert file.path.read_text() == text.replace("dark", "light")


def test_entries_come_back_in_their_order_whatever_the_order_of_taking(make: Make) -> None:
    file = make(document())
    file.take("c", "b", "a")
    file.edit(Put(("theme",), "light"))
    file.give_back()
    assert file.path.read_text() == document().replace("dark", "light")


def test_a_map_that_went_meanwhile_is_made_again(make: Make) -> None:
    file = make(document())
    file.take("a")
    file.edit(Remove(("mcpServers",)))
    file.give_back()
    assert file.meaning() == {"theme": "dark", "last": 1.0, "mcpServers": {"a": A}}


def test_a_map_that_only_our_entry_needed_goes_with_it(make: Make) -> None:
    file = make('{"theme": "dark"}', at=("mcp", "servers"))
    file.take()
    file.edit(Put(("theme",), "light"))
    file.give_back()
    assert file.path.read_text() == '{"theme": "light"}'


def test_an_empty_map_that_was_there_before_us_stays(make: Make) -> None:
    file = make('{"theme": "dark", "mcp": {}}', at=("mcp", "servers"))
    file.take()
    file.edit(Put(("theme",), "light"))
    file.give_back()
    assert file.meaning() == {"theme": "light", "mcp": {}}


@pytest.mark.parametrize("dialect", [JSON, TOML], ids=["json", "toml"])
def test_a_file_that_was_not_there_goes_again(make: Make, dialect: Dialect) -> None:
    file = make(None, dialect)
    file.take()
    assert file.give_back().data is None
    assert not file.path.exists()


@pytest.mark.parametrize("dialect", [JSON, TOML], ids=["json", "toml"])
def test_a_file_that_was_not_there_and_holds_nothing_of_anybody_goes_too(
    make: Make, dialect: Dialect
) -> None:
    file = make(None, dialect)
    file.take()
    file.path.write_bytes(file.path.read_bytes() + b"\n\n")
    assert file.give_back().data is None
    assert not file.path.exists()


@pytest.mark.parametrize("value", ["light", "", 0, False, []], ids=repr)
def test_a_file_that_was_not_there_stays_where_the_person_wrote_in_it(make: Make, value: object) -> None:
    file = make(None)
    file.take()
    file.edit(Put(("theme",), value))
    file.give_back()
    assert file.meaning() == {"theme": value}


@pytest.mark.parametrize(
    ("dialect", "comment"), [(JSONC, b"// mine\n"), (TOML, b"# mine\n")], ids=["json", "toml"]
)
def test_a_file_that_was_not_there_stays_where_only_a_comment_was_written(
    make: Make, dialect: Dialect, comment: bytes
) -> None:
    file = make(None, dialect)
    file.take()
    file.path.write_bytes(comment + file.path.read_bytes())
    file.give_back()
    assert comment in file.path.read_bytes()
    assert b"latchward" not in file.path.read_bytes()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"", ":1:1: "),
        (b'{"mcpServers": {\n  "a": ', ":2:8: "),
        (b"[]", ":1:1: "),
        (b'{\n<<<<<<< HEAD\n"a": 1\n=======\n"b": 2\n>>>>>>> other\n}', ":2:1: "),
    ],
    ids=["empty", "cut", "no map", "merge marks"],
)
def test_what_cannot_be_read_is_left_alone_with_line_and_column(make: Make, text: bytes, place: str) -> None:
    file = make(document())
    file.take("a")
    file.path.write_bytes(text)
    with pytest.raises(ClientFileError, match=rf"client.conf{place}"):
        file.give_back()
    assert file.path.read_bytes() == text
    assert file.backup().first == document().encode()


def test_a_map_that_became_something_else_is_left_alone(make: Make) -> None:
    file = make(document())
    file.take("a")
    file.edit(Put(("mcpServers",), []))
    before = file.path.read_bytes()
    with pytest.raises(ClientFileError, match="mcpServers"):
        file.give_back()
    assert file.path.read_bytes() == before


def test_giving_back_twice_gives_the_same(make: Make) -> None:
    file = make(document())
    file.take("a", "b")
    file.edit(Put(("theme",), "light"))
    once = file.proposed()
    assert once.data is not None
    file.path.write_bytes(once.data)
    again = file.proposed()
    assert (again.data, again.notes) == (once.data, ())


def test_what_was_taken_from_toml_comes_back_with_its_comments(make: Make) -> None:
    text = '# mine\nmodel = "o" # why\n\n[mcp_servers.a] # the first\ncommand = "a"\n'
    text += '\n[mcp_servers.a.env]\nK = "canary"\n'
    text += '\n[mcp_servers.b]\ncommand = """\nb"""\n\n[tui]\nx = 1\n'
    file = make(text, TOML, ("mcp_servers",))
    file.take("a", "b")
    file.edit(Put(("tui", "x"), 2))
    file.give_back()
    assert file.path.read_text() == text.replace("x = 1", "x = 2")


def test_ten_megabytes_come_back(make: Make) -> None:
    text = document(filler=["x" * 1000] * 10_000)
    file = make(text)
    file.take("a")
    file.edit(Put(("theme",), "light"))
    file.give_back()
    assert file.path.read_text() == text.replace("dark", "light")


_ROUND = st.fixed_dictionaries(
    {
        "taken": st.sets(st.sampled_from("abcdef")),
        "added": st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from([A, B, C])),
        "theme": st.sampled_from(["dark", "light", None]),
    }
)
_FIRST = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([A, B, C]))


def holds(folder: Path, first: dict[str, Any], rounds: list[dict[str, Any]]) -> None:
    """Take and write in turns, give back, and compare with a person who had no Latchward."""
    path = folder / "client.json"
    path.write_text(json.dumps({"mcpServers": first}, indent=2))
    file = ClientFile(path, Backups(folder / "backups"))
    wanted = {"mcpServers": dict(first)}
    changed = False
    for one in rounds:
        file.take(*sorted(one["taken"] & file.meaning()["mcpServers"].keys()))
        steps = [Put(("mcpServers", name), value) for name, value in one["added"].items()]
        wanted["mcpServers"] |= one["added"]
        if one["theme"]:
            steps.append(Put(("theme",), one["theme"]))
            wanted["theme"] = one["theme"]
        changed = changed or bool(steps)
        file.edit(*steps)
    given = file.give_back()
    assert file.meaning() == wanted
    assert given.exact or changed
    path.unlink()


@settings(max_examples=40)
@given(first=_FIRST, rounds=st.lists(_ROUND, min_size=1, max_size=4))
def test_whatever_was_taken_and_written_in_turns_the_person_has_what_they_would_have_without_us(
    tmp_path_factory: pytest.TempPathFactory, first: dict[str, Any], rounds: list[dict[str, Any]]
) -> None:
    holds(tmp_path_factory.mktemp("turns"), first, rounds)


@pytest.mark.sweep
@pytest.mark.timeout(900)
@settings(max_examples=600)
@given(first=_FIRST, rounds=st.lists(_ROUND, min_size=1, max_size=6))
def test_the_same_in_many_more_turns(
    tmp_path_factory: pytest.TempPathFactory, first: dict[str, Any], rounds: list[dict[str, Any]]
) -> None:
    holds(tmp_path_factory.mktemp("turns"), first, rounds)
