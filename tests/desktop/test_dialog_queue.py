"""Several questions, and questions that end before they were answered."""

import time

import pytest

from tests.support import recorder
from tests.support.a11y import BUTTON
from tests.support.asked_fixture import Asked
from tests.support.desktop import Desktop
from tests.support.desktop_fixtures import on
from tests.support.waiting import wait_for
from tests.support.whole import Dialog, call, text_of

pytestmark = pytest.mark.desktop

ECHO = "fixture__echo"


def soon_over(seconds: float) -> pytest.MarkDecorator:
    """Questions that stay open for so long only."""
    return pytest.mark.parametrize("asked", [{"deadline": seconds}], indirect=True)


@on("xfwm4", "xembed", "xfce")
def test_questions_queue_in_one_window_the_oldest_first(asked: Asked, desktop: Desktop) -> None:
    with asked.whole.agent() as agent:
        for number in (1, 2, 3):
            agent.send(call(number, ECHO, {"text": f"call {number}"}))
            asked.whole.dialog().node.find("label" if number > 1 else "text", f"1 of {number}$|^Arguments$")
        for number, place in ((1, "1 of 3"), (2, "1 of 2"), (3, "")):
            dialog = asked.whole.dialog()
            _shows(dialog, f"call {number}")
            assert (place in dialog.labels) is bool(place)
            assert len([window for window in desktop.windows() if "Latchward asks" in window.title]) == 1
            (dialog.deny if number == 2 else dialog.allow)()
            assert agent.answer(number)["result"].get("isError", False) is (number == 2)
    assert asked.calls == [{"text": "call 1"}, {"text": "call 3"}]


@on()
def test_clients_take_turns(asked: Asked) -> None:
    with asked.whole.agent("agent") as one, asked.whole.agent("other") as two:
        one.send(call(1, ECHO, {"text": "a1"}))
        asked.whole.dialog("^agent wants")
        one.send(call(2, ECHO, {"text": "a2"}))
        asked.whole.dialog().node.find("label", "^1 of 2$")
        two.send(call(1, ECHO, {"text": "b1"}))
        asked.whole.dialog().node.find("label", "^1 of 3$")
        asked.whole.dialog("^agent wants").deny()
        asked.whole.dialog("^other wants").deny()
        asked.whole.dialog("^agent wants").deny()
        for agent, identity in ((one, 1), (two, 1), (one, 2)):
            assert agent.answer(identity)["result"]["isError"]
    assert asked.calls == []


@on()
def test_everything_of_one_client_is_denied_at_once(asked: Asked) -> None:
    with asked.whole.agent("agent") as one, asked.whole.agent("other") as two:
        for number in range(5):
            one.send(call(number, ECHO, {"text": f"a{number}"}))
        asked.whole.dialog("^agent wants")
        two.send(call(1, ECHO, {"text": "b1"}))
        asked.whole.dialog().node.find("label", "^1 of 6$")
        asked.whole.dialog("^agent wants").click("Deny all 5 from this client")
        assert all(one.answer(number)["result"]["isError"] for number in range(5))
        asked.whole.dialog("^other wants").allow()
        assert text_of(two.answer(1)) == "b1"
    assert asked.calls == [{"text": "b1"}]


@on()
def test_equal_calls_are_one_question_and_one_yes_lets_one_of_them_go(asked: Asked) -> None:
    with asked.whole.agent() as agent:
        for number in (1, 2):
            agent.send(call(number, ECHO, {"text": "same"}))
        dialog = asked.whole.dialog()
        _shows(dialog, "same")
        assert not [label for label in dialog.labels if label.startswith("1 of")]
        dialog.allow()
        recorder.wait_for(asked.record, b"tools/call")
        asked.whole.dialog().deny()
        answers = [agent.answer(number)["result"] for number in (1, 2)]
    assert sorted(bool(answer.get("isError")) for answer in answers) == [False, True]
    assert asked.calls == [{"text": "same"}]


@on()
def test_one_no_answers_every_equal_call(asked: Asked) -> None:
    with asked.whole.agent() as agent:
        for number in (1, 2, 3):
            agent.send(call(number, ECHO, {"text": "same"}))
        asked.whole.dialog().deny()
        assert all(agent.answer(number)["result"]["isError"] for number in (1, 2, 3))
        asked.whole.no_dialog()
    assert asked.calls == []


@soon_over(2.0)
@on()
def test_a_question_that_nobody_answers_is_refused_and_its_window_says_so(asked: Asked) -> None:
    with asked.whole.agent() as agent:
        began = time.monotonic()
        agent.send(call(1, ECHO, {"text": "late"}))
        dialog = asked.whole.dialog()
        text = text_of(agent.answer(1))
        assert 1.9 < time.monotonic() - began < 3.5
        assert "nobody answered within 2 seconds" in text
        dialog.node.find("label", "^This question is over: .* Nothing was sent")
        assert dialog.button("Close").enabled
        assert not dialog.node.all(BUTTON, "^(Allow|Deny)$")
    assert asked.calls == []
    assert asked.verdicts == ["approval-expired"]


@on()
def test_when_the_client_leaves_its_question_goes_and_a_late_click_does_nothing(asked: Asked) -> None:
    whole = asked.whole
    with whole.agent() as agent:
        agent.send(call(1, ECHO, {"text": "gone"}))
        dialog = whole.dialog()
        dialog.bring_up()
        where = dialog.armed("Allow").centre
        agent.process.kill()
        left = time.monotonic()
        dialog.node.find("label", "^This question is over", seconds=1)
        assert time.monotonic() - left < 1
        for _ in range(3):
            whole.desktop.click(*where)
    assert asked.calls == []
    assert asked.verdicts == ["abandoned"]


@on()
def test_a_cancelled_call_takes_its_question_with_it(asked: Asked) -> None:
    with asked.whole.agent() as agent:
        agent.send(call(7, ECHO, {"text": "cancelled"}))
        dialog = asked.whole.dialog()
        agent.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}})
        dialog.node.find("label", "^This question is over", seconds=1)
        assert not dialog.node.all(BUTTON, "^Allow$")
        wait_for(lambda: asked.verdicts == ["abandoned"], "row of the cancelled call")
    assert asked.calls == []


def _shows(dialog: Dialog, words: str) -> None:
    wait_for(lambda: words in dialog.arguments, f"question about {words!r}")
