"""Effects, risks and changes in plain English. No Qt; foreign text is made visible here."""

from collections.abc import Iterable, Mapping
from typing import Final

from latchward.control.messages import EffectWord, ServerView, ToolView
from latchward.gui import tokens
from latchward.gui.text import counted
from latchward.model.plain import one_line, visible

EFFECTS: Final[tuple[EffectWord, ...]] = ("allow", "approve", "deny", "hide")
"""In the order of the segments and of the keys 1 to 4."""

EFFECT: Final[Mapping[EffectWord, str]] = {effect: tokens.EFFECTS[effect].word for effect in EFFECTS}

MEANING: Final[Mapping[EffectWord, str]] = {
    "allow": "Goes through, within its limits",
    "approve": "You are asked about each call",
    "deny": "Agents see it; each call is refused with the reason",
    "hide": "Agents do not see it",
}

CATEGORIES: Final = ("Read", "Write", "Execute", "Destructive", "Financial")
LEVELS: Final = ("Low", "Medium", "High", "Critical")
HELD: Final = {"new": "New", "changed": "Changed", "gone": "Gone"}
STATES: Final = {
    "consent": "needs your approval",
    "starting": "starting",
    "running": "running",
    "failed": "failed",
    "disabled": "off",
}

MAX_NAME: Final = 120
"""Characters of a foreign name in one line of ours."""


def name_of(text: str) -> str:
    """A foreign name for one line of ours: visible, and cut with a sign where it is very long."""
    return one_line(text, MAX_NAME)


def title_of(tool: ToolView) -> str:
    """The title, where it says more than the name: `Read File` beside `read_file` does not."""
    return "" if _plain(tool.title) == _plain(tool.name) else name_of(tool.title)


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def risk(tool: ToolView) -> str:
    """`Write · Medium`: the category and its fixed level."""
    return f"{tool.category} · {tool.class_risk}"


def spoken(tool: ToolView, effect: EffectWord, base: EffectWord) -> str:
    """A tool for a screen reader: `write_file, risk Write medium, decision Ask`."""
    parts = [name_of(tool.name), f"risk {tool.category} {tool.class_risk.lower()}", decision(tool, effect)]
    if effect != base:
        parts.append(f"not saved, was {EFFECT[base]}")
    if tool.held:
        parts.append(HELD_NOTES[tool.held])
    return ", ".join(parts)


HELD_NOTES: Final = {
    "new": "new, refused until you accept it",
    "changed": "definition changed, refused until you accept it",
    "gone": "gone from the server",
}
HELD_EFFECTS: Final = {
    "new": "Refused until you accept it",
    "changed": "Refused until you accept it",
    "gone": "Refused: gone from the server",
}
"""What stands in place of the decision."""

DONE: Final[Mapping[EffectWord, str]] = {
    "allow": "allowed",
    "approve": "asked",
    "deny": "denied",
    "hide": "hidden",
}
CUSTOM: Final = "Conditions or limits of the policy apply besides"


def totals(counts: Mapping[EffectWord, int], held: int) -> str:
    """`11 allowed · 3 asked`, and how many of them are refused for now."""
    told = [f"{counts[effect]:,} {DONE[effect]}" for effect in EFFECTS if counts.get(effect)]
    if held:
        told.append(f"{held:,} held")
    return " · ".join(told)


def meanings() -> str:
    """What each decision means, a line each; words of ours alone."""
    return "\n".join(f"{EFFECT[effect]}: {MEANING[effect]}" for effect in EFFECTS)


def decision(tool: ToolView, effect: EffectWord) -> str:
    """`decision Ask, with conditions`."""
    extra = ", with conditions" if tool.custom else ""
    return f"decision {EFFECT[effect]}{extra}{', cannot be set here' if tool.fixed else ''}"


def spoken_server(view: ServerView, shown: int, counts: Mapping[EffectWord, int]) -> str:
    """A server for a screen reader, with its counts."""
    told = ", ".join(f"{EFFECT[effect]} {counts[effect]}" for effect in EFFECTS if counts.get(effect))
    return ", ".join(
        part
        for part in (f"server {name_of(view.name)}", STATES[view.state], tally(shown, len(view.tools)), told)
        if part
    )


def tally(shown: int, all_tools: int) -> str:
    """`14 tools`, or `8 of 125 tools shown`."""
    return (
        f"{shown:,} of {counted(all_tools, 'tool')} shown"
        if shown != all_tools
        else counted(all_tools, "tool")
    )


def applies_to(shown: int, all_tools: int) -> str:
    """What a choice on a server's row reaches: `the 8 shown of 125`, or `all 14 tools`."""
    if shown != all_tools:
        return f"the {shown:,} shown of {all_tools:,}"
    return f"all {counted(all_tools, 'tool')}" if all_tools != 1 else "its one tool"


def clients(view: ServerView) -> str:
    """Who sees the server under this policy."""
    if not view.clients:
        return "No client sees it yet"
    return "Seen by " + ", ".join(name_of(client) for client in view.clients)


def flow(moves: Iterable[tuple[EffectWord, EffectWord]]) -> str:
    """`5 from Ask to Allow, 2 from Hide to Ask`, the most frequent first."""
    counted: dict[tuple[EffectWord, EffectWord], int] = {}
    for move in moves:
        counted[move] = counted.get(move, 0) + 1
    ordered = sorted(counted.items(), key=lambda item: (-item[1], EFFECTS.index(item[0][0])))
    return ", ".join(f"{count} from {EFFECT[old]} to {EFFECT[new]}" for (old, new), count in ordered)


def names(tools: Iterable[str], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    listed = [name_of(tool) for tool in tools]
    if len(listed) <= most:
        return ", ".join(listed)
    return f"{', '.join(listed[:most])} and {len(listed) - most} more"


def sentence(text: str) -> str:
    """An error of ours as a sentence: it begins with a capital and ends with a full stop."""
    told = visible(text).strip()
    return f"{told[:1].upper()}{told[1:]}{'' if told.endswith(('.', '!', '?')) else '.'}" if told else ""
