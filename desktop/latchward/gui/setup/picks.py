"""What the person ticked and typed, and why a server cannot be taken. No Qt.

Choices are kept by key and values by name, so that they survive when the gateway tells everything anew.
"""

from typing import Final

from latchward.control.messages import Clients, FoundServer
from latchward.gui.text import listed
from latchward.model.plain import one_line, visible

MAX_NAME: Final = 60
"""Characters of a variable's name in a sentence of ours."""


def disguised(found: FoundServer) -> bool:
    """Whether the command line holds characters that hide what it says."""
    return visible(found.command) != found.command


class Picks:
    """The ticks and values of step 1."""

    def __init__(self) -> None:
        self._found: tuple[FoundServer, ...] = ()
        self._keyring = ""
        self._chosen: dict[str, bool] = {}
        self._values: dict[str, str] = {}

    def take(self, told: Clients) -> None:
        """The gateway told what there is: what is gone loses its tick and its values."""
        self._found, self._keyring = told.found, told.keyring
        keys = {found.key for found in told.found}
        needed = {name for found in told.found for name in found.needs}
        self._chosen = {key: on for key, on in self._chosen.items() if key in keys}
        self._values = {name: text for name, text in self._values.items() if name in needed}

    @property
    def offered(self) -> tuple[FoundServer, ...]:
        """The servers that can be taken in, now or once they have what they need."""
        return tuple(found for found in self._found if not found.refused)

    @property
    def refused(self) -> tuple[FoundServer, ...]:
        """Those that stay as they are, whatever the person says."""
        return tuple(found for found in self._found if found.refused)

    @property
    def taken(self) -> tuple[FoundServer, ...]:
        """Those that a yes takes in."""
        return tuple(found for found in self.offered if self.is_ticked(found))

    def why_not(self, found: FoundServer) -> str:
        """Why a server cannot be ticked now, in a few words; "" where it can."""
        if self._keyring and (found.moved or found.needs):
            return "Waits for your keyring"
        missing = [one_line(name, MAX_NAME) for name in found.needs if not self._values.get(name)]
        return f"Give {listed(missing)} first" if missing else ""

    def is_ticked(self, found: FoundServer) -> bool:
        """Whether an offered one is taken: as the person chose, else as was told, but for a disguised one."""
        told = (found.ticked or bool(found.needs)) and not disguised(found)
        return not self.why_not(found) and self._chosen.get(found.key, told)

    def choose(self, found: FoundServer, on: bool) -> None:
        """The person ticked it, or took the tick away."""
        self._chosen[found.key] = on

    def choose_all(self, on: bool) -> None:
        """The same for all that can be ticked; a disguised one is ticked by itself alone."""
        for found in self.offered:
            if not on or not disguised(found):
                self._chosen[found.key] = on

    def give(self, name: str, text: str) -> None:
        """The person typed a value: it is good for every server that needs one of this name."""
        self._values[name] = text

    def value(self, name: str) -> str:
        """What was typed for a name, or ""."""
        return self._values.get(name, "")

    def values(self) -> dict[str, str]:
        """What the taken servers need."""
        return {name: self._values[name] for found in self.taken for name in found.needs}

    def forget_values(self) -> None:
        """The gateway has them: nothing of them stays here."""
        self._values.clear()
