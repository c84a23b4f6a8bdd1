"""Questions over a real link: shown one at a time, answered once, withdrawn when they are over."""

import pytest
from PySide6.QtWidgets import QApplication

from latchward.control.messages import Answered, Asked, Closed
from latchward.gui.approval.asking import Asking
from latchward.gui.approval.dialog import ApprovalDialog
from latchward.gui.approval.notification import Notifications
from tests.gui.support import question


class Scene:
    """The tray's side of the questions, and the gateway's end."""

    def __init__(self, ends, theme, qtbot):
        self.link, self.gateway = ends
        self.notifications = Notifications()
        self.asking = Asking(self.link, theme, self.notifications)
        self.dialog = self.asking.dialog
        self.qtbot = qtbot
        self.gateway.greet()
        self.gateway.hear(1)

    def ask(self, *questions):
        count = len(self.asking) + len(questions)
        self.gateway.say(*(Asked(one) for one in questions))
        self.qtbot.waitUntil(lambda: len(self.asking) == count, timeout=10_000)

    def close(self, nonce, why, left):
        self.gateway.say(Closed(nonce, why))
        self.qtbot.waitUntil(lambda: len(self.asking) == left)


@pytest.fixture
def scene(ends, theme, qtbot):
    made = Scene(ends, theme, qtbot)
    yield made
    made.asking.end()


def test_an_answer_carries_the_binding_of_its_question(scene):
    scene.ask(question())
    scene.dialog.answered.emit("n1", True, "session", "")
    assert scene.gateway.hear(1) == [Answered("n1", "binding of n1", True, "session", "")]


def test_a_scope_that_was_not_offered_is_never_sent(scene):
    scene.ask(question(scopes=("call",)))
    scene.dialog.answered.emit("n1", True, "session", "")
    assert scene.gateway.hear(1)[0].scope == "call"


def test_an_answer_to_an_unknown_question_is_not_sent(scene):
    scene.ask(question())
    scene.dialog.answered.emit("other", True, "call", "")
    scene.gateway.hears_nothing()


def test_escape_denies_and_the_next_question_follows(scene):
    scene.ask(question("a"), question("b"))
    scene.dialog.close()
    assert scene.gateway.hear(1) == [Answered("a", "binding of a", False)]
    assert scene.dialog.nonce == "b"
    scene.dialog.close()
    assert not scene.dialog.isVisible()


def test_a_hundred_questions_are_one_window(scene):
    scene.ask(*(question(f"n{n}", client=f"client {n % 10}") for n in range(100)))
    windows = [
        one for one in QApplication.topLevelWidgets() if isinstance(one, ApprovalDialog) and one.isVisible()
    ]
    assert windows == [scene.dialog]
    assert scene.dialog.content.place.text() == "1 of 100"
    scene.asking.deny_all("client 0")
    answers = scene.gateway.hear(10)
    assert [answer.nonce for answer in answers] == [f"n{n}" for n in range(0, 100, 10)]
    assert not any(answer.allowed for answer in answers)
    assert scene.dialog.nonce == "n1"
    assert scene.dialog.content.place.text() == "1 of 90"


def test_more_questions_do_not_disturb_the_shown_one(scene):
    scene.ask(question("a"))
    armed_since = scene.dialog._arming._started
    scene.ask(*(question(f"n{n}") for n in range(50)))
    assert scene.dialog.nonce == "a"
    assert scene.dialog._arming._started == armed_since


def test_a_question_that_is_over_is_withdrawn_and_says_why(scene, monkeypatch):
    scene.asking._over.setInterval(50)
    scene.ask(question())
    scene.close("n1", "the client went away", 0)
    assert scene.dialog.nonce == ""
    assert "the client went away" in scene.dialog.foot.over.text()
    scene.dialog.allow.click()
    scene.gateway.hears_nothing()
    scene.qtbot.waitUntil(lambda: not scene.dialog.isVisible())


def test_the_next_question_says_that_the_one_before_is_over(scene):
    scene.ask(question("a"), question("b"))
    scene.close("a", "the client went away", 1)
    assert scene.dialog.nonce == "b"
    assert scene.dialog.content.banner.text().startswith("The question before this one is over")
    assert not scene.dialog.allow.isEnabled()


def test_a_question_further_back_goes_without_a_word(scene):
    scene.ask(question("a"), question("b"))
    scene.close("b", "the client went away", 1)
    assert scene.dialog.nonce == "a"
    assert scene.dialog.content.banner.isHidden()
    assert scene.dialog.content.place.isHidden()


def test_an_answer_that_came_too_late_is_told(scene):
    scene.ask(question())
    scene.dialog.close()
    scene.gateway.hear(1)
    scene.gateway.say(Closed("n1", "this question was over before the answer came"))
    scene.qtbot.waitUntil(lambda: scene.dialog.isVisible())
    assert scene.dialog.foot.over.text().startswith("Your answer came too late")
    assert not scene.dialog.allow.isEnabled()


def test_the_notification_can_deny_its_question_and_no_other(scene):
    scene.ask(question("a"), question("b"))
    scene.notifications.denied.emit("gone")
    scene.gateway.hears_nothing()
    scene.notifications.denied.emit("a")
    assert scene.gateway.hear(1) == [Answered("a", "binding of a", False)]
    assert scene.dialog.nonce == "b"


def test_without_a_notification_service_the_window_is_there(scene):
    scene.ask(question())
    assert scene.dialog.isVisible()
