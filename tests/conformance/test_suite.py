"""Every scenario that a revision requires passes with nothing between, and passes through us too."""

from functools import cache

import pytest

from .not_yet import NOT_ACROSS, NOT_YET, excused
from .suite import REVISIONS, Revision, Verdict, held_to, required, run
from .ways import THROUGH_US, Way, way_to_fixture

SCENARIOS = [(revision, scenario) for revision in REVISIONS for scenario in held_to(revision)]


@cache
def verdicts(revision: Revision, way: Way) -> dict[str, Verdict]:
    """One run of the suite for all the tests of a revision and a way."""
    with way_to_fixture(way, revision) as url:
        return run(url, revision)


def alone(revision: Revision, way: Way, scenario: str) -> Verdict:
    """A second look at one scenario: some wait half a second for something, and the machine may be busy."""
    with way_to_fixture(way, revision) as url:
        return run(url, revision, scenario)[scenario]


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_fixture_passes_all_that_is_required(revision: Revision) -> None:
    found = verdicts(revision, "direct")
    bad = {scenario: verdict.reasons for scenario, verdict in found.items() if not verdict.passed}
    again = {scenario: alone(revision, "direct", scenario) for scenario in bad}
    assert not {scenario: verdict.reasons for scenario, verdict in again.items() if not verdict.passed}


@pytest.mark.parametrize(("revision", "count"), [("2025-11-25", 30), ("2026-07-28", 37)])
def test_the_suite_requires_as_many_scenarios_as_we_know_of(revision: Revision, count: int) -> None:
    assert len(set(required(revision))) == count


@pytest.mark.parametrize("way", THROUGH_US)
@pytest.mark.parametrize(("revision", "scenario"), SCENARIOS)
def test_a_scenario_passes_through_us(revision: Revision, scenario: str, way: Way) -> None:
    verdict = verdicts(revision, way)[scenario]
    if excused(revision, scenario, way.endswith("crossed")):
        assert not verdict.passed, "it passes now: take it off the list"
    elif not verdict.passed:
        again = alone(revision, way, scenario)
        assert again.passed, again.reasons


@pytest.mark.parametrize("revision", REVISIONS)
def test_only_a_scenario_that_is_run_is_excused(revision: Revision) -> None:
    assert NOT_YET[revision].keys() | NOT_ACROSS[revision].keys() <= set(held_to(revision))
