"""What a server over a pipe says in the middle of calls: to whom it goes, and who is asked."""

import asyncio
import json
from typing import Any

import pytest

from latchward.model.errors import NotSent, OutcomeUnknown, Withdrawn
from latchward.model.outcome import Fault, ToolResult
from latchward.upstream import questions, rounds
from tests.support.recorder import META

from .scripted import Client, Message, Pipe, allowed, bounded, made_call, until

FORM: Message = {"message": "Your name?", "requestedSchema": {"type": "object", "properties": {}}}
MESSAGE = "notifications/message"
ELICIT: Message = {"method": "elicitation/create", "params": FORM}
SAMPLE: Message = {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}}
ACCEPTED = {"action": "accept", "content": {"name": "Ada"}}


def ask(identity: int | str, question: Message = ELICIT) -> Message:
    return {"id": identity, **question}


# what goes out


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_any_method_goes_out_with_its_own_params(era: str) -> None:
    async def main() -> None:
        pipe = await Pipe(era, prompts={}).open()
        pipe.on["prompts/get"] = lambda it: pipe.result(it, {"messages": []})
        pipe.on["x/vendor"] = lambda it: pipe.result(it, {"y": 1})
        prompt = await pipe.calling(method="prompts/get", name="greet", arguments={"n": "1"})
        vendor = await pipe.calling(method="x/vendor")
        assert isinstance(prompt, ToolResult)
        assert isinstance(vendor, ToolResult)
        params = pipe.sent("prompts/get")[0]["params"]
        assert {key: params[key] for key in ("name", "arguments")} == {
            "name": "greet",
            "arguments": {"n": "1"},
        }
        assert set(pipe.sent("x/vendor")[0]["params"]) - {"_meta"} == set()

    bounded(main())


def test_only_the_result_of_a_tool_can_be_an_error() -> None:
    async def main() -> None:
        pipe = await Pipe().open()
        for method in ("tools/call", "resources/read"):
            pipe.on[method] = lambda it: pipe.result(it, {"isError": True})
        tool, other = await pipe.calling(), await pipe.calling(method="resources/read", uri="a:b")
        assert isinstance(tool, ToolResult)
        assert isinstance(other, ToolResult)
        assert (tool.is_error, other.is_error) == (True, False)

    bounded(main())


def test_a_modern_server_is_told_exactly_what_the_client_declared_and_wants() -> None:
    async def main() -> None:
        pipe = await Pipe("modern").open()
        pipe.on["tools/call"] = lambda it: pipe.result(it, {})
        client = Client(elicitation={"form": {}})
        await pipe.calling(client.caller(log_level="info"))
        await pipe.calling()
        first, second = (sent["params"]["_meta"] for sent in pipe.sent("tools/call"))
        assert first[META + "clientCapabilities"] == {"elicitation": {"form": {}}}
        assert first[META + "logLevel"] == "info"
        assert first["progressToken"] == pipe.sent("tools/call")[0]["id"]
        assert second[META + "clientCapabilities"] == {}
        assert second.keys() == first.keys() - {META + "logLevel", "progressToken"}

    bounded(main())


def test_a_legacy_server_is_told_what_was_declared_once_and_nothing_in_calls() -> None:
    async def main() -> None:
        pipe = await Pipe().open({"roots": {}})
        pipe.on["tools/call"] = lambda it: pipe.result(it, {})
        await pipe.calling(Client(roots={}).caller(log_level="info"))
        assert pipe.sent("initialize")[0]["params"]["capabilities"] == {"roots": {}}
        assert pipe.sent("tools/call")[0]["params"]["_meta"].keys() == {"progressToken"}

    bounded(main())


# what is told


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_what_is_told_while_one_call_is_under_way_goes_to_it(era: str) -> None:
    async def main() -> None:
        pipe = await Pipe(era).open()
        client = Client()
        calling = pipe.calling(client.caller(log_level="debug"))
        request = await pipe.next("tools/call")
        pipe.notify(MESSAGE, {"level": "info", "data": 1})
        pipe.notify("notifications/vendor", {"x": 2})
        pipe.notify("notifications/elicitation/complete", {"elicitationId": "e"})
        pipe.result(request, {})
        await calling
        assert [method for method, _ in client.said] == [
            MESSAGE,
            "notifications/vendor",
            "notifications/elicitation/complete",
        ]
        assert pipe.heard_of == []

    bounded(main())


