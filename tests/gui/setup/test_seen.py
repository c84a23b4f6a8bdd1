"""Step 3: the first calls, and programs that come in for the first time."""

from msgspec.structs import replace
from PySide6.QtWidgets import QApplication

from latchward.control.messages import (
    Adopt,
    AnswerHeld,
    Calls,
    Clients,
    Done,
    Failed,
    Held,
    HeldList,
    ProposeAdoption,
)
from latchward.gui.setup.dialog import SEEN, SetupDialog
from tests.gui.builder_support import press

from .scene import CURSOR, GITHUB, MOVED, PEER, PROTECTED, Scene, call, plan


def at_step_three(scene: Scene) -> SetupDialog:
    dialog = scene.taken_in()
    press(dialog, "Continue")
    assert dialog.page == SEEN
    return dialog


def armed(scene: Scene, dialog: SetupDialog) -> None:
    (card,) = dialog.seen.cards.values()
    scene.qtbot.waitUntil(card.accept.isEnabled)


def test_each_connected_client_says_how_it_notices(scene: Scene):
    at_step_three(scene)
    assert "Waiting for the first call" in scene.text
    assert "Restart Cursor. See Settings, MCP." in scene.text
    assert "Start a new session." in scene.text


def test_clients_that_do_not_reach_us_are_not_waited_for(scene: Scene):
    at_step_three(scene)
    scene.tell(Clients((PROTECTED[0], replace(CURSOR, id="zed", title="Zed")), ()))
    assert "Zed" not in scene.text


def test_the_first_call_is_a_clear_success(scene: Scene):
    at_step_three(scene)
    scene.tell(Calls((call(1),)))
    assert "Claude Code works" in scene.text
    assert "Claude Code called github · get" in scene.text
    assert "Allowed by your rule." in scene.text
    assert "Waiting for the first call" not in scene.text


def test_a_client_that_called_came_through(scene: Scene):
    at_step_three(scene)
    scene.tell(Calls((call(1),)))
    assert scene.text.count("Came through") == 1
    assert scene.text.count("No call yet") == 1
    assert "1 client has not called yet" in scene.text


def test_nobody_is_missed_once_every_client_called(scene: Scene):
    at_step_three(scene)
    scene.tell(Calls((call(2, client="cursor"), call(1))))
    assert "not called yet" not in scene.text


def test_a_first_call_that_was_refused_says_why(scene: Scene):
    at_step_three(scene)
    scene.tell(Calls((call(1, "refused", why="the user said no"),)))
    assert "The first call came, and was refused" in scene.text
    assert "The user said no." in scene.text


def test_an_allowed_call_after_a_refused_one_is_a_success(scene: Scene):
    at_step_three(scene)
    scene.tell(Calls((call(1, "refused"),)))
    scene.tell(Calls((call(2), call(1, "refused"))))
    assert "Claude Code works" in scene.text


def test_the_first_call_stays_when_more_come(scene: Scene):
    dialog = at_step_three(scene)
    scene.tell(Calls((call(1),)))
    scene.tell(Calls(tuple(call(number, client="cursor") for number in range(40, 1, -1))))
    assert dialog.seen.first == call(1)


def test_calls_from_before_the_taking_in_do_not_count(scene: Scene):
    scene.opened(GITHUB)
    scene.tell(Calls((call(5),)))
    scene.dialog.foot.primary.click()
    scene.tell(plan(scene.hears(ProposeAdoption).serial))
    scene.tell(Done(scene.hears(Adopt).serial), MOVED)
    assert scene.dialog.seen.first is None
    scene.tell(Calls((call(6), call(5))))
    assert scene.dialog.seen.first == call(6)


def test_a_new_program_is_shown_with_its_lines(scene: Scene):
    at_step_three(scene)
    scene.tell(HeldList((replace(PEER, lines=("started by: cursor\u202e, systemd",)),)))
    assert "A program calling itself Cursor wants to connect." in scene.text
    assert "Program: /usr/bin/cursor" in scene.text
    assert "started by: cursor<U+202E>, systemd" in scene.text


