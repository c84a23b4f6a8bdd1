"""Puts a server's questions to a client of the handshake era: requests of ours on the call's own way back."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from latchward.model.caller import Question, Reply
from latchward.model.codes import INTERNAL_ERROR, METHOD_NOT_FOUND
from latchward.model.outcome import Fault
from latchward.model.tasks import ID
from latchward.protocol import envelope
from latchward.protocol.envelope import Reply as Message
from latchward.protocol.tasks import RELATED

from .peer import Channel, Conversation

ASK_SECONDS: Final = 600.0
"""Seconds that a client, and the person at it, have to answer."""


async def ask(
    conversation: Conversation, channel: Channel, questions: Mapping[str, Question], task: str = ""
) -> Mapping[str, Reply]:
    """The client's replies; one that does not come in time is an error. They belong to this task, if any."""
    if not channel.streams:
        return dict.fromkeys(questions, Fault(METHOD_NOT_FOUND, "the client reads no questions"))
    loop = asyncio.get_running_loop()
    waiting: dict[str, tuple[int, asyncio.Future[Reply]]] = {}
    for key, question in questions.items():
        conversation.last_id += 1
        future = conversation.asked[conversation.last_id] = loop.create_future()
        waiting[key] = conversation.last_id, future
        params = _complete(question, conversation.last_id)
        if task:
            params = {**params, "_meta": {RELATED: {ID: task}}}
        channel.notify(envelope.request(conversation.last_id, question.method, params))
    try:
        await asyncio.wait({future for _, future in waiting.values()}, timeout=ASK_SECONDS)
        late = Fault(INTERNAL_ERROR, f"the client did not answer within {ASK_SECONDS:.0f} seconds")
        return {key: future.result() if future.done() else late for key, (_, future) in waiting.items()}
    finally:
        for number, future in waiting.values():
            del conversation.asked[number]
            if not future.done():
                gone = {"requestId": number, "reason": "the answer is not needed any more"}
                channel.notify(envelope.notification("notifications/cancelled", gone))


def _complete(question: Question, number: int) -> Mapping[str, Any]:
    """The params as this era wants them: a page to open has an id here, and none in the other."""
    params = question.params
    if params.get("mode") == "url" and "elicitationId" not in params:
        return {**params, "elicitationId": str(number)}
    return params


def answered(conversation: Conversation, message: Message) -> None:
    """A reply came; one to nothing that was asked is dropped."""
    future = conversation.asked.get(message.id) if isinstance(message.id, int) else None
    if future is None or future.done():
        return
    if message.result is not None:
        future.set_result(message.result)
        return
    error = message.error or {}
    code, said = error.get("code"), error.get("message")
    valid = isinstance(code, int) and not isinstance(code, bool)
    future.set_result(
        Fault(code if isinstance(code, int) and valid else INTERNAL_ERROR, str(said), error.get("data"))
    )
