"""Nothing is approved by accident: keys and clicks that were meant for something else."""

import random
import time
from contextlib import suppress

import pytest

from tests.support.a11y import BUTTON
from tests.support.asked_fixture import Asked
from tests.support.desktop import Desktop
from tests.support.desktop_fixtures import on, on_each
from tests.support.waiting import NotInTime, wait_for
from tests.support.whole import TITLE, Dialog, call

pytestmark = pytest.mark.desktop

everywhere = on_each(("openbox", "sni", "dunst"), ("xfwm4", "xembed", "xfce"))
ECHO = "fixture__echo"
KEYS = (
    "Return KP_Enter space Escape Tab shift+Tab alt+a alt+d alt+y alt+o y a Up Down Left Right F4 "
    "ctrl+Return alt+Return Page_Down End ctrl+a Delete"
).split()


@on()
def test_what_was_typed_into_another_program_answers_nothing(asked: Asked, desktop: Desktop) -> None:
    with asked.whole.agent() as agent:
        desktop.xdotool("key", "--delay", 12, *["space", "Return", "alt+a", "space"] * 4)
        agent.send(call(1, ECHO, {"text": "typing"}))
        dialog = asked.whole.dialog()
        for _ in range(5):
            desktop.xdotool("key", "--delay", 12, "space", "Return", "a", "alt+a", "space", "y", "Return")
        assert dialog.button("Allow").name == "Allow"
        assert asked.calls == []
        asked.whole.dialog().deny()
        assert agent.answer(1)["result"]["isError"]
    assert asked.calls == []


@everywhere
def test_a_click_that_brings_the_window_to_the_front_answers_nothing(asked: Asked, desktop: Desktop) -> None:
    with asked.whole.agent() as agent:
        agent.send(call(1, ECHO, {"text": "front"}))
        dialog = asked.whole.dialog()
        allow = dialog.armed("Allow")
        if "active" in dialog.node.again().states:
            pytest.skip("this window manager gives a new window the keyboard")
        desktop.click(*allow.centre)
        wait_for(lambda: "active" in dialog.node.again().states, "focus in the window that asks")
        assert not dialog.button("Allow").enabled
        dialog.allow()
        assert not agent.answer(1)["result"].get("isError")
    assert len(asked.calls) == 1


@on("xfwm4", "xembed", "xfce")
def test_return_never_answers_and_keys_alone_take_two_deliberate_ones(asked: Asked, desktop: Desktop) -> None:
    with asked.whole.agent() as agent:
        agent.send(call(1, ECHO, {"text": "keys"}))
        dialog = asked.whole.dialog()
        dialog.bring_up()
        dialog.armed("Allow")
        desktop.key("alt+a")
        wait_for(lambda: "focused" in dialog.button("Allow").states, "focus on Allow")
        desktop.key("Return", "KP_Enter", "a", "y")
        assert asked.calls == []
        assert dialog.button("Allow").enabled
        desktop.key("space")
        assert not agent.answer(1)["result"].get("isError")
    assert asked.calls == [{"text": "keys"}]


@on()
def test_moving_and_the_next_question_arm_anew(asked: Asked, desktop: Desktop) -> None:
    with asked.whole.agent() as agent:
        for number in (1, 2):
            agent.send(call(number, ECHO, {"text": f"call {number}"}))
            asked.whole.dialog()
        dialog = asked.whole.dialog()
        dialog.node.find("label", "^1 of 2$")
        dialog.bring_up()
        where = dialog.armed("Allow").centre
        window = desktop.wait_window(TITLE)
        desktop.xdotool("windowmove", window.id, window.x - 30, 0)
        wait_for(lambda: not dialog.button("Allow").enabled, "moved window whose buttons are off")
        for _ in range(6):  # a double click and more, as somebody does who saw the first question only
            desktop.click(*dialog.armed("Allow").centre if not asked.calls else where)
            if asked.calls:
                break
        assert len(asked.calls) == 1
        desktop.xdotool("click", "--repeat", 4, "--delay", 20, 1)
        assert len(asked.calls) == 1
        wait_for(lambda: "call 2" in asked.whole.dialog().arguments, "second question")
        asked.whole.dialog().deny()
    assert len(asked.calls) == 1


