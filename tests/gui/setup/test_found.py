"""Step 1: what was found, and what a yes agrees to."""

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from latchward.control.messages import Adopt, ProposeAdoption
from tests.gui.builder_support import press, texts

from .scene import BAD, BRAVE, CURSOR, FIGMA, FILES, GITHUB, SENTRY, Scene, plan


def test_each_command_line_is_shown_whole(scene: Scene):
    long = replace(FILES, command="node " + "x" * 1000)
    scene.opened(GITHUB, long)
    assert GITHUB.command in scene.text
    assert long.command in scene.text


def test_a_long_command_line_is_as_high_as_its_text(scene: Scene):
    dialog = scene.opened(replace(FILES, command="node " + "x" * 1000))
    command = dialog.found.rows["k-files"].command
    assert command.verticalScrollBar().maximum() == 0
    assert command.height() > 8 * command.fontMetrics().lineSpacing()


def test_lines_of_high_letters_are_not_cut(scene: Scene):
    dialog = scene.opened(replace(FILES, command="node " + "Å̂Ế ไทย " * 120))
    command = dialog.found.rows["k-files"].command
    last = command.document().lastBlock()
    bottom = command.blockBoundingGeometry(last).translated(command.contentOffset()).bottom()
    assert bottom <= command.viewport().height() + 1


def test_what_cannot_be_seen_is_spelled_out(scene: Scene):
    dialog = scene.opened(replace(BAD, name="<b>x</b>", places=("a\u200bb",)))
    dialog.found.rows["k-bad"].details.click()
    assert "a<U+200B>b" in scene.text
    assert "run <U+202E>txt.exe" in scene.text
    assert "<b>x</b>" in scene.text
    assert "This line may be disguised" in scene.text


def test_what_moves_to_the_keyring_is_named(scene: Scene):
    scene.opened(GITHUB)
    assert "GITHUB_TOKEN goes into your keyring" in scene.text


def test_the_consent_says_what_a_yes_means(scene: Scene):
    scene.opened(GITHUB)
    assert "Protecting starts these programs now, under your account." in scene.text


def test_where_a_server_stands_is_one_click_away(scene: Scene):
    dialog = scene.opened(GITHUB)
    assert GITHUB.places[0] not in scene.text
    dialog.found.rows["k-github"].details.click()
    assert GITHUB.places[0] in scene.text


def test_every_secret_is_named_one_click_away(scene: Scene):
    dialog = scene.opened(replace(GITHUB, moved=tuple(f"SECRET_{n}" for n in range(9))))
    assert "SECRET_8" not in scene.text
    dialog.found.rows["k-github"].details.click()
    assert "SECRET_8" in scene.text


def test_a_refused_server_says_why_and_has_no_box(scene: Scene):
    dialog = scene.opened(GITHUB, FIGMA)
    assert "It speaks SSE alone." in scene.text
    assert not dialog.found.rows["k-figma"].box.isVisible()


def test_refused_servers_alone_offer_nothing_to_protect(scene: Scene):
    dialog = scene.opened(FIGMA)
    assert "None of these servers can be taken in" in scene.text
    assert not dialog.foot.primary.isVisible()
    assert "ticked" not in scene.text


def test_the_button_counts_what_is_ticked(scene: Scene):
    dialog = scene.opened(GITHUB, FILES, SENTRY)
    assert dialog.foot.primary.text() == "Protect 3 servers"
    dialog.found.rows["k-files"].box.click()
    assert dialog.foot.primary.text() == "Protect 2 servers"


def test_a_click_on_the_name_ticks(scene: Scene):
    dialog = scene.opened(FILES)
    QTest.mouseClick(dialog.found.rows["k-files"].name, Qt.MouseButton.LeftButton)
    assert not dialog.found.rows["k-files"].box.isChecked()


def test_with_nothing_ticked_the_button_is_off_and_says_why(scene: Scene):
    dialog = scene.opened(GITHUB)
    press(dialog, "Untick all")
    assert not dialog.foot.primary.isEnabled()
    assert "Tick a server first" in scene.text


def test_a_server_that_needs_a_value_cannot_be_ticked_before(scene: Scene):
    dialog = scene.opened(BRAVE)
    shown = dialog.found.rows["k-brave"]
    assert not shown.box.isEnabled()
    assert "Give BRAVE_KEY first" in scene.text
    QTest.keyClicks(shown.fields["BRAVE_KEY"], "s3cret")
    assert shown.box.isEnabled()
    assert shown.box.isChecked()


def test_a_value_is_typed_unseen(scene: Scene):
    dialog = scene.opened(BRAVE)
    field = dialog.found.rows["k-brave"].fields["BRAVE_KEY"]
    assert field.echoMode() is QLineEdit.EchoMode.Password
    press(dialog, "Show")
    assert field.echoMode() is QLineEdit.EchoMode.Normal


