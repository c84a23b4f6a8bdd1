"""The comparison of `latchward try` finds every difference between plan and witnesses."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from latchward.cli.trial.plan import LISTED, PLAN, POLICY, Expected, expected
from latchward.cli.trial.report import HEADINGS, Report, compare, render

Rows = list[dict[str, Any]]
ROOT = Path(__file__).parents[2]


class Witnesses:
    """Everything as the plan wants it; a test then spoils one thing."""

    def __init__(self, plan: tuple[Expected, ...]) -> None:
        self.plan = plan
        self.names = list(LISTED)
        self.agent: Rows = [_seen(number, step) for number, step in enumerate(plan, 1)]
        self.audit: Rows = [_decided(step) for step in plan]
        self.server: Rows = [_call(step) for step in plan if step.reaches]

    def report(self) -> Report:
        return compare(self.plan, LISTED, self.names, self.agent, self.audit, self.server)


def _call(step: Expected) -> dict[str, Any]:
    return {"tool": step.step.tool, "arguments": dict(step.step.arguments)}


def _seen(number: int, step: Expected) -> dict[str, Any]:
    return {**_call(step), "step": number, "listed": True, "outcome": step.outcome, "text": step.says}


def _decided(step: Expected) -> dict[str, Any]:
    return {**_call(step), "effect": step.effect, "rule": step.rule, "verdict": step.verdict}


def _index(rows: Rows, tool: str) -> int:
    return next(index for index, row in enumerate(rows) if row["tool"] == tool)


@pytest.fixture
def witnesses() -> Witnesses:
    return Witnesses(expected(True))


@pytest.mark.parametrize("answer", [True, False])
def test_a_run_that_went_as_planned_has_no_mismatch_and_status_zero(answer: bool) -> None:
    report = Witnesses(expected(answer)).report()
    assert (report.mismatches, report.status) == ((), 0)


def test_a_refused_call_that_reached_the_server_is_a_mismatch(witnesses: Witnesses) -> None:
    witnesses.server.append({"tool": "delete_note", "arguments": {"name": "welcome"}})
    report = witnesses.report()
    assert report.status == 1
    assert any("REACHED THE SERVER" in line for line in report.mismatches)


def test_an_allowed_call_that_did_not_reach_the_server_is_a_mismatch(witnesses: Witnesses) -> None:
    del witnesses.server[_index(witnesses.server, "read_note")]
    assert witnesses.report().mismatches == ('read_note(name="welcome"): the call did not reach the server',)


def test_the_call_over_the_rate_limit_is_told_from_the_ten_before_it(witnesses: Witnesses) -> None:
    witnesses.server[-1] = {"tool": "list_notes", "arguments": {"limit": 11}}
    assert witnesses.report().mismatches == (
        "list_notes(limit=10): the call did not reach the server",
        "list_notes(limit=11): THE CALL REACHED THE SERVER and must not have",
    )


def test_a_listed_hidden_tool_is_a_mismatch(witnesses: Witnesses) -> None:
    witnesses.names.append("wipe_notes")
    assert witnesses.report().mismatches == ("tools/list: the tool wipe_notes is listed and must not be",)


def test_a_tool_that_is_not_listed_is_a_mismatch(witnesses: Witnesses) -> None:
    witnesses.names.remove("delete_note")
    assert witnesses.report().mismatches == ("tools/list: the tool delete_note is not listed",)


def test_a_missing_audit_row_is_a_mismatch(witnesses: Witnesses) -> None:
    del witnesses.audit[_index(witnesses.audit, "wipe_notes")]
    assert witnesses.report().mismatches == ("wipe_notes(): there is no audit row",)


@pytest.mark.parametrize("key", ["effect", "rule", "verdict"])
def test_another_decision_than_planned_is_a_mismatch(witnesses: Witnesses, key: str) -> None:
    witnesses.audit[_index(witnesses.audit, "delete_note")][key] = "other"
    [mismatch] = witnesses.report().mismatches
    assert f"{key} other, expected" in mismatch


def test_a_missing_answer_to_the_agent_is_a_mismatch(witnesses: Witnesses) -> None:
    witnesses.agent.pop()
    assert witnesses.report().mismatches == ("list_notes(limit=11): the agent has no answer",)


def test_another_answer_than_planned_is_a_mismatch(witnesses: Witnesses) -> None:
    witnesses.agent[_index(witnesses.agent, "read_note")]["outcome"] = "error-result"
    [mismatch] = witnesses.report().mismatches
    assert "the agent saw error-result, expected result" in mismatch


def test_a_refusal_without_the_reason_is_a_mismatch(witnesses: Witnesses) -> None:
    witnesses.agent[_index(witnesses.agent, "delete_note")]["text"] = "no"
    [mismatch] = witnesses.report().mismatches
    assert "was not told `notes are kept for good here`" in mismatch


@pytest.mark.parametrize(
    ("attribute", "witness"), [("agent", "the agent"), ("audit", "the audit log"), ("server", "the server")]
)
def test_a_row_that_belongs_to_no_step_is_a_mismatch(
    witnesses: Witnesses, attribute: str, witness: str
) -> None:
    rows: Rows = getattr(witnesses, attribute)
    rows.append({**rows[0], "arguments": {"name": "another"}})
    [mismatch] = witnesses.report().mismatches
    assert mismatch == f'{witness} also saw read_note(name="another"), which is not in the plan'


def test_a_call_made_twice_is_a_mismatch(witnesses: Witnesses) -> None:
    witnesses.server.append(dict(witnesses.server[0]))
    assert witnesses.report().status == 1


@pytest.mark.parametrize("encode", [json.dumps, lambda value: json.dumps(value).encode()])
def test_arguments_of_audit_rows_may_be_json(witnesses: Witnesses, encode: Any) -> None:
    for row in witnesses.audit:
        row["arguments"] = encode(row["arguments"])
    assert witnesses.report().status == 0


def test_the_table_is_aligned_and_folds_calls_that_went_alike(witnesses: Witnesses) -> None:
    lines = render(witnesses.report().rows).splitlines()
    assert lines[0].split("  ")[0] == HEADINGS[0]
    assert [line.split()[0] for line in lines[2:]] == [
        "tools/list",
        'read_note(name="welcome")',
        'write_note(name="shopping",',
        'delete_note(name="welcome")',
        "wipe_notes()",
        "list_notes,",
        "list_notes(limit=11)",
    ]
    assert "list_notes, 10 times" in lines[-2]
    columns = [lines[0].index(heading) for heading in HEADINGS[1:]]
    assert all(line[column - 1] == " " != line[column] for line in lines for column in columns)


def test_a_row_that_differs_is_marked_and_never_folded(witnesses: Witnesses) -> None:
    del witnesses.server[_index(witnesses.server, "list_notes")]
    lines = render(witnesses.report().rows).splitlines()
    assert [line for line in lines if line.startswith("! ")] == [
        line for line in lines if "list_notes(limit=1)" in line
    ]


def test_no_two_steps_of_the_plan_are_equal() -> None:
    assert len({(step.tool, json.dumps(dict(step.arguments))) for step in PLAN}) == len(PLAN)


@pytest.mark.parametrize("answer", [True, False])
def test_the_expectations_follow_the_plan(answer: bool) -> None:
    assert tuple(item.step for item in expected(answer)) == PLAN


@pytest.mark.parametrize("answer", [True, False])
def test_every_rule_that_is_a_pointer_is_in_the_policy(answer: bool) -> None:
    policy = json.loads((ROOT / "resources" / POLICY).read_text(encoding="utf-8"))
    for item in expected(answer):
        if item.rule.startswith("/"):
            _resolve(policy, item.rule)


def _resolve(document: Mapping[str, Any], pointer: str) -> Any:
    found: Any = document
    for part in pointer.split("/")[1:]:
        found = found[part]
    return found
