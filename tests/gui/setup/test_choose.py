"""Step 2: one preset for all servers that were taken in."""

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from latchward.control.messages import Done, Failed, Save, Servers
from latchward.gui.setup.dialog import CHOOSE, SEEN
from tests.gui.builder_support import press, server, tool

from .scene import VIEWS, Scene


def test_the_strictest_preset_comes_first_and_is_chosen(scene: Scene):
    dialog = scene.taken_in()
    assert list(dialog.choose.options) == ["ask_for_everything", "read_only", "recommended"]
    assert dialog.choose.options["ask_for_everything"].radio.isChecked()


def test_each_preset_says_what_it_does_to_all_tools(scene: Scene):
    scene.taken_in()
    assert "What may the 5 tools of 2 servers do?" in scene.text
    shown = scene.text.split("\n")
    assert "5 asked" in shown
    assert {"2 allowed", "3 denied"} <= set(shown)
    assert {"3 allowed", "1 asked", "1 hidden"} <= set(shown)


def test_servers_that_were_not_taken_in_are_not_counted(scene: Scene):
    scene.taken_in(*VIEWS, server("old", tool("a"), tool("b")))
    assert "What may the 5 tools of 2 servers do?" in scene.text


def test_what_is_in_force_needs_no_save(scene: Scene):
    dialog = scene.taken_in()
    press(dialog, "Continue")
    assert dialog.page == SEEN
    assert scene.gateway.heard_nothing_of(Save)


def test_rules_that_are_no_preset_stay_unless_one_is_chosen(scene: Scene):
    mixed = server("github", tool("a", effect="deny"), tool("b", "Write", effect="allow"))
    dialog = scene.taken_in(mixed)
    assert not any(option.radio.isChecked() for option in dialog.choose.options.values())
    assert "1 allowed · 1 denied" in scene.text
    press(dialog, "Continue")
    assert scene.gateway.heard_nothing_of(Save)


def test_deciding_later_saves_nothing(scene: Scene):
    dialog = scene.taken_in()
    dialog.choose.options["recommended"].radio.click()
    press(dialog, "Decide later")
    assert dialog.page == SEEN
    assert scene.gateway.heard_nothing_of(Save)
    assert scene.draft.count == 0


def test_deciding_later_says_what_holds_until_then(scene: Scene):
    dialog = scene.taken_in()
    assert "until then" not in scene.text
    dialog.choose.options["recommended"].radio.click()
    assert "Decide later: until then every call is asked." in scene.text


def test_deciding_later_promises_no_question_where_other_rules_hold(scene: Scene):
    dialog = scene.taken_in(server("github", tool("a", effect="deny"), tool("b", "Write", effect="allow")))
    dialog.choose.options["recommended"].radio.click()
    assert "every call is asked" not in scene.text


def test_a_preset_is_saved_for_every_server_one_after_the_other(scene: Scene):
    dialog = scene.taken_in()
    dialog.choose.options["recommended"].radio.click()
    press(dialog, "Use Recommended")
    first = scene.hears(Save)
    assert (first.server, first.policy, first.revision, first.preset) == (
        "github",
        "github",
        "r1",
        "recommended",
    )
    assert scene.gateway.heard_nothing_of(Save)
    scene.tell(Done(first.serial))
    second = scene.hears(Save)
    assert second.server == "files"
    scene.tell(Done(second.serial))
    assert dialog.page == SEEN


def test_what_was_saved_is_in_force_in_the_draft(scene: Scene):
    dialog = scene.taken_in()
    dialog.choose.options["read_only"].radio.click()
    press(dialog, "Use Read only")
    for _ in VIEWS:
        scene.tell(Done(scene.hears(Save).serial))
    assert scene.draft.count == 0
    assert [tool.effect for tool in scene.draft.view(("files", "files")).tools] == ["allow", "deny"]


def test_each_save_is_told_to_the_window(scene: Scene):
    dialog = scene.taken_in()
    dialog.choose.options["read_only"].radio.click()
    press(dialog, "Use Read only")
    sent = scene.hears(Save)
    with scene.qtbot.waitSignal(dialog.saved) as told:
        scene.tell(Done(sent.serial))
    assert told.args[0].server == "github"


def test_a_server_that_shares_a_policy_is_saved_on_the_new_revision(scene: Scene):
    shared = tuple(replace(view, policy="both") for view in VIEWS)
    dialog = scene.taken_in(*shared)
    dialog.choose.options["read_only"].radio.click()
    press(dialog, "Use Read only")
    first = scene.hears(Save)
    scene.tell(Servers(tuple(replace(view, revision="r2") for view in shared)), Done(first.serial))
    assert scene.hears(Save).revision == "r2"


def test_what_was_not_saved_says_why_and_stays_here(scene: Scene):
    dialog = scene.taken_in()
    dialog.choose.options["read_only"].radio.click()
    press(dialog, "Use Read only")
    scene.tell(Failed(scene.hears(Save).serial, "the policy was changed meanwhile"))
    scene.tell(Done(scene.hears(Save).serial))
    assert dialog.page == CHOOSE
    assert "github was not saved. The policy was changed meanwhile." in scene.text


def test_it_can_be_tried_again(scene: Scene):
    dialog = scene.taken_in()
    dialog.choose.options["read_only"].radio.click()
    press(dialog, "Use Read only")
    scene.tell(Failed(scene.hears(Save).serial, "no"))
    scene.tell(Done(scene.hears(Save).serial))
    press(dialog, "Use Read only")
    assert scene.hears(Save).server == "github"


def test_servers_without_tools_yet_are_asked_about(scene: Scene):
    scene.taken_in(VIEWS[0], server("files", state="starting"))
    assert "Its tools are not known yet: you are asked about each call" in scene.text


def test_the_choice_stays_when_the_servers_are_told_anew(scene: Scene):
    dialog = scene.taken_in()
    dialog.choose.options["recommended"].radio.click()
    scene.tell(Servers(VIEWS))
    assert dialog.choose.options["recommended"].radio.isChecked()


def test_a_click_anywhere_on_a_preset_chooses_it(scene: Scene):
    dialog = scene.taken_in()
    QTest.mouseClick(dialog.choose.options["recommended"], Qt.MouseButton.LeftButton)
    assert dialog.choose.preset == "recommended"


def test_a_screen_reader_hears_what_a_preset_does(scene: Scene):
    dialog = scene.taken_in()
    radio = dialog.choose.options["recommended"].radio
    assert "3 allowed · 1 asked · 1 hidden" in radio.accessibleDescription()
