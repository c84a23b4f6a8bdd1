"""The profile as it stands and what was accepted of it, for verbs that run without a gateway."""

from collections.abc import Iterator

from latchward.daemon.acceptance import Acceptance
from latchward.model.errors import LatchwardError
from latchward.storage.accepted import Accepted
from latchward.storage.in_force import InForce
from latchward.storage.paths import Profile
from latchward.storage.policies import PolicyBook
from latchward.storage.settings import SettingsBook


class Books:
    """Raises `LatchwardError` where the settings cannot be read."""

    def __init__(self, profile: Profile) -> None:
        self.live = SettingsBook(profile)
        if self.live.problem:
            raise LatchwardError(self.live.problem)
        self.accepted = Accepted(profile)
        self.in_force = InForce(self.live, PolicyBook(profile), self.accepted, self._tools)
        self.acceptance = Acceptance(profile, self.in_force, self.accepted)

    def _tools(self, policy: str) -> Iterator[str]:
        for grant in self.live.current().grants.values():
            for server, named in grant.servers.items():
                if named == policy:
                    yield from self.accepted.tools(server)
