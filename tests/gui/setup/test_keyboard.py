"""The whole of it by keyboard: where the focus stands, and what keys do."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from latchward.control.messages import (
    Adopt,
    AdoptionProgress,
    AdoptionStep,
    Done,
    ProposeAdoption,
    Save,
    Servers,
)
from latchward.gui.setup.dialog import CHOOSE, SEEN

from .scene import BRAVE, FILES, GITHUB, MOVED, VIEWS, Scene, plan


def key(scene: Scene, pressed: Qt.Key) -> None:
    QTest.keyClick(scene.dialog.focusWidget() or scene.dialog, pressed)


def tab_to(scene: Scene, wanted: object) -> None:
    for _ in range(60):
        if scene.dialog.focusWidget() is wanted:
            return
        key(scene, Qt.Key.Key_Tab)
    raise AssertionError(scene.dialog.focusWidget())


def test_the_focus_begins_at_the_first_server(scene: Scene):
    dialog = scene.opened(GITHUB, FILES)
    assert dialog.focusWidget() is dialog.found.rows["k-github"].box


def test_space_ticks_and_unticks(scene: Scene):
    dialog = scene.opened(GITHUB, FILES)
    key(scene, Qt.Key.Key_Space)
    assert dialog.foot.primary.text() == "Protect 1 server"


def test_tab_goes_from_the_last_field_to_the_buttons_and_passes_the_command_lines_by(scene: Scene):
    dialog = scene.opened(GITHUB, BRAVE)
    tab_to(scene, dialog.found.rows["k-brave"].fields["BRAVE_KEY"])
    tab_to(scene, dialog.foot.preview)
    tab_to(scene, dialog.foot.primary)


def test_return_agrees_to_nothing(scene: Scene):
    dialog = scene.opened(GITHUB, BRAVE)
    tab_to(scene, dialog.found.rows["k-brave"].fields["BRAVE_KEY"])
    key(scene, Qt.Key.Key_Return)
    assert scene.gateway.heard_nothing_of(ProposeAdoption)


def test_the_whole_way_by_keyboard(scene: Scene):
    dialog = scene.opened(GITHUB, FILES)
    tab_to(scene, dialog.foot.primary)
    key(scene, Qt.Key.Key_Space)
    scene.tell(plan(scene.hears(ProposeAdoption).serial))
    scene.tell(Done(scene.hears(Adopt).serial))
    scene.tell(Servers(VIEWS), MOVED)
    key(scene, Qt.Key.Key_Return)
    assert dialog.page == CHOOSE
    assert dialog.focusWidget() is dialog.choose.options["ask_for_everything"].radio
    key(scene, Qt.Key.Key_Down)
    key(scene, Qt.Key.Key_Return)
    for _ in VIEWS:
        sent = scene.hears(Save)
        assert sent.preset == "read_only"
        scene.tell(Done(sent.serial))
    assert dialog.page == SEEN
    key(scene, Qt.Key.Key_Return)
    assert not dialog.isVisible()


def test_when_something_was_taken_in_the_focus_is_on_the_way_on(scene: Scene):
    dialog = scene.opened(GITHUB, FILES)
    scene.tell(AdoptionProgress((AdoptionStep("github", "starting"), AdoptionStep("files", "starting"))))
    assert dialog.focusWidget() is dialog.foot.skip
    scene.tell(AdoptionProgress((AdoptionStep("github", "moved"), AdoptionStep("files", "starting"))))
    assert dialog.focusWidget() is dialog.foot.primary


def test_who_went_on_is_not_called_back_by_a_server_that_takes_long(scene: Scene):
    dialog = scene.opened(GITHUB, FILES)
    some = AdoptionProgress((AdoptionStep("github", "moved"), AdoptionStep("files", "starting")))
    scene.tell(some)
    key(scene, Qt.Key.Key_Return)
    assert dialog.page == CHOOSE
    scene.tell(some)
    scene.tell(MOVED)
    assert dialog.page == CHOOSE


def test_after_escape_it_is_where_it_was(scene: Scene):
    dialog = scene.taken_in()
    key(scene, Qt.Key.Key_Return)
    assert dialog.page == SEEN
    key(scene, Qt.Key.Key_Escape)
    dialog.show()
    assert dialog.page == SEEN


def test_escape_closes_and_asks_nothing(scene: Scene):
    dialog = scene.opened(GITHUB)
    key(scene, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_what_was_unticked_is_still_so_after_escape(scene: Scene):
    dialog = scene.opened(GITHUB, FILES)
    key(scene, Qt.Key.Key_Space)
    key(scene, Qt.Key.Key_Escape)
    dialog.show()
    assert dialog.foot.primary.text() == "Protect 1 server"


def test_the_step_is_told_to_a_screen_reader(scene: Scene):
    dialog = scene.opened(GITHUB)
    assert dialog.stages.accessibleName() == "Step 1 of 3: What was found"


def test_it_fits_a_small_screen(scene: Scene):
    dialog = scene.opened(GITHUB, FILES)
    dialog.resize(600, 440)
    assert (dialog.width(), dialog.height()) == (600, 440)
    assert dialog.foot.primary.geometry().right() <= dialog.foot.width()
