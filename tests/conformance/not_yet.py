"""What does not come through us yet: scenarios that pass directly, and what is lost of messages.

The only place that excuses any of it. What comes through after all fails its test until it is taken off here,
so that the lists are always true. They are done when they are empty, but for what no gateway can do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from .suite import Revision

NOT_YET: Final[dict[Revision, dict[str, str]]] = {"2025-11-25": {}, "2026-07-28": {}}

NOT_YET_CLIENT: Final[dict[Revision, dict[str, str]]] = {"2025-11-25": {}, "2026-07-28": {}}
"""The same of the suite's scenarios for a client, which meets the suite's servers through us."""

NOT_ACROSS: Final[dict[Revision, dict[str, str]]] = {
    "2025-11-25": {},
    "2026-07-28": {
        "server-stateless": "a server of the older era has no error for a capability that is missing",
        "input-required-result-basic-elicitation": "the suite wants the server's own key, and it has none",
        "input-required-result-multiple-input-requests": "the fixture's questions come one after the other",
        "input-required-result-ignore-extra-params": "an answer without a state belongs to no question",
    },
}
"""What cannot pass where the fixture is of the other era, whoever stands between."""

NOT_KEPT: Final[dict[str, str]] = {}
"""By the claim of a test of fidelity and what it looks at."""


def excused(revision: Revision, scenario: str, crossed: bool) -> bool:
    """Whether the scenario must not pass."""
    return scenario in NOT_YET[revision] or (crossed and scenario in NOT_ACROSS[revision])


@contextmanager
def kept(claim: str) -> Iterator[None]:
    """The assertions inside hold, unless `NOT_KEPT` has the claim: then they must not."""
    try:
        yield
    except AssertionError:
        if claim not in NOT_KEPT:
            raise
    else:
        assert claim not in NOT_KEPT, "it comes through now: take it off `NOT_KEPT`"
