"""A server's question on its way to the client: judged, asked about, recorded, put, its answer given back.

Policy and record are the real ones; the client and the person are played here, for only so can they act at an
exact moment.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from latchward.gateway.approvals import Approvals
from latchward.gateway.gate import Gate
from latchward.gateway.questions import MAX_ROUND, About, Questions
from latchward.model.approval import Answer, ApprovalRequest
from latchward.model.audit import Decided
from latchward.model.call import ToolCall
from latchward.model.caller import Caller, Question, Reply
from latchward.model.errors import AuditError
from latchward.model.ids import ToolId
from latchward.model.outcome import Fault
from latchward.policy.document import Policy, load
from latchward.protocol.asked import question
from latchward.storage.audit import SqliteAudit
from latchward.storage.counters import MemoryCounters

ALLOW = load(b'{"version":"1","default":"allow"}', source="allow")
DENY = load(b'{"version":"1","default":"allow","server_requests":{"sampling":"deny"}}', source="deny")
ASK = load(b'{"version":"1","default":"allow","server_requests":{"elicitation":"approve"}}', source="ask")
ALL = {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}}
FORM = question("elicitation/create", {"message": "Which colour?", "requestedSchema": {}, "_meta": {"x": 1}})
POEM = question("sampling/createMessage", {"messages": [], "maxTokens": 1})
ROOTS = question("roots/list", {})
BLUE: Reply = {"action": "accept", "content": {"colour": "blue"}}

Hook = Callable[[], Awaitable[None] | None]


async def hooked(hook: Hook | None) -> None:
    waiting = hook() if hook is not None else None
    if waiting is not None:
        await waiting


class Person:
    """Plays the person; `meanwhile` runs before the answer."""

    def __init__(self) -> None:
        self.asked: list[ApprovalRequest] = []
        self.meanwhile: Hook | None = None
        self.says: bool | None = True

    async def ask(self, request: ApprovalRequest) -> Answer | None:
        self.asked.append(request)
        await hooked(self.meanwhile)
        if self.says is None:
            return None
        return Answer(request.nonce, request.binding, self.says, "test")


class Client:
    """Plays the client; `meanwhile` runs before it answers."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, Question]] = []
        self.meanwhile: Hook | None = None
        self.says: Callable[[Mapping[str, Question]], Mapping[str, Reply]] = lambda asked: dict.fromkeys(
            asked, BLUE
        )

    async def ask(self, questions: Mapping[str, Question]) -> Mapping[str, Reply]:
        self.asked.append(questions)
        await hooked(self.meanwhile)
        return self.says(questions)


class Record(SqliteAudit):
    """The real record, which may fail."""

    full = False

    async def decided(self, record: Decided) -> int:
        if self.full:
            raise AuditError("the disk is full")
        return await super().decided(record)


class House:
    def __init__(self, folder: Path) -> None:
        self.policy: tuple[Policy, ...] = (ALLOW,)
        self.gate = Gate()
        self.person, self.client = Person(), Client()
        self.path = folder / "audit.db"
        self.record = Record(self.path)
        self.holds = True
        self.capabilities: Mapping[str, Any] = ALL
        approvals = Approvals(self.person, deadline=0.5)
        self.questions = Questions(
            self, MemoryCounters(), approvals, self.record, self.gate, lambda: datetime.now(UTC)
        )

    def policies(self, name: str) -> tuple[Policy, ...]:
        return self.policy

    async def ask(self, **questions: Question) -> Mapping[str, Reply]:
        call = ToolCall("agent", "s", ToolId("files", "echo"), {}, b"{}", "digest")
        caller = Caller("agent", capabilities=self.capabilities, ask=self.client.ask)
        return await self.questions.ask(About(call, "strict", caller, lambda: self.holds), questions)

    def rows(self) -> list[dict[str, Any]]:
        """Every row, once the writer has nothing left to write."""
        self.record.close()
        with closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM record ORDER BY seq")]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.record.close()


def fault(replies: Mapping[str, Reply], key: str = "q") -> Fault:
    reply = replies[key]
    assert isinstance(reply, Fault)
    return reply


def test_an_allowed_question_is_recorded_put_and_answered(house: House) -> None:
    assert asyncio.run(house.ask(q=FORM)) == {"q": BLUE}
    decided, finished = house.rows()
    assert (decided["method"], decided["verdict"], decided["upstream"]) == (
        "elicitation/create",
        "allow",
        "files",
    )
    assert "Which colour?" in decided["arguments"]
    assert (finished["decided"], finished["ending"]) == (decided["seq"], "result")
    assert house.person.asked == []


def test_what_stands_beside_a_question_is_not_put_to_the_client(house: House) -> None:
    asyncio.run(house.ask(q=FORM))
    [asked] = house.client.asked
    assert "_meta" not in asked["q"].params


def test_of_several_questions_those_that_are_denied_stay_here(house: House) -> None:
    house.policy = (DENY,)
    replies = asyncio.run(house.ask(a=FORM, b=POEM, c=ROOTS))
    assert [list(asked) for asked in house.client.asked] == [["a", "c"]]
    assert fault(replies, "b").code == 403
    assert sorted(replies) == ["a", "b", "c"]
    assert [row["verdict"] for row in house.rows() if row["kind"] == "decided"] == [
        "allow",
        "denied-by-rule",
        "allow",
    ]


