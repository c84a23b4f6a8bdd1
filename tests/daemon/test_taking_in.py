"""The servers of clients are taken in, reached through us, and given back."""

import json
import os
import sys
from pathlib import Path

import pytest

from latchward.control import messages as say
from latchward.storage.lock import write_lock
from latchward.storage.paths import Profile
from tests.support import recorder
from tests.support.at_tray import Person, Refused, TrayGateway
from tests.support.keyring_session import KeyringSession
from tests.support.waiting import wait_for

from .clients_at_home import Home, client, found, give_back, take_in

HANGS = {"command": "sleep", "args": ["90"]}
CANARY = "canary-0f3a-token-of-a-server"


def test_a_server_of_two_clients_is_shown_once_with_both_places(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write("cursor", {"notes": recorder.spec()})
    home.write("claude-code", {"my notes": recorder.spec(), "other": recorder.spec("--era", "modern")})
    with home.gateway() as gateway:
        seen = found(gateway.person, "other")
        assert len(seen) == 2
        both = next(server for server in seen.values() if len(server.places) == 2)
        assert set(both.clients) == {"Claude Code", "Cursor"}
        assert any(".cursor/mcp.json" in place for place in both.places)
        assert "recorder.py" in both.command


def test_what_answered_is_reached_through_us_and_given_back_to_the_byte(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = home.write("cursor", {"notes": recorder.spec(), "more": recorder.spec("--era", "modern")})
    with home.gateway() as gateway:
        person = gateway.person
        assert client(person, "cursor", "direct").routes == ("notes", "more")
        end = take_in(person, "notes", "more")
        assert {(step.name, step.state) for step in end.steps} == {("notes", "moved"), ("more", "moved")}
        assert not end.problem

        entry = home.servers("cursor")
        assert list(entry) == ["latchward"]
        assert entry["latchward"]["args"][-4:] == [
            "--client", "cursor", "--endpoint", str(gateway.home / "run/gateway.sock")
        ]  # fmt: skip
        assert Path(entry["latchward"]["command"]).is_absolute()
        assert client(person, "cursor", "protected").undo
        assert person.server("notes").clients == ("cursor",)
        assert {tool.effect for tool in person.server("notes").tools} == {"approve"}

        give_back(person, "cursor")
        assert home.file("cursor").read_bytes() == first
        assert not client(person, "cursor", "direct").undo
        settings = json.loads((gateway.home / "settings.json").read_text())
        assert (settings["mcpServers"], list(settings["grants"])) == ({}, ["agent"])


def test_a_server_that_does_not_answer_stays_as_it_was(tmp_path: Path) -> None:
    home = Home(tmp_path)
    broken = {"command": sys.executable, "args": ["-c", "raise SystemExit('no such account')"]}
    home.write("cursor", {"good": recorder.spec(), "broken": broken})
    with home.gateway() as gateway:
        end = take_in(gateway.person, "good", "broken")
        steps = {step.name: step for step in end.steps}
        assert (steps["good"].state, steps["broken"].state) == ("moved", "left")
        assert "no such account" in steps["broken"].text
        assert set(home.servers("cursor")) == {"broken", "latchward"}
        assert home.servers("cursor")["broken"] == broken
        assert client(gateway.person, "cursor", "partly").routes == ("broken",)
        assert list(json.loads((gateway.home / "settings.json").read_text())["mcpServers"]) == ["good"]


def test_where_nothing_answers_no_file_changes(tmp_path: Path) -> None:
    home = Home(tmp_path)
    before = home.write("cursor", {"broken": {"command": "/no/such/program"}})
    with home.gateway() as gateway:
        assert take_in(gateway.person, "broken").steps[0].state == "left"
        assert home.file("cursor").read_bytes() == before
        assert not client(gateway.person, "cursor", "direct").undo


def test_the_change_is_shown_before_it_is_made(tmp_path: Path) -> None:
    home = Home(tmp_path)
    before = home.write("cursor", {"notes": recorder.spec(TOKEN=CANARY)})
    with home.gateway() as gateway:
        key = found(gateway.person, "notes")["notes"].key
        plan = gateway.person.ask(say.ProposeAdoption, keys=(key,))
        assert isinstance(plan, say.FilePlan)
        (change,) = plan.files
        assert change.client == "Cursor"
        assert '-    "notes": {' in change.difference
        assert '+    "latchward": {' in change.difference
        assert '-  "theme"' not in change.difference
        assert CANARY not in change.difference
        assert home.file("cursor").read_bytes() == before


def test_what_changed_after_it_was_shown_is_not_taken_in(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write("cursor", {"notes": recorder.spec()})
    with home.gateway() as gateway:
        person = gateway.person
        key = found(person, "notes")["notes"].key
        plan = person.ask(say.ProposeAdoption, keys=(key,))
        assert isinstance(plan, say.FilePlan)
        other = home.write("cursor", {"notes": recorder.spec("--era", "modern")})
        with pytest.raises(Refused, match="changed or went meanwhile"):
            person.ask(say.Adopt, keys=(key,), revision=plan.revision)
        assert home.file("cursor").read_bytes() == other


def test_a_server_that_was_added_by_hand_is_not_doubled_and_not_taken_away(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write("cursor", {"notes": recorder.spec()})
    with home.gateway() as gateway:
        person = gateway.person
        spec = recorder.spec()
        person.ask(say.AddServer, name="mine", command=(spec["command"], *spec["args"]))
        person.consent("mine")
        take_in(person, "notes")
        assert [view.name for view in person.until(say.Servers).servers] == ["mine"]
        assert "cursor" in person.server("mine").clients
        give_back(person, "cursor")
        assert person.until(say.Servers, lambda told: "cursor" not in told.servers[0].clients)
        assert person.server("mine").state == "running"


def test_a_route_round_us_that_comes_later_is_seen(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write("cursor", {"notes": recorder.spec()})
    with home.gateway() as gateway:
        take_in(gateway.person, "notes")
        client(gateway.person, "cursor", "protected")
        home.write("cursor", {**home.servers("cursor"), "sneaky": recorder.spec("--era", "modern")})
        assert client(gateway.person, "cursor", "partly").routes == ("sneaky",)


def test_restoring_keeps_what_the_person_changed_meanwhile(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write("cursor", {"notes": recorder.spec()})
    with home.gateway() as gateway:
        take_in(gateway.person, "notes")
        home.write(
            "cursor", {**home.servers("cursor"), "new": recorder.spec("--era", "modern")}, theme="light"
        )
        client(gateway.person, "cursor", "partly")
        give_back(gateway.person, "cursor")
        assert set(home.servers("cursor")) == {"notes", "new"}
        assert json.loads(home.file("cursor").read_text())["theme"] == "light"
        assert home.servers("cursor")["notes"] == recorder.spec()


def test_what_cannot_be_given_back_now_keeps_no_other_file_and_can_be_given_back_later(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    firsts = {
        name: home.write(name, {name: recorder.spec(LOG_NAME=name)}) for name in ("claude-code", "cursor")
    }
    in_the_way = home.folder / ".claude.json.lock"
    with home.gateway() as gateway:
        person = gateway.person
        take_in(person, "claude-code", "cursor")
        in_the_way.write_text("no folder")
        os.utime(in_the_way, (0, 0))
        with pytest.raises(Refused, match=r"claude\.json"):
            give_back(person, "claude-code", "cursor")
        assert home.file("cursor").read_bytes() == firsts["cursor"]
        assert not client(person, "cursor", "direct").undo
        assert client(person, "claude-code", "protected").undo
        assert "claude.json" in gateway.stderr

        in_the_way.unlink()
        assert len(give_back(person, "claude-code", "cursor").files) == 1
        assert home.file("claude-code").read_bytes() == firsts["claude-code"]


def test_what_cannot_be_forgotten_now_keeps_no_file_and_is_forgotten_at_the_next_start(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    firsts = {
        name: home.write(name, {name: recorder.spec(LOG_NAME=name)}) for name in ("claude-code", "cursor")
    }
    with home.gateway() as gateway:
        take_in(gateway.person, *firsts)
        with write_lock(Profile.below(gateway.home)):
            with pytest.raises(Refused, match="another `latchward` is writing"):
                give_back(gateway.person, *firsts)
            assert {name: home.file(name).read_bytes() for name in firsts} == firsts
            assert servers_of(gateway) == ["claude-code", "cursor"]
        gateway.kill()
        gateway.start()
        wait_for(lambda: servers_of(gateway) == [], "settings without them")
        assert grants_of(gateway) == ["agent"]


def begun(person: Person, *names: str) -> None:
    """Begin to take these servers in, and do not wait for the end."""
    keys = tuple(found(person, *names)[name].key for name in names)
    plan = person.ask(say.ProposeAdoption, keys=keys)
    assert isinstance(plan, say.FilePlan)
    person.ask(say.Adopt, keys=keys, revision=plan.revision)


def servers_of(gateway: TrayGateway) -> list[str]:
    return list(json.loads((gateway.home / "settings.json").read_text())["mcpServers"])


def grants_of(gateway: TrayGateway) -> list[str]:
    return list(json.loads((gateway.home / "settings.json").read_text())["grants"])


def test_who_undoes_everything_waits_for_no_server_any_more(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = home.write("cursor", {"notes": recorder.spec(), "hangs": HANGS})
    with home.gateway() as gateway:
        person = gateway.person
        begun(person, "notes", "hangs")
        client(person, "cursor", "partly")
        assert servers_of(gateway) == ["notes", "hangs"]
        give_back(person, "cursor")
        end = person.until(say.AdoptionProgress, lambda told: told.over)
        assert {step.name: step.state for step in end.steps} == {"notes": "moved", "hangs": "left"}
        assert home.file("cursor").read_bytes() == first
        assert servers_of(gateway) == []


def test_what_was_only_begun_at_a_kill_is_undone_at_the_next_start(
    tmp_path: Path, ring: KeyringSession
) -> None:
    home = Home(tmp_path, ring.env)
    first = home.write("cursor", {"hangs": {**HANGS, "env": {"API_TOKEN": CANARY}}})
    with home.gateway() as gateway:
        begun(gateway.person, "hangs")
        gateway.kill()
        assert servers_of(gateway) == ["hangs"]
        gateway.start()
        wait_for(lambda: servers_of(gateway) == [], "settings without it")
        assert list(found(gateway.person, "hangs")) == ["hangs"]
        assert home.file("cursor").read_bytes() == first
    assert CANARY.encode() not in ring.stored


def test_what_was_moved_before_a_kill_stays_at_the_next_start(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write("cursor", {"notes": recorder.spec()})
    with home.gateway() as gateway:
        take_in(gateway.person, "notes")
        gateway.kill()
        gateway.start()
        client(gateway.person, "cursor", "protected")
        home.write("cursor", {**home.servers("cursor"), "new": recorder.spec("--era", "modern")})
        client(gateway.person, "cursor", "partly")
        assert servers_of(gateway) == ["notes"]
        assert gateway.person.server("notes").clients == ("cursor",)


def test_a_secret_goes_into_the_keyring_and_stands_nowhere_else(tmp_path: Path, ring: KeyringSession) -> None:
    home = Home(tmp_path, ring.env)
    first = home.write("cursor", {"notes": recorder.spec(API_TOKEN=CANARY, LOG_LEVEL="debug")})
    with home.gateway() as gateway:
        person = gateway.person
        assert found(person, "notes")["notes"].moved == ("API_TOKEN",)
        assert take_in(person, "notes").steps[0].state == "moved"
        settings = json.loads((gateway.home / "settings.json").read_text())
        assert settings["mcpServers"]["notes"]["env"] == {
            "API_TOKEN": "${secret:notes.API_TOKEN}", "LOG_LEVEL": "debug"
        }  # fmt: skip
        kept = gateway.home / "clients"
        files = [path for path in gateway.home.rglob("*") if path.is_file() and kept not in path.parents]
        assert [path for path in files if CANARY.encode() in path.read_bytes()] == []
        assert CANARY not in gateway.stderr
        assert all(CANARY not in repr(message) for message in person.heard)
        assert CANARY.encode() not in home.file("cursor").read_bytes()
        assert all(path.stat().st_mode & 0o077 == 0 for path in kept.rglob("*"))

        give_back(person, "cursor")
        assert home.file("cursor").read_bytes() == first
    assert CANARY.encode() not in ring.stored


def test_without_a_keyring_a_server_with_a_secret_stays_as_it_was(
    tmp_path: Path, bare_session: KeyringSession
) -> None:
    home = Home(tmp_path, bare_session.env)
    first = home.write("cursor", {"notes": recorder.spec(API_TOKEN=CANARY), "plain": recorder.spec()})
    with home.gateway() as gateway:
        person = gateway.person
        assert "keyring" in person.until(say.Clients, lambda told: told.keyring).keyring
        with pytest.raises(Refused, match="keyring"):
            take_in(person, "notes")
        assert home.file("cursor").read_bytes() == first
        assert (
            not (gateway.home / "settings.json").exists()
            or "notes" not in (gateway.home / "settings.json").read_text()
        )
        assert take_in(person, "plain").steps[0].state == "moved"


def test_a_value_that_nobody_knows_is_asked_for(tmp_path: Path, ring: KeyringSession) -> None:
    home = Home(tmp_path, ring.env)
    home.write("cursor", {"notes": recorder.spec(API_TOKEN="${env:NOWHERE_SET}")})
    with home.gateway() as gateway:
        person = gateway.person
        server = found(person, "notes")["notes"]
        assert (server.needs, server.ticked) == (("NOWHERE_SET",), False)
        with pytest.raises(Refused, match="NOWHERE_SET"):
            take_in(person, "notes")
        assert take_in(person, "notes", values={"NOWHERE_SET": CANARY}).steps[0].state == "moved"
        assert all(CANARY not in repr(message) for message in person.heard)


def test_a_client_without_servers_can_be_connected(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write("cursor", {})
    with home.gateway() as gateway:
        person = gateway.person
        client(person, "cursor", "empty")
        person.ask(say.ConnectClient, client="cursor")
        client(person, "cursor", "protected")
        assert list(home.servers("cursor")) == ["latchward"]
        assert list(json.loads((gateway.home / "settings.json").read_text())["grants"]) == ["agent", "cursor"]