@on()
def test_a_button_that_was_pressed_while_it_was_off_is_not_let_go_of_as_a_yes(
    asked: Asked, desktop: Desktop
) -> None:
    with asked.whole.agent() as agent:
        agent.send(call(1, ECHO, {"text": "held"}))
        dialog = asked.whole.dialog()
        dialog.bring_up()
        assert not dialog.button("Allow").enabled
        desktop.xdotool("mousemove", *dialog.button("Allow").centre, "mousedown", 1)
        dialog.armed("Allow")
        desktop.xdotool("mouseup", 1)
        desktop.focus(desktop.wait_window(TITLE))
        assert dialog.button("Allow").name == "Allow"
        dialog.deny()
        assert agent.answer(1)["result"]["isError"]
    assert asked.calls == []


@on("xfwm4", "xembed", "xfce")
def test_a_window_that_was_minimised_comes_back_with_the_next_question(
    asked: Asked, desktop: Desktop
) -> None:
    with asked.whole.agent() as agent:
        agent.send(call(1, ECHO, {"text": "one"}))
        asked.whole.dialog()
        desktop.xdotool("windowminimize", desktop.wait_window(TITLE).id)
        desktop.wait_no_window(TITLE)
        agent.send(_cancelled(1))
        wait_for(lambda: asked.verdicts == ["abandoned"], "row of the call")
        agent.send(call(2, ECHO, {"text": "two"}))
        desktop.wait_window(TITLE)
        asked.whole.dialog().allow()
        assert not agent.answer(2)["result"].get("isError")
    assert asked.calls == [{"text": "two"}]


def _hand(chance: random.Random, desktop: Desktop, dialog: Dialog | None) -> tuple[str | int, ...]:
    """What somebody in a hurry does: keys, clicks anywhere, and clicks where the buttons are."""
    if chance.random() < 0.5:
        return "key", "--delay", 5, *chance.choices(KEYS, k=chance.randint(1, 5))
    clicks = ("click", "--repeat", chance.randint(1, 3), "--delay", 15, 1)
    buttons = dialog.node.all(BUTTON, chance.choice(("^Allow$", "^Allow$", "^Deny$"))) if dialog else []
    x, y = chance.randrange(desktop.size[0]), chance.randrange(30, desktop.size[1])
    if buttons and chance.random() < 0.6:
        with suppress(NotInTime):  # it went meanwhile
            x, y = buttons[0].centre
    return "mousemove", x, y, *clicks


def haste(asked: Asked, desktop: Desktop, rounds: int, seed: int) -> None:
    """Questions come while somebody types and clicks, and go before any of it could be meant for them."""
    chance = random.Random(seed)
    sent = 0
    with asked.whole.agent() as agent:
        for number in range(rounds):
            tool, quick = chance.choice((("fixture__echo", 0.4), ("fixture__delete", 0.7)))
            began = time.monotonic()
            for _ in range(some := chance.randint(1, 3)):
                sent += 1
                agent.send(call(sent, tool, {"text": f"{sent}", "path": f"{sent}"}))
            dialog = asked.whole.dialog() if chance.random() < 0.7 else None
            while time.monotonic() - began < quick:
                desktop.xdotool(*_hand(chance, desktop, dialog))
            for identity in range(sent - some + 1, sent + 1):
                agent.send(_cancelled(identity))
            wait_for(lambda: len(asked.verdicts) == sent, "row of every call")  # noqa: B023
            assert asked.calls == [], f"seed {seed}, round {number}"
    desktop.key("Escape", "Escape")  # a menu that was opened on the way
    assert set(asked.verdicts) <= {"abandoned", "denied-by-person"}


def _cancelled(identity: int) -> dict[str, object]:
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": identity}}


@pytest.mark.parametrize("seed", [1])
@everywhere
def test_no_haste_approves_anything(asked: Asked, desktop: Desktop, seed: int) -> None:
    haste(asked, desktop, 20, seed)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(2))
@everywhere
def test_no_haste_ever_approves_anything(asked: Asked, desktop: Desktop, seed: int) -> None:
    haste(asked, desktop, 200, 100 + seed)
