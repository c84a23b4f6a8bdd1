"""Where a secret may stand in settings.json: where no other program sees it."""

import json
from typing import Any

import pytest

from latchward.model.errors import SettingsError
from latchward.storage.settings import EMPTY, Settings, add_server, parse


def read(entry: dict[str, Any]) -> Settings:
    text = json.dumps({"mcpServers": {"a": entry}})
    return parse(text.encode(), source="settings.json")


def refusal(entry: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as refused:
        read(entry)
    with pytest.raises(SettingsError) as again:
        add_server(EMPTY, "a", entry)
    assert str(again.value) in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "x", "env": {"A": "${secret:A}", "B": "p${secret:B}${secret:c.-_1}s", "C": "${HOME}"}},
        {"url": "https://example.com", "headers": {"Authorization": "Bearer ${secret:A}"}},
    ],
)
def test_a_secret_stands_in_the_values_of_variables_and_headers(entry: dict[str, Any]) -> None:
    spec = read(entry).servers["a"]
    assert {**spec.env, **spec.headers} == {**entry.get("env", {}), **entry.get("headers", {})}


@pytest.mark.parametrize("written", ["${secret:A}", "x${secret:A}y", "${secret:", "${SECRET:A}"])
@pytest.mark.parametrize(
    ("key", "entry", "place", "remedy"),
    [
        ("command", {"command": "%"}, "/mcpServers/a/command", "`env`"),
        ("args", {"command": "x", "args": ["-k", "%"]}, "/mcpServers/a/args/1", "`env`"),
        ("cwd", {"command": "x", "cwd": "/%"}, "/mcpServers/a/cwd", "`env`"),
    ],
)
def test_a_secret_where_other_programs_see_it_is_refused(
    written: str, key: str, entry: dict[str, Any], place: str, remedy: str
) -> None:
    filled = json.loads(json.dumps(entry).replace("%", written))
    said = refusal(filled)
    assert f"a secret cannot stand in `{key}`, which other programs see at `{place}`: use {remedy}" in said


def test_a_secret_in_an_address_is_refused_before_its_characters_are() -> None:
    said = refusal({"url": "https://example.com/${secret:A}"})
    assert (
        "a secret cannot stand in `url`, which other programs see at `/mcpServers/a/url`: use `headers`"
        in said
    )


def test_a_secret_in_the_name_of_a_variable_is_refused() -> None:
    assert "a secret stands in a name at" in refusal({"command": "x", "env": {"${secret:A}": "v"}})


@pytest.mark.parametrize("key", ["env", "headers"])
@pytest.mark.parametrize(
    "written", ["${secret:}", "${secret:A", "${secret:A B}", "${secret:A}${secret:", "${Secret:A}"]
)
def test_a_malformed_placeholder_is_refused_and_no_value_repeated(key: str, written: str) -> None:
    entry = {"command": "x", "env": {"KEY": f"s3cr3t{written}"}}
    if key == "headers":
        entry = {"url": "https://example.com", "headers": {"KEY": f"s3cr3t{written}"}}
    said = refusal(entry)
    assert (
        f"a placeholder of a secret is malformed at `/mcpServers/a/{key}/KEY`: write `${{secret:NAME}}`"
        in said
    )
    assert "s3cr3t" not in said


def test_a_server_that_is_switched_off_is_held_to_the_same() -> None:
    assert "cannot stand in `args`" in refusal({"command": "x", "args": ["${secret:A}"], "disabled": True})
