"""Each client's golden configuration: what is read from it, and what it is after ours took the place of the
servers."""

import json
from pathlib import Path

import pytest

from latchward.clients import known
from latchward.clients.client import ENTRY
from latchward.clients.discovery import Findings, look
from latchward.clients.found import Found
from latchward.clients.known import CLIENTS
from latchward.clients.text import Dialect, Put, Remove, edit, parse
from latchward.gateway.names import MAX_NAME
from latchward.storage.settings import EMPTY, add_server

from .golden_files import GOLDEN, home, placed, told

PROGRAM = ("/opt/latchward/bin/latchward",)
SOCKET = "/run/user/1000/latchward/gateway.sock"

READS = {
    "claude-code": Dialect("json"),
    "claude-desktop": Dialect("json"),
    "codex": Dialect("toml"),
    "cursor": Dialect("json", comments=True, trailing_commas=True),
    "gemini": Dialect("json", comments=True, bom=False),
    "vscode": Dialect("json", comments=True, trailing_commas=True),
}

each_client = pytest.mark.parametrize("client", CLIENTS)


def looked(client: str, folder: Path) -> Findings:
    """What is found in the golden home of a client, under its golden environment."""
    placed(client, folder)
    environ = json.loads((GOLDEN / client / "found.json").read_bytes())["environ"]
    return look(
        home(folder, **{name: value.replace("@HOME@", str(folder)) for name, value in environ.items()})
    )


def takeable(findings: Findings) -> list[Found]:
    return [one for one in findings.found if not one.refused and not one.ours]


def test_every_module_of_the_known_is_one_client_with_a_golden_configuration() -> None:
    modules = {path.stem for path in Path(known.__file__).parent.glob("*.py")} - {"__init__"}
    assert {name.replace("-", "_") for name in CLIENTS} == modules
    assert {folder.name for folder in GOLDEN.iterdir()} == set(CLIENTS)


@each_client
def test_a_golden_configuration_is_read_as_its_client_reads_it(client: str, tmp_path: Path) -> None:
    findings = looked(client, tmp_path)
    expected = json.loads((GOLDEN / client / "found.json").read_bytes())["found"]
    assert findings.unreadable == ()
    assert [told(one, tmp_path) for one in findings.found] == expected
    assert list(findings.present) == [client]


@each_client
def test_what_can_be_taken_in_is_taken_by_settings_as_it_is(client: str, tmp_path: Path) -> None:
    servers = takeable(looked(client, tmp_path))
    assert servers
    for one in servers:
        spec = one.spec
        entry = {"url": spec.url, "headers": dict(spec.headers)}
        if spec.command:
            entry = {"command": spec.command, "args": list(spec.args), "env": dict(spec.env), "cwd": spec.cwd}
        assert add_server(EMPTY, spec.name, entry).servers[spec.name] == spec


@each_client
def test_our_entry_takes_the_place_of_the_servers_and_every_other_byte_stays(
    client: str, tmp_path: Path
) -> None:
    servers = [one for one in takeable(looked(client, tmp_path)) if one.place.scope != "project"]
    placed(client, tmp_path / "after", "after")
    for file in dict.fromkeys(one.place.file for one in servers):
        gone = [Remove((*one.place.at, one.place.name)) for one in servers if one.place.file == file]
        at = next(one.place.at for one in servers if one.place.file == file and one.place.scope == "user")
        ours = Put((*at, ENTRY), CLIENTS[client].entry(PROGRAM, SOCKET))
        after = edit(file.read_bytes(), CLIENTS[client].dialect, [*gone, ours], str(file))
        expected = (tmp_path / "after" / file.relative_to(tmp_path)).read_bytes()
        assert after == expected.replace(bytes(tmp_path / "after"), bytes(tmp_path))


@each_client
def test_our_own_entry_is_found_as_ours(client: str, tmp_path: Path) -> None:
    placed(client, tmp_path, "after")
    findings = look(home(tmp_path))
    ours = [one for one in findings.found if one.ours]
    assert [(one.place.name, one.spec.command, one.refused) for one in ours[:1]] == [(ENTRY, *PROGRAM, "")]
    assert ours[0].spec.args == ("connect", "--client", client, "--endpoint", SOCKET)


@each_client
def test_our_entry_survives_being_written_and_read_by_the_client(client: str) -> None:
    known_client = CLIENTS[client]
    entry = known_client.entry(("/usr/bin/python3", "-P", "-m", "latchward"), SOCKET)
    empty = b"{}\n" if known_client.dialect.format == "json" else b""
    written = edit(empty, known_client.dialect, [Put(("servers", ENTRY), entry)], "file")
    assert parse(written, known_client.dialect, "file")["servers"][ENTRY] == entry
    assert entry["args"][-4:] == ["--client", client, "--endpoint", SOCKET]


@each_client
def test_a_file_is_read_as_strictly_as_its_client_does(client: str) -> None:
    assert CLIENTS[client].dialect == READS[client]


def test_claude_code_alone_holds_a_lock_of_its_own() -> None:
    assert [name for name, client in CLIENTS.items() if client.own_lock] == ["claude-code"]


@each_client
def test_the_client_has_room_for_the_longest_name_that_we_give_a_tool(client: str) -> None:
    room = CLIENTS[client].name_room
    assert room == 0 or room >= MAX_NAME


@each_client
def test_a_golden_file_holds_no_secret_but_canaries(client: str) -> None:
    text = b"".join(file.read_bytes() for file in (GOLDEN / client).rglob("*") if file.is_file())
    for prefix in (b"ghp_", b"sk-", b"xoxb-", b"AKIA", b"eyJ"):
        assert prefix not in text
