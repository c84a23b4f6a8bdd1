"""The question to a person, bound to what was shown.

An answer counts only for the request it was given for: it must repeat the
nonce and the binding, and the caller looks once more whether the policy and
the definition are still the same before anything is sent. Equal calls that
wait at the same time are one question: a no answers all of them, a yes lets one
go, and the others are asked about again. An answer for the session is kept here,
and counts for the same tool with the same definition alone.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from latchward.model.approval import Answer, ApprovalRequest, Kept, Scope
from latchward.model.call import Aspect, ToolCall
from latchward.model.decision import Decision
from latchward.model.ports import Approver, Progress
from latchward.model.tool import ToolDefinition
from latchward.model.verdict import Refusal, Verdict

DEADLINE: Final = 50.0
"""Seconds that a question stays open: several clients give a call up at 60."""
MAX_WAITING: Final = 100
"""Questions that may wait at once; the next is refused."""
MAX_WAITING_EACH: Final = 20
"""The same for one client: none may use up the person's patience for all."""
MAX_KEPT: Final = 1000
"""Answers that hold for a session; the oldest is forgotten, and its tool is asked about again."""
PROGRESS_EVERY: Final = 5.0
"""Seconds between two signs of life to a client that asked for progress."""

_STEP: Final = 1e-6  # far below what a server reports, for progress must rise
_REMEMBERED: Final = "session"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Question:
    """A question on its way, and for how many calls it is asked. `taken`: its answer was used."""

    request: ApprovalRequest
    asking: asyncio.Task[Answer | None]
    calls: int = 0
    taken: bool = False


