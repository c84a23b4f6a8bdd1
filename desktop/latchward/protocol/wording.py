"""What an agent reads when a call did not go: words it can pass on, a code that scripts can rely on."""

from typing import Any, Final

from latchward.model.era import Era
from latchward.model.verdict import Refusal, Verdict

from .strict import serialise

META_REFUSAL: Final = "latchward/refusal"

_SUBJECT: Final = {
    Refusal.RULE: "Blocked by the user's policy",
    Refusal.LIMIT: "Blocked by a limit in the user's policy",
    Refusal.PERSON: "The user said no",
    Refusal.EXPIRED: "Not approved in time",
    Refusal.NOBODY: "Needs the user's approval, and nobody can be asked",
    Refusal.CHANGED: "Withdrawn while it waited",
    Refusal.BUSY: "Too many calls wait for the user's approval",
    Refusal.ABANDONED: "Given up before it was answered",
    Refusal.UPSTREAM: "The server could not be reached",
    Refusal.BLOCKED: "The user has blocked everything",
    Refusal.HELD: "The tool's definition waits for the user",
    Refusal.STRANGER: "The program waits for the user",
    Refusal.FAULT: "The gateway could not decide",
    Refusal.UNKNOWN: "The call was sent and no answer came",
}

_ADVICE: Final = {
    Refusal.LIMIT: "Wait that long before the next try.",
    Refusal.EXPIRED: "Tell the user, then repeat the call once they are there.",
    Refusal.CHANGED: "Repeat the call; it will be decided anew.",
    Refusal.BUSY: "Wait for the open questions to be answered.",
    Refusal.UPSTREAM: "Tell the user; the call was not sent.",
    Refusal.FAULT: "Nothing was sent. Tell the user.",
    Refusal.UNKNOWN: "It may have been done: look before repeating it, and tell the user.",
}
_DEFAULT_ADVICE: Final = "Do not retry or work around it; tell the user."


def sentence(verdict: Verdict) -> str:
    """The refusal as one line of text."""
    refusal = verdict.refusal or Refusal.FAULT
    rule = f' (rule "{verdict.rule}")' if verdict.rule else ""
    advice = _ADVICE.get(refusal, _DEFAULT_ADVICE)
    return f"{_SUBJECT[refusal]}{rule}: {verdict.message}. {advice}"


def refused(verdict: Verdict, era: Era) -> bytes:
    """The refusal as the result of a `tools/call`, marked as an error."""
    body: dict[str, Any] = {"resultType": "complete"} if era is Era.MODERN else {}
    body["content"] = [{"type": "text", "text": sentence(verdict)}]
    body["isError"] = True
    body["_meta"] = {META_REFUSAL: refusal(verdict)}
    return serialise(body)


def refusal(verdict: Verdict) -> dict[str, str]:
    """The refusal for scripts."""
    return {"code": str(verdict.refusal or Refusal.FAULT), "rule": verdict.rule}
