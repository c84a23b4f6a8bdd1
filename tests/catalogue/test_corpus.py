"""Tools as data: a row of `tests/corpus/tools.jsonl` is a definition and what it must be taken for."""

import json
from pathlib import Path
from typing import Any

import pytest

from latchward.catalogue.classify import classify

CORPUS = Path(__file__).parents[1] / "corpus" / "tools.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['tool']['name']}-{row['category']}" for row in ROWS])
def test_tool_of_the_corpus_is_taken_for_what_it_is(row: dict[str, Any]) -> None:
    risk = classify(row["tool"])

    assert (risk.category.word, risk.severity.word, risk.rule.word) == (
        row["category"],
        row["severity"],
        row["rule"],
    ), risk.reason


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['tool']['name']}-{row['category']}" for row in ROWS])
def test_evidence_stands_in_the_definition_letter_for_letter(row: dict[str, Any]) -> None:
    for one in classify(row["tool"]).evidence:
        part = row["tool"][one.where.value]
        whole = part if isinstance(part, str) else json.dumps(part, ensure_ascii=False)
        assert one.quote
        assert one.quote in whole
