"""What is in force, looked at once for each turn of the event loop.

All that a turn does happens at one moment to the rest of the world: an edit that comes while it runs could as
well have come after it. Whatever waits goes on in a later turn, and there it is looked anew.
"""

import asyncio

from latchward.policy.compiled import Policy

from .in_force import InForce
from .settings import Settings


class Glance:
    """For the way of a call, which asks several times in one turn. For one event loop."""

    def __init__(self, in_force: InForce) -> None:
        self._in_force = in_force
        self._settings: Settings | None = None
        self._policies: dict[str, tuple[Policy, ...]] = {}
        self._holds = False

    def settings(self) -> Settings:
        """The settings in force in this turn."""
        if self._settings is None:
            self._settings = self._in_force.settings()
            self._hold()
        return self._settings

    def policies(self, name: str) -> tuple[Policy, ...]:
        """The policies that a call must all pass; none: everything is denied."""
        found = self._policies.get(name)
        if found is None:
            found = self._policies[name] = self._in_force.policies(name)
            self._hold()
        return found

    def forget(self) -> None:
        """Look anew, also in this turn."""
        self._settings = None
        self._policies.clear()

    def _hold(self) -> None:
        if not self._holds:
            self._holds = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._holds = False
        self.forget()