def test_a_log_line_goes_to_no_modern_call_that_did_not_want_it() -> None:
    async def main() -> None:
        pipe = await Pipe("modern").open()
        quiet, loud = Client(), Client()
        tasks = [pipe.calling(quiet.caller()), pipe.calling(loud.caller(log_level="info"))]
        await pipe.next("tools/call", 2)
        pipe.notify(MESSAGE, {"level": "info", "data": "x"})
        pipe.notify("notifications/vendor", {})
        for request in pipe.sent("tools/call"):
            pipe.result(request, {})
        await asyncio.gather(*tasks)
        assert (len(quiet.said), len(loud.said), pipe.heard_of) == (0, 1, [])

    bounded(main())


def test_a_token_in_a_modern_log_line_names_its_call() -> None:
    async def main() -> None:
        pipe = await Pipe("modern").open()
        clients = [Client(), Client()]
        tasks = [pipe.calling(client.caller(log_level="info")) for client in clients]
        second = await pipe.next("tools/call", 2)
        pipe.notify(MESSAGE, {"level": "info", "data": "x", "_meta": {"progressToken": second["id"]}})
        pipe.notify(MESSAGE, {"level": "info", "data": "whose?"})
        for request in pipe.sent("tools/call"):
            pipe.result(request, {})
        await asyncio.gather(*tasks)
        assert [len(client.said) for client in clients] == [0, 1]
        assert pipe.heard_of == []

    bounded(main())


def test_what_a_legacy_server_tells_while_several_calls_are_under_way_belongs_to_none() -> None:
    async def main() -> None:
        pipe = await Pipe().open()
        clients = [Client(), Client()]
        tasks = [pipe.calling(client.caller()) for client in clients]
        await pipe.next("tools/call", 2)
        pipe.notify(MESSAGE, {"level": "info", "data": "x"})
        for request in pipe.sent("tools/call"):
            pipe.result(request, {})
        await asyncio.gather(*tasks)
        pipe.notify("notifications/vendor", {})
        assert [client.said for client in clients] == [[], []]
        assert [method for method, _ in pipe.heard_of] == [MESSAGE, "notifications/vendor"]

    bounded(main())


def test_progress_goes_by_its_token_and_never_to_another_call() -> None:
    async def main() -> None:
        pipe = await Pipe().open()
        clients = [Client(), Client()]
        tasks = [pipe.calling(client.caller()) for client in clients]
        first = (await pipe.next("tools/call", 2), pipe.sent("tools/call")[0])[1]
        for token in (first["id"], 4711, True, None, str(first["id"])):
            pipe.notify("notifications/progress", {"progressToken": token, "progress": 1, "extra": "x"})
        for request in pipe.sent("tools/call"):
            pipe.result(request, {})
        await asyncio.gather(*tasks)
        assert [client.progress for client in clients] == [[{"progress": 1, "extra": "x"}], []]

    bounded(main())


def test_changes_are_told_by_the_list_they_are_of() -> None:
    async def main() -> None:
        pipe = await Pipe().open()
        for name in ("tools", "prompts", "resources"):
            pipe.notify(f"notifications/{name}/list_changed")
        pipe.notify("notifications/resources/updated", {"uri": "a:b"})
        assert pipe.changed == ["tools", "prompts", "resources"]
        assert pipe.heard_of == [("notifications/resources/updated", {"uri": "a:b"})]

    bounded(main())


# questions of a legacy server


def test_a_question_goes_to_the_newest_call_and_its_answer_back() -> None:
    async def main() -> None:
        pipe = await Pipe().open({"elicitation": {}})
        clients = [Client({"elicitation/create": ACCEPTED}, elicitation={}) for _ in range(2)]
        tasks = [pipe.calling(client.caller()) for client in clients]
        await pipe.next("tools/call", 2)
        pipe.say(ask("q"))
        assert (await pipe.answer_to("q"))["result"] == ACCEPTED
        assert [len(client.asked) for client in clients] == [0, 1]
        assert clients[1].asked[0] == ("elicitation/create", FORM)
        for request in pipe.sent("tools/call"):
            pipe.result(request, {})
        await asyncio.gather(*tasks)

    bounded(main())


