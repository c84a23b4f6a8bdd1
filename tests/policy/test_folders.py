"""`under`, on a real disk."""

from pathlib import Path

import pytest

from latchward.policy import folders
from latchward.policy.folders import BadFolder, compile_under


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with a project, a secret beside it, and links."""
    home = tmp_path.resolve() / "u"
    (home / "proj" / "src").mkdir(parents=True)
    (home / "proj-evil").mkdir()
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id").write_text("secret")
    (home / "proj" / "out").symlink_to(home / ".ssh")
    (home / "proj" / "key").symlink_to(home / ".ssh" / "id")
    (home / "proj" / "inner").symlink_to(home / "proj" / "src")
    (home / "alias").symlink_to(home / "proj")
    (home / "proj" / "loop").symlink_to(home / "proj" / "loop")
    monkeypatch.setenv("HOME", str(home))
    return home


INSIDE = ["", "/", "/src", "/src/new.txt", "/./src", "/src/../src", "/inner/a", "//src"]
OUTSIDE_OR_UNREADABLE = [
    "/../.ssh/id", "-evil/a", "/src/../../.ssh/id", "/out/id", "/key", "/out/../.ssh/id", "/..",
    "/src/../..", "/%2e%2e/.ssh/id", "/%2E%2E/.ssh/id", "/..%2f.ssh/id", "/a\0", "/x::$DATA",
    "/a\\..\\..\\.ssh\\id", "/a\nb",
]  # fmt: skip
FOREIGN = [
    "", "proj/src", "./src", "../u/proj", "$HOME/proj/src", "${HOME}/proj", "%HOME%/proj", "C:/proj",
    "C:\\proj", "\\\\server\\share", "//server/share", "file:///home/u/proj", "FILE:/x", "~nobody-at-all/x",
    "x" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("tail", INSIDE)
def test_what_lies_inside_is_under_the_folder(home: Path, tail: str) -> None:
    assert compile_under(f"{home}/proj")(f"{home}/proj{tail}") is True


@pytest.mark.parametrize("tail", OUTSIDE_OR_UNREADABLE)
def test_what_leads_out_never_passes_for_inside(home: Path, tail: str) -> None:
    assert compile_under(f"{home}/proj")(f"{home}/proj{tail}") is not True


@pytest.mark.parametrize("path", FOREIGN)
def test_a_path_that_others_read_differently_cannot_be_evaluated(home: Path, path: str) -> None:
    assert compile_under(f"{home}/proj")(path) is None


@pytest.mark.parametrize("path", ["proj/out/id", "proj/key"])
def test_a_link_into_a_forbidden_folder_never_passes_for_outside(home: Path, path: str) -> None:
    assert compile_under(f"{home}/.ssh")(f"{home}/{path}") is not False


def test_a_path_by_an_alias_of_the_folder_is_not_taken_for_inside(home: Path) -> None:
    assert compile_under(f"{home}/proj")(f"{home}/alias/src") is None


def test_a_folder_that_is_a_link_holds_the_paths_of_both_spellings(home: Path) -> None:
    under = compile_under(f"{home}/alias")

    assert (under(f"{home}/alias/src"), under(f"{home}/proj/src")) == (True, True)


def test_the_home_folder_may_be_written_as_a_tilde(home: Path) -> None:
    assert compile_under("~/.ssh")(f"{home}/.ssh/id") is True


def test_a_tilde_in_the_path_is_the_home_folder(home: Path) -> None:
    assert compile_under(f"{home}/proj")("~/.ssh/id") is False


def test_a_link_that_is_changed_later_is_seen(home: Path) -> None:
    under = compile_under(f"{home}/proj")
    (home / "proj" / "src").rmdir()
    (home / "proj" / "src").symlink_to(home / ".ssh")

    assert under(f"{home}/proj/src/id") is None


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("src", True),
        ("src/a", True),
        ("./src//a/", True),
        ("lib/../src/a", True),
        ("srcs/a", False),
        ("lib", False),
        ("src/../lib", False),
        ("../src", None),
        ("src/../../x", None),
        ("/src", None),
        ("~/src", None),
        ("$HOME/src", None),
        ("src\\a", None),
        ("src/%2e%2e/x", None),
        ("C:/src", None),
        ("file:src", None),
        ("src\0", None),
        ("", None),
    ],
)
def test_a_relative_folder_is_compared_by_the_text(path: str, answer: bool | None) -> None:
    assert compile_under("src")(path) is answer


@pytest.mark.parametrize("path", ["SRC/a", "Src"])
def test_on_a_disk_that_is_blind_to_case_another_case_cannot_be_evaluated(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_CASE_BLIND", True)

    assert compile_under("src")(path) is None


@pytest.mark.parametrize("folder", ["", "..", "a/../..", "a\0", "file:///x", "~nobody-at-all/x"])
def test_a_folder_that_says_nothing_does_not_load(folder: str) -> None:
    with pytest.raises(BadFolder, match="write "):
        compile_under(folder)
