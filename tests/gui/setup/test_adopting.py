"""From the press of Protect to the end of the taking in."""

from msgspec.structs import replace
from PySide6.QtTest import QTest

from latchward.control.messages import (
    Adopt,
    AdoptionProgress,
    AdoptionStep,
    Clients,
    Done,
    Failed,
    ProposeAdoption,
    Servers,
    Stop,
)
from latchward.gui.setup.dialog import CHOOSE, FOUND, TAKING
from tests.gui.builder_support import press, texts

from .scene import BRAVE, FILES, GITHUB, MOVED, PROTECTED, SENTRY, VIEWS, Scene, plan


def begun(scene: Scene, *servers) -> Adopt:
    """Press Protect, and answer as the gateway does; the request to take in is still open."""
    scene.opened(*(servers or (GITHUB, FILES)))
    scene.dialog.foot.primary.click()
    scene.tell(plan(scene.hears(ProposeAdoption).serial))
    return scene.hears(Adopt)


def test_protect_looks_at_the_files_first_and_then_takes_in_what_is_ticked(scene: Scene):
    scene.opened(GITHUB, FILES)
    scene.dialog.found.rows["k-files"].box.click()
    scene.dialog.foot.primary.click()
    asked = scene.hears(ProposeAdoption)
    assert asked.keys == ("k-github",)
    assert scene.gateway.heard_nothing_of(Adopt)
    scene.tell(plan(asked.serial, "r7"))
    sent = scene.hears(Adopt)
    assert (sent.keys, sent.revision) == (("k-github",), "r7")


def test_nothing_is_taken_in_without_a_press(scene: Scene):
    scene.opened(GITHUB)
    press(scene.dialog, "Show what changes…")
    scene.tell(plan(scene.hears(ProposeAdoption).serial))
    assert scene.gateway.heard_nothing_of(Adopt)


def test_what_was_shown_is_what_is_done(scene: Scene):
    dialog = scene.opened(GITHUB)
    press(dialog, "Show what changes…")
    scene.tell(plan(scene.hears(ProposeAdoption).serial, "shown"))
    assert dialog.adopting.preview is not None
    press(dialog.adopting.preview, "Protect 1 server")
    assert scene.hears(Adopt).revision == "shown"
    assert scene.gateway.heard_nothing_of(ProposeAdoption)


def test_a_preview_that_was_closed_still_counts_as_shown(scene: Scene):
    dialog = scene.opened(GITHUB)
    press(dialog, "Show what changes…")
    scene.tell(plan(scene.hears(ProposeAdoption).serial, "shown"))
    assert dialog.adopting.preview is not None
    press(dialog.adopting.preview, "Close")
    dialog.foot.primary.click()
    assert scene.hears(Adopt).revision == "shown"


def test_another_tick_after_the_preview_is_looked_at_anew(scene: Scene):
    dialog = scene.opened(GITHUB, FILES)
    press(dialog, "Show what changes…")
    scene.tell(plan(scene.hears(ProposeAdoption).serial))
    assert dialog.adopting.preview is not None
    press(dialog.adopting.preview, "Close")
    dialog.found.rows["k-files"].box.click()
    dialog.foot.primary.click()
    assert scene.hears(ProposeAdoption).keys == ("k-github",)
    assert scene.gateway.heard_nothing_of(Adopt)


def test_a_tick_that_changes_while_the_files_are_looked_at_stops_it(scene: Scene):
    dialog = scene.opened(GITHUB, FILES)
    dialog.foot.primary.click()
    asked = scene.hears(ProposeAdoption)
    dialog.found.rows["k-files"].box.click()
    assert dialog.foot.primary.isEnabled()
    scene.tell(plan(asked.serial))
    assert scene.gateway.heard_nothing_of(Adopt)
    assert "look at it again" in scene.text