def test_a_server_is_told_the_error_that_the_client_gave() -> None:
    async def main() -> None:
        pipe = await Pipe().open({"sampling": {}})
        client = Client({"sampling/createMessage": Fault(-1, "no", {"why": 1})}, sampling={})
        calling = pipe.calling(client.caller())
        request = await pipe.next("tools/call")
        pipe.say(ask(5, SAMPLE))
        assert (await pipe.answer_to(5))["error"] == {"code": -1, "message": "no", "data": {"why": 1}}
        pipe.result(request, {})
        await calling

    bounded(main())


@pytest.mark.parametrize(
    ("declared", "question", "code"),
    [
        ({}, ELICIT, -32601),
        ({"sampling": {}}, ELICIT, -32601),
        ({"elicitation": {}}, {"method": "x/vendor", "params": {}}, -32601),
    ],
)
def test_a_client_is_asked_nothing_that_it_did_not_declare(
    declared: Message, question: Message, code: int
) -> None:
    async def main() -> None:
        pipe = await Pipe().open(declared)
        client = Client({"elicitation/create": ACCEPTED}, **declared)
        calling = pipe.calling(client.caller())
        request = await pipe.next("tools/call")
        pipe.say(ask("q", question))
        assert (await pipe.answer_to("q"))["error"]["code"] == code
        assert client.asked == []
        pipe.result(request, {})
        await calling

    bounded(main())


def test_nobody_is_asked_on_a_connection_that_declared_nothing_whatever_the_client_can() -> None:
    async def main() -> None:
        pipe = await Pipe().open({})
        client = Client({"elicitation/create": ACCEPTED}, elicitation={})
        calling = pipe.calling(client.caller())
        request = await pipe.next("tools/call")
        pipe.say(ask("q"))
        assert (await pipe.answer_to("q"))["error"]["code"] == -32601
        assert client.asked == []
        pipe.result(request, {})
        await calling

    bounded(main())


def test_a_question_outside_any_call_is_refused() -> None:
    async def main() -> None:
        pipe = await Pipe().open({"roots": {}})
        pipe.say(ask("q", {"method": "roots/list"}))
        assert (await pipe.answer_to("q"))["error"]["code"] == -32603

    bounded(main())


def test_a_question_while_the_connection_is_being_opened_goes_to_who_waits_for_it() -> None:
    async def main() -> None:
        pipe = await Pipe().open({"roots": {}})
        client = Client({"roots/list": {"roots": []}}, roots={})
        pipe.waits = client.caller()
        pipe.say(ask("q", {"method": "roots/list"}))
        assert (await pipe.answer_to("q"))["result"] == {"roots": []}

    bounded(main())


def test_a_ping_is_answered_in_the_middle_of_a_question() -> None:
    async def main() -> None:
        pipe = await Pipe().open({"elicitation": {}})
        client = Client({"elicitation/create": ACCEPTED}, elicitation={})
        client.gate.clear()
        calling = pipe.calling(client.caller())
        request = await pipe.next("tools/call")
        pipe.say(ask("q"))
        pipe.say({"id": "p", "method": "ping"})
        assert (await pipe.answer_to("p"))["result"] == {}
        client.gate.set()
        await pipe.answer_to("q")
        pipe.result(request, {})
        await calling

    bounded(main())


def test_a_question_that_the_server_takes_back_is_taken_from_the_client() -> None:
    async def main() -> None:
        pipe = await Pipe().open({"elicitation": {}})
        client = Client({"elicitation/create": ACCEPTED}, elicitation={})
        client.gate.clear()
        calling = pipe.calling(client.caller())
        request = await pipe.next("tools/call")
        pipe.say(ask("q"))
        await until(lambda: client.asked)
        pipe.notify("notifications/cancelled", {"requestId": "q"})
        await until(lambda: client.was_cancelled)
        pipe.result(request, {})
        await calling
        assert not [line for line in pipe.lines if line.get("id") == "q"]

    bounded(main())


def test_the_questions_of_a_call_end_with_it() -> None:
    async def main() -> None:
        pipe = await Pipe().open({"elicitation": {}})
        client = Client({"elicitation/create": ACCEPTED}, elicitation={})
        client.gate.clear()
        calling = pipe.calling(client.caller())
        request = await pipe.next("tools/call")
        pipe.say(ask("q"))
        await until(lambda: client.asked)
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        await until(lambda: client.was_cancelled)
        assert (await pipe.answer_to("q"))["error"]["code"] == -32603
        assert pipe.sent("notifications/cancelled")[0]["params"]["requestId"] == request["id"]

    bounded(main())


