"""The look through all clients' files: what it finds, what it must survive, when it is worth another one."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from latchward.clients import discovery
from latchward.clients.discovery import MAX_SERVERS, Findings, file_for, look
from latchward.clients.home import Home
from latchward.clients.known import CLIENTS
from latchward.clients.projects import MAX_PROJECTS, folders_in

WAIT = 5.0
"""Seconds within which a file's times have rested."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    folder = tmp_path / "ada"
    folder.mkdir()
    return Home(folder, {}, "linux")


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def servers(*names: str, key: str = "mcpServers") -> dict[str, Any]:
    return {key: {name: {"command": name} for name in names}}


def names(findings: Findings) -> list[str]:
    return [one.place.name for one in findings.found]


def rested(home: Home, before: Findings | None = None) -> Findings:
    """Findings whose files have not changed within the last moments."""
    end = time.monotonic() + WAIT
    while (findings := look(home, (), before)).is_stale():
        assert time.monotonic() < end
    return findings


def under(home: Home, *parts: str) -> Path:
    return Path(home.home).joinpath(*parts)


def test_a_machine_without_clients_has_none(home: Home) -> None:
    findings = look(home)
    assert (findings.found, findings.unreadable, dict(findings.present)) == ((), (), {})


def test_a_client_without_a_file_is_present_by_its_folder(home: Home) -> None:
    under(home, ".cursor").mkdir()
    assert dict(look(home).present) == {"cursor": ()}


def test_the_folder_that_antigravity_shares_is_no_trace_of_gemini(home: Home) -> None:
    write(under(home, ".gemini", "config", "mcp_config.json"), servers("a"))
    assert dict(look(home).present) == {}


def test_a_client_that_is_not_here_is_not_looked_for_in_projects(home: Home, tmp_path: Path) -> None:
    write(tmp_path / "web" / ".cursor" / "mcp.json", servers("a"))
    assert names(look(home, [tmp_path / "web"])) == []
    under(home, ".cursor").mkdir()
    assert names(look(home, [tmp_path / "web"])) == ["a"]


def test_all_profiles_of_an_editor_are_looked_into(home: Home) -> None:
    for profile in ("one", "two"):
        path = under(home, ".config", "Code", "User", "profiles", profile, "mcp.json")
        write(path, servers(profile, key="servers"))
    assert sorted(names(look(home))) == ["one", "two"]


KNOWN_BY: dict[str, tuple[str, str]] = {
    "Claude Code": (".claude.json", '{"projects": {"PROJECT": {}}}'),
    "Gemini CLI's registry": (".gemini/projects.json", '{"projects": {"PROJECT": "web"}}'),
    "Gemini CLI's trust": (".gemini/trustedFolders.json", '{"PROJECT": "TRUST_FOLDER"}'),
    "Cursor": (".config/Cursor/User/workspaceStorage/1/workspace.json", '{"folder": "file://PROJECT"}'),
    "VS Code": (".config/Code/User/workspaceStorage/1/workspace.json", '{"folder": "file://PROJECT"}'),
}


@pytest.mark.parametrize("who", KNOWN_BY)
def test_a_project_that_one_client_knows_is_looked_into_for_all(who: str, home: Home, tmp_path: Path) -> None:
    project = tmp_path / "web"
    write(project / ".mcp.json", servers("a"))
    under(home, ".claude").mkdir()
    under(home, ".gemini", "tmp").mkdir(parents=True)
    file, text = KNOWN_BY[who]
    write(under(home, file), text.replace("PROJECT", str(project)))
    [one] = look(home).found
    assert (one.place.name, one.place.scope, one.place.project) == ("a", "project", project)


def test_a_project_with_two_names_is_looked_into_once(home: Home, tmp_path: Path) -> None:
    write(tmp_path / "web" / ".mcp.json", servers("a"))
    (tmp_path / "link").symlink_to(tmp_path / "web")
    under(home, ".claude").mkdir()
    assert names(look(home, [tmp_path / "web", tmp_path / "link"])) == ["a"]


def test_the_home_folder_as_a_project_gives_no_entry_twice(home: Home) -> None:
    write(under(home, ".cursor", "mcp.json"), servers("a"))
    assert names(look(home, [under(home)])) == ["a"]


def test_no_more_projects_are_looked_into_than_the_limit(home: Home, tmp_path: Path) -> None:
    under(home, ".claude").mkdir()
    projects = [tmp_path / str(number) for number in range(MAX_PROJECTS + 1)]
    for project in projects:
        write(project / ".mcp.json", servers(project.name))
    assert names(look(home, projects)) == [project.name for project in projects[:MAX_PROJECTS]]