def test_where_several_documents_hold_each_must_let_a_question_through(house: House) -> None:
    house.policy = (ALLOW, DENY)
    assert fault(asyncio.run(house.ask(q=POEM))).code == 403
    assert house.client.asked == []


def test_where_no_document_holds_nothing_is_put(house: House) -> None:
    house.policy = ()
    assert fault(asyncio.run(house.ask(q=ROOTS))).code == 403
    assert house.client.asked == []


# a person


def test_a_person_who_says_yes_was_shown_the_question(house: House) -> None:
    house.policy = (ASK,)
    assert asyncio.run(house.ask(q=FORM)) == {"q": BLUE}
    [asked] = house.person.asked
    assert asked.call.arguments["message"] == "Which colour?"
    assert asked.call.method == "elicitation/create"
    assert [row["by"] for row in house.rows() if row["kind"] == "decided"] == ["test"]


@pytest.mark.parametrize(("says", "verdict"), [(False, "denied-by-person"), (None, "nobody-to-ask")])
def test_without_a_yes_a_question_is_not_put(house: House, says: bool | None, verdict: str) -> None:
    house.policy = (ASK,)
    house.person.says = says
    assert fault(asyncio.run(house.ask(q=FORM))).code == 403
    assert house.client.asked == []
    assert [row["verdict"] for row in house.rows()] == [verdict]


def test_a_question_given_up_while_a_person_is_asked_is_recorded_and_never_put(house: House) -> None:
    house.policy = (ASK,)

    async def give_up() -> None:
        asked = asyncio.Event()

        async def look() -> None:
            asked.set()
            await asyncio.sleep(5)

        house.person.meanwhile = look
        asking = asyncio.create_task(house.ask(q=FORM))
        await asked.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert asking.cancelled()

    asyncio.run(give_up())
    assert house.client.asked == []
    assert [(row["effect"], row["verdict"]) for row in house.rows()] == [("approve", "abandoned")]


# what changes, and what fails


def test_an_answer_stays_here_where_the_call_is_not_allowed_any_more(house: House) -> None:
    house.client.meanwhile = lambda: setattr(house, "holds", False)
    replies = asyncio.run(house.ask(q=FORM))
    assert fault(replies).code == 403
    assert "changed" in fault(replies).message


def test_while_everything_is_blocked_no_question_is_put(house: House) -> None:
    house.gate.close("everything is blocked")
    assert fault(asyncio.run(house.ask(q=FORM))).code == 403
    assert house.client.asked == []


def test_a_question_that_cannot_be_recorded_is_not_put(house: House) -> None:
    house.record.full = True
    assert fault(asyncio.run(house.ask(q=FORM))).code == -32603
    assert house.client.asked == []


def test_a_question_that_cannot_be_decided_is_not_put(house: House, caplog: pytest.LogCaptureFixture) -> None:
    def broken(name: str) -> tuple[Policy, ...]:
        raise RuntimeError("no policies")

    house.policies = broken  # type: ignore[method-assign]
    assert fault(asyncio.run(house.ask(q=FORM))).code == -32603
    assert house.client.asked == []
    assert "deciding it failed" in caplog.text


def test_a_client_that_answers_with_an_error_ends_the_question_so(house: House) -> None:
    house.client.says = lambda asked: {"q": Fault(-1, "no")}
    assert asyncio.run(house.ask(q=FORM)) == {"q": Fault(-1, "no")}
    assert [row["ending"] for row in house.rows()] == [None, "fault"]


def test_a_question_that_the_client_left_out_has_no_answer(house: House) -> None:
    house.client.says = lambda asked: {"a": BLUE}
    assert asyncio.run(house.ask(a=FORM, b=ROOTS)) == {"a": BLUE}
    assert sorted(row["ending"] for row in house.rows() if row["decided"]) == ["outcome-unknown", "result"]


def test_a_question_given_up_while_the_client_is_asked_is_recorded_as_cancelled(house: House) -> None:
    async def give_up() -> None:
        asked = asyncio.Event()

        async def look() -> None:
            asked.set()
            await asyncio.sleep(5)

        house.client.meanwhile = look
        asking = asyncio.create_task(house.ask(q=FORM))
        await asked.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(give_up())
    assert [row["ending"] for row in house.rows()] == [None, "cancelled"]


def test_of_more_questions_than_a_round_may_have_the_rest_is_refused(house: House) -> None:
    replies = asyncio.run(house.ask(**{f"q{number}": ROOTS for number in range(MAX_ROUND + 3)}))
    faults = [key for key, reply in replies.items() if isinstance(reply, Fault)]
    assert faults == [f"q{number}" for number in range(MAX_ROUND, MAX_ROUND + 3)]
    assert len(house.client.asked[0]) == MAX_ROUND


@pytest.mark.parametrize(
    ("capabilities", "asked", "code"),
    [
        ({}, FORM, -32601),
        ({"sampling": {}}, FORM, -32601),
        ({"elicitation": {"url": {}}}, FORM, -32602),
        ({"elicitation": {}}, question("elicitation/create", {"mode": "url", "url": "https://x"}), -32602),
        (ALL, question("tools/call", {}), -32601),
    ],
)
def test_what_the_client_cannot_be_asked_is_neither_judged_nor_put(
    house: House, capabilities: Mapping[str, Any], asked: Question, code: int
) -> None:
    house.capabilities = capabilities
    assert fault(asyncio.run(house.ask(q=asked))).code == code
    assert house.client.asked == []
    assert house.rows() == []
