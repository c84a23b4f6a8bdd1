"""A policy edit holds for the next call; a broken one changes nothing but is told."""

import pytest

from latchward.storage.files import write_atomically
from latchward.storage.paths import Profile
from latchward.storage.policies import PolicyBook

ALLOW = b'{"version": "1", "default": "allow"}'
DENY = b'{"version": "1", "default": "deny" }'
BROKEN = b'{\n  "version": "1",\n  "defualt": "deny"\n}'


@pytest.fixture
def book(profile: Profile) -> PolicyBook:
    return PolicyBook(profile)


def put(profile: Profile, name: str, text: bytes) -> None:
    write_atomically(profile.policies / name, text)


def revision(book: PolicyBook) -> str | None:
    policy = book.policy("github")
    return policy.revision if policy else None


def test_a_policy_that_is_not_there_is_none(book: PolicyBook) -> None:
    assert book.policy("github") is None
    assert book.problems == {}


def test_an_edit_holds_for_the_next_call_however_fast_they_come(profile: Profile, book: PolicyBook) -> None:
    assert len(ALLOW) == len(DENY)
    put(profile, "github.json", ALLOW)
    allowed = revision(book)
    put(profile, "github.json", DENY)
    denied = revision(book)
    assert None not in (allowed, denied)
    for _ in range(100):
        (profile.policies / "github.json").write_bytes(ALLOW)
        assert revision(book) == allowed
        (profile.policies / "github.json").write_bytes(DENY)
        assert revision(book) == denied


def test_a_broken_edit_keeps_the_old_policy_and_names_the_place(
    profile: Profile, book: PolicyBook, caplog: pytest.LogCaptureFixture
) -> None:
    put(profile, "github.json", DENY)
    before = revision(book)
    put(profile, "github.json", BROKEN)
    assert [revision(book), revision(book)] == [before, before]
    assert book.problems["github"].startswith(f"{profile.policies}/github.json:3:3: ")
    assert "did you mean `default`?" in book.problems["github"]
    assert len(caplog.messages) == 1
    caplog.clear()
    put(profile, "github.json", ALLOW)
    assert revision(book) not in (None, before)
    assert book.problems == {}


def test_a_policy_that_never_loaded_is_none(
    profile: Profile, book: PolicyBook, caplog: pytest.LogCaptureFixture
) -> None:
    put(profile, "github.json", BROKEN)
    assert book.policy("github") is None
    assert caplog.messages[0].endswith("(nothing is allowed by it)")
    caplog.clear()


def test_a_removed_policy_is_none(profile: Profile, book: PolicyBook) -> None:
    put(profile, "github.json", ALLOW)
    assert revision(book)
    (profile.policies / "github.json").unlink()
    assert book.policy("github") is None


@pytest.mark.parametrize("ending", ["yaml", "yml"])
def test_yaml_is_read_too(profile: Profile, book: PolicyBook, ending: str) -> None:
    put(profile, f"github.{ending}", b"version: 1\ndefault: allow\n")
    assert revision(book)


def test_a_file_that_comes_under_another_ending_is_taken_up(profile: Profile, book: PolicyBook) -> None:
    put(profile, "github.json", ALLOW)
    before = revision(book)
    (profile.policies / "github.json").unlink()
    put(profile, "github.yaml", b"version: 1\ndefault: deny\n")
    assert revision(book) not in (None, before)


def test_two_files_of_one_name_are_no_policy(
    profile: Profile, book: PolicyBook, caplog: pytest.LogCaptureFixture
) -> None:
    put(profile, "github.json", ALLOW)
    put(profile, "github.yaml", b"version: 1\ndefault: allow\n")
    assert book.policy("github") is None
    expected = (
        f"`{profile.policies}` holds `github.json` and `github.yaml` for one policy: remove all but one"
    )
    assert book.problems == {"github": expected}
    assert caplog.messages == [expected]
    caplog.clear()
    (profile.policies / "github.json").unlink()
    assert revision(book)
    assert book.problems == {}


def test_a_second_file_is_told_and_what_held_before_holds(
    profile: Profile, book: PolicyBook, caplog: pytest.LogCaptureFixture
) -> None:
    put(profile, "github.json", DENY)
    before = revision(book)
    put(profile, "github.yml", b"version: 1\ndefault: allow\n")
    assert not book.poll()
    assert revision(book) == before
    assert "remove all but one" in book.problems["github"]
    caplog.clear()


@pytest.mark.parametrize("name", ["../settings", "", ".hidden", "a/b", "a\0b", "x" * 33])
def test_a_name_is_never_a_way_out_of_the_folder(book: PolicyBook, name: str) -> None:
    assert book.policy(name) is None


def test_poll_tells_of_a_change_once(profile: Profile, book: PolicyBook) -> None:
    put(profile, "github.json", ALLOW)
    assert revision(book)
    assert not book.poll()
    put(profile, "github.json", DENY)
    assert revision(book)
    assert book.poll()
    assert not book.poll()
    (profile.policies / "github.json").unlink()
    assert book.poll()


def test_poll_finds_a_policy_that_was_asked_for_before_it_was_there(
    profile: Profile, book: PolicyBook
) -> None:
    assert book.policy("github") is None
    assert not book.poll()
    put(profile, "github.json", ALLOW)
    assert book.poll()
