"""An agent that reaches the suite's own servers through us is as good a client as the revision requires."""

import pytest

from .agent import COMMAND
from .not_yet import NOT_YET_CLIENT
from .suite import REVISIONS, Revision, client_scenarios, run_client

SCENARIOS = [(revision, scenario) for revision in REVISIONS for scenario in client_scenarios(revision)]


@pytest.mark.parametrize(("revision", "scenario"), SCENARIOS)
def test_a_server_of_the_suite_finds_a_good_client_in_us(revision: Revision, scenario: str) -> None:
    verdict = run_client(COMMAND, revision, scenario)
    if scenario in NOT_YET_CLIENT[revision]:
        assert not verdict.passed, "it passes now: take it off the list"
    elif not verdict.passed:
        again = run_client(COMMAND, revision, scenario)
        assert again.passed, again.reasons


@pytest.mark.parametrize("revision", REVISIONS)
def test_only_a_scenario_for_clients_that_is_run_is_excused(revision: Revision) -> None:
    assert NOT_YET_CLIENT[revision].keys() <= set(client_scenarios(revision))