def test_a_server_may_have_so_many_questions_open_and_no_more() -> None:
    async def main() -> None:
        pipe = await Pipe().open({"elicitation": {}})
        client = Client({"elicitation/create": ACCEPTED}, elicitation={})
        client.gate.clear()
        calling = pipe.calling(client.caller())
        request = await pipe.next("tools/call")
        for number in range(questions.MAX_QUESTIONS + 1):
            pipe.say(ask(f"q{number}"))
        pipe.say(ask("q0"))
        refused = await pipe.answer_to(f"q{questions.MAX_QUESTIONS}")
        assert refused["error"]["code"] == -32603
        client.gate.set()
        for number in range(questions.MAX_QUESTIONS):
            assert (await pipe.answer_to(f"q{number}"))["result"] == ACCEPTED
        assert len(client.asked) == questions.MAX_QUESTIONS
        pipe.result(request, {})
        await calling

    bounded(main())


def test_a_modern_server_that_sends_a_question_is_refused() -> None:
    async def main() -> None:
        pipe = await Pipe("modern").open()
        client = Client({"elicitation/create": ACCEPTED}, elicitation={})
        calling = pipe.calling(client.caller())
        request = await pipe.next("tools/call")
        pipe.say(ask("q"))
        assert (await pipe.answer_to("q"))["error"]["code"] == -32601
        assert client.asked == []
        pipe.result(request, {})
        await calling

    bounded(main())


# rounds of a modern server


def asks(pipe: Pipe, *rounds_: Message) -> None:
    """Answer each call with these in turn, the last one again and again."""
    left = list(rounds_)

    def answer(message: Message) -> None:
        pipe.result(message, left.pop(0) if len(left) > 1 else left[0])

    pipe.on["tools/call"] = answer


def wants(state: str | None = "s", **requests: Message) -> Message:
    made: Message = {"resultType": "input_required"}
    if requests:
        made["inputRequests"] = requests
    return made if state is None else {**made, "requestState": state}


def test_a_call_is_sent_again_with_the_answers_and_the_state_to_the_letter() -> None:
    async def main() -> None:
        pipe = await Pipe("modern").open()
        asks(pipe, wants("\ud83d é \\u0041", a=ELICIT), {"content": []})
        client = Client({"elicitation/create": ACCEPTED}, elicitation={})
        outcome = await pipe.calling(client.caller(), text="hi")
        assert isinstance(outcome, ToolResult)
        assert json.loads(outcome.result) == {"resultType": "complete", "content": []}
        first, second = pipe.sent("tools/call")
        assert second["id"] != first["id"]
        assert second["params"]["_meta"]["progressToken"] == second["id"]
        same = ("name", "arguments")
        assert [first["params"][key] for key in same] == [second["params"][key] for key in same]
        assert second["params"]["requestState"] == "\ud83d é \\u0041"
        assert second["params"]["inputResponses"] == {"a": ACCEPTED}
        assert client.asked == [("elicitation/create", FORM)]

    bounded(main())


def test_no_state_is_made_up_where_the_server_gave_none() -> None:
    async def main() -> None:
        pipe = await Pipe("modern", prompts={}).open()
        left = [wants(None, a=ELICIT), {"messages": []}]
        pipe.on["prompts/get"] = lambda it: pipe.result(it, left.pop(0))
        client = Client({"elicitation/create": ACCEPTED}, elicitation={})
        await pipe.calling(client.caller(), "prompts/get", name="greet")
        again = pipe.sent("prompts/get")[1]["params"]
        assert again.keys() == {"name", "inputResponses", "_meta"}

    bounded(main())


def test_a_form_that_is_refused_is_declined_and_the_call_goes_on() -> None:
    async def main() -> None:
        pipe = await Pipe("modern").open()
        asks(pipe, wants(a=ELICIT), {})
        client = Client({"elicitation/create": Fault(403, "no")}, elicitation={})
        assert isinstance(await pipe.calling(client.caller()), ToolResult)
        assert pipe.sent("tools/call")[1]["params"]["inputResponses"] == {"a": {"action": "decline"}}

    bounded(main())


