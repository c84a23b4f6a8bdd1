"""The table of what passes, directly and through us; or the wire of one scenario."""

import argparse
import sys
import time
from collections.abc import Iterator

from .agent import COMMAND
from .not_yet import NOT_ACROSS, NOT_YET, NOT_YET_CLIENT
from .relay import TokenRelay
from .suite import REVISIONS, Revision, Verdict, client_scenarios, run, run_client
from .ways import THROUGH_US, Way, through_us, way_to_fixture

SHOWN: int = 4000
"""So much of each message is printed."""


def main() -> int:
    """Print one or the other. The status is 1 where something can pass and does not."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance", description="The official suite, directly and through us."
    )
    parser.add_argument("--show", metavar="SCENARIO", help="run this one alone and print all that passed")
    parser.add_argument("--revision", choices=REVISIONS, default=REVISIONS[-1], help="with --show")
    parser.add_argument("--way", choices=THROUGH_US, default=THROUGH_US[0], help="with --show")
    options = parser.parse_args()
    if options.show:
        return show(options.show, options.revision, options.way)
    return table()


def table() -> int:
    started, lost = time.monotonic(), 0
    print("| revision | server behind us | scenarios | pass directly | can pass | pass through us |")
    print("|---|---|---|---|---|---|")
    failing: list[str] = []
    for revision in REVISIONS:
        direct = verdicts(revision, "direct")
        for way in THROUGH_US:
            through = verdicts(revision, way)
            good = {name for name, verdict in direct.items() if verdict.passed}
            able = good - NOT_ACROSS[revision].keys() if way.endswith("crossed") else good
            through_too = {name for name in able if through[name].passed}
            counts = (len(direct), len(good), len(able), len(through_too))
            print(f"| {revision} | {way} | {' | '.join(map(str, counts))} |", flush=True)
            failing += failures(revision, way, direct, through)
            lost += len(able - through_too)
    for revision in REVISIONS:
        met = [run_client(COMMAND, revision, scenario) for scenario in client_scenarios(revision)]
        bad = [verdict for verdict in met if not verdict.passed]
        print(f"\n{revision}, our side towards servers: {len(met) - len(bad)} of {len(met)} pass.")
        failing += [line(verdict, NOT_YET_CLIENT[revision]) for verdict in bad]
        lost += len(bad)
    print(*failing, sep="\n")
    print(f"\n{lost} lost on the way. {time.monotonic() - started:.0f} s in all.")
    return 1 if lost else 0


def verdicts(revision: Revision, way: Way) -> dict[str, Verdict]:
    with way_to_fixture(way, revision) as url:
        return run(url, revision)


def failures(
    revision: Revision, way: Way, direct: dict[str, Verdict], through: dict[str, Verdict]
) -> Iterator[str]:
    """A line for each scenario that does not pass, and what the suite and we say of it."""
    yield f"\n{revision} over {way}:"
    for name, verdict in through.items():
        if not verdict.passed:
            also = "" if direct[name].passed else " (nor directly)"
            yield line(verdict, NOT_ACROSS[revision] | NOT_YET[revision]) + also


def line(verdict: Verdict, known: dict[str, str]) -> str:
    return f"- {verdict.scenario}: {known.get(verdict.scenario, 'not known')}. {verdict.reasons}"


def show(scenario: str, revision: Revision, way: Way) -> int:
    with through_us(way, revision) as relay:
        verdict = run(relay.url, revision, scenario)[scenario]
        print(*wire(relay), sep="\n")
    for check in verdict.checks:
        print(f"{check.status:8} {check.id} {check.message}")
    return 0 if verdict.passed else 1


def wire(relay: TokenRelay) -> Iterator[str]:
    """Each exchange as it was, the token left out."""
    for sent, got in relay.seen:
        for arrow, data in ((">", sent), ("<", got)):
            text = data.decode(errors="replace")
            if len(text) > SHOWN:
                text = f"{text[:SHOWN]}... {len(text)} characters"
            kept = (line for line in text.splitlines() if not line.startswith("Authorization:"))
            yield "\n".join(f"{arrow} {line}" for line in kept)
        yield ""


if __name__ == "__main__":
    sys.exit(main())
