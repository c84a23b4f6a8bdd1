"""The official suite of scenarios: what a revision of the protocol requires, and a run of it.

The suite is an npm package that `tests/peers` pins. A requirement set is frozen with its revision and runs at
that revision's wire, so a scenario of two revisions is run in each.
"""

import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ruamel.yaml import YAML

from tests import peers
from tests.support.gateway import ROOT

Revision = Literal["2025-11-25", "2026-07-28"]
REVISIONS: Final[tuple[Revision, ...]] = ("2025-11-25", "2026-07-28")

ALSO: Final[dict[Revision, tuple[str, ...]]] = {
    "2025-11-25": ("json-schema-2020-12",),
    "2026-07-28": ("json-schema-2020-12", "http-custom-header-server-validation"),
}
"""What no revision requires of a server, and is held to all the same."""

ALSO_CLIENT: Final = "json-schema-2020-12-preservation"
"""The same of a client, in each revision."""

RUN_SECONDS: Final = 50.0
SCENARIO_MILLISECONDS: Final = 10_000
"""Twice what the longest one takes, which is where all that it waits for does not come."""

_PACKAGE: Final = Path(peers.__file__).parent / "node_modules" / "@modelcontextprotocol" / "conformance"
_FOLDER: Final = re.compile(r"(.+)-\d{4}-\d\d-\d\dT[-\d]+Z")
_BAD: Final = ("FAILURE", "WARNING")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a scenario looked at; `status` in the suite's word."""

    id: str
    status: str
    message: str

    @property
    def passed(self) -> bool:
        """Whether it is as the specification says it MUST or SHOULD be."""
        return self.status not in _BAD


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a scenario found; one that gave no result did not pass."""

    scenario: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def reasons(self) -> str:
        """What did not pass, and why."""
        bad = [f"{check.id}: {check.message}" for check in self.checks if not check.passed]
        return "; ".join(bad) if self.checks else "the suite gave no result"


def required(revision: Revision) -> tuple[str, ...]:
    """The scenarios for servers that a revision requires, in the suite's order."""
    return tuple(_requirements(revision)["server"])


def held_to(revision: Revision) -> tuple[str, ...]:
    """What a revision requires, and `ALSO`."""
    return required(revision) + ALSO[revision]


def client_scenarios(revision: Revision) -> tuple[str, ...]:
    """What is held to of a client: all that is required but for authorization, and `ALSO_CLIENT`."""
    names = _requirements(revision)["client"]
    return (*(name for name in names if not name.startswith("auth/")), ALSO_CLIENT)


def run(url: str, revision: Revision, scenario: str | None = None) -> dict[str, Verdict]:
    """Run what a server is held to by a revision, or one scenario of it, against an address.

    Raises `subprocess.TimeoutExpired` where that takes longer than `RUN_SECONDS`.
    """
    which = ["--scenario", scenario, "--spec-version", revision] if scenario else ["--requirements", revision]
    found, _ = _suite("server", "--url", url, *which)
    wanted = (scenario,) if scenario else held_to(revision)
    return {name: Verdict(name, found.get(f"server-{name}", ())) for name in wanted}


def run_client(command: str, revision: Revision, scenario: str) -> Verdict:
    """Let a client meet the suite's server of that scenario. Raises as `run`."""
    which = ("--scenario", scenario, "--spec-version", revision)
    found, status = _suite("client", "--command", command, *which)
    checks = found.get(scenario, ())
    if status and all(check.passed for check in checks):
        checks += (Check("client", "FAILURE", f"the client failed, for the suite ended with {status}"),)
    return Verdict(scenario, checks)


def _suite(*arguments: str) -> tuple[dict[str, tuple[Check, ...]], int]:
    """What a run found, by the names of the suite's folders, and its exit status."""
    with tempfile.TemporaryDirectory(prefix="latchward-conformance-") as folder:
        ended = subprocess.run(
            [
                *(peers.NODE, str(_PACKAGE / "dist" / "index.js"), *arguments),
                *("--timeout", str(SCENARIO_MILLISECONDS), "--output-dir", folder),
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=RUN_SECONDS,
        )
        found = {_name(path.parent.name): _checks(path) for path in Path(folder).glob("*/checks.json")}
    return found, ended.returncode


def _requirements(revision: Revision) -> dict[str, list[str]]:
    document: dict[str, list[str]] = YAML(typ="safe").load(_PACKAGE / "requirements" / f"{revision}.yaml")
    return document


def _name(folder: str) -> str:
    match = _FOLDER.fullmatch(folder)
    assert match, f"the suite names its results in another way: {folder}"
    return match[1]


def _checks(path: Path) -> tuple[Check, ...]:
    found = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Check(check["id"], check["status"], check.get("errorMessage") or "") for check in found)