def test_sampling_that_is_refused_ends_the_call_with_that_fault() -> None:
    async def main() -> None:
        pipe = await Pipe("modern").open()
        asks(pipe, wants(a=SAMPLE), {})
        client = Client({"sampling/createMessage": Fault(403, "no")}, sampling={})
        assert await pipe.calling(client.caller()) == Fault(403, "no")
        assert len(pipe.sent("tools/call")) == 1

    bounded(main())


def test_what_the_client_cannot_be_asked_is_not_put_to_it() -> None:
    async def main() -> None:
        pipe = await Pipe("modern").open()
        asks(pipe, wants(a=SAMPLE), {})
        client = Client({"sampling/createMessage": ACCEPTED}, elicitation={})
        outcome = await pipe.calling(client.caller())
        assert isinstance(outcome, Fault)
        assert outcome.code == -32601
        assert client.asked == []

    bounded(main())


def test_a_server_that_never_stops_asking_is_left() -> None:
    async def main() -> None:
        pipe = await Pipe("modern").open()
        asks(pipe, wants(a=ELICIT))
        client = Client({"elicitation/create": ACCEPTED}, elicitation={})
        with pytest.raises(OutcomeUnknown, match="more than 10 times"):
            await pipe.calling(client.caller())
        assert len(pipe.sent("tools/call")) == rounds.ROUNDS + 1

    bounded(main())


def test_a_server_that_only_wants_to_be_asked_again_is_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "POLL_PAUSE", 0.05)

    async def main() -> None:
        pipe = await Pipe("modern").open()
        asks(pipe, wants("later"), {})
        started = asyncio.get_running_loop().time()
        assert isinstance(await pipe.calling(), ToolResult)
        assert asyncio.get_running_loop().time() - started > 0.04
        again = pipe.sent("tools/call")[1]["params"]
        assert again["requestState"] == "later"
        assert "inputResponses" not in again

    bounded(main())


def test_the_proof_must_hold_in_every_round() -> None:
    async def main() -> None:
        pipe = await Pipe("modern").open()
        asks(pipe, wants(a=ELICIT), {})
        client = Client({"elicitation/create": ACCEPTED}, elicitation={})
        call = made_call("tools/call", {})
        allow = allowed(call, holds=lambda: not client.asked)
        with pytest.raises(OutcomeUnknown, match=r"begun and could not be ended: the policy") as refused:
            await pipe.session.call(allow, call, client.caller())
        assert not isinstance(refused.value, NotSent | Withdrawn)
        assert len(pipe.sent("tools/call")) == 1

    bounded(main())


@pytest.mark.parametrize(
    "result",
    [
        {"resultType": "input_required"},
        {"resultType": "input_required", "requestState": 5},
        {"resultType": "input_required", "requestState": None, "inputRequests": []},
        {"resultType": "input_required", "inputRequests": {"a": {"params": {}}}},
        {"resultType": "input_required", "inputRequests": {"a": "roots/list"}},
        wants(**{str(number): ELICIT for number in range(questions.MAX_QUESTIONS + 1)}),
        {"resultType": "task", "task": {}},
    ],
)
def test_a_malformed_question_ends_the_call(result: Message) -> None:
    async def main() -> None:
        pipe = await Pipe("modern").open()
        asks(pipe, result)
        client = Client({"elicitation/create": ACCEPTED}, elicitation={})
        with pytest.raises(OutcomeUnknown):
            await pipe.calling(client.caller())
        assert client.asked == []

    bounded(main())


def test_a_kind_of_result_that_an_extension_of_the_client_may_know_is_passed_on() -> None:
    async def main() -> None:
        pipe = await Pipe("modern").open()
        asks(pipe, {"resultType": "vendor", "x": {}})
        client = Client(extensions={"io.example/vendor": {}})
        outcome = await pipe.calling(client.caller())
        assert isinstance(outcome, ToolResult)

    bounded(main())


# what a modern server promises to tell


def test_a_modern_server_is_asked_to_tell_of_what_it_can() -> None:
    async def main() -> None:
        pipe = await Pipe("modern", tools={"listChanged": True}, prompts={"listChanged": True}).open()
        listen = await pipe.next("subscriptions/listen")
        assert listen["params"]["notifications"] == {"toolsListChanged": True, "promptsListChanged": True}
        pipe.acknowledge(listen, toolsListChanged=True)
        assert pipe.session.watched == {"tools"}

    bounded(main())


