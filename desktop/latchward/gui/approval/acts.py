"""What a call does, as far as its category, its facts and its arguments show. Free of Qt.

The headline of the question is made here. It never says more than these three do: what cannot be told from
them is "use" and the name of the tool. An argument is shortened in it; below it stands whole.
"""

import re
from typing import Final

from latchward.control.messages import Question
from latchward.gui.text import Run
from latchward.model.plain import visible

MAX_NAMED: Final = 64
"""Characters of an argument that stand in the headline."""

_VIEWS: Final[tuple[tuple[str, frozenset[str], frozenset[str]], ...]] = (
    # the view, one of these arguments, and (where named) one of those too
    ("SQL", frozenset({"sql"}), frozenset()),
    ("Payment", frozenset({"amount"}), frozenset({"currency", "recipient", "to", "payee"})),
    (
        "Message",
        frozenset({"to", "recipient", "recipients", "channel"}),
        frozenset({"body", "text", "message"}),
    ),
    (
        "File",
        frozenset({"path", "file_path", "filename"}),
        frozenset({"content", "text", "edits", "new_text"}),
    ),
)
_COMMANDS: Final = frozenset({"command", "cmd", "script", "code"})
_PATHS: Final = ("path", "file_path", "filename")
_TO: Final = ("to", "recipient", "channel")
_DELETES: Final = re.compile(r"(?:^|[^a-z])(?:delete|remove|erase|purge|drop|unlink)(?:[^a-z]|$)")


def view(question: Question, value: object) -> str:
    """The name of the readable view, for what it shows."""
    names = frozenset(value) if isinstance(value, dict) else frozenset()
    if question.category.lower() == "execute" and names & _COMMANDS:
        return "Command"
    for name, some, others in _VIEWS:
        if names & some and (not others or names & others):
            return name
    query = value.get("query") if isinstance(value, dict) else None
    if isinstance(query, str) and query.lstrip()[:7].upper().startswith(
        ("SELECT ", "INSERT ", "UPDATE ", "DELETE ")
    ):
        return "SQL"
    return "Arguments"


def act(question: Question, value: object) -> tuple[str, str]:
    """What it does, as `("change a file", "/tmp/a")`; ("", "") where only the tool's name tells."""
    category = question.category.lower()
    shown = view(question, value)
    if category == "execute":
        return ("run a command" if shown == "Command" else "run a program"), ""
    if category == "financial":
        return "spend money", ""
    if category == "destructive":
        return _destruction(question, value, shown)
    if shown == "SQL":
        return "run SQL", ""
    if category == "write" and shown == "Message":
        return "send a message", _argument(value, _TO)
    if category == "write" and "changes a file" in (fact.lower() for fact in question.chips):
        return "change a file", _argument(value, _PATHS)
    return "", ""


def headline(question: Question, value: object, *, past: bool = False) -> tuple[Run, ...]:
    """Who wants what: `claude-code wants to change a file: /tmp/a`."""
    does, named = act(question, value)
    wants = " wanted to " if past else " wants to "
    who = Run(one_word(question.client), "strong")
    if not does:
        return who, Run(f"{wants}use "), Run(one_word(question.tool), "code")
    if not named:
        return who, Run(f"{wants}{does}")
    return who, Run(f"{wants}{does}{' to ' if does == 'send a message' else ': '}"), Run(named, "code")


def by_means_of(question: Question, value: object) -> tuple[Run, ...]:
    """The tool and its server, below the headline: `with write_file on files`."""
    on = (Run(" on "), Run(one_word(question.server), "strong"))
    if not act(question, value)[0]:
        return Run("on "), on[1]
    return Run("with "), Run(one_word(question.tool), "code"), *on


def one_word(name: str) -> str:
    """A foreign name within a text of ours, on one line."""
    return visible(name).replace("\n", "<U+000A>").replace("\t", "<U+0009>")


def _destruction(question: Question, value: object, shown: str) -> tuple[str, str]:
    if shown == "SQL":
        return "run SQL that may destroy data", ""
    if _DELETES.search(question.tool.lower()):
        path = _argument(value, _PATHS)
        return ("delete" if path else "delete something"), path
    return "do something that may destroy data", ""


def _argument(value: object, names: tuple[str, ...]) -> str:
    """The first of these arguments that is a text, on one line, its middle left out where it is long."""
    if not isinstance(value, dict):
        return ""
    for name in names:
        text = value.get(name)
        if isinstance(text, str) and text.strip():
            return in_short(text)
    return ""


def in_short(text: str) -> str:
    """A foreign text for the headline: on one line, its middle left out where it is long."""
    shown = one_word(text if len(text) <= 8 * MAX_NAMED else _ends(text))
    return shown if len(shown) <= MAX_NAMED else f"{shown[:20]}…{shown[21 - MAX_NAMED :]}"


def _ends(text: str) -> str:
    return f"{text[: 4 * MAX_NAMED]}…{text[-4 * MAX_NAMED :]}"
