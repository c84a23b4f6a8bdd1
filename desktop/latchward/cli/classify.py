"""`latchward classify`: the risk of tools from their definitions, one JSON object a line, in and out.

Every line is answered by one line at once, so another program can keep it running and ask it line by line.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from latchward.catalogue.classify import classify
from latchward.model.errors import ClientError
from latchward.model.risk import Risk

MAX_LINE: Final = 32 * 1024 * 1024
"""Bytes of one definition."""

_INVALID: Final = -32600


def main(parsed: argparse.Namespace) -> int:
    """Answer each line of standard input. The status is 1 where one was bad; the others are answered."""
    status = 0
    for number, line in enumerate(_lines(sys.stdin.buffer), 1):
        try:
            answer = _shown(classify(_definition(line, number)))
        except ClientError as error:
            answer = {"error": str(error)}
            status = 1
        print(json.dumps(answer), flush=True)
    return status


def _lines(source: BinaryIO) -> Iterator[bytes | None]:
    """The lines; None for one that is too long, whose rest is skipped."""
    while line := source.readline(MAX_LINE + 1):
        if len(line) <= MAX_LINE or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = source.readline(MAX_LINE)
        yield None


def _definition(line: bytes | None, number: int) -> dict[str, Any]:
    """One tool's definition. Raises `ClientError`, which names the line."""
    if line is None:
        raise ClientError(_INVALID, f"line {number} is too long: write at most {MAX_LINE:,} bytes a line")
    try:
        found = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ClientError(
            _INVALID, f"line {number} is not JSON: write one tool a line, as one object"
        ) from None
    if not isinstance(found, dict):
        raise ClientError(_INVALID, f"line {number} is not an object: write one tool a line, as one object")
    if not isinstance(found.get("name"), str):
        raise ClientError(_INVALID, f"line {number} has no `name`: write the tool's name as a string")
    return found


def _shown(risk: Risk) -> dict[str, Any]:
    return {
        "category": risk.category.word,
        "class_risk": risk.class_risk.word,
        "severity": risk.severity.word,
        "rule": risk.rule.word,
        "confidence": risk.confidence,
        "reason": risk.reason,
        "evidence": [f"{one.where}: {one.quote}" for one in risk.evidence],
    }