def test_entries_for_a_folder_that_is_gone_are_not_in_use(home: Home, tmp_path: Path) -> None:
    project = tmp_path / "web"
    write(under(home, ".claude.json"), {"projects": {str(project): servers("a"), "": servers("b")}})
    findings = rested(home)
    assert names(findings) == []
    project.mkdir()
    assert findings.is_stale()
    assert names(look(home)) == ["a"]


BROKEN: dict[str, tuple[str, str]] = {
    "empty": ("", ":1:1: the file is empty"),
    "cut off": ('{"mcpServers": {', ":1:"),
    "null": ("null", ":1:1: the file holds"),
    "a list": ("[]", ":1:1: the file holds"),
    "a comment": ("{} // mine", ":1:"),
    "a map of another kind": (
        '{"mcpServers": []}',
        "`mcpServers` in `FILE` is a list, not an object: correct it",
    ),
    "a project's map of another kind": (
        '{"projects": {"/x": {"mcpServers": "none"}}}',
        "`projects./x.mcpServers` in `FILE` is text, not an object: correct it",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_named_and_the_others_are_read(case: str, home: Home) -> None:
    text, sentence = BROKEN[case]
    file = write(under(home, ".claude.json"), text)
    write(under(home, ".cursor", "mcp.json"), servers("a"))
    findings = look(home)
    [unreadable] = findings.unreadable
    assert (unreadable.client, unreadable.file) == ("claude-code", file)
    assert sentence.replace("FILE", str(file)) in unreadable.sentence
    assert names(findings) == ["a"]


def test_a_file_with_too_many_servers_is_not_read(home: Home) -> None:
    write(under(home, ".claude.json"), servers(*map(str, range(MAX_SERVERS + 1))))
    [unreadable] = look(home).unreadable
    assert unreadable.sentence.endswith(f"has more than {MAX_SERVERS} servers: remove some")


def test_settings_without_old_servers_need_not_be_understood(home: Home) -> None:
    write(under(home, ".config", "Code", "User", "settings.json"), '{"broken": ')
    findings = look(home)
    assert findings.unreadable == ()
    assert list(findings.present) == ["vscode"]


def test_a_pipe_in_a_file_s_place_holds_nobody(home: Home) -> None:
    under(home, ".cursor").mkdir()
    os.mkfifo(under(home, ".cursor", "mcp.json"))
    [unreadable] = look(home).unreadable
    assert "is not a regular file" in unreadable.sentence


def test_a_folder_in_a_file_s_place_is_named(home: Home) -> None:
    under(home, ".cursor", "mcp.json").mkdir(parents=True)
    [unreadable] = look(home).unreadable
    assert "is not a regular file" in unreadable.sentence


def test_a_link_in_a_circle_is_named(home: Home) -> None:
    under(home, ".cursor").mkdir()
    under(home, ".cursor", "mcp.json").symlink_to("mcp.json")
    [unreadable] = look(home).unreadable
    assert unreadable.client == "cursor"


def test_a_file_behind_a_link_is_read_under_its_own_name(home: Home, tmp_path: Path) -> None:
    write(tmp_path / "dotfiles" / "cursor.json", servers("a"))
    under(home, ".cursor").mkdir()
    under(home, ".cursor", "mcp.json").symlink_to(tmp_path / "dotfiles" / "cursor.json")
    [one] = look(home).found
    assert one.place.file == under(home, ".cursor", "mcp.json")


def test_names_of_folders_that_no_system_has_are_passed_over(home: Home) -> None:
    odd = ["/a\0b", "/half\udc80\ud800", "relative", "C:\\x", "x" * 5000]
    write(under(home, ".claude.json"), {"projects": {name: servers("a") for name in odd}})
    assert names(look(home)) == []


@pytest.mark.parametrize(
    ("chosen", "off"),
    [
        ({"allowed": ["a"]}, ["b"]),
        ({"allowed": []}, ["a", "b"]),
        ({"excluded": ["a"]}, ["a"]),
        ({"allowed": ["a", "b"], "excluded": ["b"]}, ["b"]),
        ({"allowed": "a", "excluded": "b"}, []),
        ({}, []),
        (None, []),
    ],
)
def test_gemini_chooses_among_servers_by_name(chosen: Any, off: list[str], home: Home) -> None:
    write(under(home, ".gemini", "settings.json"), {"mcp": chosen, **servers("a", "b")})
    assert [one.place.name for one in look(home).found if one.off] == off


def test_a_look_that_found_all_is_not_worth_another(home: Home) -> None:
    write(under(home, ".claude.json"), servers("a"))
    assert not rested(home).is_stale()


CHANGES: dict[str, Any] = {
    "a file that is written": lambda home: write(under(home, ".claude.json"), servers("a", "b")),
    "a file that goes": lambda home: under(home, ".claude.json").unlink(),
    "a file that comes": lambda home: write(under(home, ".cursor", "mcp.json"), servers("b")),
    "a client that comes": lambda home: under(home, ".codex").mkdir(),
    "a profile that comes": lambda home: under(home, ".config", "Code", "User", "profiles", "x").mkdir(),
    "a project's file that comes": lambda home: write(under(home, "web", ".mcp.json"), servers("b")),
    "a project that is opened": lambda home: under(
        home, ".config", "Code", "User", "workspaceStorage", "x"
    ).mkdir(),
    "a file that is replaced by one as long": lambda home: os.replace(
        write(under(home, "new"), {"projects": {str(under(home, "web")): servers("z")}}),
        under(home, ".claude.json"),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_could_be_found_anew_is_worth_another_look(change: str, home: Home) -> None:
    under(home, "web").mkdir()
    for folder in ("profiles", "workspaceStorage"):
        under(home, ".config", "Code", "User", folder).mkdir(parents=True)
    under(home, ".cursor").mkdir()
    write(under(home, ".claude.json"), {"projects": {str(under(home, "web")): servers("a")}})
    findings = rested(home)
    CHANGES[change](home)
    assert findings.is_stale()


def test_what_happens_in_a_client_s_own_folder_is_no_reason_for_a_look(home: Home) -> None:
    under(home, ".claude", "logs").mkdir(parents=True)
    write(under(home, ".claude.json"), servers("a"))
    findings = rested(home)
    write(under(home, ".claude", "history.jsonl"), "{}")
    assert not findings.is_stale()


def test_a_file_that_was_written_in_the_same_moment_is_looked_at_again(home: Home) -> None:
    write(under(home, ".claude.json"), servers("a"))
    assert look(home).is_stale()


def test_a_file_from_the_future_is_not_looked_at_for_ever(home: Home) -> None:
    file = write(under(home, ".claude.json"), servers("a"))
    os.utime(file, (time.time() + 3600, time.time() + 3600))
    assert not rested(home).is_stale()


def test_a_file_that_did_not_change_is_not_read_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    write(under(home, ".claude.json"), servers("a"))
    write(under(home, ".cursor", "mcp.json"), servers("b"))
    before = rested(home)
    write(under(home, ".cursor", "mcp.json"), servers("c"))
    read: list[Path] = []
    reading = discovery.snapshot.read
    monkeypatch.setattr(discovery.snapshot, "read", lambda path: read.append(path) or reading(path))
    assert sorted(names(look(home, (), before))) == ["a", "c"]
    assert read == [under(home, ".cursor", "mcp.json")]


def test_equal_findings_are_equal_whatever_the_files_times_are(home: Home) -> None:
    write(under(home, ".claude.json"), servers("a"))
    before = rested(home)
    os.utime(under(home, ".claude.json"))
    assert look(home) == before


def test_findings_show_no_secret(home: Home) -> None:
    write(under(home, ".claude.json"), {"note": "canary-note-000", **servers("a")})
    assert "canary" not in repr(look(home))


def test_an_entry_for_everywhere_goes_where_the_client_is(home: Home, tmp_path: Path) -> None:
    assert file_for(CLIENTS["vscode"], home).path == under(home, ".config", "Code", "User", "mcp.json")
    under(home, ".config", "Code - Insiders", "User").mkdir(parents=True)
    assert file_for(CLIENTS["vscode"], home).path == under(
        home, ".config", "Code - Insiders", "User", "mcp.json"
    )


@pytest.mark.parametrize(
    ("value", "platform", "folders"),
    [
        ({"/a": 1, "/b": 2}, "linux", ["/a", "/b"]),
        ("file:///home/ada/my%20web", "linux", ["/home/ada/my web"]),
        ("file:///c%3A/Users/Ada", "win32", ["c:/Users/Ada"]),
        ("file://host/share", "win32", ["//host/share"]),
        ("file://host/share", "linux", []),
        ("vscode-remote://ssh-remote%2Bhost/srv", "linux", []),
        ("untitled:/srv", "linux", []),
        (r"C:\web", "win32", [r"C:\web"]),
        ("/a\0", "linux", []),
        (["/a"], "linux", []),
        (None, "linux", []),
    ],
)
def test_a_client_s_note_names_these_folders(value: Any, platform: str, folders: list[str]) -> None:
    assert folders_in(value, platform) == folders
