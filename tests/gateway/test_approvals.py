"""The question to a person: what it is bound to, and for how much an answer counts."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from latchward.gateway.approvals import MAX_WAITING_EACH, Approvals
from latchward.model.approval import Answer, ApprovalRequest, Scope
from latchward.model.call import Aspect, ToolCall
from latchward.model.decision import Decision, Effect
from latchward.model.ids import ToolId
from latchward.model.tool import ToolDefinition
from latchward.model.verdict import Refusal, Verdict

RULE = Decision(Effect.APPROVE, "/tools/write/action", "look first")
TOOL = ToolDefinition("write", {"name": "write"}, "d1")
BOTH = (Scope.CALL, Scope.SESSION)


def call(text: str = "x", *, client: str = "agent", session: str = "s1") -> ToolCall:
    return ToolCall(
        client, session, ToolId("files", "write"), {"text": text}, text.encode(), f"sha of {text}"
    )


class Person:
    """Implements `Approver`: keeps each question until the test answers it."""

    def __init__(self) -> None:
        self.questions: list[tuple[ApprovalRequest, asyncio.Future[Answer | None]]] = []
        self.closed: list[str] = []

    async def ask(self, request: ApprovalRequest) -> Answer | None:
        future: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self.questions.append((request, future))
        try:
            return await future
        except asyncio.CancelledError:
            self.closed.append(request.nonce)
            raise

    def answer(self, index: int = -1, **changes: Any) -> None:
        request, future = self.questions[index]
        answer = Answer(request.nonce, request.binding, True, "test")
        future.set_result(replace(answer, **changes))


def run(scenario: Callable[[Approvals, Person], Coroutine[Any, Any, None]], **options: Any) -> None:
    async def main() -> None:
        person = Person()
        await asyncio.wait_for(scenario(Approvals(person, **options), person), 10)

    asyncio.run(main())


def ask(approvals: Approvals, wanted: ToolCall, tool: ToolDefinition = TOOL) -> "asyncio.Task[Verdict]":
    return asyncio.create_task(approvals.ask(wanted, RULE, tool, None))


async def asked(person: Person, count: int) -> None:
    while len(person.questions) < count:
        await asyncio.sleep(0)


def test_a_yes_lets_one_of_several_equal_calls_go_and_the_next_is_asked_about() -> None:
    async def scenario(approvals: Approvals, person: Person) -> None:
        waiting = [ask(approvals, call()) for _ in range(3)]
        for count in (1, 2, 3):
            await asked(person, count)
            assert len(person.questions) == count
            person.answer()
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            assert len(done) == 1
            assert done.pop().result().allowed
            waiting = [task for task in waiting if not task.done()]

    run(scenario)


def test_a_no_answers_all_equal_calls_at_once() -> None:
    async def scenario(approvals: Approvals, person: Person) -> None:
        waiting = [ask(approvals, call()) for _ in range(3)]
        await asked(person, 1)
        person.answer(allowed=False, reason="not now")
        assert {(await task).message for task in waiting} == {"not now"}
        assert len(person.questions) == 1

    run(scenario)


def test_other_arguments_are_another_question() -> None:
    async def scenario(approvals: Approvals, person: Person) -> None:
        tasks = [ask(approvals, call("a")), ask(approvals, call("b"))]
        await asked(person, 2)
        for index in (0, 1):
            person.answer(index)
        assert [(await task).allowed for task in tasks] == [True, True]

    run(scenario)


@pytest.mark.parametrize("change", [{"nonce": "another"}, {"binding": "another"}])
def test_an_answer_to_another_question_is_a_no(change: dict[str, str]) -> None:
    async def scenario(approvals: Approvals, person: Person) -> None:
        task = ask(approvals, call())
        await asked(person, 1)
        person.answer(**change)
        assert (await task).refusal is Refusal.CHANGED

    run(scenario)


def test_a_question_closes_when_its_time_is_up() -> None:
    async def scenario(approvals: Approvals, person: Person) -> None:
        verdict = await ask(approvals, call())
        assert verdict.refusal is Refusal.EXPIRED
        await asyncio.sleep(0)
        assert len(person.closed) == 1

    run(scenario, deadline=0.05)


def test_a_question_closes_with_the_last_call_that_waits_for_it() -> None:
    async def scenario(approvals: Approvals, person: Person) -> None:
        first, second = ask(approvals, call()), ask(approvals, call())
        await asked(person, 1)
        first.cancel()
        await asyncio.wait({first})
        assert person.closed == []
        second.cancel()
        await asyncio.wait({second})
        await asyncio.sleep(0)
        assert len(person.closed) == 1

    run(scenario)


@pytest.mark.parametrize("allowed", [True, False])
def test_an_answer_for_the_session_is_kept_for_the_tool(allowed: bool) -> None:
    async def scenario(approvals: Approvals, person: Person) -> None:
        task = ask(approvals, call("a"))
        await asked(person, 1)
        person.answer(allowed=allowed, scope=Scope.SESSION)
        assert (await task).allowed is allowed
        assert (await ask(approvals, call("b"))).allowed is allowed
        assert len(person.questions) == 1

    run(scenario, scopes=lambda call, definition: BOTH)


@pytest.mark.parametrize(
    ("wanted", "tool"),
    [
        (call(session="s2"), TOOL),
        (call(client="other"), TOOL),
        (call(), ToolDefinition("write", {"name": "write"}, "d2")),
    ],
    ids=["another session", "another client", "another definition"],
)
def test_a_kept_answer_holds_for_nothing_else(wanted: ToolCall, tool: ToolDefinition) -> None:
    async def scenario(approvals: Approvals, person: Person) -> None:
        task = ask(approvals, call())
        await asked(person, 1)
        person.answer(scope=Scope.SESSION)
        await task
        again = ask(approvals, wanted, tool)
        await asked(person, 2)
        again.cancel()

    run(scenario, scopes=lambda call, definition: BOTH)


def test_a_scope_that_was_not_offered_is_for_the_call_alone() -> None:
    async def scenario(approvals: Approvals, person: Person) -> None:
        task = ask(approvals, call())
        await asked(person, 1)
        person.answer(scope=Scope.SESSION)
        assert (await task).allowed
        assert not approvals.kept()

    run(scenario)


def test_a_kept_answer_that_was_ended_is_asked_about_again() -> None:
    async def scenario(approvals: Approvals, person: Person) -> None:
        task = ask(approvals, call())
        await asked(person, 1)
        person.answer(scope=Scope.SESSION)
        await task
        approvals.end(next(iter(approvals.kept())))
        again = ask(approvals, call())
        await asked(person, 2)
        again.cancel()

    run(scenario, scopes=lambda call, definition: BOTH)


def test_what_differs_from_the_last_allowed_call_is_marked() -> None:
    async def scenario(approvals: Approvals, person: Person) -> None:
        for text in ("a", "b"):
            task = ask(approvals, call(text))
            await asked(person, 1 if text == "a" else 2)
            person.answer()
            await task
        assert [request.changed for request, _ in person.questions] == [(), ("text",)]

    run(scenario)


def test_one_client_cannot_fill_the_queue() -> None:
    async def scenario(approvals: Approvals, person: Person) -> None:
        tasks = [ask(approvals, call(str(number))) for number in range(MAX_WAITING_EACH)]
        await asked(person, MAX_WAITING_EACH)
        assert (await ask(approvals, call("one more"))).refusal is Refusal.BUSY
        other = ask(approvals, call(client="other"))
        await asked(person, MAX_WAITING_EACH + 1)
        for task in (*tasks, other):
            task.cancel()

    run(scenario)


def test_an_answer_for_the_session_of_a_tool_does_not_hold_for_a_prompt_of_its_name() -> None:
    async def scenario(approvals: Approvals, person: Person) -> None:
        first = ask(approvals, call())
        await asked(person, 1)
        person.answer(scope=Scope.SESSION)
        assert (await first).allowed
        prompt = ask(approvals, replace(call(), method="prompts/get", aspect=Aspect.PROMPT))
        await asked(person, 2)
        person.answer(allowed=False)
        assert (await prompt).refusal is Refusal.PERSON

    run(scenario, scopes=lambda call, definition: BOTH)


def test_a_yes_for_the_session_does_not_hold_for_a_question_that_is_asked_each_time() -> None:
    def scopes(wanted: ToolCall, definition: ToolDefinition) -> tuple[Scope, ...]:
        return (Scope.CALL,) if "mode" in wanted.arguments else BOTH

    plain = replace(call(), method="elicitation/create", aspect=Aspect.QUESTION)
    page = replace(plain, arguments={"mode": "url"}, digest="another")

    async def scenario(approvals: Approvals, person: Person) -> None:
        first = ask(approvals, plain)
        await asked(person, 1)
        person.answer(scope=Scope.SESSION)
        assert (await first).allowed
        assert (await ask(approvals, plain)).by == "session"
        second = ask(approvals, page)
        await asked(person, 2)
        person.answer(allowed=False)
        assert not (await second).allowed

    run(scenario, scopes=scopes)