def test_a_command_line_that_changes_while_the_files_are_looked_at_stops_it(scene: Scene):
    scene.opened(FILES)
    scene.dialog.foot.primary.click()
    asked = scene.hears(ProposeAdoption)
    scene.found(replace(FILES, command="uvx another"))
    scene.tell(plan(asked.serial))
    assert scene.gateway.heard_nothing_of(Adopt)


def test_a_server_that_changes_behind_the_preview_is_not_taken_in(scene: Scene):
    dialog = scene.opened(FILES)
    press(dialog, "Show what changes…")
    scene.tell(plan(scene.hears(ProposeAdoption).serial))
    scene.found(replace(FILES, command="uvx another"))
    assert dialog.adopting.preview is not None
    press(dialog.adopting.preview, "Protect 1 server")
    assert scene.gateway.heard_nothing_of(Adopt)
    assert "look at it again" in scene.text


def test_the_late_answer_to_an_older_question_is_not_shown(scene: Scene):
    dialog = scene.opened(GITHUB, FILES)
    press(dialog, "Show what changes…")
    older = scene.hears(ProposeAdoption)
    assert dialog.adopting.preview is not None
    dialog.adopting.preview.close()
    press(dialog, "Show what changes…")
    scene.tell(plan(older.serial))
    assert dialog.adopting.preview.plan is None


def test_values_go_with_it_and_are_forgotten_after(scene: Scene):
    dialog = scene.opened(BRAVE)
    field = dialog.found.rows["k-brave"].fields["BRAVE_KEY"]
    QTest.keyClicks(field, "s3cret")
    dialog.foot.primary.click()
    scene.tell(plan(scene.hears(ProposeAdoption).serial))
    sent = scene.hears(Adopt)
    assert sent.values == {"BRAVE_KEY": "s3cret"}
    scene.tell(Done(sent.serial))
    assert field.text() == ""
    assert dialog.found.picks.value("BRAVE_KEY") == ""


def test_files_that_changed_meanwhile_are_told_and_looked_at_again(scene: Scene):
    sent = begun(scene)
    scene.tell(Failed(sent.serial, "`mcp.json` was changed meanwhile; look at it again"))
    assert "Nothing was changed. mcp.json was changed meanwhile; look at it again." in scene.text
    assert scene.dialog.page == FOUND
    again = scene.hears(ProposeAdoption)
    scene.tell(plan(again.serial, "r2"))
    scene.dialog.foot.primary.click()
    assert scene.hears(Adopt).revision == "r2"


def test_values_stay_where_it_was_not_done(scene: Scene):
    dialog = scene.opened(BRAVE)
    QTest.keyClicks(dialog.found.rows["k-brave"].fields["BRAVE_KEY"], "s3cret")
    dialog.foot.primary.click()
    scene.tell(plan(scene.hears(ProposeAdoption).serial))
    scene.tell(Failed(scene.hears(Adopt).serial, "no"))
    assert dialog.found.rows["k-brave"].fields["BRAVE_KEY"].text() == "s3cret"


def test_a_plan_that_cannot_be_made_says_why(scene: Scene):
    scene.opened(FILES)
    scene.dialog.foot.primary.click()
    scene.tell(Failed(scene.hears(ProposeAdoption).serial, "`mcp.json` cannot be written"))
    assert "Nothing was changed. mcp.json cannot be written." in scene.text
    assert scene.dialog.foot.primary.isEnabled()


def test_a_second_press_takes_in_once(scene: Scene):
    sent = begun(scene)
    scene.dialog.adopting.protect()
    assert scene.gateway.heard_nothing_of(Adopt)
    assert scene.gateway.heard_nothing_of(ProposeAdoption)
    scene.tell(Done(sent.serial))


def test_once_begun_each_server_waits(scene: Scene):
    scene.tell(Done(begun(scene).serial))
    assert scene.dialog.page == TAKING
    assert "Protecting 2 servers…" in scene.text
    assert scene.text.count("Waiting") == 2