def test_a_new_program_is_let_in_by_a_press(scene: Scene):
    dialog = at_step_three(scene)
    scene.tell(HeldList((PEER,)))
    armed(scene, dialog)
    press(dialog, "Let it in")
    sent = scene.hears(AnswerHeld)
    assert (sent.key, sent.digest, sent.accept) == (PEER.key, PEER.digest, True)


def test_a_press_that_was_meant_for_something_else_lets_nobody_in(scene: Scene):
    dialog = at_step_three(scene)
    scene.tell(HeldList((PEER,)))
    press(dialog, "Let it in")
    assert scene.gateway.heard_nothing_of(AnswerHeld)


def test_a_late_yes_says_why_it_is_off(scene: Scene):
    dialog = at_step_three(scene)
    scene.tell(HeldList((PEER,)))
    (card,) = dialog.seen.cards.values()
    assert "a moment…" in scene.text
    assert card.accept.accessibleDescription().startswith("Off for a moment")
    armed(scene, dialog)
    assert "a moment…" not in scene.text
    assert card.accept.accessibleDescription() == PEER.what


def test_the_way_out_does_not_stand_out_while_a_program_waits(scene: Scene):
    dialog = at_step_three(scene)
    scene.tell(HeldList((PEER,)))
    assert dialog.foot.primary.property("look") == ""
    assert not dialog.foot.primary.isDefault()
    assert "Finish leaves it out until you decide, under Waiting." in scene.text
    scene.tell(HeldList(()))
    assert dialog.foot.primary.property("look") == "primary"
    assert dialog.foot.primary.isDefault()
    assert "Finish leaves" not in scene.text


def test_the_next_card_arms_anew_when_the_one_above_it_goes(scene: Scene):
    dialog = at_step_three(scene)
    other = replace(PEER, key="peer:code:/usr/bin/code", digest="/usr/bin/code")
    scene.tell(HeldList((PEER, other)))
    card = dialog.seen.cards[(other.key, other.digest)]
    scene.qtbot.waitUntil(card.accept.isEnabled)
    scene.tell(HeldList((other,)))
    assert not card.accept.isEnabled()


def test_a_new_program_can_be_kept_out_at_once(scene: Scene):
    dialog = at_step_three(scene)
    scene.tell(HeldList((PEER,)))
    press(dialog, "Keep it out")
    assert scene.hears(AnswerHeld).accept is False


def test_an_answer_that_fails_says_why_and_is_offered_again(scene: Scene):
    dialog = at_step_three(scene)
    scene.tell(HeldList((PEER,)))
    press(dialog, "Keep it out")
    scene.tell(Failed(scene.hears(AnswerHeld).serial, "it went away"))
    assert "This was not done. It went away." in scene.text
    press(dialog, "Keep it out")
    assert scene.hears(AnswerHeld).key == PEER.key


def test_edits_on_disk_are_not_answered_here(scene: Scene):
    at_step_three(scene)
    scene.tell(HeldList((Held("policy:a", "d", "policy", "the policy a lets more through", ()),)))
    assert "lets more through" not in scene.text


def test_a_card_that_stays_is_the_same_one(scene: Scene):
    dialog = at_step_three(scene)
    scene.tell(HeldList((PEER,)))
    (before,) = dialog.seen.cards.values()
    scene.tell(HeldList((PEER,)))
    QApplication.processEvents()
    assert list(dialog.seen.cards.values()) == [before]


def test_finish_closes_and_the_next_time_begins_where_it_stands(scene: Scene):
    dialog = at_step_three(scene)
    press(dialog, "Finish")
    assert not dialog.isVisible()
    scene.found(GITHUB, clients=PROTECTED)
    dialog.show()
    assert "1 server is used without protection" in scene.text


def test_back_leads_to_the_rules(scene: Scene):
    dialog = at_step_three(scene)
    press(dialog, "Back")
    assert "What may the 5 tools of 2 servers do?" in scene.text
