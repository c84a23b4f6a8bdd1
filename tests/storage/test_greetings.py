"""What is remembered of servers' greetings."""

import json
from pathlib import Path

import pytest

from latchward.model.era import Era
from latchward.model.upstream import UpstreamSpec
from latchward.storage import greetings
from latchward.storage.greetings import Greeted, Greetings
from latchward.storage.paths import Profile

ONE = UpstreamSpec("one", "npx", ("-y", "server"), {"KEY": "s3cr3t"})
ABLE = {"tools": {"listChanged": True}}


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    made = Profile.below(tmp_path / "home")
    made.prepare()
    return made


def file_of(profile: Profile) -> Path:
    return profile.lock.with_name(greetings.NAME)


def test_what_a_server_said_is_known_after_a_restart(profile: Profile) -> None:
    Greetings(profile).note(ONE, Era.LEGACY, ABLE)
    assert Greetings(profile).get(ONE) == Greeted(Era.LEGACY, ABLE)


def test_a_server_that_is_started_otherwise_is_another_one(profile: Profile) -> None:
    known = Greetings(profile)
    known.note(ONE, Era.LEGACY, ABLE)
    assert known.get(UpstreamSpec("one", "npx", ("-y", "other"))) is None
    assert known.get(UpstreamSpec("one", url="https://a.test/mcp")) is None
    assert known.get(UpstreamSpec("renamed", "npx", ("-y", "server"))) == Greeted(Era.LEGACY, ABLE)


def test_the_last_word_counts(profile: Profile) -> None:
    known = Greetings(profile)
    known.note(ONE, Era.LEGACY, ABLE)
    known.note(ONE, Era.MODERN, {})
    assert Greetings(profile).get(ONE) == Greeted(Era.MODERN, {})


def test_no_command_line_and_no_secret_stands_in_the_file(profile: Profile) -> None:
    Greetings(profile).note(ONE, Era.LEGACY, ABLE)
    text = file_of(profile).read_text()
    assert "npx" not in text
    assert "s3cr3t" not in text
    assert file_of(profile).stat().st_mode & 0o777 == 0o600


def test_what_is_no_news_is_not_written_again(profile: Profile) -> None:
    known = Greetings(profile)
    known.note(ONE, Era.LEGACY, ABLE)
    before = file_of(profile).stat().st_ino
    known.note(ONE, Era.LEGACY, ABLE)
    assert file_of(profile).stat().st_ino == before


def test_it_is_forgotten_after_a_while(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    Greetings(profile).note(ONE, Era.LEGACY, ABLE)
    monkeypatch.setattr(greetings, "KEEP", 0.0)
    assert Greetings(profile).get(ONE) is None


def test_only_so_many_servers_are_remembered(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greetings, "MAX_KNOWN", 2)
    known = Greetings(profile)
    specs = [UpstreamSpec("one", "npx", (str(number),)) for number in range(3)]
    for spec in specs:
        known.note(spec, Era.LEGACY, ABLE)
    again = Greetings(profile)
    assert [again.get(spec) is None for spec in specs] == [True, False, False]


def test_a_server_that_says_too_much_is_not_remembered(profile: Profile) -> None:
    known = Greetings(profile)
    known.note(ONE, Era.LEGACY, ABLE)
    known.note(ONE, Era.LEGACY, {"x": "y" * greetings.MAX_CAPABILITIES})
    assert Greetings(profile).get(ONE) is None


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{", b'{"a": 5}', b"\xff", b"[" * 100_000]
    + [json.dumps({greetings._key(ONE): entry}).encode() for entry in ({}, {"era": "x"}, {"era": "legacy"})],
)
def test_a_broken_file_is_as_good_as_none(profile: Profile, text: bytes) -> None:
    file_of(profile).write_bytes(text)
    known = Greetings(profile)
    assert known.get(ONE) is None
    known.note(ONE, Era.LEGACY, ABLE)
    assert Greetings(profile).get(ONE) == Greeted(Era.LEGACY, ABLE)


def test_a_link_in_its_place_is_neither_read_nor_written_through(profile: Profile, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    file_of(profile).symlink_to(target)
    known = Greetings(profile)
    known.note(ONE, Era.LEGACY, ABLE)
    assert known.get(ONE) == Greeted(Era.LEGACY, ABLE)
    assert target.read_text() == "mine"
