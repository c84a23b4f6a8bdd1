"""Equal servers become one, under a name that nothing else has."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from latchward.clients.found import Found, Place
from latchward.clients.groups import merged
from latchward.clients.names import LONGEST, clean, unique
from latchward.model.upstream import UpstreamSpec
from latchward.storage.settings import EMPTY, add_server


def one(name: str, command: str, client: str = "cursor", **more: Any) -> Found:
    place = Place(client, Path(f"/home/ada/{client}.json"), "user", None, ("mcpServers",), name)
    return Found(place, UpstreamSpec(clean(name), command, env={"KEY": "canary-key-000"}), **more)


def test_a_server_that_two_clients_use_is_one_with_two_places() -> None:
    [group] = merged([one("github", "npx"), one("gh", "npx", "claude-code")])
    assert group.spec.name == "github"
    assert [(place.client, place.name) for place in group.places] == [
        ("cursor", "github"),
        ("claude-code", "gh"),
    ]


def test_servers_that_differ_in_a_variable_are_two() -> None:
    first = one("github", "npx")
    second = replace(first, spec=replace(first.spec, env={"KEY": "canary-key-001"}))
    assert len(merged([first, second])) == 2


def test_another_server_of_the_same_name_is_named_after_its_client_then_counted() -> None:
    found = [
        one("files", "a"),
        one("Files", "b", "claude-code"),
        one("files", "c", "claude-code"),
        one("files", "d"),
    ]
    assert [group.spec.name for group in merged(found)] == [
        "files",
        "Files-claude-code",
        "files-2",
        "files-cursor",
    ]


def test_a_name_that_settings_have_is_not_taken_again() -> None:
    [group] = merged([one("my-files", "a")], ["MY_FILES"])
    assert group.spec.name == "my-files-cursor"


def test_our_own_entry_is_no_server() -> None:
    assert merged([one("latchward", "latchward", ours=True)]) == ()


def test_what_cannot_be_taken_in_holds_no_name() -> None:
    refused, fine = merged([one("files", "a", refused="it is switched off"), one("files", "b")])
    assert (refused.spec.name, refused.refused) == ("files", "it is switched off")
    assert (fine.spec.name, fine.refused) == ("files", "")


def test_two_entries_that_nobody_can_read_stay_two() -> None:
    found = [one(name, "", refused="it is text, not an object") for name in ("a", "b")]
    assert [group.places[0].name for group in merged(found)] == ["a", "b"]


def test_notes_of_all_places_are_told_once() -> None:
    found = [one("a", "x", notes=("first",)), one("a", "x", "codex", notes=("first", "second"))]
    [group] = merged(found)
    assert group.notes == ("first", "second")


def test_a_key_is_the_same_until_something_is_another() -> None:
    entry = one("a", "x")
    [group] = merged([entry])
    assert merged([entry]) == (group,)
    for other in (
        replace(entry, spec=replace(entry.spec, env={"KEY": "canary-key-001"})),
        replace(entry, place=replace(entry.place, name="b")),
        replace(entry, place=replace(entry.place, file=Path("/other.json"))),
    ):
        assert merged([other])[0].key != group.key


def test_a_key_shows_nothing_of_the_server() -> None:
    [group] = merged([one("a", "x")])
    assert len(group.key) == 32
    assert set(group.key) <= set("0123456789abcdef")


def test_names_become_such_as_settings_take() -> None:
    for name, cleaned in {
        "github": "github",
        "@modelcontextprotocol/server-filesystem": "server-filesystem",
        "com.example.tools": "com-example-tools",
        "GitHub (work)": "GitHub-work",
        "a__b--c": "a_b-c",
        "_a_": "a",
        "Café": "Cafe",
        "файлы": "server",
        "": "server",
        "a/": "a",
        "x" * 60: "x" * LONGEST,
        "x" * 19 + "-y": "x" * 19,
    }.items():
        assert clean(name) == cleaned


@given(st.text(max_size=60))
def test_any_name_becomes_one_that_settings_take(name: str) -> None:
    assert len(clean(name)) <= LONGEST
    assert add_server(EMPTY, clean(name), {"command": "x"})


@given(st.lists(st.text("ab-_ ", min_size=1, max_size=40), max_size=12))
def test_all_names_fit_into_one_settings_file(raw: list[str]) -> None:
    settings = EMPTY
    for name in raw:
        chosen = unique(clean(name), "claude-desktop", settings.servers)
        settings = add_server(settings, chosen, {"command": "x"})
    assert len(settings.servers) == len(raw)
