"""The queue: oldest first, the clients in turn, the shown one stays."""

from latchward.gui.approval.waiting import Waiting
from tests.gui.support import question


def fill(*who: str) -> Waiting:
    waiting = Waiting()
    for at, client in enumerate(who):
        waiting.add(question(f"{client}{at}", client=client), 0.0)
    return waiting


def order(waiting: Waiting) -> list[str]:
    found = []
    while waiting.current is not None:
        nonce = waiting.current.question.nonce
        found.append(nonce)
        waiting.remove(nonce)
    return found


def test_clients_have_their_turn_and_each_its_oldest_first():
    assert order(fill("a", "a", "a", "b", "c", "b")) == ["a0", "b3", "c4", "a1", "b5", "a2"]


def test_the_shown_question_stays_when_others_come_and_go():
    waiting = fill("a", "b", "a")
    waiting.add(question("z", client="z"), 0.0)
    waiting.remove("b1")
    assert waiting.current.question.nonce == "a0"
    assert len(waiting) == 3


def test_a_question_that_is_known_changes_nothing():
    waiting = fill("a")
    waiting.add(question("a0", client="other"), 5.0)
    assert len(waiting) == 1
    assert waiting.find("a0").question.client == "a"


def test_everything_of_one_client_is_found():
    assert [one.nonce for one in fill("a", "b", "a").of("a")] == ["a0", "a2"]
    assert fill("a").of("nobody") == ()


def test_removing_what_is_not_there_is_nothing():
    assert fill("a").remove("x") is None
