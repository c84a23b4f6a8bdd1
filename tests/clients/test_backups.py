"""What a file was is kept before our first edit, and until it is given back."""

import json
import os
import re
import stat
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from latchward.clients import backups as module
from latchward.clients import files
from latchward.clients.backups import Backups, Change, Removed, digest
from latchward.model.errors import ClientFileError, LatchwardError, ProfileError

AT = ("mcpServers", "a")
CHANGE = Change(
    (Removed(AT, '"a": {"env": {"KEY": "canary"}}', None),), ("mcpServers", "latchward"), {"command": "l"}
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def snapshot(path: Path, data: bytes, *, exists: bool = True) -> files.Snapshot:
    return files.Snapshot(path, path, data, exists)


FILE = Path("/home/ann/.claude.json")


def edits(folder: Path, *steps: tuple[bytes, bytes], path: Path = FILE) -> Backups:
    """Keep these edits, each from what was there to what we wrote."""
    backups = Backups(folder)
    for before, after in steps:
        backups.keep("claude-code", path, snapshot(path, before), after, CHANGE)
    return backups


def place(folder: Path) -> Path:
    """The one folder in which something is kept."""
    (found,) = (journal.parent for journal in folder.rglob("journal.json"))
    return found


def test_what_was_kept_is_read_back_by_another_process_of_ours(folder: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    edits(folder, (b"first", b"ours"))
    (backup,) = Backups(folder).of("claude-code")
    assert (backup.client, backup.path, backup.existed, backup.first) == ("claude-code", FILE, True, b"first")
    assert backup.changes == (CHANGE,)
    assert backup.ours == {digest(b"first"), digest(b"ours")}
    assert before <= backup.since <= datetime.now(UTC)


def test_a_file_that_was_not_there_is_remembered_so(folder: Path) -> None:
    Backups(folder).keep("cursor", FILE, snapshot(FILE, b"", exists=False), b"ours", CHANGE)
    (backup,) = Backups(folder).of("cursor")
    assert (backup.existed, backup.first) == (False, b"")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777], ids=oct)
