"""The operator `under`: whether a path lies inside a folder.

This is the one module of the package that is not pure: for an absolute folder
it reads symbolic links from the disk and the home folder from the environment.

With a relative folder (`.github`) the comparison is of the text alone: the path
is somebody else's, for example on a remote repository. With an absolute folder,
or one that begins with `~`, the path as written and the path with all links
resolved must both lie inside, or both outside; where they differ, or the path has
a spelling that other programs read differently, the answer is None: it cannot be
evaluated. A link that is changed after the answer and before the server opens the
file is not seen: no gateway can see it.
"""

import os
import re
import sys
import unicodedata
from collections.abc import Callable
from typing import Final

Under = Callable[[str], bool | None]

MAX_PATH: Final = 4_096
"""Characters; a longer path cannot be evaluated."""

_WINDOWS: Final = os.name == "nt"
# Disks on which `/Home` and `/home` are the same folder.
_CASE_BLIND: Final = _WINDOWS or sys.platform == "darwin"
# Encoded dots and separators, and alternate streams: harmless to us, but not to a program that reads them.
_DECEITFUL: Final = re.compile(
    r"[\x00-\x1f\x7f]|%(?:2e|2f|5c|00)|::\$|\Afile:|\A[A-Za-z][A-Za-z0-9+.-]+:/", re.IGNORECASE
)
_DRIVE: Final = re.compile(r"[A-Za-z]:")


class BadFolder(ValueError):
    """The folder of a policy cannot be used; the text says what to write."""


def compile_under(folder: str) -> Under:
    """A function from a path to True, False or None (cannot be evaluated). Raises `BadFolder`."""
    if not folder or _is_deceitful(folder):
        raise BadFolder("write a folder such as `src`, `/srv/data` or `~/projects`")
    if folder.startswith("~"):
        folder = os.path.expanduser(folder)
        if folder.startswith("~"):
            raise BadFolder("write `~/` for your own home folder, or an absolute folder")
    if os.path.isabs(folder):
        return lambda path: _on_disk(folder, path)
    inside = _relative_segments(folder)
    if inside is None:
        raise BadFolder("write a folder that does not lead out with `..`")
    return lambda path: _by_text(inside, path)


def _is_deceitful(path: str) -> bool:
    if len(path) > MAX_PATH or _DECEITFUL.search(path) or path.startswith("//"):
        return True
    return not _WINDOWS and "\\" in path


def _relative_segments(path: str) -> list[str] | None:
    """The path by segments, `.` and `..` worked out; None where it is not relative or leads out."""
    path = path.replace("\\", "/") if _WINDOWS else path
    if path.startswith(("/", "~", "$")) or _DRIVE.match(path):
        return None
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if not segments:
                return None
            segments.pop()
        elif segment not in ("", "."):
            segments.append(segment)
    return segments


def _by_text(inside: list[str], path: str) -> bool | None:
    if not path or _is_deceitful(path):
        return None
    segments = _relative_segments(path)
    if segments is None:
        return None
    return _begins(segments, inside)


def _begins(segments: list[str], inside: list[str]) -> bool | None:
    head = segments[: len(inside)]
    if head == inside:
        return True
    # Which of the two it is depends on the disk.
    return None if _CASE_BLIND and _folded(head) == _folded(inside) else False


def _folded(segments: list[str]) -> list[str]:
    return [unicodedata.normalize("NFC", segment).casefold() for segment in segments]


def _on_disk(folder: str, path: str) -> bool | None:
    if not path or _is_deceitful(path):
        return None
    try:
        path = os.path.expanduser(path)
        if not os.path.isabs(path):
            return None
        real_folder = os.path.realpath(folder)
        real = _contains(real_folder, os.path.realpath(path))
    except (OSError, ValueError):
        return None
    written = os.path.normpath(path)
    lexical = _contains(os.path.normpath(folder), written) or _contains(real_folder, written)
    return real if real == lexical else None


def _contains(folder: str, path: str) -> bool | None:
    return _begins(_segments(path), _segments(folder))


def _segments(path: str) -> list[str]:
    return [segment for segment in path.replace(os.sep, "/").split("/") if segment]