def test_a_server_that_can_tell_of_nothing_is_not_asked_to() -> None:
    async def main() -> None:
        pipe = await Pipe("modern", resources={}).open()
        pipe.on["tools/call"] = lambda it: pipe.result(it, {})
        await pipe.calling()
        assert pipe.sent("subscriptions/listen") == []

    bounded(main())


def test_another_resource_makes_a_new_listening_and_then_ends_the_old_one() -> None:
    async def main() -> None:
        pipe = await Pipe("modern", resources={"listChanged": True}).open()
        first = await pipe.next("subscriptions/listen")
        pipe.acknowledge(first, resourcesListChanged=True)
        pipe.wanted = frozenset({"a:1"})
        honoured = asyncio.ensure_future(pipe.session.honour("a:1"))
        second = await pipe.next("subscriptions/listen", 2)
        assert second["params"]["notifications"]["resourceSubscriptions"] == ["a:1"]
        assert pipe.sent("notifications/cancelled") == []
        pipe.acknowledge(second, resourcesListChanged=True, resourceSubscriptions=["a:1"])
        assert await honoured
        assert pipe.sent("notifications/cancelled")[0]["params"]["requestId"] == first["id"]
        assert pipe.changed == []

    bounded(main())


def test_many_resources_at_once_are_asked_for_together() -> None:
    async def main() -> None:
        pipe = await Pipe("modern", resources={}).open()

        def acknowledge(listen: Message) -> None:
            pipe.acknowledge(
                listen, resourceSubscriptions=listen["params"]["notifications"]["resourceSubscriptions"]
            )

        pipe.on["subscriptions/listen"] = acknowledge
        asked = []
        for number in range(20):
            pipe.wanted = pipe.wanted | {f"a:{number}"}
            asked.append(asyncio.ensure_future(pipe.session.honour(f"a:{number}")))
            if number == 0:
                await pipe.next("subscriptions/listen")
        assert all(await asyncio.gather(*asked))
        assert len(pipe.sent("subscriptions/listen")) <= 3

    bounded(main())


def test_a_resource_that_the_server_does_not_promise_is_not_honoured() -> None:
    async def main() -> None:
        pipe = await Pipe("modern", resources={}).open()
        pipe.on["subscriptions/listen"] = lambda it: pipe.acknowledge(it, resourceSubscriptions=[])
        pipe.wanted = frozenset({"a:1"})
        assert not await pipe.session.honour("a:1")

    bounded(main())


def test_a_listening_that_is_refused_honours_nothing() -> None:
    async def main() -> None:
        pipe = await Pipe("modern", resources={}).open()
        pipe.on["subscriptions/listen"] = lambda it: pipe.error(it, -32601, "no")
        pipe.wanted = frozenset({"a:1"})
        assert not await pipe.session.honour("a:1")

    bounded(main())


@pytest.mark.parametrize("how", ["result", "cancelled"])
def test_a_listening_that_the_server_ends_is_begun_anew_and_what_was_missed_looked_at(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("latchward.upstream.session.LISTEN_AGAIN", 0.01)

    async def main() -> None:
        pipe = await Pipe("modern", prompts={"listChanged": True}).open()
        pipe.wanted = frozenset({"a:1"})
        first = await pipe.next("subscriptions/listen")
        pipe.acknowledge(first, promptsListChanged=True)
        second = await pipe.next("subscriptions/listen", 2)
        promised: dict[str, Any] = {"promptsListChanged": True, "resourceSubscriptions": ["a:1"]}
        pipe.acknowledge(second, **promised)
        if how == "result":
            pipe.result(second, {})
        else:
            pipe.notify("notifications/cancelled", {"requestId": second["id"]})
        await until(lambda: not pipe.session.watched)
        third = await pipe.next("subscriptions/listen", 3)
        assert (pipe.changed, pipe.heard_of) == ([], [])
        pipe.acknowledge(third, **promised)
        assert pipe.changed == ["prompts"]
        assert pipe.heard_of == [("notifications/resources/updated", {"uri": "a:1"})]

    bounded(main())
