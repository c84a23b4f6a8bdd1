"""The order of things in a `tools/call`, where the world changes between two of its steps.

Policy, counters and record are the real ones; the server and the person are
played here, for only so can they act at an exact moment.
"""

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from latchward.gateway import approvals
from latchward.gateway.approvals import Approvals, binding
from latchward.gateway.enforce import Enforcer, Wanted
from latchward.gateway.gate import Gate
from latchward.model.allow import Allow
from latchward.model.approval import Answer, ApprovalRequest
from latchward.model.audit import Decided
from latchward.model.call import ToolCall
from latchward.model.caller import Caller
from latchward.model.era import Era
from latchward.model.errors import AuditError, NotSent, OutcomeUnknown
from latchward.model.ids import ToolId
from latchward.model.listed import Listed
from latchward.model.outcome import Answered, Outcome, ToolResult, Unknown
from latchward.model.tool import ToolDefinition
from latchward.model.verdict import Refusal, Verdict
from latchward.policy.decide import decide
from latchward.policy.document import Policy, load
from latchward.protocol import strict
from latchward.storage.audit import SqliteAudit
from latchward.storage.counters import MemoryCounters

ALLOW = load(b'{"version":"1","default":"allow"}', source="allow")
DENY = load(b'{"version":"1","default":"deny"}', source="deny")
LOOSE = load(b'{"version":"1","default":"allow","hide":["x"]}', source="loose")
HIDE = load(b'{"version":"1","default":"allow","hide":["echo"]}', source="hide")
ASK = load(b'{"version":"1","default":"approve"}', source="ask")
ONE = load(
    b'{"version":"1","default":"deny","tools":{"echo":{"rate_limit":{"max":1,"window":60}}}}', source="one"
)
RESULT = ToolResult(b'{"content":[]}', Era.LEGACY)

Hook = Callable[[], Awaitable[None] | None]


class Server:
    """Plays a server: `before` runs while the call waits for it, `after` once it has the call."""

    name = "files"
    last_error = ""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.definition: ToolDefinition | None = definition("as accepted")
        self.before: Hook | None = None
        self.after: Callable[[], Outcome] = lambda: RESULT

    def current(self, tool: str) -> ToolDefinition | None:
        return self.definition

    async def tools(self) -> tuple[ToolDefinition, ...]:
        return (self.definition,) if self.definition else ()

    def listed(self) -> dict[str, ToolDefinition]:
        return {"echo": self.definition} if self.definition else {}

    def capabilities(self) -> dict[str, Any]:
        return {"tools": {}}

    def entries_now(self, kind: Listed) -> tuple[()]:
        return ()

    async def entries(self, kind: Listed) -> tuple[()]:
        return ()

    def unsubscribe(self, grant: str, uri: str) -> None: ...

    def unwatch(self, grant: str, task: str) -> None: ...

    def want_log(self, grant: str, level: str) -> None: ...

    async def send(self, allow: Allow, call: ToolCall, caller: Caller) -> Outcome:
        await hooked(self.before)
        allow.spend(call.digest)
        self.sent.append(call.payload)
        return self.after()


class Person:
    """Plays the person: says what `reply` makes of the question, `meanwhile` runs before."""

    def __init__(self) -> None:
        self.asked: list[ApprovalRequest] = []
        self.meanwhile: Hook | None = None
        self.reply: Callable[[ApprovalRequest], Answer | None] = yes

    async def ask(self, request: ApprovalRequest) -> Answer | None:
        self.asked.append(request)
        await hooked(self.meanwhile)
        return self.reply(request)


class Record(SqliteAudit):
    """The real record; `after` runs when a row is durable and its caller does not know it yet."""

    after: Hook | None = None

    async def decided(self, record: Decided) -> int:
        row = await super().decided(record)
        await hooked(self.after)
        return row


