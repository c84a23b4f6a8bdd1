"""What the tray icon tells, as a function of what is known. Free of Qt."""

from enum import Enum
from typing import Final

from latchward.control.messages import Mode, Temporary
from latchward.gui.text import counted
from latchward.model.call import TOOLS_CALL
from latchward.model.deeds import deed
from latchward.model.plain import one_line

MOST: Final = 99
"""The greatest number that a badge holds."""


class State(Enum):
    """The four pictures, by the names of their drawings."""

    NORMAL = "tray-normal"
    ASKING = "tray-asking"
    BLOCKED = "tray-blocked"
    TROUBLE = "tray-trouble"


def state(mode: Mode, questions: int) -> State:
    """What matters most: that everything is blocked, then that somebody is asked, then trouble."""
    if mode == "blocked":
        return State.BLOCKED
    if questions:
        return State.ASKING
    return State.TROUBLE if mode == "trouble" else State.NORMAL


def badge(questions: int, waiting: int) -> str:
    """The number painted in: of questions, or of other things to look at."""
    count = max(questions, waiting)
    return "" if not count else str(count) if count <= MOST else f"{MOST}+"


def tooltip(shown: State, questions: int, waiting: int) -> str:
    """One sentence of ours; nothing foreign stands in a tooltip, for some desktops read markup there."""
    if shown is State.BLOCKED:
        return "Latchward: everything is blocked"
    if questions:
        return f"Latchward: {counted(questions, 'question')} for you"
    if shown is State.TROUBLE:
        return "Latchward: something needs your attention"
    if waiting:
        return f"Latchward: {counted(waiting, 'thing')} to look at"
    return "Latchward"


def temporary_line(answer: Temporary) -> str:
    """An answer that still holds, as a line of the menu."""
    may, words = "may" if answer.allowed else "may not", deed(answer.method)
    client, tool, server = (one_line(name, 60) for name in (answer.client, answer.tool, answer.server))
    before, after = words.do
    if words.by_server:
        line = f"End: {server} {may} {before} {client} {after}".rstrip()
    else:
        line = f"End: {client} {may} {before} {tool} {'on' if answer.method == TOOLS_CALL else 'of'} {server}"
    return f"{line} ({one_line(answer.holds, 60)})" if answer.holds else line


def menu_text(text: str) -> str:
    """Foreign text as the text of a menu entry: an ampersand is one."""
    return text.replace("&", "&&")