def test_progress_is_shown_server_by_server(scene: Scene):
    scene.tell(Done(begun(scene).serial))
    steps = (AdoptionStep("github", "moved"), AdoptionStep("files", "starting"))
    scene.tell(AdoptionProgress(steps))
    assert "Protected" in scene.text
    assert "Starting" in scene.text
    assert "1 of 2 servers done." in scene.text


def test_an_older_progress_is_not_taken_for_this_one(scene: Scene):
    scene.tell(AdoptionProgress((AdoptionStep("old", "left", "it did not answer"),), over=True))
    scene.tell(Done(begun(scene).serial))
    assert "old" not in scene.text.split("\n")
    assert "Protecting 2 servers…" in scene.text


def test_a_progress_that_comes_before_done_is_kept(scene: Scene):
    sent = begun(scene)
    scene.tell(AdoptionProgress((AdoptionStep("github", "starting"), AdoptionStep("files", "waiting"))))
    scene.tell(Done(sent.serial))
    assert "Starting" in scene.text


def test_what_did_not_answer_is_left_and_says_why(scene: Scene):
    scene.tell(Done(begun(scene).serial))
    steps = (AdoptionStep("github", "moved"), AdoptionStep("files", "left", "it ended with status 1"))
    scene.tell(AdoptionProgress(steps, over=True))
    assert "1 of 2 servers is protected" in scene.text
    assert "Left as it was" in scene.text
    assert "It ended with status 1." in scene.text


def test_what_was_not_chosen_is_named_and_counted(scene: Scene):
    scene.tell(Done(begun(scene).serial), MOVED)
    scene.found(SENTRY, clients=PROTECTED)
    assert "2 of 3 servers are protected" in scene.text
    assert "Not chosen: sentry." in scene.text


def test_the_first_step_is_done_once_its_work_is_over(scene: Scene):
    scene.tell(Done(begun(scene).serial))
    assert scene.dialog.stages.accessibleName() == "Step 1 of 3: What was found"
    scene.tell(MOVED)
    assert scene.dialog.stages.accessibleName() == "Step 1 of 3: What was found, done"


def test_an_early_end_says_why(scene: Scene):
    scene.tell(Done(begun(scene).serial))
    scene.tell(
        AdoptionProgress((AdoptionStep("github", "waiting"),), over=True, problem="the keyring was locked")
    )
    assert "The keyring was locked." in scene.text
    assert "Nothing was taken in" in scene.text
    assert "Left as it was" in scene.text
    press(scene.dialog, "Back to what was found")
    assert scene.dialog.page == FOUND


def test_the_way_on_leads_to_the_rules(scene: Scene):
    scene.tell(Done(begun(scene).serial))
    scene.tell(MOVED)
    press(scene.dialog, "Continue")
    assert scene.dialog.page == CHOOSE


def test_closing_loses_nothing(scene: Scene):
    scene.tell(Done(begun(scene).serial))
    scene.dialog.close()
    scene.tell(AdoptionProgress((AdoptionStep("github", "moved"), AdoptionStep("files", "starting"))))
    scene.dialog.show()
    assert scene.dialog.page == TAKING
    assert "1 of 2 servers done." in scene.text


def test_another_dialog_shows_where_it_stands(scene: Scene):
    scene.tell(AdoptionProgress((AdoptionStep("github", "starting"),)))
    late = scene.another()
    late.show()
    assert late.page == TAKING
    assert "Protecting 1 server…" in texts(late)


def test_another_dialog_goes_on_with_the_rules_of_what_was_taken_in(scene: Scene):
    scene.tell(Clients(PROTECTED, ()), Servers(VIEWS), MOVED)
    late = scene.another()
    late.show()
    assert late.page == CHOOSE


def test_a_gateway_that_is_gone_ends_it_with_a_sentence(scene: Scene):
    scene.opened(GITHUB)
    with scene.qtbot.waitSignal(scene.link.lost):
        scene.gateway.say(Stop())
    assert "The gateway is gone" in scene.text
    assert not scene.dialog.foot.primary.isEnabled()
