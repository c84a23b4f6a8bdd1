"""Cases as data, and how to read them."""

import json
from pathlib import Path


def json_cases() -> dict[str, bytes]:
    """Name to bytes of every case in `json/cases.jsonl`."""
    path = Path(__file__).with_name("json") / "cases.jsonl"
    cases = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        text = case["bytes"] if "bytes" in case else "".join(piece * times for piece, times in case["parts"])
        cases[case["name"]] = text.encode("latin-1")
    return cases
