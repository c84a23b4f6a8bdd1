"""The comparison at the end of `latchward try`: pure.

For every step of the plan there are three witnesses: the agent (what it was
answered), the audit log (what was decided, by which rule) and the server's
own log (what really arrived). `compare` puts them side by side and names
every difference from the plan; `render` draws the table.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from .plan import Expected, Step

Row = Mapping[str, Any]

HEADINGS: Final = ("call", "decided", "by rule", "agent saw", "server saw")
_SEEN: Final = {"result": "a result", "error-result": "a refusal", "protocol-error": "unknown tool"}
_WIDTH: Final = 48


@dataclass(frozen=True, slots=True)
class TableRow:
    """One step: the five cells, and what differs from the plan (nothing, when all is well)."""

    tool: str
    call: str
    decided: str
    rule: str
    agent: str
    server: str
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All rows in the plan's order, and every mismatch as a sentence."""

    rows: tuple[TableRow, ...]
    mismatches: tuple[str, ...]

    @property
    def status(self) -> int:
        """The exit status: 0 where everything was as planned, else 1."""
        return 1 if self.mismatches else 0


def compare(
    plan: Sequence[Expected],
    listed: Sequence[str],
    names: Iterable[str],
    observations: Sequence[Row],
    audit: Sequence[Row],
    server_log: Sequence[Row],
) -> Report:
    """Put the witnesses of each step side by side.

    `names` are the tools that the agent was shown, `listed` those it must be
    shown. `observations` are the agent's lines but for the first, `audit` the
    rows of decisions, `server_log` the parsed lines of the server's log; all
    in the order in which they were written. Each row is used for one step at
    most, and one that belongs to no step is a mismatch.
    """
    agent, decided, arrived = list(observations), list(audit), list(server_log)
    first = _listing_row(listed, sorted(names))
    rows = [first, *(_step_row(step, agent, decided, arrived) for step in plan)]
    mismatches = [f"{row.call}: {difference}" for row in rows for difference in row.differences]
    for witness, left in (("the agent", agent), ("the audit log", decided), ("the server", arrived)):
        mismatches += [
            f"{witness} also saw {_call_text(_as_step(row))}, which is not in the plan" for row in left
        ]
    return Report(tuple(rows), tuple(mismatches))


def _listing_row(listed: Sequence[str], names: Sequence[str]) -> TableRow:
    wrong = [f"the tool {name} is listed and must not be" for name in names if name not in listed]
    wrong += [f"the tool {name} is not listed" for name in listed if name not in names]
    return TableRow("", "tools/list", "-", "-", f"{len(names)} tools", "-", tuple(wrong))


def _step_row(expected: Expected, agent: list[Row], audit: list[Row], arrived: list[Row]) -> TableRow:
    seen = _take(agent, expected.step)
    decision = _take(audit, expected.step)
    server = _take(arrived, expected.step)
    differences = (
        *_agent_differences(expected, seen),
        *_audit_differences(expected, decision),
        *_server_differences(expected, server),
    )
    return TableRow(
        tool=expected.step.tool,
        call=_call_text(expected.step),
        decided=_decided_text(decision),
        rule=str(decision["rule"]) if decision else "-",
        agent=_SEEN.get(str(seen["outcome"]), "?") if seen else "nothing",
        server="the call" if server else "nothing",
        differences=differences,
    )


def _agent_differences(expected: Expected, seen: Row | None) -> list[str]:
    if seen is None:
        return ["the agent has no answer"]
    found = []
    if seen["outcome"] != expected.outcome:
        found.append(f"the agent saw {seen['outcome']}, expected {expected.outcome}: {_said(seen)}")
    elif expected.says not in str(seen["text"]):
        found.append(f"the agent was not told `{expected.says}`, but: {_said(seen)}")
    return found


def _said(seen: Row) -> str:
    return _cut(" ".join(str(seen["text"]).split()), 160)


def _audit_differences(expected: Expected, decision: Row | None) -> list[str]:
    if decision is None:
        return ["there is no audit row"]
    wanted = {"effect": expected.effect, "rule": expected.rule, "verdict": expected.verdict}
    return [
        f"the audit log has {key} {decision[key]}, expected {value}"
        for key, value in wanted.items()
        if decision[key] != value
    ]


def _server_differences(expected: Expected, server: Row | None) -> list[str]:
    if expected.reaches and server is None:
        return ["the call did not reach the server"]
    if server is not None and not expected.reaches:
        return ["THE CALL REACHED THE SERVER and must not have"]
    return []


def _take(rows: list[Row], step: Step) -> Row | None:
    """Remove and return the first row for this step."""
    for index, row in enumerate(rows):
        if row["tool"] == step.tool and _arguments(row) == step.arguments:
            return rows.pop(index)
    return None


def _arguments(row: Row) -> Any:
    """The arguments of a row: an object, or the JSON of one."""
    arguments = row["arguments"]
    if isinstance(arguments, str | bytes):
        return json.loads(arguments)
    return arguments


def _as_step(row: Row) -> Step:
    return Step(str(row["tool"]), _arguments(row))


def _call_text(step: Step) -> str:
    inside = ", ".join(f"{key}={_short(value)}" for key, value in step.arguments.items())
    return f"{step.tool}({inside})"


def _short(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=True), 24)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def _decided_text(decision: Row | None) -> str:
    """The policy's word, and the last word where that was another's."""
    if decision is None:
        return "-"
    effect, verdict = str(decision["effect"]), str(decision["verdict"])
    if effect == "approve":
        return "ask: allowed" if verdict == "allow" else f"ask: {verdict}"
    return effect


def render(rows: Iterable[TableRow]) -> str:
    """The table as plain text; steps in a row that went alike share a line, and differences follow theirs."""
    lines = [HEADINGS, *(_cells(list(group)) for _, group in groupby(rows, key=_alike))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(line, widths) for line in (lines[0], rule, *lines[1:]))


def _alike(row: TableRow) -> tuple[object, ...]:
    """Rows with the same key share a line; a row that differs from the plan stands alone."""
    alone = row.call if row.differences or not row.tool else ""
    return row.tool, row.decided, row.rule, row.agent, row.server, alone


def _cells(group: list[TableRow]) -> tuple[str, ...]:
    row = group[0]
    call = row.call if len(group) == 1 else f"{row.tool}, {len(group)} times"
    mark = "! " if row.differences else ""
    return tuple(_cut(cell, _WIDTH) for cell in (mark + call, row.decided, row.rule, row.agent, row.server))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
