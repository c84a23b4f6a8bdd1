"""A file of ten megabytes, as Claude Code's own gets: one map of projects, each with its history."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from latchward.clients.text import Dialect, Put, Remove, edit

from .large import AT, OURS, STRICT

MOST_SECONDS: Final = 3
"""Of the CPU, on a busy machine: it takes half a second. What is quadratic takes minutes."""
MOST_BYTES: Final = 100_000_000


def document() -> bytes:
    said = [
        {"display": f'{n} of a "question", it\N{RIGHT SINGLE QUOTATION MARK}s long\n' * 3} for n in range(60)
    ]
    project = {"allowedTools": [], "history": said, "mcpServers": {}, "cost": 1.25, "ids": list(range(50))}
    projects = {f"/home/me/project-{n}": project for n in range(1040)}
    whole = {"numStartups": 5, "projects": projects, "mcpServers": {"a": {"command": "npx"}}}
    return json.dumps(whole, indent=2, ensure_ascii=False).encode()


def test_an_edit_of_ten_megabytes_is_quick_and_small(tmp_path: Path) -> None:
    data = document()
    assert len(data) > 10_000_000
    file = tmp_path / "claude.json"
    file.write_bytes(data)
    program = Path(__file__).with_name("large.py")

    done = subprocess.run(
        [sys.executable, str(program), str(file)], capture_output=True, text=True, check=True, timeout=50
    )
    seconds, taken = done.stdout.split()
    assert float(seconds) < MOST_SECONDS
    assert int(taken) < MOST_BYTES


def test_a_large_file_stays_as_it_is() -> None:
    data = document()
    made = edit(data, STRICT, [Put(AT, OURS)], "f")
    assert len(data) < len(made) < len(data) + 200
    assert edit(made, STRICT, [Remove(AT)], "f") == data


def test_many_comments_and_many_members_take_no_longer_each() -> None:
    text = "{\n" + "".join(f'  "k{n}": [{n},], // "{n}\n' for n in range(50_000)) + "}"
    loose = Dialect("json", comments=True, trailing_commas=True)
    made = edit(text.encode(), loose, [Put(("k25000",), 1), Remove(("k49999",))], "f")
    assert made.count(b"// ") == 50_000
