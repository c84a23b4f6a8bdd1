"""Calls that stand in the middle: each leg ends once, whatever comes when, and nothing is left of it.

The client and the server are played here, for only so can they act in any order.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latchward.downstream import rounds as module
from latchward.downstream.peer import Channel
from latchward.downstream.rounds import Asks, Bound, Contact, Rounds
from latchward.model.caller import Asked, Question, Reply
from latchward.model.era import Era
from latchward.model.outcome import Answered, Fault, ToolResult

RESULT = ToolResult(b"{}", Era.LEGACY)
MINE = Bound("agent", "hash", None, "files", "tools/call", "digest")
THEIRS = Bound("other", "hash", None, "files", "tools/call", "digest")


class Nobody:
    """Implements `Channel`."""

    streams = True

    def notify(self, message: bytes) -> None: ...

    def end(self) -> None: ...

    async def closed(self) -> None: ...


def contact(token: int | None = None) -> Contact:
    channel: Channel = Nobody()
    return Contact(channel, token)


def question(words: str = "?") -> Question:
    return Question("elicitation/create", {"message": words}, b"{}", words)


def reply(words: str) -> Reply:
    return {"action": "accept", "content": {"said": words}}


@dataclass
class Server:
    """Plays a server: asks what it is told to, and notes each answer, and its end."""

    orders: "asyncio.Queue[Any]" = field(default_factory=asyncio.Queue)
    replies: list[Any] = field(default_factory=list)
    asking: dict[int, "asyncio.Task[Mapping[str, Reply]]"] = field(default_factory=dict)
    ended: str = ""

    async def work(self, ask: Asked) -> Answered:
        try:
            while True:
                match await self.orders.get():
                    case ("ask", number, keys):
                        questions = {key: question(key) for key in keys}
                        self.asking[number] = asyncio.ensure_future(self._ask(ask, number, questions))
                    case ("withdraw", number):
                        if number in self.asking:
                            self.asking[number].cancel()
                    case "finish":
                        self.ended = "finished"
                        return RESULT
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise
        finally:
            for task in self.asking.values():
                task.cancel()
            await asyncio.gather(*self.asking.values(), return_exceptions=True)

    async def _ask(self, ask: Asked, number: int, questions: dict[str, Question]) -> Mapping[str, Reply]:
        replies = await ask(questions)
        self.replies.append((number, replies))
        return replies


def played(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(main(), 20)

    asyncio.run(bounded())


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(12):
        await asyncio.sleep(0)


async def finished(
    rounds: Rounds, asks: Asks, server: Server, replies: Mapping[str, Any]
) -> Answered | Asks | None:
    """The client comes with these; then the server ends the call."""
    leg = asyncio.ensure_future(rounds.resume(asks.handle, MINE, contact(), replies))
    await settled()
    server.orders.put_nowait("finish")
    return await leg


def is_empty(rounds: Rounds) -> bool:
    return not rounds._waiting


def test_a_call_that_asks_nothing_is_answered_with_its_outcome() -> None:
    async def main() -> None:
        rounds, server = Rounds(), Server()
        server.orders.put_nowait("finish")
        assert await rounds.begin(MINE, contact(), server.work) is RESULT
        assert is_empty(rounds)

    played(main)


@pytest.mark.parametrize(
    "bound",
    [
        THEIRS,
        Bound("agent", "another token", None, "files", "tools/call", "digest"),
        Bound("agent", "hash", "files", "files", "tools/call", "digest"),
        Bound("agent", "hash", None, "other", "tools/call", "digest"),
        Bound("agent", "hash", None, "files", "prompts/get", "digest"),
        Bound("agent", "hash", None, "files", "tools/call", "another"),
    ],
)
def test_a_call_goes_on_for_the_same_client_and_the_same_thing_alone(bound: Bound) -> None:
    async def main() -> None:
        rounds, server = Rounds(), Server()
        server.orders.put_nowait(("ask", 1, ["q"]))
        asks = await rounds.begin(MINE, contact(), server.work)
        assert isinstance(asks, Asks)
        assert await rounds.resume(asks.handle, bound, contact(), {"q": reply("x")}) is None
        assert server.replies == []
        assert await finished(rounds, asks, server, {"q": reply("x")}) is RESULT
        assert server.replies == [(1, {"q": reply("x")})]
        assert is_empty(rounds)

    played(main)


def test_two_questions_of_one_key_are_told_apart() -> None:
    async def main() -> None:
        rounds, server = Rounds(), Server()
        server.orders.put_nowait(("ask", 1, ["q"]))
        server.orders.put_nowait(("ask", 2, ["q"]))
        asks = await rounds.begin(MINE, contact(), server.work)
        assert isinstance(asks, Asks)
        if len(asks.questions) == 1:  # the second came later
            asks = await rounds.resume(asks.handle, MINE, contact(), {})
            assert isinstance(asks, Asks)
        first, second = asks.questions
        replies = {first: reply("first"), second: reply("second")}
        assert await finished(rounds, asks, server, replies) is RESULT
        assert server.replies == [(1, {"q": reply("first")}), (2, {"q": reply("second")})]

    played(main)


def test_a_call_whose_client_goes_is_cancelled_and_leaves_nothing() -> None:
    async def main() -> None:
        rounds, server = Rounds(), Server()
        leg = asyncio.ensure_future(rounds.begin(MINE, contact(), server.work))
        await settled()
        leg.cancel()
        await asyncio.gather(leg, return_exceptions=True)
        await settled()
        assert server.ended == "cancelled"
        assert is_empty(rounds)

    played(main)


def test_a_call_that_ended_while_its_client_was_away_is_answered_when_it_comes() -> None:
    async def main() -> None:
        rounds, server = Rounds(), Server()
        server.orders.put_nowait(("ask", 1, ["q"]))
        asks = await rounds.begin(MINE, contact(), server.work)
        assert isinstance(asks, Asks)
        server.orders.put_nowait("finish")
        await settled()
        assert await rounds.resume(asks.handle, MINE, contact(), {"q": reply("late")}) is RESULT
        assert server.replies == []
        assert is_empty(rounds)

    played(main)


def test_a_question_that_was_withdrawn_is_not_asked_again() -> None:
    async def main() -> None:
        rounds, server = Rounds(), Server()
        server.orders.put_nowait(("ask", 1, ["q"]))
        asks = await rounds.begin(MINE, contact(), server.work)
        assert isinstance(asks, Asks)
        server.orders.put_nowait(("withdraw", 1))
        await settled()
        server.orders.put_nowait("finish")
        assert await rounds.resume(asks.handle, MINE, contact(), {}) is RESULT

    played(main)


def test_past_the_bound_a_question_gets_an_error_and_the_call_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_EACH", 1)

    async def main() -> None:
        rounds, first, second, other = Rounds(), Server(), Server(), Server()
        first.orders.put_nowait(("ask", 1, ["q"]))
        assert isinstance(await rounds.begin(MINE, contact(), first.work), Asks)
        second.orders.put_nowait(("ask", 1, ["q"]))
        leg = asyncio.ensure_future(rounds.begin(MINE, contact(), second.work))
        await settled()
        second.orders.put_nowait("finish")
        assert await leg is RESULT
        [(_, replies)] = second.replies
        assert isinstance(replies["q"], Fault)
        other.orders.put_nowait(("ask", 1, ["q"]))
        assert isinstance(await rounds.begin(THEIRS, contact(), other.work), Asks)
        await rounds.close()

    played(main)


def test_those_of_a_token_that_is_gone_are_cancelled_and_others_are_not() -> None:
    async def main() -> None:
        rounds, mine, theirs = Rounds(), Server(), Server()
        for server, bound in ((mine, MINE), (theirs, Bound("other", "kept", None, "s", "m", "d"))):
            server.orders.put_nowait(("ask", 1, ["q"]))
            assert isinstance(await rounds.begin(bound, contact(), server.work), Asks)
        rounds.end_others({"kept"})
        await settled()
        assert (mine.ended, theirs.ended) == ("cancelled", "")
        await rounds.close()
        assert theirs.ended == "cancelled"
        assert is_empty(rounds)

    played(main)


# any order of things

KEYS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=3, unique=True)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), KEYS),
        st.tuples(st.just("withdraw"), st.integers(0, 3)),
        st.tuples(st.just("come"), st.sets(st.integers(0, 3))),
        st.just(("foreign",)),
        st.just(("stale",)),
        st.just(("leave",)),
        st.just(("expire",)),
        st.just(("wait",)),
        st.just(("finish",)),
    ),
    max_size=14,
)


class Play:
    """One call, its client and its server, one step after another."""

    def __init__(self) -> None:
        self.rounds = Rounds()
        self.server = Server()
        self.asked = 0
        self.legs: list[asyncio.Task[Any]] = []
        self.outcomes: list[Any] = []
        self.handles: list[str] = []
        self.questions: Mapping[str, Question] = {}
        self.leg: asyncio.Task[Any] | None = None
        self.given_up = False

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        self.leg = asyncio.ensure_future(work)
        self.legs.append(self.leg)

    async def look(self) -> None:
        """Take the answer of the leg, where there is one."""
        await settled()
        if self.leg is None or not self.leg.done():
            return
        leg, self.leg = self.leg, None
        if leg.cancelled():
            return
        outcome = leg.result()
        self.outcomes.append(outcome)
        if isinstance(outcome, Asks):
            assert outcome.handle not in self.handles
            self.handles.append(outcome.handle)
            self.questions = outcome.questions

    async def step(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("ask", keys):
                self.asked += 1
                self.server.orders.put_nowait(("ask", self.asked, keys))
            case ("withdraw", number):
                self.server.orders.put_nowait(("withdraw", number))
            case ("finish",):
                self.server.orders.put_nowait("finish")
            case ("come", chosen) if self.leg is None and self.stands:
                keys = [key for index, key in enumerate(self.questions) if index in chosen]
                replies = {key: reply(f"{key} {len(self.handles)}") for key in keys}
                self.start(self.rounds.resume(self.handles[-1], MINE, contact(), replies))
            case ("foreign",) if self.handles:
                assert await self.rounds.resume(self.handles[-1], THEIRS, contact(), {}) is None
            case ("stale",) if len(self.handles) > 1:
                assert await self.rounds.resume(self.handles[-2], MINE, contact(), {}) is None
            case ("leave",) if self.leg is not None:
                self.given_up = True
                self.leg.cancel()
            case ("expire",) if self.stands:
                self.given_up = True
                self.rounds._expire(self.handles[-1])
        if step != ("wait",):
            await self.look()

    @property
    def stands(self) -> bool:
        return bool(self.handles) and self.handles[-1] in self.rounds._waiting


@given(STEPS)
@settings(max_examples=150)
def test_in_any_order_each_leg_ends_once_and_nothing_is_left(steps: list[tuple[Any, ...]]) -> None:
    async def main() -> None:
        play = Play()
        play.start(play.rounds.begin(MINE, contact(), play.server.work))
        for step in steps:
            await play.step(step)
        await play.look()
        play.server.orders.put_nowait("finish")
        await play.look()
        for _ in range(len(play.server.asking) + 1):  # a client that comes until it is told the end
            if play.leg is None and play.stands:
                play.start(play.rounds.resume(play.handles[-1], MINE, contact(), {}))
                await play.look()
        assert all(leg.done() for leg in play.legs)
        assert is_empty(play.rounds)
        told = [outcome for outcome in play.outcomes if outcome is RESULT]
        assert len(told) == (0 if play.given_up else 1)
        if not play.given_up:
            assert play.server.ended == "finished"
        # No question was answered twice, and none with another's answer.
        numbers = [number for number, _ in play.server.replies]
        assert len(numbers) == len(set(numbers))
        assert all(task.done() for task in play.server.asking.values())

    played(main)
