"""What a request may do that is no call of a tool: of a client, and of a server that asks the client.

Nothing here is taken from what a server says of itself. A prompt and a resource give text to the agent, and
change nothing; of a method that only a policy knows the name is read as a tool's would be. What a
server asks goes the other way: it is told something, and so is never less than a change.
"""

from collections.abc import Mapping
from typing import Any, Final

from latchward.model.call import Aspect, ToolCall
from latchward.model.risk import Category, Risk, Rule, Severity

from .chips import Chip, chips
from .classify import classify

ELICITATION: Final = "elicitation/create"
SAMPLING: Final = "sampling/createMessage"

_READS: Final = Risk(Category.READ, Severity.LOW, Rule.ALLOW, 1.0, "It gives the agent a text.")
_ROOTS: Final = Risk(
    Category.READ, Severity.LOW, Rule.APPROVE, 1.0, "It tells the server which folders the client works in."
)
_FORM: Final = Risk(
    Category.WRITE, Severity.MEDIUM, Rule.APPROVE, 1.0, "It asks you for something, and the server is told."
)
_PAGE: Final = Risk(
    Category.WRITE, Severity.HIGH, Rule.APPROVE, 1.0, "It sends you to a page on the web, outside the client."
)
_SAMPLING: Final = Risk(
    Category.WRITE, Severity.MEDIUM, Rule.APPROVE, 1.0, "It puts the server's words to your model."
)
_FILES: Final = "file:"
_OUTSIDE: Final = ("http:", "https:", "ws:", "wss:", "ftp:")


def is_page(call: ToolCall) -> bool:
    """Whether a server asks that the person opens a page: each is another one."""
    return call.method == ELICITATION and call.arguments.get("mode") == "url"


def risk_of(call: ToolCall) -> Risk:
    """What a call that is of no tool may do at worst."""
    match call.aspect:
        case Aspect.PROMPT | Aspect.RESOURCE:
            return _READS
        case Aspect.QUESTION:
            return _of_question(call)
        case _:
            return classify({"name": call.method})


def facts_of(call: ToolCall) -> tuple[str, ...]:
    """The facts of such a call in a few words each, the gravest first."""
    match call.aspect:
        case Aspect.PROMPT:
            return ("gives the agent a text",)
        case Aspect.RESOURCE:
            return _of_resource(call)
        case Aspect.QUESTION:
            return tuple(_of_asking(call))
        case _:
            definition = {"name": call.method}
            return tuple(map(str, chips(definition, classify(definition))))


def _of_question(call: ToolCall) -> Risk:
    if call.method == ELICITATION:
        return _PAGE if is_page(call) else _FORM
    return _SAMPLING if call.method == SAMPLING else _ROOTS


def _of_resource(call: ToolCall) -> tuple[str, ...]:
    scheme = call.tool.name[:8].lower()
    if scheme.startswith(_FILES):
        return (str(Chip.READS_FILE),)
    return (str(Chip.OUTWARD),) if scheme.startswith(_OUTSIDE) else ("gives the agent a text",)


def _of_asking(call: ToolCall) -> list[str]:
    asked: Mapping[str, Any] = call.arguments
    if call.method == ELICITATION:
        return ["opens a web page"] if is_page(call) else ["the server sees your answer"]
    if call.method != SAMPLING:
        return ["tells the server your folders"]
    facts = ["the server sees the answer", "uses your model"]
    if asked.get("tools"):
        facts.insert(0, "brings tools of its own")
    if asked.get("includeContext") not in (None, "none"):
        facts.insert(0, "wants what your client knows")
    return facts