def test_what_is_kept_is_private_under_any_umask(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        edits(folder, (b"first", b"ours"))
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_the_bytes_have_dated_names(folder: Path) -> None:
    edits(folder, (b"first", b"ours"))
    names = [path.name for path in place(folder).iterdir() if path.name != "journal.json"]
    assert [bool(re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{16}", name)) for name in names] == [True]


def test_no_sentence_and_no_name_holds_what_was_kept(folder: Path) -> None:
    edits(folder, (b'{"KEY": "canary"}', b"ours"))
    (backup,) = Backups(folder).of("claude-code")
    assert "canary" not in repr(backup) + "".join(map(str, folder.rglob("*")))


def test_of_many_edits_five_versions_are_kept_and_the_first_is_among_them(folder: Path) -> None:
    versions = [b"%d" % number for number in range(12)]
    backups = edits(folder, *pairwise(versions))
    (backup,) = backups.of("claude-code")
    kept = sorted(path.read_bytes() for path in place(folder).iterdir() if path.name != "journal.json")
    assert kept == sorted([b"0", b"7", b"8", b"9", b"10"])
    assert backup.first == b"0"
    assert backup.ours == {digest(version) for version in versions}


def test_of_very_many_edits_every_change_is_still_known(folder: Path) -> None:
    count = module.MAX_EDITS + 5
    backups = Backups(folder)
    for number in range(count):
        change = Change((Removed(("mcpServers", f"{number}"), f'"{number}": {{}}', None),))
        backups.keep("cursor", FILE, snapshot(FILE, b"%d" % number), b"%d" % (number + 1), change)
    (backup,) = backups.of("cursor")
    journal = json.loads((place(folder) / "journal.json").read_bytes())
    assert len(journal["edits"]) == module.MAX_EDITS
    assert [change.removed[0].at[1] for change in backup.changes] == [f"{number}" for number in range(count)]
    assert digest(b"%d" % count) in backup.ours


def test_of_very_many_edits_none_leads_over_what_others_wrote(folder: Path) -> None:
    steps = [(b"%d" % number, b"%d" % (number + 1)) for number in range(module.MAX_EDITS + 5)]
    steps[3] = (b"theirs", b"4")
    (backup,) = edits(folder, *steps).of("claude-code")
    assert backup.ours == set()


def test_what_others_wrote_between_two_edits_is_not_taken_for_ours(folder: Path) -> None:
    (backup,) = edits(folder, (b"first", b"ours"), (b"theirs", b"ours again")).of("claude-code")
    assert (backup.first, backup.ours) == (b"first", set())
    assert backup.changes == (CHANGE, CHANGE)


def test_what_others_wrote_is_still_told_from_ours_where_nothing_was_taken_out_of_it(folder: Path) -> None:
    backups = edits(folder, (b"first", b"ours"))
    backups.keep("claude-code", FILE, snapshot(FILE, b"theirs"), b"ours again", replace(CHANGE, removed=()))
    (backup,) = backups.of("claude-code")
    assert backup.ours == {digest(b"first"), digest(b"ours")}


def test_an_edit_that_was_never_made_is_forgotten_by_the_next_one(folder: Path) -> None:
    (backup,) = edits(folder, (b"first", b"ours"), (b"ours", b"never"), (b"ours", b"done")).of("claude-code")
    assert backup.ours == {digest(b"first"), digest(b"ours"), digest(b"done")}
    assert backup.changes == (CHANGE, CHANGE)


def test_a_first_edit_that_was_never_made_does_not_keep_its_bytes(folder: Path) -> None:
    backups = edits(folder, (b"first", b"never"), (b"first", b"ours"))
    (backup,) = backups.of("claude-code")
    assert (backup.first, backup.ours) == (b"first", {digest(b"first"), digest(b"ours")})
    assert len(list(place(folder).iterdir())) == 2


def test_an_edit_that_failed_is_taken_back(folder: Path) -> None:
    backups = edits(folder, (b"first", b"ours"))
    (before,) = backups.of("claude-code")
    backups.keep("claude-code", FILE, snapshot(FILE, b"theirs"), b"never", CHANGE)()
    assert backups.of("claude-code") == (before,)


def test_a_first_edit_that_failed_leaves_nothing(folder: Path) -> None:
    backups = Backups(folder)
    backups.keep("claude-code", FILE, snapshot(FILE, b"first"), b"never", CHANGE)()
    assert not backups.has("claude-code")
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_what_was_given_back_is_forgotten_with_its_bytes(folder: Path) -> None:
    backups = edits(folder, (b"first", b"ours"))
    other = FILE.with_name("other.json")
    backups.keep("claude-code", other, snapshot(other, b"second"), b"ours", CHANGE)
    backups.forget("claude-code", FILE)
    assert [backup.path for backup in backups.of("claude-code")] == [other]
    backups.forget("claude-code", other)
    assert not backups.has("claude-code")
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_what_cannot_be_removed_is_told_and_counts_for_nothing(folder: Path) -> None:
    backups = edits(folder, (b"first", b"ours"))
    kept = place(folder)
    for number in range(1000):
        (kept / f"{number} is in the way").mkdir()
        if os.listdir(kept)[0].endswith("way"):  # what is listed first is met first
            break
    with pytest.raises(ProfileError, match=r"/claude-code/.*` cannot be removed: is a directory; remove it"):
        backups.forget("claude-code", FILE)
    assert not backups.has("claude-code")


def test_to_forget_what_was_never_kept_does_nothing(folder: Path) -> None:
    Backups(folder).forget("claude-code", FILE)
    assert not folder.exists()


def test_what_a_killed_run_left_of_a_backup_is_removed_at_the_next_start(folder: Path) -> None:
    backups = edits(folder, (b"first", b"ours"))
    orphan = folder / "claude-code" / "0123456789abcdef"
    orphan.mkdir()
    (orphan / "20260101T000000Z-0123456789abcdef").write_bytes(b"a secret")
    backups.tidy()
    assert not orphan.exists()
    assert backups.of("claude-code")[0].first == b"first"


def test_bytes_that_a_killed_edit_left_are_removed_by_the_next_edit(folder: Path) -> None:
    backups = edits(folder, (b"first", b"ours"))
    unused = place(folder) / "20260101T000000Z-0123456789abcdef"
    unused.write_bytes(b"a secret")
    backups.keep("claude-code", FILE, snapshot(FILE, b"ours"), b"more", CHANGE)
    assert not unused.exists()
    assert backups.of("claude-code")[0].first == b"first"


@pytest.mark.parametrize("path", ["/tmp/new\nline", "/tmp/n\udce4chtlich", f"/tmp/{'n' * 255}"], ids=ascii)
def test_any_path_comes_back(folder: Path, path: str) -> None:
    (backup,) = edits(folder, (b"first", b"ours"), path=Path(path)).of("claude-code")
    assert str(backup.path) == path


@pytest.mark.parametrize(
    "journal", [b"", b"[]", b'{"edits": 1}', b'{"path": "/a", "edits": []}', b"[" * 100_000]
)
def test_a_journal_that_makes_no_sense_is_told_and_kept(folder: Path, journal: bytes) -> None:
    backups = edits(folder, (b"first", b"ours"))
    (place(folder) / "journal.json").write_bytes(journal)
    with pytest.raises(
        ClientFileError, match=r"was changed and cannot be understood; put the file back by hand:"
    ):
        backups.of("claude-code")
    assert (place(folder) / "journal.json").read_bytes() == journal


def test_first_bytes_that_somebody_changed_are_not_given_out(folder: Path) -> None:
    backups = edits(folder, (b"first", b"ours"))
    next(path for path in place(folder).iterdir() if path.name != "journal.json").write_bytes(b"evil")
    with pytest.raises(ClientFileError, match="was changed and cannot be understood"):
        backups.of("claude-code")


def test_a_link_in_place_of_the_first_bytes_is_not_followed(folder: Path, tmp_path: Path) -> None:
    backups = edits(folder, (b"first", b"ours"))
    kept = next(path for path in place(folder).iterdir() if path.name != "journal.json")
    kept.rename(tmp_path / "elsewhere")
    kept.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LatchwardError, match="is a symbolic link"):
        backups.of("claude-code")


def test_a_place_that_is_no_folder_is_told(folder: Path) -> None:
    folder.write_bytes(b"")
    for touch in (lambda: edits(folder, (b"first", b"ours")), lambda: Backups(folder).of("claude-code")):
        with pytest.raises(ProfileError, match=r"cannot be (made|read): not a directory"):
            touch()


def test_too_many_changes_are_refused_before_they_cannot_be_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_JOURNAL", 1000)
    backups = edits(folder, (b"first", b"ours"))
    large = replace(CHANGE, removed=(Removed(AT, "x" * 1000, None),))
    with pytest.raises(
        ClientFileError, match=r"too much of `/home/ann/.claude.json` was changed; give it back first"
    ):
        backups.keep("claude-code", FILE, snapshot(FILE, b"ours"), b"more", large)
    assert backups.of("claude-code")[0].first == b"first"