def test_two_servers_that_need_the_same_value_share_it(scene: Scene):
    dialog = scene.opened(BRAVE, replace(BRAVE, key="k-two", name="two"))
    QTest.keyClicks(dialog.found.rows["k-brave"].fields["BRAVE_KEY"], "s3cret")
    assert dialog.found.rows["k-two"].fields["BRAVE_KEY"].text() == "s3cret"
    assert dialog.foot.primary.text() == "Protect 2 servers"


def test_without_a_keyring_only_servers_without_secrets_can_be_ticked(scene: Scene):
    dialog = scene.opened(GITHUB, FILES, keyring="the keyring is locked: unlock it")
    assert "The keyring is locked: unlock it." in scene.text
    assert not dialog.found.rows["k-github"].box.isEnabled()
    assert "Waits for your keyring" in scene.text
    assert dialog.foot.primary.text() == "Protect 1 server"


def test_a_keyring_that_is_unlocked_gives_the_ticks_back(scene: Scene):
    dialog = scene.opened(GITHUB, keyring="the keyring is locked: unlock it")
    scene.found(GITHUB)
    assert dialog.foot.primary.text() == "Protect 1 server"
    assert "Waits for your keyring" not in scene.text


def test_a_disguised_line_is_ticked_only_after_a_second_yes(scene: Scene):
    dialog = scene.opened(BAD, FILES)
    shown = dialog.found.rows["k-bad"]
    shown.box.click()
    assert not shown.box.isChecked()
    assert dialog.found.confirmation is not None
    dialog.found.confirmation.do.click()
    assert shown.box.isChecked()
    assert dialog.foot.primary.text() == "Protect 2 servers"


def test_a_file_that_cannot_be_read_is_told(scene: Scene):
    scene.opened(FILES, clients=(replace(CURSOR, state="unreadable", problem="`mcp.json` is no JSON"),))
    assert "Cursor: mcp.json is no JSON." in scene.text


def test_what_is_typed_survives_what_is_found_anew(scene: Scene):
    dialog = scene.opened(BRAVE)
    field = dialog.found.rows["k-brave"].fields["BRAVE_KEY"]
    QTest.keyClicks(field, "s3c")
    scene.found(BRAVE, FILES)
    assert dialog.found.rows["k-brave"].fields["BRAVE_KEY"] is field
    assert field.hasFocus()
    assert field.text() == "s3c"


def test_a_server_that_was_changed_meanwhile_is_shown_anew(scene: Scene):
    scene.opened(FILES)
    scene.found(replace(FILES, command="uvx another"))
    assert "uvx another" in scene.text
    assert FILES.command not in scene.text


def test_nothing_found_offers_to_add_a_server(scene: Scene):
    dialog = scene.opened(clients=(replace(CURSOR, state="empty"),))
    with scene.qtbot.waitSignal(dialog.add_wanted):
        press(dialog, "Add a server…")


def test_before_anything_is_told_it_says_that_it_looks(scene: Scene):
    scene.dialog.show()
    assert "Looking at what your AI clients use" in scene.text


def test_not_now_closes_and_asks_the_gateway_nothing(scene: Scene):
    dialog = scene.opened(GITHUB)
    press(dialog, "Not now")
    assert not dialog.isVisible()
    assert scene.gateway.heard_nothing_of(ProposeAdoption)
    assert scene.gateway.heard_nothing_of(Adopt)


def test_thirty_servers_are_listed_and_scroll(scene: Scene):
    many = [replace(FILES, key=f"k{n}", name=f"files-{n}") for n in range(30)]
    dialog = scene.opened(*many)
    assert dialog.foot.primary.text() == "Protect 30 servers"
    last = dialog.found.rows["k29"]
    last.box.setFocus()
    dialog.found._list.ensureWidgetVisible(last.box)
    QApplication.processEvents()
    assert last.box.visibleRegion().boundingRect().height() > 0


def test_a_screen_reader_hears_each_server_and_its_line(scene: Scene):
    dialog = scene.opened(GITHUB)
    box = dialog.found.rows["k-github"].box
    assert box.accessibleName() == "Protect github"
    assert GITHUB.command in box.accessibleDescription()


def test_the_preview_shows_each_file_and_its_difference(scene: Scene):
    dialog = scene.opened(GITHUB)
    press(dialog, "Show what changes…")
    scene.tell(plan(scene.hears(ProposeAdoption).serial))
    assert dialog.adopting.preview is not None
    assert '+"latchward"' in texts(dialog.adopting.preview)
    assert "/home/mara/.cursor/mcp.json" in texts(dialog.adopting.preview)
