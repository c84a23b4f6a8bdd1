"""Undo everything: the files are shown first, and given back as they were shown."""

from msgspec.structs import replace

from latchward.control.messages import Adopt, Clients, Done, Failed, ProposeAdoption, ProposeRestore, Restore
from latchward.gui.setup.dialog import CHOOSE, FOUND, SetupDialog
from latchward.gui.setup.files import FilesDialog
from tests.gui.builder_support import press, texts

from .scene import FILES, MOVED, PROTECTED, Scene, plan


def asked(scene: Scene) -> tuple[FilesDialog, ProposeRestore]:
    dialog = scene.taken_in()
    press(dialog, "Undo everything…")
    shown = dialog.undoing.dialog
    assert shown is not None
    return shown, scene.hears(ProposeRestore)


def test_undo_shows_what_the_files_become(scene: Scene):
    shown, question = asked(scene)
    assert question.clients == ("cursor", "claude-code")
    scene.tell(plan(question.serial))
    assert "1 file would change." in texts(shown)
    assert '-"github"' in texts(shown)
    assert scene.gateway.heard_nothing_of(Restore)


def test_nothing_can_be_given_back_before_it_was_shown(scene: Scene):
    shown, _ = asked(scene)
    assert not shown.do.isEnabled()


def test_a_yes_gives_back_what_was_shown(scene: Scene):
    shown, question = asked(scene)
    scene.tell(plan(question.serial, "r9"))
    press(shown, "Give the files back")
    sent = scene.hears(Restore)
    assert (sent.clients, sent.revision) == (("cursor", "claude-code"), "r9")


def test_when_it_is_done_the_list_of_found_servers_says_so(scene: Scene):
    shown, question = asked(scene)
    scene.tell(plan(question.serial))
    press(shown, "Give the files back")
    scene.tell(Done(scene.hears(Restore).serial))
    assert not shown.isVisible()
    assert scene.dialog.page == FOUND
    assert "The files are as they were before." in scene.text


def test_a_file_that_changed_meanwhile_is_told_and_shown_anew(scene: Scene):
    shown, question = asked(scene)
    scene.tell(plan(question.serial))
    press(shown, "Give the files back")
    sent = scene.hears(Restore)
    assert "One moment: the files are being written…" in texts(shown)
    scene.tell(Failed(sent.serial, "the file was changed meanwhile"))
    assert "Not all of it was undone. The file was changed meanwhile." in texts(shown)
    scene.tell(plan(scene.hears(ProposeRestore).serial, "r2"))
    assert "Not all of it was undone. The file was changed meanwhile." in texts(shown)
    press(shown, "Give the files back")
    assert scene.hears(Restore).revision == "r2"
    assert "Not all of it was undone." not in texts(shown)


def test_what_was_not_undone_is_told_also_where_no_file_is_left(scene: Scene):
    shown, question = asked(scene)
    scene.tell(plan(question.serial))
    press(shown, "Give the files back")
    scene.tell(Failed(scene.hears(Restore).serial, "the disk is full; free it"))
    scene.tell(Failed(scene.hears(ProposeRestore).serial, "there is nothing to give back"))
    told = "Not all of it was undone. The disk is full; free it. There is nothing to give back."
    assert told in texts(shown)
    assert not shown.do.isEnabled()


def test_keeping_latchward_changes_nothing(scene: Scene):
    shown, question = asked(scene)
    scene.tell(plan(question.serial))
    press(shown, "Keep Latchward")
    assert scene.gateway.heard_nothing_of(Restore)
    assert scene.dialog.page == CHOOSE


def test_return_alone_gives_nothing_back(scene: Scene):
    shown, _ = asked(scene)
    assert shown.keep.hasFocus() or shown.focusWidget() is shown.keep


def test_only_the_clients_of_what_was_taken_in_here_are_given_back(scene: Scene):
    scene.opened(FILES, clients=PROTECTED)
    scene.dialog.foot.primary.click()
    scene.tell(plan(scene.hears(ProposeAdoption).serial))
    scene.tell(Done(scene.hears(Adopt).serial), MOVED)
    press(scene.dialog, "Undo everything…")
    assert scene.hears(ProposeRestore).clients == ("cursor",)


def test_without_first_bytes_there_is_nothing_to_undo(scene: Scene):
    dialog: SetupDialog = scene.taken_in()
    scene.tell(Clients(tuple(replace(one, undo=False) for one in PROTECTED), ()))
    assert not dialog.foot.undo.isVisible()