class Approvals:
    """Asks, waits, and turns the answer into a verdict. Everything but a clear yes is a no.

    `scopes` says which scopes a call may be answered with. `changed` is called
    when the kept answers are others than before.
    """

    def __init__(
        self,
        approver: Approver,
        *,
        deadline: float = DEADLINE,
        scopes: Callable[[ToolCall, ToolDefinition], tuple[Scope, ...]] = lambda call, definition: (
            Scope.CALL,
        ),
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._approver = approver
        self._deadline = deadline
        self._scopes = scopes
        self._changed = changed
        self._open: dict[str, _Question] = {}
        self._kept: dict[str, Kept] = {}
        self._last_allowed: dict[tuple[str, str, str, str], Mapping[str, Any]] = {}

    def kept(self) -> Mapping[str, Kept]:
        """The answers that still hold, by key."""
        return self._kept

    def end(self, key: str) -> None:
        """Let a kept answer hold no longer."""
        if self._kept.pop(key, None) is not None:
            self._changed()

    async def ask(
        self,
        call: ToolCall,
        decision: Decision,
        definition: ToolDefinition,
        progress: Progress | None,
        process: tuple[str, ...] = (),
    ) -> Verdict:
        """The verdict of the person, now or earlier in this session."""
        try:
            async with asyncio.timeout(self._deadline):
                while True:
                    verdict = await self._asked(call, decision, definition, progress, process)
                    if verdict is not None:
                        return verdict
        except TimeoutError:
            message = f"nobody answered within {self._deadline:.0f} seconds"
            return Verdict(Refusal.EXPIRED, decision.rule, message, "gateway")
        except Exception:
            log.exception("a question could not be asked")
            message = "the question could not be asked; the gateway's log says why"
            return Verdict(Refusal.FAULT, decision.rule, message, "gateway")

    async def _asked(
        self,
        call: ToolCall,
        decision: Decision,
        definition: ToolDefinition,
        progress: Progress | None,
        process: tuple[str, ...],
    ) -> Verdict | None:
        """One round of asking. None where the yes went to an equal call that waited longer."""
        kept = self._kept.get(_key(call, definition))
        if kept is not None and self._counts(kept, call, definition):
            return _remembered(kept, decision.rule)
        question = self._open.get(binding(call, definition.digest))
        if question is None:
            waiting = [open_.request.call.grant for open_ in self._open.values()]
            if len(waiting) >= MAX_WAITING or waiting.count(call.grant) >= MAX_WAITING_EACH:
                return Verdict(Refusal.BUSY, decision.rule, f"{len(waiting)} calls wait already", "gateway")
            question = self._question(call, decision, definition, process)
        question.calls += 1
        try:
            answer = await _patiently(question.asking, progress)
        finally:
            question.calls -= 1
            if question.asking.done() or not question.calls:
                question.asking.cancel()
                self._forget(question)
        if answer is not None and answer.allowed and question.taken:
            return None
        question.taken = True
        return self._verdict(question.request, answer)

    def _counts(self, kept: Kept, call: ToolCall, definition: ToolDefinition) -> bool:
        """Whether a kept answer holds for this call. Questions of one kind may yet be of two sorts."""
        if not kept.allowed or call.aspect is not Aspect.QUESTION:
            return True
        return Scope.SESSION in self._scopes(call, definition)

    def _forget(self, question: _Question) -> None:
        if self._open.get(question.request.binding) is question:
            del self._open[question.request.binding]

    def _question(
        self, call: ToolCall, decision: Decision, definition: ToolDefinition, process: tuple[str, ...]
    ) -> _Question:
        """A new question about this call."""
        request = ApprovalRequest(
            nonce=secrets.token_hex(16),
            binding=binding(call, definition.digest),
            call=call,
            definition=definition,
            rule=decision.rule,
            reason=decision.message,
            deadline=self._deadline,
            process=process,
            changed=self._differences(call),
            scopes=self._scopes(call, definition),
        )
        question = _Question(request, asyncio.ensure_future(self._approver.ask(request)))
        self._open[request.binding] = question
        return question

    def _verdict(self, request: ApprovalRequest, answer: Answer | None) -> Verdict:
        if answer is None:
            return Verdict(Refusal.NOBODY, request.rule, request.reason, "gateway")
        if answer.nonce != request.nonce or answer.binding != request.binding:
            log.error("an answer came that belongs to another question; it was taken as a no")
            message = "the answer belonged to another question"
            return Verdict(Refusal.CHANGED, request.rule, message, "gateway")
        if answer.scope is Scope.SESSION and Scope.SESSION in request.scopes:
            self._keep(request, answer)
        if not answer.allowed:
            message = answer.reason or "the user denied this call"
            return Verdict(Refusal.PERSON, request.rule, message, answer.by)
        self._last_allowed[_tool(request.call)] = request.call.arguments
        return Verdict(None, request.rule, "the user allowed this call", answer.by)

    def _keep(self, request: ApprovalRequest, answer: Answer) -> None:
        call = request.call
        for key, kept in list(self._kept.items()):
            if kept.client == call.grant and kept.session != call.session:
                del self._kept[key]  # that session is over
        while len(self._kept) >= MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[_key(call, request.definition)] = Kept(
            client=call.grant,
            session=call.session,
            upstream=call.tool.upstream,
            tool=call.tool.name,
            definition=request.definition.digest,
            allowed=answer.allowed,
            reason=answer.reason,
            method=call.method,
        )
        self._changed()

    def _differences(self, call: ToolCall) -> tuple[str, ...]:
        """The arguments that are others than those of the last allowed call of this tool; none at first."""
        last = self._last_allowed.get(_tool(call))
        if last is None:
            return ()
        now = call.arguments
        return tuple(key for key in sorted({*last, *now}) if last.get(key, last) != now.get(key, now))


async def _patiently(asking: "asyncio.Task[Answer | None]", progress: Progress | None) -> Answer | None:
    """The answer, with a sign of life every few seconds to a client that asked for progress."""
    step = 0
    while not (await asyncio.wait({asking}, timeout=PROGRESS_EVERY))[0]:
        step += 1
        if progress is not None:
            progress({"progress": step * _STEP, "message": "Waiting for your approval in Latchward"})
    return asking.result()


def binding(call: ToolCall, definition: str) -> str:
    """SHA-256 (hex) over who asks, which server, method and tool, its definition and the exact arguments."""
    return _hashed(call.grant, call.tool.upstream, call.method, call.tool.name, definition, call.digest)


def _key(call: ToolCall, definition: ToolDefinition) -> str:
    parts = (call.grant, call.session, call.tool.upstream, call.method, call.tool.name, definition.digest)
    return _hashed(*parts)


def _tool(call: ToolCall) -> tuple[str, str, str, str]:
    return call.grant, call.tool.upstream, call.method, call.tool.name


def _hashed(*parts: str) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        raw = part.encode()
        hashed.update(len(raw).to_bytes(8, "big") + raw)
    return hashed.hexdigest()


def _remembered(kept: Kept, rule: str) -> Verdict:
    if kept.allowed:
        return Verdict(None, rule, "the user allowed this for the session", _REMEMBERED)
    return Verdict(Refusal.PERSON, rule, kept.reason or "the user denied this for the session", _REMEMBERED)
