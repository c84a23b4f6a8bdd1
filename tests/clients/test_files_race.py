"""Clients rewrite their files while we edit them: what either side wrote stays, or the edit is refused."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from latchward.clients import files
from latchward.model.errors import ClientFileError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's lease and exchange are Linux's")

WRITER = Path(__file__).with_name("writer.py")
STYLES = {
    "under the client's lock": ["lock"] * 5,
    "by renaming": ["rename"] * 5,
    "in place": ["truncate"] * 5,
    "in place, held open": ["open"] * 5,
    "in every way": ["lock", "rename", "truncate", "open", "rename"],
}


class Writers:
    """Five clients that write one file.

    `counted` ends them and says how often each wrote; then `slowest` is how long one of them took at most.
    """

    def __init__(self, folder: Path, path: Path, styles: list[str]) -> None:
        self.slowest = 0.0
        self._stop = folder / "stop"
        self._programs = {
            f"writer-{number}": subprocess.Popen(
                [
                    sys.executable,
                    "-S",
                    "-E",
                    WRITER,
                    style,
                    path,
                    f"writer-{number}",
                    folder / "turn",
                    self._stop,
                ],
                stdout=subprocess.PIPE,
                text=True,
            )
            for number, style in enumerate(styles)
        }
        for program in self._programs.values():
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"

    def counted(self) -> dict[str, int]:
        self._stop.touch()
        said = {key: program.communicate(timeout=10)[0].split() for key, program in self._programs.items()}
        self.slowest = max(float(longest) for _, longest in said.values())
        return {key: int(times) for key, (times, _) in said.items()}

    def kill(self) -> None:
        for program in self._programs.values():
            with contextlib.suppress(ProcessLookupError):
                program.kill()
            program.communicate()


@contextlib.contextmanager
def writing(folder: Path, path: Path, styles: list[str]) -> Iterator[Writers]:
    writers = Writers(folder, path, styles)
    try:
        yield writers
    finally:
        writers.kill()


def race(folder: Path, styles: list[str], runs: int) -> int:
    """Edit so often while they write; check that nothing is lost. Returns how many edits were refused.

    A client that writes, later than our last look, what it read before our edit, is seen by nobody. On a
    machine that is busy with something else there may be one.
    """
    path = folder / "client.json"
    path.write_text('{\n  "kept": true\n}')
    done, refused = [], 0
    with writing(folder, path, styles) as writers:
        for number in range(runs):
            key = f"ours-{number}"

            def change(found: files.Snapshot, key: str = key) -> bytes:
                try:
                    document: dict[str, Any] = json.loads(found.data)
                except ValueError:
                    raise ClientFileError("half of it is missing; look at it") from None
                return json.dumps(document | {key: "ours"}, indent=2).encode()

            try:
                files.rewrite(path, change, lock="directory", keep=lambda before, after: None)
            except ClientFileError as error:
                loud = (
                    "close it and try again",
                    "half of it is missing",
                )  # the second of a writer that stalled
                assert any(words in str(error) for words in loud), error  # noqa: PT017
                refused += 1
            else:
                done.append(key)
        counted = writers.counted()
    document = json.loads(path.read_bytes())
    lost = [key for key in done if document.get(key) != "ours"]
    assert len(lost) <= 1, (lost, writers.slowest)
    assert {key: document[key] for key in counted} == counted
    assert document["kept"] is True
    assert sorted(found.name for found in folder.iterdir()) == ["client.json", "stop", "turn"]
    return refused


@pytest.mark.parametrize("styles", STYLES.values(), ids=STYLES)
def test_nothing_is_lost_to_five_clients_that_write_meanwhile(tmp_path: Path, styles: list[str]) -> None:
    assert race(tmp_path, styles, 12) <= 6


@pytest.mark.sweep
@pytest.mark.timeout(170)
@pytest.mark.parametrize("part", range(5))
@pytest.mark.parametrize("styles", STYLES.values(), ids=STYLES)
def test_nothing_is_lost_in_a_thousand_edits(tmp_path: Path, styles: list[str], part: int) -> None:
    print(f"part {part}, refused: {race(tmp_path, styles, 200)}")
