"""What a preset would set, tool by tool. No Qt.

The gateway works a preset out for itself (`catalogue.presets`), applies it to every tool, adds the rates
that Recommended comes with, and puts the single effects on top. Here are the effects alone, to show.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from latchward.control.messages import EffectWord, ServerView, ToolView

RECOMMENDED: Final = "recommended"
READ_ONLY: Final = "read_only"
ASK: Final = "ask_for_everything"


class Preset(NamedTuple):
    """A preset as a person sees it. `key` goes to the gateway."""

    key: str
    title: str
    meaning: str


PRESETS: Final = (
    Preset(
        RECOMMENDED,
        "Recommended",
        "Each tool by its risk: it goes through, goes through within a rate, is asked about, or is hidden",
    ),
    Preset(READ_ONLY, "Read only", "What only reads, and tells no secret, goes through; all else is denied"),
    Preset(ASK, "Ask for everything", "You are asked about each call of each tool"),
)

_RULES: Final[Mapping[str, EffectWord]] = {
    "allow": "allow",
    "limit": "allow",
    "approve": "approve",
    "deny": "deny",
    "hide": "hide",
}

RULE_WORDS: Final = {
    "allow": "Allow",
    "limit": "Allow, within a rate",
    "approve": "Ask",
    "deny": "Deny",
    "hide": "Hide",
}


def recommended(tool: ToolView) -> EffectWord:
    """The effect of the rule that is recommended; an unknown rule asks."""
    return _RULES.get(tool.recommended, "approve")


def effect(preset: str, tool: ToolView) -> EffectWord:
    """What the preset sets for one tool."""
    if preset == RECOMMENDED:
        return recommended(tool)
    if preset == READ_ONLY:
        return "allow" if tool.category == "Read" and tool.severity in ("Low", "Medium") else "deny"
    return "approve"


def effects(preset: str, view: ServerView) -> dict[str, EffectWord]:
    """What the preset sets for every tool of a server that can be set here."""
    return {tool.name: effect(preset, tool) for tool in view.tools if not tool.fixed}


def in_force(preset: str, view: ServerView) -> bool:
    """Whether the decisions in force are those that the preset would set."""
    return bool(view.tools) and all(
        tool.effect == effect(preset, tool) for tool in view.tools if not tool.fixed
    )
