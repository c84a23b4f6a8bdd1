"""A modern server answers a call with questions: they are put to the client, and the call is sent again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from latchward.model.allow import ROUNDS
from latchward.model.caller import Caller, Question
from latchward.model.errors import NotSent, OutcomeUnknown, UpstreamError
from latchward.model.outcome import Fault, Outcome
from latchward.protocol import answer, strict
from latchward.protocol.asked import question

from .questions import MAX_QUESTIONS, put

POLL_PAUSE: Final = 1.0
"""Seconds before a call is sent again whose server asks nothing and only wants it again."""
REPLY_LIMIT: Final = 3600.0
"""Seconds that a client has to answer the questions of one round."""
MAX_STATE: Final = 1024 * 1024
"""Bytes of what a server wants to have back with the answers."""

_ELICIT: Final = "elicitation/create"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An answer that is none yet: the questions, by their keys, and the bytes of `requestState`, if any."""

    questions: Mapping[str, Question]
    state: bytes | None


def wanted(members: Mapping[str, bytes]) -> Wanted:
    """What a result asks for whose `resultType` is `input_required`. Raises `OutcomeUnknown`."""
    state, asked = members.get("requestState"), members.get("inputRequests")
    if state is not None and (state[:1] != b'"' or len(state) > MAX_STATE):
        raise OutcomeUnknown(f"the server's `requestState` is not a text of at most {MAX_STATE} bytes")
    if asked is not None and len(asked) > answer.MAX_BESIDE:
        raise OutcomeUnknown(f"the server's questions have more than {answer.MAX_BESIDE} bytes")
    try:
        requests = {} if asked is None else answer.value(asked)
    except UpstreamError as error:
        raise OutcomeUnknown(str(error)) from None
    if not isinstance(requests, dict) or not (requests or state is not None):
        raise OutcomeUnknown("the server asked for input and did not say which")
    if len(requests) > MAX_QUESTIONS:
        raise OutcomeUnknown(f"the server asked more than {MAX_QUESTIONS} questions at once")
    return Wanted({key: _question(one) for key, one in requests.items()}, state)


def _question(value: Any) -> Question:
    method = value.get("method") if isinstance(value, dict) else None
    params = value.get("params", {}) if isinstance(value, dict) else None
    if not isinstance(method, str) or not isinstance(params, dict):
        raise OutcomeUnknown("the server asked a malformed question")
    return question(method, params)


async def played(
    first: Wanted, caller: Caller, again: Callable[[bytes], Awaitable[Outcome | Wanted]]
) -> Outcome:
    """Answer rounds of questions until the server gives its outcome.

    `again` sends the call once more with these members besides. Raises
    `OutcomeUnknown`: the call has left once, whatever stops it now.
    """
    asked = first
    for _ in range(ROUNDS):
        more = await _answers(asked, caller)
        if isinstance(more, Fault):
            return more
        try:
            outcome = await again(more)
        except NotSent as error:
            raise OutcomeUnknown(f"the call was begun and could not be ended: {error}") from None
        if not isinstance(outcome, Wanted):
            return outcome
        asked = outcome
    raise OutcomeUnknown(f"the server asked for input more than {ROUNDS} times in one call")


async def _answers(asked: Wanted, caller: Caller) -> bytes | Fault:
    """The members that the next round has besides; the fault that ends the call where one is no answer."""
    members = [] if asked.state is None else [b'"requestState":' + asked.state]
    if not asked.questions:
        await asyncio.sleep(POLL_PAUSE)
        return members[0]
    try:
        async with asyncio.timeout(REPLY_LIMIT):
            replies = await put(asked.questions, caller)
    except TimeoutError:
        raise OutcomeUnknown(
            f"nobody answered the server's questions within {REPLY_LIMIT:.0f} seconds"
        ) from None
    given: dict[str, Any] = {}
    for key, reply in replies.items():
        if not isinstance(reply, Fault):
            given[key] = reply
        elif key in asked.questions and asked.questions[key].method == _ELICIT:
            given[key] = {"action": "decline"}
        else:
            return reply
    return b",".join([b'"inputResponses":' + strict.serialise(given), *members])
