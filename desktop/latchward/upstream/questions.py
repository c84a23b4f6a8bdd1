"""What a server asks of the client in the middle of a call, whichever way its era puts it.

A client is asked only what it declared that it can be asked. A modern server
asks in a result (`rounds`); a legacy one sends requests, each of which is
answered here, whatever becomes of it.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from latchward.model.caller import Caller, Question, Reply
from latchward.model.outcome import Fault
from latchward.protocol import asked, envelope, strict
from latchward.protocol.answer import Incoming
from latchward.protocol.versions import INTERNAL_ERROR, METHOD_NOT_FOUND

MAX_QUESTIONS: Final = 16
"""Questions of a server that may be open at one time, on one connection or in one answer."""
NEEDS: Final = {
    "elicitation/create": "elicitation",
    "sampling/createMessage": "sampling",
    "roots/list": "roots",
}
"""The method of a question to the capability of a client that can be asked it."""

_KEY: Final = "question"


async def put(questions: Mapping[str, Question], caller: Caller) -> Mapping[str, Reply]:
    """Ask the caller what it can be asked; a reply for each question that it answered or cannot be asked."""
    fit = {key: one for key, one in questions.items() if NEEDS.get(one.method) in caller.capabilities}
    refused = {key: _undeclared(one.method) for key, one in questions.items() if key not in fit}
    return {**(await caller.ask(fit) if fit else {}), **refused}


def _undeclared(method: str) -> Fault:
    return Fault(METHOD_NOT_FOUND, f"the client cannot be asked `{method[:80]}`")


class Questions:
    """The open questions of one legacy server. `say` sends it one message."""

    def __init__(self, say: Callable[[bytes], None]) -> None:
        self._say = say
        self._open: dict[int | str, tuple[int, asyncio.Task[None]]] = {}

    def take(self, said: Incoming, number: int, caller: Caller | None, declared: Mapping[str, Any]) -> None:
        """Ask `caller` in a task of its own, for its call `number`; None where no call is under way.

        `declared` are the capabilities that the server was told on this connection.
        """
        identity, question = said.id, asked.question(str(said.method), said.params)
        if identity is None or identity in self._open:
            return  # whoever gives an id twice could not tell the two answers apart
        if question.method not in NEEDS:
            self._fail(identity, METHOD_NOT_FOUND, "method not found")
        elif NEEDS[question.method] not in declared:
            fault = _undeclared(question.method)
            self._fail(identity, fault.code, fault.message)
        elif caller is None:
            self._fail(identity, INTERNAL_ERROR, "no call is under way to which this could belong")
        elif len(self._open) >= MAX_QUESTIONS:
            self._fail(identity, INTERNAL_ERROR, f"more than {MAX_QUESTIONS} questions are open")
        else:
            self._open[identity] = (number, asyncio.ensure_future(self._ask(identity, question, caller)))

    async def _ask(self, identity: int | str, question: Question, caller: Caller) -> None:
        try:
            replies = await put({_KEY: question}, caller)
        finally:
            self._open.pop(identity, None)
        reply = replies.get(_KEY, Fault(INTERNAL_ERROR, "the client did not answer"))
        if isinstance(reply, Fault):
            self._say(envelope.error(identity, reply.code, reply.message, reply.data))
        else:
            self._say(envelope.result(identity, strict.serialise(reply)))

    def withdraw(self, identity: object) -> None:
        """The server does not want to know any more."""
        if isinstance(identity, int | str) and identity in self._open:
            self._open.pop(identity)[1].cancel()

    def over(self, number: int) -> None:
        """The call is over; nobody will answer what was asked for it."""
        if not self._open:  # this is on the way of every call
            return
        for identity in [identity for identity, (owner, _) in self._open.items() if owner == number]:
            self.withdraw(identity)
            self._fail(identity, INTERNAL_ERROR, "the call is over")

    def close(self) -> None:
        """The conversation is over, and all that was asked in it."""
        for identity in list(self._open):
            self.withdraw(identity)

    def _fail(self, identity: int | str, code: int, message: str) -> None:
        self._say(envelope.error(identity, code, message))
