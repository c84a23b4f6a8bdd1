"""`latchward try`: the main job from end to end, with three witnesses.

A gateway with a sample server, and an agent, each a process of its own; then
what the agent saw, what was recorded and what reached the server are laid
side by side and held against the plan.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from latchward.model.errors import LatchwardError
from latchward.storage.log import read
from latchward.storage.paths import Profile

from .plan import LISTED, PLAN, SERVER, TOKEN_VARIABLE, expected
from .report import Report, compare, render

STOP_SECONDS: Final = 15.0

_Row = dict[str, Any]


def main(parsed: argparse.Namespace) -> int:
    """Run the trial; 0 where everything went as the policy says."""
    answers = parsed.answer or ("dialog" if _has_display() else "terminal")
    if answers == "terminal" and not _has_terminal():
        raise LatchwardError("there is nobody to ask here; answer with --answer allow or --answer deny")
    print("Starting a gateway with the sample server `notes`, on a profile of its own ...", flush=True)
    with _gateway(answers) as told:
        home = Path(told["home"])
        url = told["url"].replace("/mcp", f"/s/{SERVER}/mcp")
        print(f"An agent lists the tools and calls them, through {url} ...", flush=True)
        names, seen = _agent(url, told["token"])
        decided = [row for row in read(Profile.below(home / "profile")) if row["kind"] == "decided"]
        arrived = _server_log(home / "server.log")
    report = compare(expected(_answer(decided)), LISTED, names, seen, decided, arrived)
    _show(report)
    return report.status


def _show(report: Report) -> None:
    print()
    print(render(report.rows))
    print()
    if report.mismatches:
        print("NOT as the policy says:")
        for mismatch in report.mismatches:
            print(f"  {mismatch}")
    else:
        print("Everything went as the policy says, and nothing else reached the server.")


def _answer(decided: list[_Row]) -> bool:
    """What the one question was answered with, by the record."""
    return any(row["effect"] == "approve" and row["verdict"] == "allow" for row in decided)


@contextmanager
def _gateway(answers: str) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "latchward.cli.trial.gateway", answers]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise LatchwardError("the gateway of the trial did not start; what it said stands above")
            yield json.loads(line)
        finally:
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _agent(url: str, token: str) -> tuple[list[str], list[_Row]]:
    """Run the agent; the names of the tools that it was shown, and a row for each of its steps."""
    steps = "".join(json.dumps({"tool": step.tool, "arguments": step.arguments}) + "\n" for step in PLAN)
    process = subprocess.run(
        [sys.executable, "-m", "latchward.cli.trial.agent", url],
        input=steps,
        env={**os.environ, TOKEN_VARIABLE: token},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    lines: list[_Row] = [json.loads(line) for line in process.stdout.splitlines()]
    if process.returncode != 0 or not lines:
        raise LatchwardError("the agent of the trial stopped early; what it said stands above")
    return lines[0]["tools"], lines[1:]


def _server_log(path: Path) -> list[_Row]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _has_display() -> bool:
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
