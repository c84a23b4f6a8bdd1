"""What the sorts of held things mean, in plain English. No Qt."""

from collections.abc import Mapping
from typing import Final

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
    "It gets nothing until you have looked.",
}

ACCEPT: Final[Mapping[str, str]] = {"settings": "Accept", "policy": "Accept", "peer": "Let it in"}
BACK: Final[Mapping[str, str]] = {"settings": "Put back", "policy": "Put back", "peer": "Keep it out"}
