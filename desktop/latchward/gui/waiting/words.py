"""What the sorts of held things mean, in plain English. No Qt."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from latchward.control.messages import Held
from latchward.gui.tokens import Look

SORTS: Final[Mapping[str, Look]] = {
    "settings": Look("Settings changed on disk", "settings", "caution"),
    "policy": Look("Policy changed on disk", "shield", "caution"),
    "peer": Look("A new program", "terminal", "caution"),
}

MEANING: Final[Mapping[str, str]] = {
    "settings": "Somebody edited the settings, and they let more through than you accepted. "
    "What you accepted before decides until you have looked.",
    "policy": "Somebody edited the policy, and it lets more through than you accepted. "
    "What you accepted before decides until you have looked.",
    "peer": "A program that was not seen before connected as this client. "
    "It gets nothing until you have looked. If you did not just start this, keep it out.",
}

ACCEPT: Final[Mapping[str, str]] = {"settings": "Accept", "policy": "Accept", "peer": "Let it in"}
BACK: Final[Mapping[str, str]] = {"settings": "Put back", "policy": "Put back", "peer": "Keep it out"}


class Newcomer(NamedTuple):
    """A program that came in, and the id of the client that it calls itself."""

    client: str
    program: str


def newcomer(held: Held) -> Newcomer | None:
    """Who it is about, from its key `peer:CLIENT:PROGRAM`; None where that does not say it."""
    sort, _, rest = held.key.partition(":")
    client, _, program = rest.partition(":")
    return Newcomer(client, program) if sort == "peer" and client and program else None