class House:
    """An enforcer and everything around it."""

    def __init__(self, folder: Path) -> None:
        self.documents: dict[str, tuple[Policy, ...]] = {"strict": (ALLOW,)}
        self.gate = Gate()
        self.granted = True
        self.server, self.person = Server(), Person()
        self.counters = MemoryCounters()
        self.path = folder / "audit.db"
        self.record = Record(self.path)
        self.approvals = Approvals(self.person, deadline=0.5)
        self.enforcer = Enforcer(self, self.counters, self.approvals, self.record, self.gate)

    def policies(self, name: str) -> tuple[Policy, ...]:
        return self.documents.get(name, ())

    def put(self, policy: Policy | None) -> None:
        """Have this policy in force, or none."""
        self.documents["strict"] = (policy,) if policy else ()

    def wanted(self, client: str = "agent", text: str = "hi", *, known: bool = True) -> Wanted:
        return Wanted(
            call=call(client, text),
            policy="strict",
            upstream=self.server if known else None,
            definition=self.server.definition if known else None,
            still_granted=lambda: self.granted,
        )

    async def call(self, client: str = "agent", text: str = "hi", *, known: bool = True) -> Answered:
        return await self.enforcer.call(self.wanted(client, text, known=known))

    def rows(self) -> list[dict[str, Any]]:
        """Every row, once the writer has nothing left to write."""
        self.record.close()
        with closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM record ORDER BY seq")]

    def counted(self) -> Decimal:
        """How much of the limit of `ONE` is used."""
        now = datetime.now(UTC)
        [charge] = decide(ONE, call("agent"), MemoryCounters(), now).reservations
        return self.counters.used(charge.key, now)

    def deny(self) -> None:
        self.put(DENY)


def definition(words: str) -> ToolDefinition:
    return ToolDefinition(
        "echo", {"name": "echo", "description": words}, hashlib.sha256(words.encode()).hexdigest()
    )


def call(client: str, text: str = "hi") -> ToolCall:
    arguments = {"text": text}
    digest = hashlib.sha256(strict.canonical({"arguments": arguments, "name": "echo"})).hexdigest()
    return ToolCall(client, "s", ToolId("files", "echo"), arguments, strict.serialise(arguments), digest)


def yes(request: ApprovalRequest) -> Answer:
    return Answer(request.nonce, request.binding, True, "test")


async def hooked(hook: Hook | None) -> None:
    waiting = hook() if hook is not None else None
    if waiting is not None:
        await waiting


def refusal(answered: Answered) -> Refusal | None:
    assert isinstance(answered, Verdict)
    return answered.refusal


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.record.close()


