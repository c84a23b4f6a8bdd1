"""Decisions as data: a row of `tests/corpus/decisions.jsonl` is a document, a call and what becomes of it."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from latchward.model.decision import Decision
from latchward.policy import beyond_tools
from latchward.policy.decide import decide
from latchward.policy.document import dump, load

from .support import NOON, Used, call

CORPUS = Path(__file__).parents[1] / "corpus" / "decisions.jsonl"
ROWS: list[dict[str, Any]] = [
    json.loads(line, parse_float=Decimal) for line in CORPUS.read_text(encoding="utf-8").splitlines()
]


def plain(value: Any) -> str:
    return json.dumps(value, default=float)


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def outcome(row: dict[str, Any], *, again: bool = False) -> Decision:
    asked = dict(row["call"])
    kind, name, arguments = asked.pop("kind", "tool"), asked.pop("tool"), asked.pop("arguments")
    policy = None if row.get("no_policy") else load(plain(row["policy"]), source="corpus")
    if policy is not None and again:
        policy = load(dump(policy), source="dumped")
    if kind == "server_request":
        return beyond_tools.decide_server_request(policy, name)
    if kind == "method":
        return beyond_tools.decide_method(policy, name)
    ways = {"tool": decide, "prompt": beyond_tools.decide_prompt, "resource": beyond_tools.decide_resource}
    now = datetime.fromisoformat(row["now"]) if "now" in row else NOON
    return ways[kind](policy, call(name, arguments, **asked), Used(row.get("used")), now)


@pytest.mark.parametrize(
    ("row", "zone"),
    [pytest.param(row, row.get("zone", "UTC"), id=row["row"]) for row in ROWS],
    indirect=["zone"],
)
def test_each_row_of_the_corpus_is_decided_as_it_says(row: dict[str, Any], zone: None) -> None:
    decision = outcome(row)

    assert (decision.effect.word, decision.rule) == (row["effect"], row["rule"])
    if "says" in row:
        assert row["says"] in decision.message
    if "reasons" in row:
        assert [reason.rule for reason in decision.reasons] == row["reasons"]
    if "reserved" in row:
        assert len(decision.reservations) == row["reserved"]
    if "amounts" in row:
        assert [str(reservation.amount) for reservation in decision.reservations] == row["amounts"]
    if "retry_after" in row:
        assert decision.retry_after == row["retry_after"]


@pytest.mark.parametrize(
    ("row", "zone"),
    [pytest.param(row, row.get("zone", "UTC"), id=row["row"]) for row in ROWS],
    indirect=["zone"],
)
def test_a_document_that_was_dumped_decides_alike(row: dict[str, Any], zone: None) -> None:
    assert outcome(row, again=True) == outcome(row)


def test_the_corpus_speaks_of_every_question_that_a_decision_can_answer() -> None:
    settled = {1, 2, 3, 4, 5, *range(9, 29), 30, *range(31, 36), 37, 38, 39, *range(41, 50)}
    settled |= {51, 52, 53, 54, 55, 57, 59, 60, 61, 62, 63, 69}
    spoken = {int(row["row"][1:3]) for row in ROWS if row["row"][0] == "P" and row["row"][1:3].isdigit()}

    assert settled <= spoken
