"""What decides where the live files and what the person has seen differ."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from latchward.model.decision import Effect
from latchward.model.tool import ToolDefinition
from latchward.model.upstream import UpstreamSpec
from latchward.policy.shown import shown
from latchward.storage import settings as settings_file
from latchward.storage.accepted import Accepted, digest_of
from latchward.storage.files import write_atomically
from latchward.storage.in_force import InForce, command_line, spec_digest
from latchward.storage.paths import Profile
from latchward.storage.policies import PolicyBook
from latchward.storage.settings import SettingsBook

TOKEN = "sha256:" + "a" * 64
SETTINGS: dict[str, Any] = {
    "version": 1,
    "mcpServers": {"files": {"command": "npx", "args": ["files"]}, "git": {"command": "git-server"}},
    "grants": {"cursor": {"token": TOKEN, "servers": {"files": "work"}}},
}
POLICY: dict[str, Any] = {"version": "1", "tools": {"read": {}, "write": {"action": "approve"}}}


def write(path: Path, document: dict[str, Any]) -> bytes:
    text = json.dumps(document).encode()
    write_atomically(path, text)
    return text


def force(profile: Profile) -> InForce:
    books = SettingsBook(profile), PolicyBook(profile)
    return InForce(*books, Accepted(profile), lambda name: ("read", "write", "delete"))


@pytest.fixture
def seen(profile: Profile) -> Profile:
    """A profile whose settings and policy were accepted as they are."""
    accepted = Accepted(profile)
    accepted.accept_settings(settings_file.parse(write(profile.settings, SETTINGS), source="s"))
    text = write(profile.policies / "work.json", POLICY)
    accepted.accept_policy("work", text)
    return profile


def test_what_was_accepted_is_in_force_and_nothing_waits(seen: Profile) -> None:
    now = force(seen)
    assert set(now.settings().servers) == {"files", "git"}
    assert dict(now.settings().grants["cursor"].servers) == {"files": "work"}
    assert len(now.policies("work")) == 1
    assert now.held() == ()


def test_nothing_is_in_force_that_was_never_accepted(profile: Profile) -> None:
    write(profile.settings, SETTINGS)
    write(profile.policies / "work.json", POLICY)
    now = force(profile)
    assert (dict(now.settings().servers), dict(now.settings().grants), now.policies("work")) == ({}, {}, ())
    assert [edit.key for edit in now.held()] == ["settings", "policy:work"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"grants": {**SETTINGS["grants"], "x": {"token": "sha256:" + "b" * 64}}},
            "a new client comes in: x",
        ),
        (
            {"grants": {"cursor": {"token": "sha256:" + "c" * 64, "servers": {"files": "work"}}}},
            "cursor has another token",
        ),
        (
            {"grants": {"cursor": {"token": TOKEN, "servers": {"files": "work", "git": "work"}}}},
            "cursor sees the server git, under the policy work",
        ),
        (
            {"grants": {"cursor": {"token": TOKEN, "servers": {"files": "open"}}}},
            "cursor sees the server files, under the policy open",
        ),
        ({"ask": {"terminal": True}}, "questions may be answered on a terminal"),
    ],
)
def test_an_edit_that_lets_more_in_waits(seen: Profile, change: dict[str, Any], line: str) -> None:
    write(seen.settings, {**SETTINGS, **change})
    now = force(seen)
    [held] = now.held()
    assert line in held.lines
    assert not now.settings().ask_terminal
    for client, grant in now.settings().grants.items():
        assert (client, grant.token_hash) == ("cursor", TOKEN)
        assert set(grant.servers.items()) <= {("files", "work")}


@pytest.mark.parametrize(
    "change", [{"grants": {}}, {"grants": {"cursor": {"token": TOKEN}}}, {"mcpServers": {}, "grants": {}}]
)
def test_an_edit_that_shuts_out_holds_at_once(seen: Profile, change: dict[str, Any]) -> None:
    write(seen.settings, {**SETTINGS, **change})
    now = force(seen)
    assert now.held() == ()
    assert not any(grant.servers for grant in now.settings().grants.values())


@pytest.mark.parametrize(
    "entry", [{"command": "npx", "args": ["other"]}, {"command": "npx", "args": ["files"], "env": {"A": "b"}}]
)
def test_a_server_whose_command_changed_does_not_run(seen: Profile, entry: dict[str, Any]) -> None:
    write(seen.settings, {**SETTINGS, "mcpServers": {**SETTINGS["mcpServers"], "files": entry}})
    assert set(force(seen).settings().servers) == {"git"}


def test_a_policy_that_tightens_holds_at_once(seen: Profile) -> None:
    write(seen.policies / "work.json", {"version": "1", "tools": {"read": {}}})
    [policy] = force(seen).policies("work")
    assert shown(policy, "write").effect is Effect.DENY


def test_of_a_policy_that_loosens_both_copies_must_agree(seen: Profile) -> None:
    write(seen.policies / "work.json", {"version": "1", "tools": {"write": {}, "delete": {}}})
    now = force(seen)
    strictest = {
        tool: max(shown(p, tool).effect for p in now.policies("work")) for tool in ("read", "write", "delete")
    }
    assert strictest == {"read": Effect.DENY, "write": Effect.APPROVE, "delete": Effect.DENY}
    [held] = now.held()
    assert held.lines == ("`delete`: deny becomes allow", "`write`: approve becomes allow")


def test_a_policy_that_is_gone_denies(seen: Profile) -> None:
    (seen.policies / "work.json").unlink()
    assert force(seen).policies("work") == ()


def test_what_another_program_of_ours_accepts_holds_from_the_next_look(seen: Profile) -> None:
    now = force(seen)
    text = write(seen.policies / "work.json", {"version": "1", "tools": {"write": {}}})
    assert len(now.policies("work")) == 2
    Accepted(seen).accept_policy("work", text)
    assert now.poll()
    assert len(now.policies("work")) == 1


def test_everything_stays_blocked_until_the_person_ends_it(profile: Profile) -> None:
    Accepted(profile).block("you blocked everything")
    assert Accepted(profile).blocked() == "you blocked everything"
    Accepted(profile).block("")
    assert Accepted(profile).blocked() == ""


def test_definitions_come_back_with_every_digit(profile: Profile) -> None:
    tool = {"name": "t", "inputSchema": {"maximum": Decimal("1.10"), "minimum": 10**30}}
    definition = ToolDefinition("t", tool, digest_of(tool))
    Accepted(profile).accept_tools("files", {"t": definition})
    assert dict(Accepted(profile).tools("files")) == {"t": definition}


def test_programs_of_a_client_are_remembered(profile: Profile) -> None:
    Accepted(profile).accept_peer("cursor", "/usr/bin/cursor")
    Accepted(profile).accept_peer("cursor", "/opt/cursor")
    assert Accepted(profile).peers("cursor") == ("/usr/bin/cursor", "/opt/cursor")
    assert Accepted(profile).peers("codex") == ()


def test_the_command_line_that_is_agreed_to_is_whole_but_for_secrets() -> None:
    spec = settings_file.parse(
        json.dumps(
            {"mcpServers": {"x": {"command": "npx", "args": ["a b"], "env": {"KEY": "secret"}, "cwd": "/w"}}}
        ).encode(),
        source="s",
    ).servers["x"]
    assert command_line(spec) == "KEY=… npx 'a b' (in /w)"


def test_the_digest_of_a_server_covers_the_values_that_are_not_shown() -> None:
    entries = [{"command": "npx", "env": {"KEY": value}} for value in ("one", "two")]
    digests = {
        spec_digest(
            settings_file.parse(json.dumps({"mcpServers": {"x": entry}}).encode(), source="s").servers["x"]
        )
        for entry in entries
    }
    assert len(digests) == 2


def test_a_command_line_names_the_secrets_that_its_server_gets_and_shows_no_value() -> None:
    spec = UpstreamSpec("x", "srv", env={"A": "hush", "B": "Bearer ${secret:other.TOKEN}"})
    assert command_line(spec) == "A=… B=${secret:other.TOKEN} srv"
    far = UpstreamSpec("x", url="https://a.example/", headers={"K": "hush", "L": "${secret:other.TOKEN}"})
    assert command_line(far) == "https://a.example/ K: … L: ${secret:other.TOKEN}"