@asynccontextmanager
async def begun(work: Coroutine[Any, Any, Answered]) -> AsyncIterator[asyncio.Task[Answered]]:
    """A call under way; it is over at the end."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_an_allowed_call_is_recorded_sent_and_its_end_recorded(house: House) -> None:
    assert asyncio.run(house.call()) is RESULT
    decided, finished = house.rows()
    assert (decided["verdict"], decided["digest"]) == ("allow", call("agent").digest)
    assert (finished["decided"], finished["ending"]) == (decided["seq"], "result")
    assert house.server.sent == [b'{"text":"hi"}']


@pytest.mark.parametrize("policy", [DENY, None])
def test_a_denied_call_is_recorded_and_not_sent(house: House, policy: Policy | None) -> None:
    house.put(policy)
    assert refusal(asyncio.run(house.call())) is Refusal.RULE
    assert [row["verdict"] for row in house.rows()] == ["denied-by-rule"]
    assert house.server.sent == []


def test_a_hidden_tool_and_one_that_nobody_has_leave_the_same_answer(house: House) -> None:
    house.put(HIDE)
    hidden, absent = asyncio.run(house.call()), asyncio.run(house.call(known=False))
    assert hidden == absent == Unknown()
    assert [row["effect"] for row in house.rows()] == ["hide", "hide"]


def test_a_call_that_cannot_be_recorded_is_not_sent(house: House) -> None:
    def full() -> None:
        raise AuditError("the disk is full")

    house.record.after = full
    assert refusal(asyncio.run(house.call())) is Refusal.FAULT
    assert house.server.sent == []


# the last gate before the write

CHANGES: dict[str, Callable[[House], object]] = {
    "the policy denies": House.deny,
    "the policy is gone": lambda house: house.documents.clear(),
    "the policy is another one that allows": lambda house: house.put(LOOSE),
    "the definition is another one": lambda house: setattr(house.server, "definition", definition("changed")),
    "the tool is gone": lambda house: setattr(house.server, "definition", None),
    "the gate is closed": lambda house: house.gate.close("everything is blocked"),
    "the grant is revoked": lambda house: setattr(house, "granted", False),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_while_the_call_is_recorded_stops_it(
    house: House, change: Callable[[House], object]
) -> None:
    house.record.after = lambda: change(house) and None
    assert refusal(asyncio.run(house.call())) is Refusal.CHANGED
    assert house.server.sent == []
    assert [row["ending"] for row in house.rows()] == [None, "not-sent"]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_while_a_server_is_waited_for_stops_it(
    house: House, change: Callable[[House], object]
) -> None:
    house.server.before = lambda: change(house) and None
    assert refusal(asyncio.run(house.call())) is Refusal.CHANGED
    assert house.server.sent == []
    assert [row["ending"] for row in house.rows()] == [None, "not-sent"]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_while_a_person_is_asked_stops_it(
    house: House, change: Callable[[House], object]
) -> None:
    house.put(ASK)
    house.person.meanwhile = lambda: change(house) and None
    assert refusal(asyncio.run(house.call())) is Refusal.CHANGED
    assert house.server.sent == []
    assert [row["verdict"] for row in house.rows()] == ["changed-while-waiting"]


def test_a_document_that_is_read_anew_and_says_the_same_stops_nothing(house: House) -> None:
    house.server.before = lambda: house.put(load(b'{"version":"1","default":"allow"}', source="allow"))
    assert asyncio.run(house.call()) is RESULT


def test_a_call_stopped_at_the_last_gate_is_not_counted(house: House) -> None:
    house.put(ONE)
    house.server.before = house.deny
    asyncio.run(house.call())
    assert house.counted() == 0


# what counts


def failing(error: Exception) -> Callable[[], Outcome]:
    def fail() -> Outcome:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "told", "counted"),
    [
        (NotSent("down"), Refusal.UPSTREAM, 0),
        (OutcomeUnknown("silence"), Refusal.UNKNOWN, 1),
        (RuntimeError("a fault of ours"), Refusal.UNKNOWN, 1),
    ],
)
def test_only_a_call_that_certainly_never_left_is_not_counted(
    house: House, error: Exception, told: Refusal, counted: int
) -> None:
    house.put(ONE)
    house.server.after = failing(error)
    assert refusal(asyncio.run(house.call())) is told
    assert house.counted() == counted


def test_a_limit_refuses_with_the_time_to_wait(house: House) -> None:
    house.put(ONE)
    asyncio.run(house.call())
    answered = asyncio.run(house.call())
    assert refusal(answered) is Refusal.LIMIT
    assert len(house.server.sent) == 1


# the person


def test_a_clear_yes_sends_the_call(house: House) -> None:
    house.put(ASK)
    assert asyncio.run(house.call()) is RESULT
    [asked] = house.person.asked
    assert asked.binding == binding(call("agent"), definition("as accepted").digest)


NOES: dict[str, tuple[Callable[[ApprovalRequest], Answer | None], Refusal]] = {
    "nobody is there": (lambda request: None, Refusal.NOBODY),
    "no": (lambda request: Answer(request.nonce, request.binding, False, "test"), Refusal.PERSON),
    "another nonce": (lambda request: Answer("0" * 32, request.binding, True, "test"), Refusal.CHANGED),
    "another binding": (lambda request: Answer(request.nonce, "0" * 64, True, "test"), Refusal.CHANGED),
    "an accident": (failing(RuntimeError("the window broke")), Refusal.FAULT),  # type: ignore[dict-item]
}


@pytest.mark.parametrize(("reply", "told"), NOES.values(), ids=NOES)
def test_everything_but_a_clear_yes_is_a_recorded_no(
    house: House, reply: Callable[[ApprovalRequest], Answer | None], told: Refusal
) -> None:
    house.put(ASK)
    house.person.reply = (lambda request: reply()) if told is Refusal.FAULT else reply  # type: ignore[call-arg]
    assert refusal(asyncio.run(house.call())) is told
    assert house.server.sent == []
    assert [row["verdict"] for row in house.rows()] == [str(told)]


def test_an_answer_to_one_question_is_none_to_another(house: House) -> None:
    house.put(ASK)
    asyncio.run(house.call())
    first = house.person.asked[0]
    house.person.reply = lambda request: yes(first)
    assert refusal(asyncio.run(house.call())) is Refusal.CHANGED
    assert len(house.server.sent) == 1


def test_the_equal_call_of_another_client_is_another_question(house: House) -> None:
    house.put(ASK)
    asyncio.run(house.call("agent"))
    asyncio.run(house.call("other"))
    mine, theirs = house.person.asked
    assert mine.binding != theirs.binding
    assert mine.nonce != theirs.nonce


def test_a_question_that_nobody_answers_ends_in_a_no(house: House) -> None:
    house.put(ASK)
    house.approvals._deadline = 0.01
    house.person.meanwhile = lambda: asyncio.sleep(5)
    assert refusal(asyncio.run(house.call())) is Refusal.EXPIRED
    assert [row["verdict"] for row in house.rows()] == ["approval-expired"]


def test_one_client_cannot_use_up_the_persons_patience_for_all(house: House) -> None:
    house.put(ASK)

    async def flood() -> tuple[list[Refusal | None], int]:
        over = asyncio.Event()
        house.person.meanwhile = over.wait
        texts = [str(number) for number in range(approvals.MAX_WAITING_EACH + 5)]
        flood = [asyncio.create_task(house.call("noisy", text)) for text in texts]
        await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED)
        other = asyncio.create_task(house.call("quiet"))
        while len(house.person.asked) <= approvals.MAX_WAITING_EACH:
            await asyncio.sleep(0)
        over.set()
        assert await other is RESULT
        answers = await asyncio.gather(*flood)
        return [answer.refusal for answer in answers if isinstance(answer, Verdict)], len(house.server.sent)

    refused, sent = asyncio.run(flood())
    assert refused == [Refusal.BUSY] * 5
    assert sent == approvals.MAX_WAITING_EACH + 1


# giving up


def test_a_call_given_up_while_a_person_is_asked_is_recorded_and_the_question_closed(house: House) -> None:
    house.put(ASK)
    closed: list[bool] = []

    async def give_up() -> None:
        asked = asyncio.Event()

        async def look() -> None:
            asked.set()
            try:
                await asyncio.sleep(5)
            finally:
                closed.append(True)

        house.person.meanwhile = look
        async with begun(house.call()) as calling:
            await asked.wait()
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)
            assert calling.cancelled()
        await asyncio.sleep(0)

    asyncio.run(give_up())
    assert closed == [True]
    assert house.server.sent == []
    assert [(row["effect"], row["verdict"]) for row in house.rows()] == [("approve", "abandoned")]


def test_a_call_given_up_while_it_is_recorded_is_closed_in_the_record(house: House) -> None:
    house.put(ONE)

    async def give_up() -> None:
        durable, over = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            durable.set()
            await over.wait()

        house.record.after = hold
        async with begun(house.call()) as calling:
            await durable.wait()
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)
            over.set()
            while house.enforcer._writing:
                await asyncio.sleep(0)

    asyncio.run(give_up())
    assert house.server.sent == []
    assert house.counted() == 0
    assert [(row["verdict"], row["ending"]) for row in house.rows()] == [("allow", None), (None, "not-sent")]


def test_a_call_given_up_at_the_server_is_recorded_as_cancelled(house: House) -> None:
    async def give_up() -> None:
        waiting = asyncio.Event()

        async def hold() -> None:
            waiting.set()
            await asyncio.sleep(5)

        house.server.before = hold
        async with begun(house.call()):
            await waiting.wait()

    asyncio.run(give_up())
    assert [row["ending"] for row in house.rows()] == [None, "cancelled"]
