"""The words that differ with what is asked about: tool, prompt, resource, method, or a server's question.

Free of Qt. Foreign names stand in runs of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from latchward.control.messages import Question, ScopeWord
from latchward.gui.text import Run
from latchward.model.deeds import deed

from . import acts
from .acts import in_short, one_word
from .asked import ELICITATION, SAMPLING, host_of, is_page

_COMPLETION: Final = "completion/complete"
_NOUNS: Final = {
    "tool": "tool",
    "prompt": "prompt",
    "resource": "resource",
    "method": "method",
    "question": "question",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """How long an answer may hold, in words."""

    scope: ScopeWord
    text: str
    explained: str


def headline(question: Question, value: object, *, past: bool = False) -> tuple[Run, ...]:
    """Who wants what; of a question of a server, what it asks."""
    if question.aspect == "tool":
        return acts.headline(question, value, past=past)
    if question.aspect == "question":
        return _asks(question, value, past)
    wants = " wanted to " if past else " wants to "
    does = deed(question.method).do[0]
    if question.method == _COMPLETION:
        does += f" the {question.aspect}"
    who, what = Run(one_word(question.client), "strong"), Run(in_short(question.tool), "code")
    return who, Run(f"{wants}{does} "), what


def by_means_of(question: Question, value: object) -> tuple[Run, ...]:
    """Below the headline: the server; of a question of a server, what comes of a yes."""
    if question.aspect == "tool":
        return acts.by_means_of(question, value)
    server, client = Run(one_word(question.server), "strong"), Run(one_word(question.client), "strong")
    if question.aspect != "question":
        return Run("of "), server
    if is_page(question, value):
        return (
            Run("If you allow it, "),
            client,
            Run(" offers you the page. Neither it nor Latchward sees what you enter there."),
        )
    if question.method == ELICITATION:
        says = " shows you the question. What you enter there goes to "
        return Run("If you allow it, "), client, Run(says), server, Run(".")
    if question.method == SAMPLING:
        says = " puts the text below to its model, and the answer goes to "
        return Run("If you allow it, "), client, Run(says), server, Run(".")
    says = " tells their names and paths to "
    return Run("If you allow it, "), client, Run(says), server, Run(", and nothing of what is in them.")


def view(question: Question, value: object) -> str:
    """The name of the readable view, for what it shows."""
    if question.aspect == "resource" and question.method != _COMPLETION:
        return "Address"
    if question.aspect != "question":
        return acts.view(question, value) if question.aspect == "tool" else "Arguments"
    if question.method == ELICITATION:
        return "Page" if is_page(question, value) else "Question"
    return "Text for the model" if question.method == SAMPLING else "Question"


def notification(question: Question) -> str:
    """The sentence for the desktop's notification, without any argument: an address is one."""
    client, tool, server = (one_word(name) for name in (question.client, question.tool, question.server))
    if question.aspect == "question":
        return "".join(run.text for run in _asks(question, None, past=False))
    does = deed(question.method).do[0]
    if question.aspect == "tool":
        return f"{client} wants to use {tool} on {server}"
    if question.aspect == "resource":
        does = does.removesuffix(" the resource")
        return f"{client} wants to {does} a resource of {server}"
    return f"{client} wants to {does} {tool} of {server}"


def choices(question: Question, *, warned: bool) -> tuple[Choice, ...]:
    """The scopes that may be chosen; what is not what it seems holds for this call only."""
    offered = [_once(question)]
    if "session" in question.scopes and not warned:
        offered.append(_for_session(question))
    return tuple(offered)


def only_call(question: Question, *, warned: bool) -> str:
    """Why nothing but this call can be answered, or ""."""
    if "session" in question.scopes and not warned:
        return ""
    one = "question" if question.aspect == "question" else "call"
    if warned:
        return f"Your answer holds for this {one} only, because of the warning above."
    because = "" if question.aspect == "question" else _BECAUSE.get(question.category.lower(), "")
    return f"Your answer holds for this {one} only{because.format(_NOUNS[question.aspect])}."


def hears_why(question: Question) -> str:
    """Who is told the reason of a no."""
    return "server" if question.aspect == "question" else "agent"


def may_be_disguised(question: Question) -> str:
    """The head of the warning that something is not what it seems."""
    one = "question" if question.aspect == "question" else "call"
    return f"This {one} may be disguised. Deny it unless you know why."


_BECAUSE: Final = {
    "execute": ": this {0} runs programs",
    "destructive": ": this {0} may destroy data",
    "financial": ": this {0} spends money",
}
_UNTIL: Final = "until the client was idle for 30 minutes or you end it in the tray."


def _once(question: Question) -> Choice:
    one = "question" if question.aspect == "question" else "call"
    return Choice("call", f"This {one} only", f"The next {one} is asked again.")


def _for_session(question: Question) -> Choice:
    if question.aspect == "question":
        text = "Such questions, for this session"
        return Choice("session", text, f"Whatever this server asks so, Allow and Deny alike, {_UNTIL}")
    whatever = "Allow" if question.method == "resources/read" else "Any arguments, Allow"
    text = f"This {_NOUNS[question.aspect]}, for this session"
    return Choice("session", text, f"{whatever} and Deny alike, {_UNTIL}")


def _asks(question: Question, value: object, past: bool) -> tuple[Run, ...]:
    """What a server asks. `value` is None where no argument may be told."""
    server, client = Run(one_word(question.server), "strong"), Run(one_word(question.client), "strong")
    asks, wants = ("asked", "wanted") if past else ("asks", "wants")
    if is_page(question, value):
        host = host_of(value)
        where = (Run(" on "), Run(in_short(host), "code")) if host else ()
        return Run("The server "), server, Run(f" {wants} you to open a page"), *where
    if question.method == ELICITATION:
        rest = Run(" a question that you would answer there")
        return Run("The server "), server, Run(f" {asks} "), client, rest
    if question.method == SAMPLING:
        rest = Run(" to run its own text through the model")
        return Run("The server "), server, Run(f" {wants} "), client, rest
    works = "worked" if past else "works"
    return Run("The server "), server, Run(f" {asks} which folders "), client, Run(f" {works} in")


def joined(sentence: Sequence[Run], by: Sequence[Run]) -> str:
    """Headline and what stands below it, as one text."""
    first, second = ("".join(run.text for run in runs) for runs in (sentence, by))
    if second.startswith(("on ", "of ")):
        return f"{first} {second}"
    return f"{first}. {second}" if second.startswith("If ") else f"{first}, {second}"
